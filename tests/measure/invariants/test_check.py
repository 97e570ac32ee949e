"""What must hold before anything is published: broken on purpose, and found."""

from __future__ import annotations

import dataclasses
from collections import Counter
from datetime import date, timedelta

import msgspec
import numpy as np
import pytest

from thuocdo.core.clock import Period, day_start_us, parse_period, to_datetime
from thuocdo.measure.counting import cases
from thuocdo.measure.definitions import definition, definitions
from thuocdo.measure.invariants.check import check
from thuocdo.measure.invariants.model import (
    Count,
    Published,
    State,
    rules,
    rules_on,
    told,
)
from thuocdo.measure.invariants.of_figures import BY_BLOCK, part_within_whole
from thuocdo.measure.invariants.subject import Subject, is_nested
from thuocdo.measure.invariants.withholding import withhold

PERIOD = parse_period("2022-01-01..2022-04-30")
RATE = "online_dossier_rate"
FULL = "full_online_rate"
EARLY, LATE = date(2022, 2, 1), date(2022, 4, 28)


@pytest.fixture(scope="module")
def populated(small_world, tmp_path_factory):
    """Hà Nội with a department and a commune, a ministry, some dossiers and visits of both."""
    world = small_world.copy(tmp_path_factory.mktemp("country"))
    world.tell(
        "agencies",
        {"code": "H26.01", "name": "Sở Y tế", "kind": "department", "parent": "H26"},
        {"code": "H26.01.02", "name": "Chi cục", "kind": "unit", "parent": "H26.01"},
    )
    world.tell("systems", {"code": "G18-one_stop", "agency": "G18", "kind": "one_stop"})
    world.tell("sites", {"site_id": 2, "agency": "H26.01", "kind": "portal", "name": "Sở"})
    for agency, procedure in (("H26", "1.000001"), ("H26", "1.000002"), ("G18", "1.000001")):
        world.tell("services", {"agency": agency, "procedure": procedure, "level": "full"})
    for agency, count in (("H26", 2), ("H26.01", 3), ("H26.01.02", 4), ("G18", 5)):
        own = {"agency": agency, "system": f"{agency[:3]}-one_stop", "channel": "online"}
        for day, procedure in ((EARLY, "1.000001"), (LATE, "1.000002")):
            world.send(
                "dossier_events",
                *world.dossiers(day, count=count, procedure=procedure, resolved=day, **own),
            )
    world.send("page_views", *[world.view(PERIOD.start_us, site=n, visitor=n) for n in (1, 2)])
    world.refresh()
    return world


@pytest.fixture
def country(populated, tmp_path):
    return populated.copy(tmp_path)


def broken(outcomes, rule=None):
    found = [one for one in outcomes if one.state is State.BROKEN]
    return [one for one in found if rule in (None, one.rule)]


def of_rule(outcomes, rule):
    return [one for one in outcomes if one.rule == rule]


def test_everything_holds_of_honest_figures_of_every_indicator_and_version(country):
    measure = country.measure()
    everything = [(i.code, v.version) for i in definitions() for v in i.versions]
    outcomes = check(measure, PERIOD, everything)
    assert not broken(outcomes)
    seen = Counter(one.rule for one in outcomes if one.state is State.HOLDS and one.checked)
    asked = set(BY_BLOCK) | {
        "new_within_old",
        "blocks_add_up",
        "nobody_left_out",
        "catalogue_changes",
    }
    assert asked <= seen.keys(), "each of them was looked at, and not only called"


def test_an_empty_instance_is_not_measurable_and_nothing_is_broken(empty_world):
    outcomes = check(empty_world.measure(), PERIOD)
    assert outcomes
    assert {one.state for one in outcomes} == {State.NOT_MEASURABLE}


def test_a_numerator_beyond_its_denominator_blocks_the_figure(country):
    measure = country.measure()
    found = measure.figures(FULL, PERIOD, block="province")
    wrong = [
        msgspec.structs.replace(f, numerator=f.denominator + 1) for f in found if f.denominator
    ]
    subject = Subject(
        definition(FULL), definition(FULL).versions[0], PERIOD, wrong, None, [], None, PERIOD.last
    )
    look = part_within_whole(subject, wrong)
    assert [(row.agency, row.counts) for row in look.broken] == [
        ("H26", (("part", 19), ("whole", 18)))
    ]


def test_which_numerators_are_part_of_their_denominators_is_read_off_the_definitions():
    nested = {
        (indicator.code, version.version)
        for indicator in definitions()
        for version in indicator.versions
        if is_nested(version)
    }
    assert (FULL, "2024-11") in nested
    assert (RATE, "2022-05") in nested
    assert (RATE, "2024-11") in nested
    assert (RATE, "2022-12") not in nested, "submitted in a period over resolved in it"
    assert {v for code, v in nested if code == "services_with_online_dossiers"} == {
        v.version for v in definition("services_with_online_dossiers").versions
    }
    assert not [pair for pair in nested if pair[0] == "portal_visits"]


