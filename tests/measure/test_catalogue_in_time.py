"""Services that change their level or end in the middle of a period count by date."""

from __future__ import annotations

from datetime import date

import pytest

from thuocdo.core.clock import parse_period

SERVICES = "services_with_online_dossiers"
RATE = "online_dossier_rate"
NEW_LEVEL, LAST = date(2026, 4, 16), date(2026, 4, 30)


def service(procedure, level, first=None, last=None):
    days = {"valid_from": first, "valid_to": last}
    return {"agency": "H26", "procedure": procedure, "level": level} | days


@pytest.fixture
def measure(world):
    """Of three services one is lowered, one raised, one withdrawn, all on 16 April 2026."""
    before = date(2026, 4, 15)
    world.tell(
        "services",
        service("1.000001", "full", last=before),
        service("1.000001", "information", NEW_LEVEL),
        service("1.000002", "information", last=before),
        service("1.000002", "full", NEW_LEVEL),
        service("1.000003", "full", last=before),
    )
    for number in (1, 2, 3):
        for day in (date(2026, 4, 10), date(2026, 4, 20)):
            made = world.dossiers(
                day, procedure=f"1.00000{number}", channel="online", resolved=LAST
            )
            world.send("dossier_events", *made)
    world.refresh()
    return world.measure()


def counts(measure, code, text, **more):
    (figure,) = measure.figures(code, parse_period(text), agency="H26", **more)
    return figure.numerator, figure.denominator


def test_a_catalogue_counts_as_it_is_on_the_periods_last_day(measure):
    assert counts(measure, SERVICES, "2026-04-01..2026-04-15") == (2, 2)  # the first and the third
    assert counts(measure, SERVICES, "2026-04") == (1, 1)  # the second alone is still online


def test_a_dossier_has_the_level_of_the_day_it_was_received(measure):
    # Level 3 and 4 on receipt: 1 and 3 on the 10th, 2 on the 20th.
    assert counts(measure, RATE, "2026-04", version="2022-05") == (3, 6)


def test_a_withdrawn_services_dossiers_stay_among_all(measure):
    assert counts(measure, RATE, "2026-04", version="2024-11") == (6, 6)
    by_service = measure.figures(
        RATE, parse_period("2026-04"), by="service", agency="H26", version="2024-11"
    )
    assert {f.procedure: f.denominator for f in by_service} == {
        f"1.00000{number}": 2 for number in (1, 2, 3)
    }


def test_the_last_moment_of_a_year_and_the_first_of_the_next_are_in_different_years(world):
    from thuocdo.core.clock import day_start_us

    new_year = day_start_us(date(2026, 1, 1))
    for number, at in ((901, new_year - 1), (902, new_year)):
        event = world.event(number, "received", at, home_month="2025-12", channel="online")
        world.send("dossier_events", event)
    world.refresh()
    measure = world.measure()
    assert counts(measure, RATE, "2025") == (1, 1)
    assert counts(measure, RATE, "2025-12-31") == (1, 1)
    assert counts(measure, RATE, "2026-01-01-YTD") == (1, 1)
    assert counts(measure, RATE, "2026-W01") == (2, 2)
