"""Terms that do not add up, or that look at a moment: against the plainest way to count them."""

from __future__ import annotations

import math
from datetime import date, timedelta

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thuocdo.core.clock import Period, day_start_us, parse_instant, parse_period, to_datetime
from thuocdo.measure.counting.dossiers import ChannelRules
from thuocdo.measure.counting.durations import quantiles
from thuocdo.measure.counting.standing import standing
from thuocdo.measure.definitions import Duration, Standing
from thuocdo.measure.facts.schemas import DOSSIERS

MODEST = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SECOND = 1_000_000
MAY = Period(date(2022, 5, 1), date(2022, 5, 31))


@pytest.fixture(scope="module")
def engine(new_world, tmp_path_factory):
    engine = new_world(tmp_path_factory.mktemp("engine")).engine()
    yield engine
    engine.close()


def facts(rows):
    base = dict.fromkeys(DOSSIERS.names) | {"scope": "both", "last_landed": 1}
    return pa.Table.from_pylist([base | row for row in rows], schema=DOSSIERS)


def days(*numbers):
    return pa.table(
        {
            "bucket": pa.array([0] * len(numbers), pa.int32()),
            "day": pa.array(numbers, pa.int32()),
        }
    )


@MODEST
@given(
    times=st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5)), max_size=30),
    percent=st.integers(1, 100),
)
def test_a_quantile_is_the_kth_smallest(engine, times, percent):
    rows = [
        {"agency": who, "received_us": 0, "resolved_us": time, "resolved_day": 7}
        for who, time in times
    ]
    whose = pa.table({"agency": ["a", "b"], "own": ["A", "B"]})
    found = engine.rows(
        quantiles,
        *(engine.hold(facts(rows)), engine.hold(days(7)), engine.hold(whose)),
        term=Duration(quantile=percent),
        rules=ChannelRules(),
        verified=False,
        by_procedure=False,
    )
    engine.forget()
    expected = {}
    for who in "ab":
        own = sorted(time for name, time in times if name == who)
        if own:
            rank = math.ceil(percent * len(own) / 100)
            expected[who.upper()] = (rank, len(own), own[rank - 1])
    assert {
        row["agency"]: (row["numerator"], row["denominator"], row["value"])
        for row in found.to_pylist()
    } == expected


DAY = st.none() | st.integers(0, 12)


@MODEST
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "received_day": st.integers(0, 12),
                "due_day": DAY,
                "completed_day": DAY,
                "returned_day": DAY,
                "refused_day": DAY,
                "withdrawn_day": DAY,
                "supplements": st.integers(0, 2),
                "supplement_day": st.integers(0, 12),
                "more": st.integers(0, 3),
            }
        ),
        max_size=12,
    ),
    st.sampled_from(["left_out", "in_time", "overdue"]),
)
def test_a_dossier_stands_as_the_days_until_then_say(engine, cases, missing_due):
    last = 10
    rows = []
    expected = [0, 0, 0]
    for case in cases:
        row = dict(case, agency="a")
        more = row.pop("more")
        if not case["supplements"]:
            row["supplement_day"] = row["supplement_last_day"] = None
        else:
            several = case["supplements"] == 2
            row["supplement_last_day"] = case["supplement_day"] + (more if several else 0)
        rows.append(row)
        if not 2 <= case["received_day"] <= last:
            continue
        if case["due_day"] is None and missing_due == "left_out":
            expected[2] += 1
            continue
        expected[1] += 1
        names = ("completed_day", "returned_day", "refused_day", "withdrawn_day", "supplement_day")
        ends = [row[name] for name in names if row[name] is not None and row[name] <= last]
        asked_again = case["supplements"] == 2 and row["supplement_last_day"] <= last
        judged = ends[0] if ends else last
        in_time = missing_due == "in_time" if case["due_day"] is None else judged <= case["due_day"]
        expected[0] += in_time and not asked_again
    ends = pa.table(
        {
            "bucket": pa.array([0], pa.int32()),
            "first_day": pa.array([2], pa.int32()),
            "last_day": pa.array([last], pa.int32()),
        }
    )
    found = engine.rows(
        standing,
        *(engine.hold(facts(rows)), engine.hold(ends)),
        numerator=Standing(in_time=True, many_supplements="overdue"),
        denominator=Standing(),
        missing_due=missing_due,
        rules=ChannelRules(),
        verified=False,
        by_procedure=False,
    ).to_pylist()
    engine.forget()
    sums = [sum(row[n] for row in found) for n in ("numerator", "denominator", "left_out")]
    assert sums == expected


def answered(world, seconds, **more):
    begun = "2022-05-10T09:00:00+07:00"
    done = to_datetime(parse_instant(begun) + seconds * SECOND).isoformat()
    return world.dossiers(begun, resolved=done, **more)


