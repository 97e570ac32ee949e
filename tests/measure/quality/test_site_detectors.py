"""Views and steps: loops, tags elsewhere, looks sent as uses, browsers that hand in for everybody."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from tests.measure.quality.conftest import CODES, FIRST, HOUR, LAST, SECOND, working_days

from thuocdo.core.clock import day_start_us

_DAYS = working_days(FIRST, LAST)
HOST = f"{CODES[0].lower()}.gov.vn"


def people(
    site: int, host: str, days: list[date], count: int = 20
) -> list[tuple[int, int, int, str]]:
    chance = random.Random(site)
    return [
        (site, 1_000 + n, day_start_us(day) + chance.randrange(7 * 3600, 21 * 3600) * SECOND, host)
        for day in days
        for n in range(count)
    ]


# --- loops -----------------------------------------------------------------------------------------


def loop(days: list[date], gaps) -> list[tuple[int, int, int, str]]:
    found = []
    for day in days:
        at = day_start_us(day) + 3 * HOUR
        while at < day_start_us(day) + 22 * HOUR:
            found.append((1, 7, at, HOST))
            at += gaps() * SECOND
    return found


def test_a_steady_loop_is_found_though_no_figure_counts_it(provinces) -> None:
    provinces.views(*people(1, HOST, _DAYS[:10]), *loop(_DAYS[2:8], lambda: 300))
    finding = provinces.look()["refresh_loop", "1"]
    assert finding.found
    assert "1.368" in finding.text.vi  # six days of nineteen hours, every five minutes


def test_a_loop_that_varies_its_interval_is_found_by_never_pausing(provinces) -> None:
    chance = random.Random(4)
    rows = loop(_DAYS[2:9], lambda: chance.randrange(120, 1_500))
    finding = provinces.views(*people(1, HOST, _DAYS[:10]), *rows).look()["refresh_loop", "1"]
    assert finding.found
    assert sum(row.seen for row in finding.evidence) == len(rows)


def test_an_office_behind_one_browser_goes_home_at_night(provinces) -> None:
    rows = [(1, 7, at, HOST) for _, _, at, _ in people(1, HOST, _DAYS[:10], count=150)]
    assert not provinces.views(*rows).look()["refresh_loop", "1"].found


# --- tags elsewhere ---------------------------------------------------------------------------------


def test_a_tag_on_somebody_elses_page_is_found(provinces) -> None:
    rows = [*people(1, HOST, _DAYS[:20]), *people(1, "phim.example", _DAYS[5:20], count=5)]
    finding = provinces.views(*rows).look()["unrelated_pages", "1"]
    assert finding.found
    assert finding.evidence[0].what == "phim.example"
    assert (finding.evidence[0].seen, finding.evidence[0].of) == (75, 475)


@pytest.mark.parametrize(
    "host", [f"www.{HOST}", f"m.{HOST}", "h01-gov-vn.translate.goog"]
)  # fmt: skip
def test_copies_and_translations_of_the_own_page_are_the_own_page(provinces, host: str) -> None:
    rows = [*people(1, HOST, _DAYS[:20]), *people(1, host, _DAYS[5:20], count=5)]
    assert provinces.views(*rows).look()["unrelated_pages", "1"].state == "not_found"


def test_a_site_that_moved_has_a_stale_registration_and_no_stray_tag(provinces) -> None:
    rows = [*people(1, HOST, _DAYS[:10]), *people(1, "h01-moi.vn", _DAYS[10:])]
    said = provinces.views(*rows).look()["unrelated_pages", "1"]
    assert (said.state, said.reason) == ("not_measurable", "moved")


# --- steps ---------------------------------------------------------------------------------------------


def calls(site: int, *, looks: str = "-1", since: date = FIRST) -> list[tuple[int, int, int, str]]:
    """Ten looks and two hand-ins a day by different people; from `since` a look is sent as `looks`."""
    found = []
    for day in _DAYS:
        at = day_start_us(day) + 9 * HOUR
        state = looks if day >= since else "-1"
        found += [(site, 5_000 + n, at + n * SECOND, state) for n in range(20)]
        found += [(site, 6_000 + n, at + n * SECOND, "1") for n in range(2)]
    return found


def everybody(own: list[tuple[int, int, int, str]]) -> list[tuple[int, int, int, str]]:
    return [*own, *(row for site in range(2, len(CODES) + 1) for row in calls(site))]


def test_looks_sent_as_uses_are_out_of_proportion_to_dossiers(provinces) -> None:
    said = provinces.dossiers(count=200).steps(*everybody(calls(1, looks="1"))).look()
    assert said["viewed_as_used", "1"].found
    assert [key for key, one in said.items() if one.found] == [("viewed_as_used", "1")]


def test_a_switch_from_looks_to_uses_is_found_with_its_day(provinces) -> None:
    change = _DAYS[22]
    finding = provinces.steps(*everybody(calls(1, looks="1", since=change))).look()
    assert finding["viewed_as_used", "1"].found
    assert finding["viewed_as_used", "1"].since <= change
    assert change - finding["viewed_as_used", "1"].since < timedelta(days=4)


def test_without_dossiers_or_a_switch_nothing_can_be_told(provinces) -> None:
    said = provinces.steps(*calls(1)).look()["viewed_as_used", "1"]
    assert (said.state, said.reason) == ("not_measurable", "no_dossiers")


def desk(a_day: int, days: list[date], hour: float = 8) -> list[tuple[int, int, int, str]]:
    return [
        (1, 9, day_start_us(day) + int(hour * HOUR) + n * 60 * SECOND, "1")
        for day in days
        for n in range(a_day)
    ]


def test_a_browser_that_hands_in_for_everybody_is_found(provinces) -> None:
    finding = provinces.dossiers().steps(*everybody(calls(1)), *desk(40, _DAYS[3:15])).look()
    assert finding["heavy_browser", "1"].found


@pytest.mark.parametrize(
    ("a_day", "days", "hour"),
    [(14, _DAYS, 8), (40, _DAYS[:3], 8), (40, _DAYS[3:15], 18)],
    ids=["a kiosk", "a law firm's three days", "in the evening"],
)
def test_its_honest_doubles_are_let_go(provinces, a_day, days, hour) -> None:
    said = provinces.dossiers().steps(*everybody(calls(1)), *desk(a_day, days, hour)).look()
    assert said["heavy_browser", "1"].state == "not_found"
