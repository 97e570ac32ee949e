"""A week is told from looks: outages are confirmed, our own side is told apart, gaps stay gaps."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from thuocdo.assess.results import Fault
from thuocdo.assess.watching import judging
from thuocdo.assess.watching.kept import table_of
from thuocdo.assess.watching.model import Availability, Look
from thuocdo.assess.watching.policy import policy_on
from thuocdo.core import clock

POLICY = policy_on(date(2026, 11, 28))
MINUTE = 60_000_000
STEP = POLICY.interval_us
WEEK = clock.parse_week("2026-W48")
SINCE = WEEK.start_us
OTHERS = tuple(f"other-{n}" for n in range(6))


def up(system: str, at: int, ttfb_ms: int = 100) -> Look:
    return Look(system, at, None, 200, ttfb_ms, 4)


def down(system: str, at: int, *, again: bool = False, fault: Fault = Fault.CONNECT) -> Look:
    return Look(system, at, fault, again=again)


def others(slots: range, failing: int = 0) -> list[Look]:
    """Neighbours that answer, so that a failure is the system's own; `failing` of them do not."""
    return [
        (down if place < failing else up)(name, SINCE + slot * STEP + place * MINUTE // 10)
        for slot in slots
        for place, name in enumerate(OTHERS)
    ]


def a_week(
    looks: list[Look], *, now: int = WEEK.end_us + STEP * 4, end=WEEK.end_us
) -> Availability:
    return judging.judge(table_of(looks), ["a"], SINCE, end, POLICY, now)["a"]


def test_a_system_that_always_answers_is_wholly_available():
    found = a_week([up("a", SINCE + slot * STEP) for slot in range(2016)])
    assert (found.expected, found.answered, found.down, found.gaps) == (2016, 2016, 0, 0)
    assert found.covered
    assert (found.p50_ms, found.p95_ms) == (100, 100)
    assert len(found.hours) == 168
    assert {hour.answered for hour in found.hours} == {12}


def test_an_outage_lasts_from_the_first_failure_to_the_first_answer():
    looks = [up("a", SINCE + slot * STEP) for slot in range(2016) if slot not in (100, 101, 102)]
    looks += [down("a", SINCE + slot * STEP) for slot in (100, 101, 102)]
    looks += [down("a", SINCE + 100 * STEP + MINUTE, again=True)]
    found = a_week(looks + others(range(98, 105)))
    assert (found.answered, found.down) == (2013, 3)
    (outage,) = found.outages
    assert outage.since == SINCE + 100 * STEP
    assert outage.until == SINCE + 103 * STEP
    assert outage.minutes(0) == 15
    assert (outage.fault, outage.looks) == (Fault.CONNECT, 4)


def test_what_the_second_look_does_not_confirm_was_no_outage():
    looks = [up("a", SINCE), down("a", SINCE + STEP), up("a", SINCE + STEP + MINUTE)]
    looks[-1] = Look("a", SINCE + STEP + MINUTE, None, 200, 90, 4, again=True)
    found = a_week(looks + others(range(3)), end=SINCE + 2 * STEP)
    assert (found.answered, found.down, found.blips) == (2, 0, 1)
    assert found.outages == ()


def test_a_failure_nobody_looked_at_again_is_a_gap():
    found = a_week([up("a", SINCE), down("a", SINCE + STEP), *others(range(3))])
    assert (found.answered, found.down) == (1, 0)
    assert found.gaps == 2015
    assert not found.covered


def test_when_most_systems_fail_at_once_it_is_our_side():
    looks = [down("a", SINCE + slot * STEP) for slot in range(3)] + others(range(3), failing=5)
    found = a_week(looks, end=SINCE + 3 * STEP)
    assert (found.down, found.ours) == (0, 3)
    assert found.outages == ()


def test_a_minute_of_ours_within_an_interval_is_told_apart():
    quiet = [up(name, SINCE + 4 * MINUTE + place) for place, name in enumerate(OTHERS)]
    broken = [down(f"b-{n}", SINCE + n * MINUTE // 10) for n in range(4)]
    looks = [down("a", SINCE), down("a", SINCE + MINUTE, again=True), *quiet, *broken]
    assert a_week(looks, end=SINCE + STEP).ours == 1


def test_a_control_address_decides_before_the_others():
    mine = [down("a", SINCE), down("a", SINCE + MINUTE, again=True)]
    broken = others(range(1), failing=6)
    answers, silent = up("=1", SINCE + MINUTE // 2), down("=1", SINCE + MINUTE // 2)
    assert a_week([*mine, *broken, answers], end=SINCE + STEP).down == 1
    found = a_week([*mine, *others(range(1)), silent], end=SINCE + STEP)
    assert (found.down, found.ours) == (0, 1)


def test_a_lone_system_that_cannot_be_reached_says_nothing_without_a_control():
    looks = [down("a", SINCE), down("a", SINCE + MINUTE, again=True)]
    assert a_week(looks, end=SINCE + STEP).ours == 1
    broken = [down("a", SINCE, fault=Fault.HTTP), down("a", SINCE + MINUTE, again=True, fault=Fault.HTTP)]  # fmt: skip
    assert a_week(broken, end=SINCE + STEP).down == 1  # an error page came over our line


def test_a_site_that_refuses_is_neither_up_nor_down():
    looks = [Look("a", SINCE + slot * STEP, Fault.ROBOTS) for slot in range(2016)]
    found = a_week(looks)
    assert (found.measured, found.refused) == (0, 2016)
    assert not found.covered


def test_a_gap_ends_an_outage_with_the_last_failure():
    looks = [down("a", SINCE), down("a", SINCE + STEP), up("a", SINCE + 40 * STEP)]
    (outage,) = a_week(looks + others(range(41))).outages
    assert outage.until == SINCE + STEP


def test_an_outage_goes_on_until_somebody_is_answered():
    now = SINCE + 2 * STEP
    found = a_week([down("a", SINCE), down("a", SINCE + STEP), *others(range(2))], now=now)
    assert found.is_down
    assert found.outages[0].minutes(now) == 10
    assert found.expected == 2


def test_the_week_has_the_length_of_the_week_that_runs():
    now = SINCE + 100 * STEP + 1
    found = a_week([up("a", SINCE + slot * STEP) for slot in range(100)], now=now)
    assert (found.expected, found.answered, found.covered) == (100, 100, True)


def test_the_week_across_the_year_is_one_week():
    week = clock.parse_week("2026-W53")
    assert (week.first, week.last) == (date(2026, 12, 28), date(2027, 1, 3))
    looks = [up("a", week.start_us + slot * STEP) for slot in range(2016)]
    found = judging.judge(table_of(looks), ["a"], week.start_us, week.end_us, POLICY, week.end_us)
    assert (found["a"].expected, found["a"].answered) == (2016, 2016)


def test_of_two_looks_of_one_interval_the_first_counts():
    looks = [up("a", SINCE + MINUTE, 10), up("a", SINCE + 2 * MINUTE, 999)]
    found = a_week(looks, end=SINCE + STEP)
    assert (found.answered, found.p95_ms) == (1, 10)


KINDS = st.sampled_from([None, Fault.CONNECT, Fault.HTTP, Fault.ROBOTS, Fault.INTERNAL])


@settings(deadline=None)  # other work on the machine is no fault of the code
@given(st.lists(st.tuples(st.integers(0, 60), KINDS, st.booleans()), max_size=60))
def test_every_interval_is_counted_once(rows):
    looks = [Look("a", SINCE + at * MINUTE, fault, again=again) for at, fault, again in rows]
    found = a_week(looks + others(range(13)), end=SINCE + 12 * STEP)
    parts = (found.answered, found.down, found.refused, found.ours, found.gaps)
    assert min(parts) >= 0
    assert sum(parts) == found.expected == 12
    assert sum(hour.measured for hour in found.hours) == found.measured
    assert sum(each.minutes(found.until) for each in found.outages) <= 60
    edges = [edge for each in found.outages for edge in (each.since, each.until or found.until)]
    assert edges == sorted(edges)
