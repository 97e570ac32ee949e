"""Figures, comparisons, sources and exclusions by the command; every wrong question is one sentence."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from tests.run.conftest import copy_of

RATE = "online_dossier_rate"


def event(dossier: str, day: str, channel: str, agency: str = "H13") -> dict[str, object]:
    return {
        "system": f"{agency}-one_stop",
        "agency": agency,
        "dossier": dossier,
        "procedure": "1.004194",
        "status": "received",
        "event_time": f"{day}T09:00:00",
        "channel": channel,
    }


def dossiers(name: str, day: str, *, online: int, counter: int, agency: str = "H13") -> list[Any]:
    return [
        event(f"{name}-{channel}-{n}", day, channel, agency)
        for channel, count in (("online", online), ("counter", counter))
        for n in range(count)
    ]


@pytest.fixture(scope="module")
def loaded(can_tho_instance: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Cần Thơ over a year; before July 2025 Hậu Giang (H30) was apart from it. H13.07 is small."""
    made = copy_of(can_tho_instance, tmp_path_factory.mktemp("figures"))
    agencies = [
        {"code": "H13.07", "name": "Sở Y tế", "kind": "department", "parent": "H13"},
        {"code": "H13.08", "name": "Sở Tài chính", "kind": "department", "parent": "H13"},
        {"code": "H13.07.01", "name": "Chi cục", "kind": "unit", "parent": "H13.07"},
        {
            "code": "H13.98",
            "name": "Sở cũ",
            "kind": "department",
            "parent": "H13",
            "valid_to": "2025-12-31",
        },
        {
            "code": "H13.99",
            "name": "Sở mới",
            "kind": "department",
            "parent": "H13",
            "valid_from": "2026-06-01",
        },
    ]
    made.run("import", "agencies", made.write_csv("agencies.csv", agencies))
    services = [
        {"agency": "H30", "procedure": "1.004194", "level": "full", "name": "Đăng ký tạm trú"}
    ]
    made.run("import", "services", made.write_csv("more-services.csv", services))
    rows = [
        *dossiers("a", "2025-03-04", online=10, counter=30),
        *dossiers("b", "2025-03-05", online=5, counter=5, agency="H30"),
        *dossiers("c", "2026-02-03", online=20, counter=20),
        *dossiers("d", "2026-03-03", online=30, counter=10),
        *dossiers("e", "2026-03-03", online=2, counter=3, agency="H13.07.01"),
        *dossiers("f", "2026-03-03", online=40, counter=45, agency="H13.08"),
        event("g", "2026-03-09", "unknown"),
    ]
    made.run("import", "dossiers", made.write_csv("dossiers.csv", rows))
    views = [
        {
            "site_id": 227,
            "event_time": "2026-02-02T08:00:00",
            "visitor": "a",
            "url": "https://x.vn/",
        }
    ]
    made.run("import", "page-views", made.write_csv("views.csv", views))
    made.run("refresh")
    return made


