"""The sources behind a coverage: heard, silent since when, new, and whose key vouched."""

from __future__ import annotations

from datetime import date

from thuocdo.core.clock import day_start_us, parse_period
from thuocdo.measure.listening import sources
from thuocdo.measure.model import Coverage
from thuocdo.measure.service import Measure

APRIL = parse_period("2022-04")
RATE = "online_dossier_rate"


def noon(day):
    return day_start_us(day) + 12 * 3_600_000_000


def by_key(found):
    return {state.key: state for state in found}


def test_each_site_is_listed_with_when_it_was_last_heard(world):
    world.tell(
        "sites",
        {"site_id": 2, "agency": "H26", "kind": "portal", "name": "Sở"},
        {"site_id": 3, "agency": "H26", "kind": "portal", "valid_from": date(2022, 4, 10)},
        {"site_id": 4, "agency": "H26", "kind": "one_stop"},
    )
    world.send(
        "page_views",
        world.view(noon(date(2022, 4, 2))),
        world.view(noon(date(2022, 3, 20)), site=2),
        world.view(noon(date(2022, 5, 1)), site=2),
    )
    world.refresh()
    measure = world.measure()

    found = by_key(sources(measure, "portal_visits", APRIL))

    assert set(found) == {"1", "2", "3"}
    assert (found["1"].reporting, found["1"].silent_since, found["1"].events) == (True, None, 1)
    assert (found["2"].reporting, found["2"].silent_since) == (False, date(2022, 3, 21))
    assert found["2"].name == "Sở"
    assert (found["3"].last_heard, found["3"].silent_since, found["3"].new) == (None, None, True)
    (figure,) = measure.figures("portal_visits", APRIL, agency="H26")
    assert figure.coverage == Coverage(1, 3, 1)
    assert figure.coverage.silent == 2
    assert (figure.events, figure.events_verified, figure.provenance) == (1, 1, "measured")


def test_the_longest_silent_comes_first_and_who_reports_last(world):
    world.tell("sites", *({"site_id": n, "agency": "H26", "kind": "portal"} for n in (2, 3)))
    world.send(
        "page_views",
        world.view(noon(date(2022, 4, 2))),
        world.view(noon(date(2022, 3, 20)), site=2),
    )
    world.refresh()
    found = sources(world.measure(), "portal_visits", APRIL)
    assert [state.key for state in found] == ["3", "2", "1"]


def test_a_system_that_reports_for_somebody_else_is_listed_there_unregistered(world):
    world.send(
        "dossier_events",
        *world.dossiers(date(2022, 4, 2), count=2, trust="unverified"),
        *world.dossiers(date(2022, 4, 2), system="shared", agency="G18"),
    )
    world.refresh()
    measure = world.measure()

    found = by_key(sources(measure, RATE, APRIL))

    assert (found["shared"].agency, found["shared"].registered) == ("G18", False)
    assert found["shared"].last_heard == noon(date(2022, 4, 2))
    own = found["H26-one_stop"]
    assert (own.events, own.events_verified, own.registered) == (2, 0, True)
    figures = {f.agency: f for f in measure.figures(RATE, APRIL)}
    assert (figures["H26"].events, figures["H26"].events_verified) == (2, 0)
    assert (figures["G18"].events, figures["G18"].events_verified) == (1, 1)
    assert figures["H26"].provenance == "pushed"
    assert [s.key for s in sources(measure, RATE, APRIL, agency="G18")] == ["shared"]


def test_the_list_counts_what_the_figures_coverage_counts(world):
    world.tell("agencies", {"code": "H26.01", "name": "Sở", "kind": "department", "parent": "H26"})
    world.tell("systems", {"code": "Z", "agency": "H26.01", "kind": "one_stop"})
    world.send(
        "dossier_events",
        *world.dossiers(date(2022, 4, 2)),
        *world.dossiers(date(2022, 4, 2), system="shared", agency="G18"),
    )
    world.refresh()
    measure = world.measure()
    for code in ("H26", "G18", "H26.01"):
        listed = sources(measure, RATE, APRIL, agency=code)
        (figure,) = measure.figures(RATE, APRIL, agency=code)
        assert figure.coverage == Coverage(sum(s.reporting for s in listed), len(listed))


def test_verified_hears_only_what_a_key_vouched_for(world):
    world.send("dossier_events", *world.dossiers(date(2022, 4, 2), trust="unverified"))
    world.refresh()
    (state,) = sources(world.measure(), RATE, APRIL, trust="verified")
    assert (state.reporting, state.last_heard) == (False, None)


def test_the_list_as_known_then_is_that_of_then(world):
    world.send("dossier_events", *world.dossiers(date(2022, 4, 2)))
    world.refresh()
    measure: Measure = world.measure()
    assert sources(measure, RATE, APRIL)[0].reporting
    assert not sources(measure, RATE, APRIL, as_known=noon(date(2022, 5, 1)))[0].reporting
