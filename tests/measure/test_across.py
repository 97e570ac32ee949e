"""One service across agencies, and the last minutes: the same counts as from the other side."""

from __future__ import annotations

from datetime import date

import pytest

from thuocdo.core.clock import day_start_us, parse_period, to_datetime
from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.across import across
from thuocdo.measure.minutes import MINUTE_US

APRIL = parse_period("2022-04")
RATE, TIME = "online_dossier_rate", "time_to_result"


def told(world):
    world.tell("agencies", {"code": "H29", "name": "TP. Hồ Chí Minh", "kind": "province"})
    for agency, online, counter in (("H26", 3, 1), ("H29", 2, 6)):
        own = {"agency": agency, "system": f"{agency}-one_stop", "procedure": "1.000001"}
        day = date(2022, 4, 4)
        world.send("dossier_events", *world.dossiers(day, count=online, channel="online", **own))
        world.send(
            "dossier_events",
            *world.dossiers(
                day, count=counter, channel="counter", resolved=date(2022, 4, 6), **own
            ),
        )
        other = own | {"procedure": "1.000002"}
        world.send("dossier_events", *world.dossiers(day, count=5, channel="online", **other))
    world.refresh()
    return world.measure()


def test_a_service_across_agencies_is_what_each_agency_says_of_it(world):
    measure = told(world)
    found = across(measure, RATE, "1.000001", APRIL)
    assert [figure.agency for figure in found] == ["H29", "H26"]
    for figure in found:
        own = measure.figures(RATE, APRIL, by="service", agency=figure.agency)
        assert figure in own


def test_the_time_to_a_result_is_that_of_the_service_alone(world):
    measure = told(world)
    (one,) = [each for each in across(measure, TIME, "1.000001", APRIL) if each.agency == "H29"]
    assert one.denominator == 6
    assert across(measure, TIME, "1.000002", APRIL) == []


def test_a_service_nobody_had_dossiers_of_has_no_figures(world):
    assert across(told(world), RATE, "9.999999", APRIL) == []


def test_visits_are_not_counted_by_service(world):
    with pytest.raises(ThuocdoError) as refused:
        across(world.measure(), "portal_visits", "1.000001", APRIL)
    assert refused.value.code == "not_by_service"


def test_the_last_minutes_hold_what_people_did_in_them(world):
    end = day_start_us(date(2022, 4, 2)) + 10 * MINUTE_US + 5
    inside = end - 5 - MINUTE_US
    world.send(
        "page_views",
        world.view(inside),
        world.view(inside + 1, visitor=2),
        world.view(inside - MINUTE_US),
        world.view(inside + 2, bot="crawler"),
        world.view(end),
        world.view(inside - 60 * MINUTE_US),
    )
    found = world.measure().minutes(end, 60)
    assert len(found) == 60
    assert [minute.views for minute in found[-2:]] == [1, 2]
    assert sum(minute.views for minute in found) == 3
    assert to_datetime(found[-1].start).second == 0


def test_an_instance_without_events_has_sixty_minutes_of_nothing(empty_world):
    assert {
        minute.views for minute in empty_world.measure().minutes(day_start_us(APRIL.last), 60)
    } == {0}