def objects(instance: Any, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(instance.run(*arguments, "--format", "json").stdout)
    return found


def test_a_figure_carries_all_that_defends_it(loaded: Any) -> None:
    row = loaded.figures(RATE, "--period", "2026-03", "--by", "province")["H13"]
    assert (row["numerator"], row["denominator"], row["value"]) == (72, 131, 54.96)
    assert (row["interval_low"], row["interval_high"]) == (46.42, 63.22)
    assert (row["rank"], row["rank_low"], row["rank_high"]) == (1, 1, 1)
    assert (row["sources_reporting"], row["sources_expected"]) == (3, 3)
    assert (row["sources_silent"], row["sources_new"], row["grey"]) == (0, 0, False)
    assert (row["provenance"], row["events"], row["events_verified"]) == ("pushed", 131, 131)
    assert row["freshness"].startswith("20")


def test_a_period_without_data_is_null_with_the_reason_never_0(loaded: Any) -> None:
    row = loaded.figures(RATE, "--period", "2024-12", "--agency", "H26")["H26"]
    assert (row["value"], row["numerator"], row["denominator"]) == (None, None, None)
    assert "no_data" in row["flags"]
    assert row["no_interval"] == "no_value"


def test_figures_are_compared_in_columns_of_their_own(loaded: Any) -> None:
    asked = ("indicator", RATE, "--period", "2026-03", "--agency", "H13")
    both = ("--compare", "previous,last-year")
    (row,) = objects(loaded, *asked, *both)
    previous, last_year = row["compared"]["previous"], row["compared"]["last_year"]
    assert (previous["value"], previous["difference"]) == (50.0, 4.96)
    assert previous["unlike"] == ["unequal_days"]
    # Hậu Giang's dossiers of 2025 are Cần Thơ's of today.
    assert (last_year["numerator"], last_year["denominator"], last_year["value"]) == (15, 50, 30.0)
    (flat,) = csv.DictReader(io.StringIO(loaded.run(*asked, *both, "--format", "csv").stdout))
    assert flat["last_year_difference"] == "24.96"
    table = loaded.run(*asked, *both).stdout
    assert "cùng kỳ năm trước" in table
    assert "+24,96 điểm" in table


def test_a_comparison_with_nothing_says_why(loaded: Any) -> None:
    (row,) = objects(
        loaded,
        "indicator",
        RATE,
        "--period",
        "2025-03",
        "--agency",
        "H13",
        "--compare",
        "last-year",
    )
    then = row["compared"]["last_year"]
    assert (then["value"], then["difference"], then["reason"]) == (None, None, "no_value_then")
    assert (then["in_force"], then["definition_differs"]) == ("2022-12", True)


def test_children_add_up_to_their_agency_and_small_ones_are_not_published(loaded: Any) -> None:
    asked = ("indicator", RATE, "--period", "2026-03", "--agency", "H13", "--by", "children")
    rows = objects(loaded, *asked)
    assert [(r["agency"], r["numerator"], r["denominator"]) for r in rows] == [
        ("H13.08", 40, 85),
        ("H13.07", 2, 5),
        ("H13", 30, 41),
    ]
    assert "directly" in rows[2]["flags"]
    public = {r["agency"]: r for r in objects(loaded, *asked, "--public")}
    assert public["H13.07"]["value"] is None
    assert public["H13.07"]["numerator"] is None
    assert sum(r["value"] is None for r in public.values()) == 2
    assert "suppressed" in public["H13.07"]["flags"]


def test_small_counts_are_not_published_in_either_column_of_a_comparison(loaded: Any) -> None:
    asked = ("indicator", RATE, "--period", "2026-03", "--agency", "H13", "--by", "children")
    compared = objects(loaded, *asked, "--compare", "previous", "--public")
    (small,) = [row for row in compared if row["agency"] == "H13.07"]
    assert (small["numerator"], small["value"]) == (None, None)
    for row in compared:
        before = row["compared"]["previous"]
        if "suppressed" in before["flags"]:
            assert (before["numerator"], before["value"]) == (None, None)
        if "suppressed" in row["flags"] or "suppressed" in before["flags"]:
            assert (before["difference"], before["relative"]) == (None, None)
    back = ("indicator", RATE, "--period", "2026-04", "--agency", "H13", "--by", "children")
    later = objects(loaded, *back, "--compare", "previous", "--public")
    (then,) = [r["compared"]["previous"] for r in later if r["agency"] == "H13.07"]
    assert (then["numerator"], then["value"], then["flags"]) == (
        None,
        None,
        ["not_ranked", "suppressed"],
    )


def test_an_agency_is_known_by_both_written_forms_and_by_its_number(loaded: Any) -> None:
    for text in ("H13.07", "000.00.07.H13"):
        (row,) = objects(loaded, "indicator", RATE, "--period", "2026-03", "--agency", text)
        assert (row["agency"], row["denominator"]) == ("H13.07", 5)
    (row,) = objects(loaded, "indicator", RATE, "--period", "2026-03", "--agency", "92")
    assert row["agency"] == "H13"


def test_a_predecessor_is_answered_by_its_successor_which_says_so(loaded: Any) -> None:
    (row,) = objects(loaded, "indicator", RATE, "--period", "2026-03", "--agency", "H30")
    assert (row["agency"], row["flags"]) == ("H13", ["successor_answers"])
    (then,) = objects(loaded, "indicator", RATE, "--period", "2025-03", "--agency", "H30")
    assert (then["agency"], then["denominator"], then["flags"]) == ("H30", 10, [])


def test_rankings_as_organised_then_and_today(loaded: Any) -> None:
    asked = (RATE, "--period", "2025-03", "--by", "province")
    then = loaded.figures(*asked)
    now = loaded.figures(*asked, "--as-organised", "2026-03-01")
    assert (len(then), len(now)) == (63, 34)
    assert (then["H13"]["denominator"], then["H30"]["denominator"]) == (40, 10)
    assert (now["H13"]["denominator"], "H30" in now) == (50, False)
    assert loaded.figures(RATE, "--period", "2025", "--by", "province")["H13"]["flags"] == [
        "merged_in_period"
    ]


def test_sources_are_listed_with_since_when_they_are_silent(loaded: Any) -> None:
    asked = ("sources", "portal_visits", "--period", "2026-03", "--agency", "H13")
    (row,) = objects(loaded, *asked)
    assert (row["key"], row["reporting"], row["silent_since"]) == ("227", False, "2026-02-03")
    assert "im lặng từ 03/02/2026" in loaded.run(*asked).stdout


def test_exclusions_are_listed_by_reason_in_both_languages(loaded: Any) -> None:
    asked = ("exclusions", RATE, "--period", "2026-03", "--agency", "H13")
    (row,) = objects(loaded, *asked)
    assert (row["sort"], row["reason"], row["count"]) == ("dossier", "unknown_channel", 1)
    assert "hồ sơ không rõ kênh nộp" in loaded.run(*asked).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--period", "2026-W54"), "2026-W54 is not an ISO week."),
        (("--period", "2026-02-30"), "'2026-02-30' is not a period."),
        (("--period", "2026-05-01..2026-04-01"), "ends before it begins."),
        (("--period", "2022-YTD"), "Write 2022 for the whole year"),
        (("--agency", "H99"), "The agency 'H99' is not registered."),
        (("--agency", "24", "--period", "2025"), "names more than one agency"),
        (("--agency", "H13.98", "--period", "2026-03"), "ended on 2025-12-31 without a successor"),
        (("--agency", "H13.99", "--period", "2026-03"), "exists from 2026-06-01 on"),
        (("--by", "children"), "needs the agency whose children are meant"),
        (("--compare", "yesterday"), "Write one of: previous, last-year."),
    ],
)
def test_a_wrong_question_is_answered_with_one_clear_sentence(
    loaded: Any, arguments: tuple[str, ...], said: str
) -> None:
    done = loaded.run("indicator", RATE, *arguments, check=False)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert said in done.stderr