def test_a_running_total_that_falls_is_found(country, monkeypatch):
    # A day of the last week that takes dossiers away: a way of counting gone wrong.
    last = (date(2022, 4, 28) - date(1970, 1, 1)).days
    count = cases.count_days

    def fall(*given, **choices):
        found = count(*given, **choices)
        takes = {name: np.where(found.day == last, -5, n) for name, n in found.counts.items()}
        return dataclasses.replace(found, counts=takes)

    monkeypatch.setattr(cases, "count_days", fall)
    outcomes = check(country.measure(), PERIOD, [(RATE, "2024-11")])
    fallen = broken(outcomes, "cumulative_never_falls")
    assert {one.agency for one in fallen} == {"H26", "G18"}
    hanoi = next(one for one in fallen if one.agency == "H26")
    assert hanoi.is_blocking
    assert told(hanoi) == "9 ở kỳ trước, chỉ còn -6 ở kỳ này"


def published(counts, **more):
    given = {
        "title": "Tuần 17/2022",
        "period": Period(PERIOD.first, date(2022, 4, 23)),
        "as_known": None,
    }
    return Published(**given | more, counts=counts)


def test_what_was_published_before_must_not_have_been_more(country):
    key = (RATE, "2022-05", "H26")
    measure, asked = country.measure(), [(RATE, "2022-05")]
    outcomes = check(measure, PERIOD, asked, published=published({key: Count(19, 19)}))
    (fallen,) = broken(outcomes, "published_never_falls")
    assert (fallen.agency, fallen.evidence[0].counts) == ("H26", (("before", 19), ("now", 18)))
    assert fallen.blocks == (RATE,)
    outcomes = check(measure, PERIOD, asked, published=published({key: Count(18, 18)}))
    assert not broken(outcomes, "published_never_falls")
    other_year = published(
        {key: Count(99, 99)}, period=Period(date(2021, 1, 1), date(2021, 12, 31))
    )
    assert not of_rule(check(measure, PERIOD, asked, published=other_year), "published_never_falls")


def test_units_that_do_not_add_up_to_their_agency_are_found(country):
    measure = country.measure()
    figures = measure.figures(RATE, PERIOD, version="2024-11")
    version = definition(RATE).version_for(PERIOD.last, "2024-11")
    with measure.reading(None) as (facts, remember):
        from thuocdo.measure.invariants.subject import cells

        found = cells(facts, remember, definition(RATE), version, PERIOD, "any")
        organisation = facts.dimensions.organisation
    assert {cell.agency for cell in found} == {"H26", "H26.01", "H26.01.02", "G18"}
    honest = Subject(
        definition(RATE), version, PERIOD, figures, None, found, organisation, PERIOD.last
    )
    lost = [cell for cell in found if cell.agency != "H26.01.02"]
    missing = Subject(
        definition(RATE), version, PERIOD, figures, None, lost, organisation, PERIOD.last
    )
    for name in ("units_add_up", "services_add_up"):
        assert not BY_BLOCK[name](honest, figures).broken
        (row,) = BY_BLOCK[name](missing, figures).broken
        assert (row.agency, row.counts) == ("H26", (("sum", 10), ("whole", 18)))


def test_counts_of_a_code_nobody_answers_for_are_told_and_block_nothing(country):
    own = {"agency": "H99", "system": "H99-one_stop", "channel": "online"}
    country.send("dossier_events", *country.dossiers(EARLY, count=3, resolved=EARLY, **own))
    country.refresh()
    outcomes = check(country.measure(), PERIOD, [(RATE, "2024-11")])
    (left_out,) = broken(outcomes)
    assert (left_out.rule, left_out.severity, left_out.agency) == ("nobody_left_out", "warn", "H99")
    assert left_out.evidence[0].counts == (("left_out", 3),)
    assert not left_out.is_blocking


def test_due_dates_before_the_receipt_are_counted_by_service_never_shown_singly(country):
    own = {"agency": "H26.01", "channel": "online"}
    wrong = to_datetime(day_start_us(EARLY - timedelta(days=3)))
    right = to_datetime(day_start_us(EARLY))
    country.send(
        "dossier_events",
        *country.dossiers(EARLY, count=2, due_at=wrong, procedure="9.000009", **own),
        *country.dossiers(EARLY, count=30, due_at=right, procedure="1.000001", **own),
    )
    country.refresh()
    outcomes = of_rule(
        check(country.measure(), PERIOD, [(RATE, "2024-11")]), "due_not_before_received"
    )
    (one,) = broken(outcomes)
    assert (one.agency, one.blocks) == ("H26", ("on_time_rate", "early_rate"))
    assert one.evidence[0].counts == (("before", 2), ("dated", 32))
    assert [(row.agency, row.procedure, row.counts) for row in one.evidence[1:]] == [
        ("H26.01", "9.000009", (("before", 2), ("dated", 2)))
    ]
    assert told(one, "en") == "2 of 32 dossiers are due before the day they were received"


