"""Intake: every record that came in is counted once, in the hour it landed, with what became of it."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thuocdo.core.clock import Period, day_start_us, local_day, to_datetime
from thuocdo.lake.compaction import compact
from thuocdo.measure.engine import same
from thuocdo.measure.facts.schemas import INTAKE
from thuocdo.measure.facts.store import FactStore

DAY = day_start_us(date(2026, 11, 20))
HOUR_US = 3_600_000_000
MODEST = settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow])
WEEK = (DAY - 7 * 24 * HOUR_US, DAY + 7 * 24 * HOUR_US)

# (what, hour it landed, hours before that it happened, which of some choices)
happening = st.tuples(
    st.sampled_from(["view", "bot", "step", "event", "reject"]),
    st.integers(0, 30),
    st.integers(0, 30),
    st.integers(0, 3),
)
history = st.lists(st.lists(happening, max_size=8), min_size=1, max_size=3)


def live(world: Any, batch: list[tuple[str, int, int, int]]) -> None:
    """Let random things land in a world."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for what, hour, before, choice in batch:
        landed = DAY + hour * HOUR_US + 1
        at = landed - before * HOUR_US
        more = {"landed_at": to_datetime(landed), "trust": ("verified", "unverified")[choice % 2]}
        if what in ("view", "bot"):
            bot = (None, "crawler", "headless")[1 + choice % 2] if what == "bot" else None
            view = world.view(at, site=1 + choice, bot=bot, feed="tracking", **more)
            rows.setdefault("page_views", []).append(view)
        elif what == "step":
            row = {"day": local_day(at), "event_time": to_datetime(at), "site_id": 1 + choice,
                   "procedure": "1.000001", "state": "1", "feed": "track_dvc"}  # fmt: skip
            rows.setdefault("service_steps", []).append(row | more)
        elif what == "event":
            event = world.event(choice, "received", at, home_month=f"2026-1{choice % 2}", **more)
            rows.setdefault("dossier_events", []).append(event | {"feed": "mcdt"})
        else:
            row = {"day": local_day(landed), "site_id": (None, 1, 99, 100)[choice],
                   "reason": "unknown_site", "payload": "", "feed": "mcdt"}  # fmt: skip
            rows.setdefault("rejects", []).append(row | more)
    for table, made in rows.items():
        world.send(table, *made)


def contents(world: Any) -> list[tuple[str, ...]]:
    store = FactStore(world.settings.facts_dir)
    engine = world.engine()
    files = [
        str(store.folder / part.file) for part in store.read().tables.get("intake", {}).values()
    ]
    rows = engine.rows(same, engine.scan(files, INTAKE)).to_pylist()
    engine.close()
    return sorted(tuple(str(value) for value in row.values()) for row in rows)


@MODEST
@given(batches=history)
def test_an_increment_equals_a_rebuild(
    new_world: Any, tmp_path_factory: pytest.TempPathFactory, batches: Any
) -> None:
    world = new_world(tmp_path_factory.mktemp("history"))
    for batch in batches:
        live(world, batch)
        world.refresh()
    grown = contents(world)
    compact(world.lake)
    world.refresh(full=True)
    assert contents(world) == grown
    assert sum(int(row[-2]) for row in grown) == sum(len(batch) for batch in batches)


