"""The fold of dossier events: order, repetition and grouping change nothing."""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thuocdo.core.clock import DAY_US, day_start_us, to_datetime
from thuocdo.core.vocabulary import Status
from thuocdo.lake.schemas import DOSSIER_EVENTS
from thuocdo.measure.engine import day_number, same
from thuocdo.measure.facts import dossiers
from thuocdo.wire.rules import PROCEDURE_NOT_SAID

START = day_start_us(date(2022, 1, 31))
MODEST = settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def engine(new_world, tmp_path_factory):
    engine = new_world(tmp_path_factory.mktemp("engine")).engine()
    yield engine
    engine.close()


def event(dossier: int = 1, status: str = "received", hour: int = 8, **more):
    given = {
        "dossier_hi": dossier,
        "dossier_lo": -dossier,
        "system": "s",
        "agency": "H26",
        "procedure": "1.000001",
        "status": status,
        "event_time": to_datetime(START + hour * 3_600_000_000),
        "landed_at": to_datetime(START + 40 * DAY_US),
        "trust": "unverified",
        "quality": [],
    }
    return given | more


def table(events):
    rows = [{name: row.get(name) for name in DOSSIER_EVENTS.names} for row in events]
    return pa.Table.from_pylist(rows, schema=DOSSIER_EVENTS)


def rows(engine, make, *inputs):
    found = engine.rows(make, *inputs).to_pylist()
    return sorted(found, key=lambda row: (row["dossier_hi"], row.get("scope", "")))


def folded(engine, *events):
    return rows(engine, dossiers.fold, engine.hold(table(events)))


times = st.integers(0, 60)
instants = times.map(lambda hour: to_datetime(START + hour * 3_600_000_000))
events = st.lists(
    st.builds(
        event,
        dossier=st.integers(1, 3),
        status=st.sampled_from([status.value for status in Status]),
        hour=times,
        agency=st.sampled_from(["H26", "H26.01"]),
        channel=st.sampled_from(["online", "counter", "postal", "unknown"]),
        payment=st.sampled_from(["none", "online", "offline", "unknown"]),
        level_declared=st.sampled_from([None, "full", "partial"]),
        received_at=st.none() | instants,
        due_at=st.none() | instants,
        returned_by_post=st.sampled_from([None, True, False]),
        trust=st.sampled_from(["verified", "unverified"]),
        quality=st.lists(st.sampled_from(["a", "b", "c"]), max_size=2),
    ),
    min_size=1,
    max_size=12,
)


@MODEST
@given(events=events, data=st.data())
def test_any_order_and_any_repetition_give_the_same_dossiers(engine, events, data):
    again = data.draw(st.permutations(events + data.draw(st.lists(st.sampled_from(events)))))

    assert folded(engine, *again) == folded(engine, *events)


def state(part):
    return dossiers.merge(dossiers.lift(part))


def together(first, second):
    return dossiers.finish(dossiers.merge(ibis.union(state(first), state(second))))


def swapped(first, second):
    both = dossiers.merge(ibis.union(state(first), state(second)))
    return dossiers.finish(dossiers.merge(ibis.union(state(second), both)))


@MODEST
@given(events=events, cut=st.integers(0, 12))
def test_states_may_be_merged_in_any_grouping(engine, events, cut):
    first, second = engine.hold(table(events[:cut])), engine.hold(table(events[cut:]))

    whole = rows(engine, dossiers.fold, engine.hold(table(events)))
    assert rows(engine, together, first, second) == whole
    assert rows(engine, swapped, first, second) == whole


def test_the_channel_is_that_of_the_earliest_event_that_knows_it(engine):
    (row,) = folded(
        engine,
        event(hour=8, channel="unknown"),
        event(hour=10, channel="counter"),
        event(hour=9, channel="postal"),
    )
    assert row["channel"] == "postal"


def test_a_step_that_names_no_procedure_never_speaks_for_one_that_does(engine):
    (row,) = folded(
        engine,
        event(hour=8, procedure=PROCEDURE_NOT_SAID),
        event(hour=9, procedure="1.000001"),
    )
    assert row["procedure"] == "1.000001"


def test_a_late_received_reopens_nothing(engine):
    (row,) = folded(engine, event(status="received", hour=8), event(status="completed", hour=30))
    (later,) = folded(
        engine,
        event(status="received", hour=8),
        event(status="completed", hour=30),
        event(status="received", hour=50),
    )
    assert row == later
    assert later["outcome"] == "resolved"


@pytest.mark.parametrize(
    ("due_hour", "timeliness"), [(23, "late"), (24, "on_time"), (47, "on_time"), (48, "early")]
)
def test_timeliness_compares_days_not_hours(engine, due_hour, timeliness):
    due = to_datetime(START + due_hour * 3_600_000_000)
    (row,) = folded(engine, event(due_at=due), event(status="completed", hour=30))
    assert row["timeliness"] == timeliness


def test_without_a_due_date_timeliness_is_counted_apart(engine):
    (row,) = folded(engine, event(), event(status="returned", hour=30))
    assert row["timeliness"] == "no_due_date"


def test_the_latest_statement_of_the_due_date_stands_and_the_move_is_seen(engine):
    early, late = (to_datetime(START + hours * 3_600_000_000) for hours in (24, 240))
    (row,) = folded(engine, event(hour=8, due_at=early), event(hour=9, due_at=late))
    assert row["due_day"] == day_number(date(2022, 1, 31) + timedelta(days=10))
    assert row["due_moved"] is True


def test_a_carried_receipt_date_counts_before_the_time_of_the_event(engine):
    carried = to_datetime(START - DAY_US)
    (row,) = folded(engine, event(hour=8), event(hour=9, received_at=carried))
    assert row["received_day"] == day_number(date(2022, 1, 30))


@pytest.mark.parametrize(
    ("statuses", "outcome"),
    [
        (["received"], "open"),
        (["stopped"], "stopped"),
        (["stopped", "withdrawn"], "withdrawn"),
        (["withdrawn", "rejected"], "rejected"),
        (["rejected", "returned"], "resolved"),
        (["stopped", "completed"], "resolved"),
    ],
)
def test_the_outcome_follows_from_the_set_of_statuses(engine, statuses, outcome):
    (row,) = folded(engine, *(event(status=status) for status in statuses))
    assert row["outcome"] == outcome


def test_two_requests_for_supplements_are_two_and_the_same_one_twice_is_one(engine):
    ask = event(status="supplement_requested", hour=9)
    (once,) = folded(engine, event(), ask, ask)
    (twice,) = folded(engine, event(), ask, event(status="supplement_requested", hour=10))
    assert (once["supplements"], twice["supplements"]) == (1, 2)


def test_a_dossier_of_both_trusts_has_a_row_for_each_question(engine):
    mixed = [
        event(dossier=1, trust="verified"),
        event(dossier=1, status="completed", hour=9),
        event(dossier=2, trust="verified"),
        event(dossier=3),
    ]
    found = rows(engine, same, dossiers.rows(engine, engine.hold(table(mixed))))
    assert [(row["dossier_hi"], row["scope"], row["outcome"]) for row in found] == [
        (1, "any", "resolved"),
        (1, "verified", "open"),
        (2, "both", "open"),
        (3, "any", "open"),
    ]