def test_a_few_wrong_due_dates_are_tolerated_and_still_do_not_vanish(country):
    wrong = to_datetime(day_start_us(EARLY - timedelta(days=1)))
    right = to_datetime(day_start_us(EARLY))
    country.send(
        "dossier_events",
        *country.dossiers(EARLY, count=1, due_at=wrong),
        *country.dossiers(EARLY, count=99, due_at=right),
    )
    country.refresh()
    outcomes = of_rule(
        check(country.measure(), PERIOD, [(RATE, "2024-11")]), "due_not_before_received"
    )
    assert not broken(outcomes)
    (held,) = outcomes
    assert [row.counts for row in held.evidence] == [(("before", 1), ("dated", 100))]


def test_changes_of_the_catalogue_are_listed(country):
    day = PERIOD.last - timedelta(days=2)
    for procedure, level, since in (("1.000002", "partial", day), ("1.000003", "full", day)):
        row = {"agency": "H26", "procedure": procedure, "level": level, "valid_from": since}
        country.tell("services", row)
    country.tell(
        "services",
        {"agency": "G18", "procedure": "1.000001", "level": "full", "valid_to": day},
    )
    country.refresh()
    found = of_rule(check(country.measure(), PERIOD, [(RATE, "2024-11")]), "catalogue_changes")
    by_agency = {one.agency: one for one in broken(found)}
    assert told(by_agency["H26"]) == "thêm 1, bỏ 0, nâng mức độ 0, hạ mức độ 1 dịch vụ"
    assert told(by_agency["G18"]) == "thêm 0, bỏ 1, nâng mức độ 0, hạ mức độ 0 dịch vụ"
    assert [(row.procedure, row.note) for row in by_agency["H26"].evidence[1:]] == [
        ("1.000002", "full → partial"),
        ("1.000003", "– → full"),
    ]


def test_what_was_recorded_since_the_report_before_is_a_change_too(country):
    """A row back-dated after the report before was made: by days alone it would not be seen."""
    known = day_start_us(date(2025, 1, 1))
    country.tell(
        "services",
        {
            "agency": "H26",
            "procedure": "1.000007",
            "level": "full",
            "valid_from": date(2022, 1, 1),
            "recorded_at": to_datetime(day_start_us(date(2025, 6, 1))),
        },
    )
    country.refresh()
    before = published({}, as_known=known)
    found = of_rule(
        check(country.measure(), PERIOD, [(RATE, "2024-11")], published=before), "catalogue_changes"
    )
    (one,) = broken(found)
    assert one.evidence[1].procedure == "1.000007"


def test_a_withheld_figure_says_why_and_the_others_close_ranks(country):
    measure = country.measure()
    outcomes = check(
        measure,
        PERIOD,
        [(RATE, "2022-05")],
        published=published({(RATE, "2022-05", "H26"): Count(19, 19)}),
    )
    figures = measure.figures(RATE, PERIOD, version="2022-05")
    blocked = withhold(figures, outcomes)
    hanoi = next(f for f in blocked if f.agency == "H26")
    assert (hanoi.value, hanoi.numerator, hanoi.rank) == (None, None, None)
    assert "blocked_by:published_never_falls" in hanoi.flags
    assert next(f for f in blocked if f.agency == "G18").rank == 1
    assert measure.national(blocked, None).denominator == 10, "nor do the national values count it"
    assert withhold(figures, []) == figures


def test_history_is_checked_as_it_was_known(country):
    late = to_datetime(day_start_us(date(2026, 6, 1)))
    own = {"agency": "H99", "system": "H99-one_stop", "landed_at": late}
    country.send("dossier_events", *country.dossiers(EARLY, **own))
    country.refresh()
    measure, asked = country.measure(), [(RATE, "2024-11")]
    assert broken(check(measure, PERIOD, asked), "nobody_left_out")
    then = check(measure, PERIOD, asked, as_known=day_start_us(date(2026, 5, 1)))
    assert not broken(then)
    assert of_rule(then, "units_add_up")[0].checked


def test_every_rule_has_both_languages_a_source_and_its_numbers_in_what_it_says():
    for rule in rules():
        for text in (rule.title, rule.about, rule.told, *rule.evidence.values()):
            assert text.vi
            assert text.en
        named = dict.fromkeys(rule.evidence, "1")
        assert rule.told.vi.format_map(named)
        assert rule.told.en.format_map(named)
        assert rule.source.document
    assert set(rules_on(PERIOD.last)) == {rule.code for rule in rules()}