def test_a_site_is_heard_with_the_dossiers_of_its_system(world: Any) -> None:
    world.tell("sites", {"site_id": 26, "agency": "H26", "kind": "one_stop", "name": "Một cửa",
                         "system": "H26-one_stop"})  # fmt: skip
    live(world, [("event", 9, 1, 0), ("event", 9, 2, 1), ("event", 10, 0, 0)])
    row = {"day": local_day(DAY), "site_id": 26, "agency": "H26", "payload": "",
           "reason": "unknown_procedure", "landed_at": to_datetime(DAY + HOUR_US)}  # fmt: skip
    world.send("rejects", row)
    world.refresh()
    found = world.measure().intake(*WEEK, site_id=26)
    told = Counter[tuple[int, str, str | None]]()
    for count in found:
        told[(count.hour - DAY) // HOUR_US, count.outcome, count.reason] += count.records
    assert told == {
        (1, "refused", "unknown_procedure"): 1,
        (9, "accepted", None): 2,
        (10, "accepted", None): 1,
    }


def test_robots_are_counted_by_what_they_are(world: Any) -> None:
    live(world, [("view", 3, 0, 0), ("bot", 3, 0, 0), ("step", 3, 0, 0), ("view", 3, 0, 1)])
    world.refresh()
    found = world.measure().intake(*WEEK, site_id=1)
    assert {(c.feed, c.trust, c.outcome, c.reason, c.records) for c in found} == {
        ("tracking", "verified", "accepted", None, 1),
        ("tracking", "verified", "bot", "crawler", 1),
        ("track_dvc", "verified", "accepted", None, 1),
    }


def test_the_hour_is_that_of_landing_not_of_what_happened(world: Any) -> None:
    live(world, [("view", 5, 26, 0)])
    world.refresh()
    (count,) = world.measure().intake(*WEEK, site_id=1)
    assert count.hour == DAY + 5 * HOUR_US
    assert count.last_landed == DAY + 5 * HOUR_US + 1


def test_only_whole_hours_of_the_span_are_told(world: Any) -> None:
    live(world, [("view", hour, 0, 0) for hour in range(6)])
    world.refresh()
    since, until = DAY + 2 * HOUR_US, DAY + 4 * HOUR_US
    hours = {count.hour for count in world.measure().intake(since, until, site_id=1)}
    assert hours == {DAY + 2 * HOUR_US, DAY + 3 * HOUR_US}
    assert world.measure().intake(until + 24 * HOUR_US, until + 48 * HOUR_US, site_id=1) == []


def test_an_agency_is_heard_by_all_its_sites_and_systems(world: Any) -> None:
    world.tell("sites", {"site_id": 3, "agency": "H26.4", "kind": "portal", "name": "Sở"})
    live(world, [("view", 1, 0, 0), ("view", 1, 0, 1), ("view", 1, 0, 2), ("event", 1, 0, 0)])
    world.refresh()
    found = world.measure().intake(*WEEK, agency="H26")
    assert {(count.site_id, count.system) for count in found} == {
        (1, None), (3, None), (None, "H26-one_stop"),
    }  # fmt: skip
    assert world.measure().intake(*WEEK, agency="G18") == []


def test_ids_nobody_registered_are_named_the_most_frequent_first(world: Any) -> None:
    live(
        world, [("reject", 1, 0, 3), ("reject", 2, 0, 3), ("reject", 1, 0, 2), ("reject", 1, 0, 0)]
    )
    world.refresh()
    found = world.measure().strangers(*WEEK)
    assert [(one.site_id, one.records) for one in found] == [(100, 2), (99, 1)]
    assert found[0].last_landed == DAY + 2 * HOUR_US + 1


def test_an_empty_instance_has_nothing_to_tell(world: Any) -> None:
    world.refresh()
    assert world.measure().intake(*WEEK, site_id=1) == []
    assert world.measure().strangers(*WEEK) == []


def test_endless_reloads_are_told_by_the_day(world: Any) -> None:
    reloads = [
        world.view(DAY + minute * 60_000_000, site=1, visitor=5, feed="tracking")
        for minute in range(0, 600, 1)
    ]
    world.send("page_views", *reloads, world.view(DAY, site=3, visitor=6))
    world.refresh()
    days = Period(date(2026, 11, 20), date(2026, 11, 20))
    told = world.measure()
    assert told.loop_views(1, days) == 600
    assert told.loop_views(3, days) == 0
    assert told.loop_views(1, Period(date(2026, 11, 21), date(2026, 11, 22))) == 0
