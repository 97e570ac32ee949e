"""A figure beside the one before it and that of a year ago, or the reason why not."""

from __future__ import annotations

from datetime import date

import pytest

from thuocdo.core.clock import parse_period
from thuocdo.core.periods import Against, Unlike
from thuocdo.measure.comparing import NoDifference, compare

TODAY = date(2026, 11, 28)
RATE = "online_dossier_rate"


@pytest.fixture(scope="module")
def compared(small_world, tmp_path_factory):
    """Online shares of Hà Nội: 1/4 in April 2025, 2/4 in March 2026, 3/4 in April 2026."""
    world = small_world.copy(tmp_path_factory.mktemp("compared"))
    for month, online in ((date(2025, 4, 5), 1), (date(2026, 3, 5), 2), (date(2026, 4, 5), 3)):
        world.send(
            "dossier_events",
            *world.dossiers(month, count=online, channel="online"),
            *world.dossiers(month, count=4 - online, channel="counter"),
        )
    for month, views in ((date(2025, 4, 5), 4), (date(2026, 4, 5), 5)):
        start = parse_period(str(month)).start_us
        world.send("page_views", *[world.view(start, visitor=n) for n in range(views)])
    world.tell("services", {"agency": "H26", "procedure": "1.000001", "level": "full"})
    world.refresh()
    measure = world.measure()

    def ask(code, text, **more):
        return compare(measure, code, parse_period(text, TODAY), today=TODAY, **more)

    return ask


def test_percentages_differ_by_points_from_month_to_month_and_year_to_year(compared):
    (found,) = compared(RATE, "2026-04", agency="H26")
    previous, last_year = found.others
    assert (found.figure.value, previous.value, last_year.value) == (75, 50, 25)
    assert (previous.difference, last_year.difference) == (25, 50)
    assert (previous.relative, previous.reason) == (None, None)
    assert (previous.first, previous.last) == (date(2026, 3, 1), date(2026, 3, 31))
    assert previous.unlike == (Unlike.UNEQUAL_DAYS,)
    assert last_year.unlike == ()


def test_counts_differ_by_themselves_and_in_percent(compared):
    (found,) = compared("portal_visits", "2026-04", agency="H26", against=[Against.LAST_YEAR])
    (last_year,) = found.others
    assert (found.figure.value, last_year.value) == (5, 4)
    assert (last_year.difference, last_year.relative) == (1, 25)


def test_a_period_without_data_is_no_zero_to_compare_with(compared):
    (found,) = compared("portal_visits", "2026-04", agency="H26", against=[Against.PREVIOUS])
    (previous,) = found.others
    assert (previous.value, previous.difference) == (None, None)
    assert previous.reason == NoDifference.NO_VALUE_THEN
    assert "no_data" in previous.flags
    (found,) = compared(RATE, "2026-05", agency="H26", against=[Against.PREVIOUS])
    assert found.others[0].reason == NoDifference.NO_VALUE_NOW
    assert found.others[0].value == 75


def test_nothing_before_is_no_base_for_a_percentage(world):
    world.send(
        "page_views",
        world.view(parse_period("2026-03-05").start_us, bot="crawler"),
        world.view(parse_period("2026-04-05").start_us),
    )
    world.refresh()
    (found,) = compare(
        world.measure(),
        "portal_visits",
        parse_period("2026-04"),
        agency="H26",
        against=[Against.PREVIOUS],
        today=TODAY,
    )
    (previous,) = found.others
    assert (previous.value, previous.difference, previous.relative) == (0, 1, None)
    assert previous.reason == NoDifference.FROM_ZERO


def test_both_sides_stand_under_one_definition_unless_asked_and_the_change_is_said(world):
    for day in (date(2023, 11, 5), date(2024, 11, 5)):
        world.send(
            "dossier_events",
            *world.dossiers(day, channel="online", resolved=day),
            *world.dossiers(day, channel="counter", resolved=day),
        )
    world.refresh()
    asked = {"agency": "H26", "against": [Against.LAST_YEAR], "today": TODAY}
    measure, november = world.measure(), parse_period("2024-11")

    (one,) = compare(measure, RATE, november, **asked)
    (own,) = compare(measure, RATE, november, each_its_own=True, **asked)

    assert (one.others[0].version, one.others[0].in_force) == ("2024-11", "2022-12")
    assert one.others[0].definition_differs
    assert one.others[0].difference == 0
    assert own.others[0].version == "2022-12"
    assert own.others[0].value == 0  # no catalogue, so no online service of level 3 or 4
    assert own.others[0].definition_differs


def test_a_merged_province_is_compared_with_the_sum_of_its_predecessors(empty_world):
    world, end = empty_world, date(2025, 6, 30)
    world.tell(
        "agencies",
        {"code": "H22", "name": "A", "kind": "province", "valid_to": end, "successor": "H60"},
        {"code": "H60", "name": "B", "kind": "province"},
    )
    for code, month, count in (("H22", 6, 2), ("H60", 6, 3), ("H60", 7, 5)):
        made = world.dossiers(date(2025, month, 5), count=count, agency=code, channel="online")
        world.send("dossier_events", *made)
    world.refresh()
    (found,) = compare(
        world.measure(), RATE, parse_period("2025-07"), against=[Against.PREVIOUS], today=TODAY
    )
    assert (found.figure.agency, found.figure.denominator) == ("H60", 5)
    assert found.others[0].denominator == 5


def test_a_period_that_is_not_over_is_said_to_be_running(compared):
    for found in compared(RATE, "2026-11"):
        assert all(Unlike.RUNNING in other.unlike for other in found.others)
    (found,) = compared(RATE, "2026-YTD", agency="H26")
    assert [other.value for other in found.others] == [25, 25]
    assert {(other.first, other.last) for other in found.others} == {
        (date(2025, 1, 1), date(2025, 11, 28))
    }


def test_every_service_is_compared_with_itself(compared):
    found = compared(RATE, "2026-04", by="service", agency="H26")
    assert [(one.figure.procedure, one.others[0].value) for one in found] == [("1.000001", 50)]