def test_time_to_result_by_service_and_by_agency_at_any_depth(world):
    world.tell(
        "agencies",
        {"code": "H26.01", "name": "Sở A", "kind": "department", "parent": "H26"},
        {"code": "H26.02", "name": "Sở B", "kind": "department", "parent": "H26"},
    )
    world.send(
        "dossier_events",
        *answered(world, 15, agency="H26.01", procedure="1.000001", count=3),
        *answered(world, 60, agency="H26.02", procedure="1.000002"),
        *answered(world, 90, agency="H26", procedure="1.000002"),
        *answered(world, 30, agency="G18", procedure="1.000001"),
    )
    world.refresh()
    measure = world.measure()

    def values(**asked):
        found = measure.figures("time_to_result_p90", MAY, **asked)
        return {(f.agency, f.procedure): (f.numerator, f.denominator, f.value) for f in found}

    assert values() == {("H26", None): (5, 5, 90 * SECOND), ("G18", None): (1, 1, 30 * SECOND)}
    assert values(agency="H26.01") == {("H26.01", None): (3, 3, 15 * SECOND)}
    assert values(by="service", block="province") == {
        ("", "1.000001"): (3, 3, 15 * SECOND),
        ("", "1.000002"): (2, 2, 90 * SECOND),
    }
    assert values(by="service") == {
        ("", "1.000001"): (4, 4, 30 * SECOND),
        ("", "1.000002"): (2, 2, 90 * SECOND),
    }


def test_the_shorter_time_ranks_first_and_a_block_is_one_crowd(world):
    world.tell("agencies", {"code": "H29", "name": "TP. Hồ Chí Minh", "kind": "province"})
    world.send(
        "dossier_events",
        *answered(world, 100, agency="H26", count=2),
        *answered(world, 15, agency="H29"),
    )
    world.refresh()
    measure = world.measure()
    found = measure.figures("time_to_result", MAY, block="province")
    assert [(f.agency, f.rank) for f in found] == [("H29", 1), ("H26", 2)]
    (point,) = measure.series("time_to_result", [MAY], block="province")
    assert (point.numerator, point.denominator, point.value) == (2, 3, 100 * SECOND)
    national = measure.national(found, "province")
    assert (national.ratio_of_sums, national.numerator, national.denominator) == (None, None, None)


def test_an_increment_gives_the_time_that_a_rebuild_gives(world):
    cases = [answered(world, seconds) for seconds in (10, 20, 30)]
    world.send("dossier_events", *cases[0], *cases[1][:1], *cases[2])
    world.refresh()
    world.measure().figures("time_to_result", MAY)
    world.send("dossier_events", *cases[1][1:])
    world.refresh()
    (before,) = world.measure().figures("time_to_result", MAY, agency="H26")
    world.refresh(full=True)
    (after,) = world.measure().figures("time_to_result", MAY, agency="H26")
    assert (before.numerator, before.denominator, before.value) == (2, 3, 20 * SECOND)
    assert before == after


@pytest.mark.parametrize(
    "code", ["time_to_result", "qd766_on_time", "uptime", "qd766_online_payment"]
)
def test_as_known_then_is_what_was_said_then(world, code):
    day = date(2022, 5, 10)
    early, late = (to_datetime(day_start_us(day) + n * 3600 * SECOND) for n in (12, 36))
    known = {"feed": "canonical", "payment": "online", "due": day + timedelta(days=9)}
    world.tell("services", {"agency": "H26", "procedure": "1.000001", "level": "full"})
    world.send("dossier_events", *answered(world, 10, landed_at=early, **known))
    world.refresh()
    period = parse_period("2022-05-10..2022-05-10")
    then = world.measure().figures(code, period, agency="H26")
    moment = int(early.timestamp()) * SECOND
    world.send(
        "dossier_events", *answered(world, 99, landed_at=late, **known | {"payment": "offline"})
    )
    world.refresh()
    (before,), (again,) = then, world.measure().figures(code, period, agency="H26", as_known=moment)
    assert (again.numerator, again.denominator, again.value) == (
        before.numerator,
        before.denominator,
        before.value,
    )
    (now,) = world.measure().figures(code, period, agency="H26")
    assert now != before


def test_hours_that_have_not_been_yet_are_no_silence(world):
    at = day_start_us(date(2022, 5, 10)) + 2 * 3600 * SECOND
    world.send("page_views", world.view(at, landed_at=to_datetime(at + SECOND), feed="tracking"))
    world.refresh()
    (figure,) = world.measure().figures(
        "uptime", parse_period("2022-05-10..2022-05-10"), agency="H26"
    )
    # The portal and the one-stop system, three hours each: 0, 1 and the one that is running.
    assert (figure.numerator, figure.denominator, figure.value) == (1, 6, 16.67)
    (fresh,) = world.measure().figures(
        "feed_freshness", parse_period("2022-05-10..2022-05-10"), agency="H26"
    )
    assert (fresh.numerator, fresh.denominator) == (1, 2)
