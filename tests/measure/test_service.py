"""Figures as everybody asks for them: sums, coverage, trust, history, and honest nothing."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from thuocdo.core.clock import Period, day_start_us, parse_period, to_datetime
from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.definitions import definitions
from thuocdo.measure.model import Coverage

APRIL = parse_period("2022-04")
RATE = "online_dossier_rate"


def only(figures):
    assert len(figures) == 1
    return figures[0]


def merged_country(world):
    end, start = date(2025, 6, 30), date(2025, 7, 1)
    for code, name, successor in (("H22", "Hà Giang", "H60"), ("H60", "Tuyên Quang", None)):
        world.tell(
            "agencies",
            {
                "code": code,
                "name": name,
                "kind": "province",
                "valid_to": end,
                "successor": successor,
            },
        )
        world.tell("systems", {"code": f"{code}-one_stop", "agency": code, "kind": "one_stop"})
    world.tell(
        "agencies",
        {"code": "H60", "name": "Tuyên Quang", "kind": "province", "valid_from": start},
    )
    for code, online, counter in (("H22", 3, 1), ("H60", 1, 5)):
        own = {"agency": code, "system": f"{code}-one_stop"}
        world.send(
            "dossier_events",
            *world.dossiers(date(2022, 4, 2), count=online, channel="online", **own),
        )
        world.send(
            "dossier_events",
            *world.dossiers(date(2022, 4, 2), count=counter, channel="counter", **own),
        )


def test_a_merged_province_has_the_sum_of_its_predecessors(empty_world):
    merged_country(empty_world)
    empty_world.refresh()
    measure = empty_world.measure()

    then = measure.figures(RATE, APRIL, version="2024-11", by="province")
    now = measure.figures(
        RATE, APRIL, version="2024-11", by="province", as_organised=date(2026, 1, 1)
    )

    assert [(f.agency, f.numerator, f.denominator, f.rank) for f in then] == [
        ("H22", 3, 4, 1),
        ("H60", 1, 6, 2),
    ]
    assert [(f.agency, f.numerator, f.denominator) for f in now] == [("H60", 4, 10)]
    assert now[0].coverage == Coverage(2, 2)


def test_an_empty_instance_gives_nulls_with_reasons(world):
    world.refresh()
    measure = world.measure()
    for indicator in definitions():
        for version in indicator.versions:
            figures = measure.figures(indicator.code, APRIL, version=version.version)
            assert {f.agency for f in figures} == {"H26", "G18"}
            assert all(f.value is None and f.numerator is None for f in figures)
            why = {"no_data", "not_computable"}
            assert all(why.intersection(f.flags) and f.rank is None for f in figures)
            (point,) = measure.series(indicator.code, [APRIL], version=version.version)
            assert point.value is None
            assert measure.national(figures, None).mean_of_agencies is None
    assert measure.freshness().landed_at is None


def test_without_any_facts_at_all_there_is_no_exception(empty_world):
    measure = empty_world.measure()
    for indicator in definitions():
        assert measure.figures(indicator.code, APRIL) == []
        assert measure.series(indicator.code, [APRIL])[0].value is None
    assert measure.figures(RATE, APRIL, as_known=day_start_us(date(2026, 1, 2))) == []
    assert measure.freshness().facts_version == 0


def test_too_few_reporting_sources_leave_an_agency_unranked_with_the_reason(world):
    for number in (2, 3):
        world.tell("sites", {"site_id": number, "agency": "H26", "kind": "portal"})
    world.send("page_views", world.view(APRIL.start_us))
    world.refresh()

    figure = only(world.measure().figures("portal_visits", APRIL, by="province"))

    assert figure.coverage == Coverage(1, 3)
    assert (figure.value, figure.rank) == (1, None)
    assert "coverage_below_threshold" in figure.flags


def test_a_closed_site_is_not_expected(world):
    world.tell(
        "sites",
        {"site_id": 2, "agency": "H26", "kind": "portal", "valid_to": date(2022, 3, 31)},
        {"site_id": 3, "agency": "H26", "kind": "one_stop"},
    )
    world.send("page_views", world.view(APRIL.start_us))
    world.refresh()
    figure = only(world.measure().figures("portal_visits", APRIL, agency="H26"))
    assert figure.coverage == Coverage(1, 1)
    assert figure.rank == 1


def test_a_system_nobody_registered_counts_as_expected_and_reporting(world):
    world.send("dossier_events", *world.dossiers(date(2022, 4, 2), system="other"))
    world.refresh()
    figure = only(world.measure().figures(RATE, APRIL, version="2024-11", agency="H26"))
    assert figure.coverage == Coverage(1, 2)


def test_verified_leaves_unverified_events_out(world):
    own = {"trust": "unverified", "channel": "counter"}
    world.send(
        "dossier_events",
        *world.dossiers(date(2022, 4, 2), count=3, **own),
        *world.dossiers(date(2022, 4, 2), channel="online"),
    )
    world.refresh()
    measure = world.measure()
    asked = {"version": "2024-11", "agency": "H26"}
    assert only(measure.figures(RATE, APRIL, **asked)).denominator == 4
    assert only(measure.figures(RATE, APRIL, trust="verified", **asked)).denominator == 1


def test_as_known_recomputes_what_had_landed_by_then(world):
    early, late = to_datetime(APRIL.end_us), to_datetime(APRIL.end_us + 10)
    world.send(
        "dossier_events", *world.dossiers(date(2022, 4, 2), channel="online", landed_at=early)
    )
    world.send("page_views", world.view(APRIL.start_us, landed_at=early))
    world.refresh()
    world.send(
        "dossier_events", *world.dossiers(date(2022, 4, 2), channel="counter", landed_at=late)
    )
    world.send("page_views", world.view(APRIL.start_us, visitor=2, landed_at=late))
    world.refresh()
    measure = world.measure()

    def rate(known):
        asked = {"version": "2024-11", "agency": "H26", "as_known": known}
        return only(measure.figures(RATE, APRIL, **asked)).value

    def visits(known):
        return only(measure.figures("portal_visits", APRIL, agency="H26", as_known=known)).value

    assert (rate(None), rate(APRIL.end_us), rate(APRIL.end_us + 10)) == (50, 100, 50)
    assert (visits(None), visits(APRIL.end_us), visits(APRIL.end_us - 1)) == (2, 1, None)


def test_a_series_is_the_figures_of_its_periods(world):
    first = date(2022, 4, 4)
    weeks = [
        Period(first + timedelta(weeks=n), first + timedelta(weeks=n, days=6)) for n in range(4)
    ]
    for n, week in enumerate(weeks[:3]):
        world.send("dossier_events", *world.dossiers(week.first, count=n + 1, channel="online"))
        world.send("dossier_events", *world.dossiers(week.last, count=2))
        world.send("page_views", *[world.view(week.start_us, visitor=v) for v in range(n + 1)])
    world.tell("services", {"agency": "H26", "procedure": "1.000001", "level": "full"})
    world.refresh()
    measure = world.measure()
    for code in ("portal_visits", RATE, "services_with_online_dossiers"):
        points = measure.series(code, weeks, agency="H26")
        single = [only(measure.figures(code, week, agency="H26")) for week in weeks]
        assert [(p.numerator, p.denominator, p.value) for p in points] == [
            (f.numerator, f.denominator, f.value) for f in single
        ]
        assert points[-1].value is None


def test_a_department_and_its_services_are_asked_for_by_code(world):
    world.tell(
        "agencies",
        {"code": "H26.01", "name": "Sở Y tế", "kind": "department", "parent": "H26"},
    )
    world.tell(
        "services",
        {"agency": "H26", "procedure": "1.000001", "level": "full", "name": "Cấp giấy phép"},
    )
    world.send(
        "dossier_events",
        *world.dossiers(date(2022, 4, 2), count=2, channel="online", agency="H26.01.07"),
    )
    world.send("dossier_events", *world.dossiers(date(2022, 4, 2), procedure="2.000002"))
    world.refresh()
    measure = world.measure()

    department = only(measure.figures(RATE, APRIL, version="2024-11", agency="000.00.01.H26"))
    assert (department.agency, department.name) == ("H26.01", "Sở Y tế")
    assert (department.numerator, department.denominator, department.rank) == (2, 2, None)
    services = measure.figures(RATE, APRIL, version="2024-11", by="service", agency="H26")
    assert [(f.procedure, f.name, f.numerator, f.denominator) for f in services] == [
        ("1.000001", "Cấp giấy phép", 2, 2),
        ("2.000002", "2.000002", 0, 1),
    ]


def test_the_catalogue_of_the_day_of_receipt_gives_the_level(world):
    world.tell(
        "services",
        {
            "agency": "H26",
            "procedure": "1.000001",
            "level": "information",
            "valid_to": date(2022, 4, 9),
        },
        {
            "agency": "H26",
            "procedure": "1.000001",
            "level": "partial",
            "valid_from": date(2022, 4, 10),
        },
    )
    for day in (9, 10):
        received = date(2022, 4, day)
        world.send(
            "dossier_events",
            *world.dossiers(received, channel="online", level="full", resolved=date(2022, 4, 20)),
        )
    world.refresh()
    figure = only(world.measure().figures(RATE, APRIL, agency="H26"))
    assert (figure.numerator, figure.denominator) == (1, 2)
    assert figure.flags == ("definition_later_than_period",)


def test_a_page_asking_again_is_answered_from_memory_until_the_facts_move(world):
    world.send("page_views", world.view(APRIL.start_us))
    world.refresh()
    measure = world.measure()
    first = measure.figures("portal_visits", APRIL)
    assert measure.figures("portal_visits", APRIL)[0] is first[0]
    world.send("page_views", world.view(APRIL.start_us, visitor=2))
    world.refresh()
    assert (
        only([f for f in measure.figures("portal_visits", APRIL) if f.agency == "H26"]).value == 2
    )


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"code": "nothing"}, "unknown_indicator"),
        ({"version": "1999-01"}, "unknown_version"),
        ({"agency": "H99"}, "unknown_agency"),
        ({"by": "village"}, "bad_choice"),
        ({"trust": "blind"}, "bad_choice"),
        ({"code": "portal_visits", "by": "service"}, "not_by_service"),
    ],
)
def test_a_wrong_question_gets_one_clear_sentence(world, asked, code):
    world.refresh()
    question = {"code": RATE, "period": APRIL} | asked
    with pytest.raises(ThuocdoError) as refusal:
        world.measure().figures(**question)
    assert refusal.value.code == code
    assert refusal.value.hint


def test_what_is_compared_is_asked_of_one_set_of_facts_while_they_move(world):
    own = {"agency": "H26", "channel": "online"}
    world.send("dossier_events", *world.dossiers(date(2022, 4, 2), count=3, **own))
    world.refresh()
    measure = world.measure()
    apart = measure.apart()

    def count(asked):
        return only(asked.figures(RATE, APRIL, version="2024-11", agency="H26")).denominator

    with apart.still():
        before = count(apart)
        world.send("dossier_events", *world.dossiers(date(2022, 4, 3), count=4, **own))
        world.refresh()
        assert count(measure) == before + 4
        assert count(apart) == before
    assert count(apart) == before + 4
