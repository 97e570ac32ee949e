"""The roll call: by kind and week, the same sources as the coverage of figures counts."""

from __future__ import annotations

from datetime import date

from thuocdo.core.clock import day_start_us, parse_period
from thuocdo.measure.roll_call import roll_call

WEEKS = [parse_period("2022-04-01..2022-04-07"), parse_period("2022-04-08..2022-04-14")]


def noon(day):
    return day_start_us(day) + 12 * 3_600_000_000


def test_every_kind_is_called_week_by_week_and_who_is_silent_is_named(world):
    world.tell(
        "sites",
        {"site_id": 2, "agency": "H26", "kind": "portal"},
        {"site_id": 3, "agency": "H26", "kind": "service_portal"},
        {"site_id": 4, "agency": "H26", "kind": "portal", "valid_to": date(2022, 4, 7)},
    )
    world.send(
        "page_views",
        world.view(noon(date(2022, 4, 2))),
        world.view(noon(date(2022, 4, 3)), site=2),
        world.view(noon(date(2022, 4, 9))),
        world.view(noon(date(2022, 4, 9)), site=3),
    )
    world.refresh()
    measure = world.measure()

    calls = {
        call.kind: call
        for call in roll_call(measure, WEEKS, kinds=("portal", "service_portal"))
        if call.agency == "H26"
    }

    assert set(calls) == {"portal", "service_portal"}
    portal = calls["portal"]
    assert [(week.reporting, week.expected) for week in portal.weeks] == [(2, 3), (1, 2)]
    assert portal.silent == ("2",)
    assert portal.silent_since == noon(date(2022, 4, 3))
    assert portal.last_heard == noon(date(2022, 4, 9))
    assert [(week.reporting, week.expected) for week in calls["service_portal"].weeks] == [
        *((0, 1), (1, 1))
    ]
    (figure,) = measure.figures("portal_visits", WEEKS[-1], agency="H26")
    assert (figure.coverage.reporting, figure.coverage.expected) == (1, 2)


def test_an_agency_of_which_nothing_is_expected_has_no_row(world):
    world.send("page_views", world.view(noon(date(2022, 4, 2))))
    world.refresh()
    calls = roll_call(world.measure(), WEEKS, kinds=("service_portal",))
    assert [call for call in calls if call.agency == "H26"] == []
