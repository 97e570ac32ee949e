"""Refresh: an increment equals a rebuild, a crash repeats work, readers keep their set."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thuocdo.core.clock import day_start_us, parse_period, to_datetime
from thuocdo.lake.compaction import compact
from thuocdo.lake.ledger.ledger import extended
from thuocdo.measure.engine import same
from thuocdo.measure.facts import patches, store
from thuocdo.measure.facts.schemas import FACTS
from thuocdo.measure.facts.store import FactStore
from thuocdo.measure.refresh import refresh

START = day_start_us(date(2022, 1, 30))
JANUARY, FEBRUARY = parse_period("2022-01"), parse_period("2022-02")
HOUR_US = 3_600_000_000
MODEST = settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.too_slow])

view = st.tuples(
    st.just("view"),
    st.integers(0, 60),
    st.integers(1, 2),
    st.sampled_from([None, 1, 2]),
    st.sampled_from(["verified", "unverified"]),
)
event = st.tuples(
    st.just("event"),
    st.integers(0, 60),
    st.integers(1, 3),
    st.sampled_from(["received", "completed", "rejected"]),
    st.sampled_from(["verified", "unverified"]),
)
service = st.tuples(st.just("service"), st.sampled_from(["full", "partial", "information"]))
history = st.lists(st.lists(view | event | service, max_size=6), min_size=1, max_size=3)


def live(world, batch):
    """Let a batch of random things happen to a world."""
    views, events = [], []
    for what, *more in batch:
        if what == "service":
            world.tell("services", {"agency": "H26", "procedure": "1.000001", "level": more[0]})
        elif what == "view":
            hour, site, visitor, trust = more
            views.append(
                world.view(START + hour * HOUR_US, site=site, visitor=visitor, trust=trust)
            )
        else:
            hour, dossier, status, trust = more
            at = START + hour * HOUR_US
            month = f"2022-0{1 + dossier % 2}"
            events.append(world.event(dossier, status, at, trust=trust, home_month=month))
    world.send("page_views", *views)
    world.send("dossier_events", *events)


def contents(world):
    """Every row of every fact table, in an order of its own."""
    facts = FactStore(world.settings.facts_dir)
    manifest = facts.read()
    engine = world.engine()
    found = {}
    for table in FACTS:
        rows = []
        for part in manifest.tables.get(table, {}).values():
            files = [engine.scan([str(facts.folder / f)], FACTS[table]) for f in part.files]
            read = same if part.patch is None else patches.current
            rows += engine.rows(read, *files).to_pylist()
        found[table] = sorted(tuple(str(value) for value in row.values()) for row in rows)
    engine.close()
    return found


def counts(measure):
    """The numbers of every indicator and day, as figures give them."""
    dossiers = ("online_dossier_rate", "services_with_online_dossiers", "portal_visits")
    found = [
        (point.numerator, point.denominator)
        for code in dossiers
        for point in measure.series(code, [JANUARY, FEBRUARY])
    ]
    return [*found, measure.counts(date(2022, 1, 31))]


@MODEST
@given(batches=history)
def test_an_increment_equals_a_rebuild(new_world, tmp_path_factory, batches):
    world = new_world(tmp_path_factory.mktemp("history"))
    measure = world.measure()
    for batch in batches:
        live(world, batch)
        world.refresh()
        counts(measure)
    grown, counted = contents(world), counts(measure)

    world.refresh(full=True)

    assert contents(world) == grown
    assert counts(world.measure()) == counted


def test_a_second_refresh_does_nothing(world):
    world.send("page_views", world.view(START))
    first = world.refresh()
    before = FactStore(world.settings.facts_dir).stamp()

    second = world.refresh()

    assert first.partitions == {"page_views": ["2022-01-30"]}
    assert not second.changed
    assert second.version == first.version
    assert FactStore(world.settings.facts_dir).stamp() == before


def test_only_touched_partitions_are_made_again(world):
    world.send("page_views", world.view(START), world.view(START + 24 * HOUR_US))
    world.refresh()
    facts = FactStore(world.settings.facts_dir)
    before = facts.read().tables["visits_daily"]

    world.send("page_views", world.view(START + 25 * HOUR_US))
    done = world.refresh()

    after = facts.read().tables["visits_daily"]
    assert done.partitions == {"page_views": ["2022-01-31"]}
    assert after["2022-01-30"] == before["2022-01-30"]
    assert after["2022-01-31"] != before["2022-01-31"]


def test_a_changed_catalogue_gives_levels_anew_from_the_dossiers_alone(world):
    world.send("dossier_events", world.event(1, "received", START))
    world.refresh()
    world.send("dossier_events", world.event(2, "received", START))
    world.refresh()
    facts = FactStore(world.settings.facts_dir)
    assert facts.read().tables["dossiers"]["2022-01"].patch is not None

    world.tell("services", {"agency": "H26", "procedure": "1.000001", "level": "full"})
    done = world.refresh()

    assert (done.partitions, done.leveled) == ({}, True)
    part = facts.read().tables["dossiers"]["2022-01"]
    rows = pq.read_table(facts.folder / part.file).to_pylist()
    assert part.patch is None
    assert [(row["level"], row["level_source"]) for row in rows] == [("full", "catalogue")] * 2


def test_a_crash_before_publishing_changes_nothing_and_is_made_good(world, monkeypatch):
    world.send("page_views", world.view(START))
    world.refresh()
    before = contents(world)
    world.send("page_views", world.view(START, visitor=2))

    def crash(*_):
        raise OSError("power cut")

    with monkeypatch.context() as patched:
        patched.setattr(FactStore, "publish", crash)
        with pytest.raises(OSError, match="power cut"):
            world.refresh()
    assert contents(world) == before

    world.refresh()
    assert contents(world) != before
    grown = contents(world)
    world.refresh(full=True)
    assert contents(world) == grown


def test_replaced_files_stay_for_readers_and_go_after_the_grace(world, monkeypatch):
    world.send("page_views", world.view(START))
    world.refresh()
    facts = FactStore(world.settings.facts_dir)
    old = facts.folder / facts.read().tables["visits_daily"]["2022-01-30"].file
    world.send("page_views", world.view(START, visitor=2))
    world.refresh()
    assert old.exists()

    monkeypatch.setattr(store, "GRACE_US", 0)
    world.send("page_views", world.view(START, visitor=3))
    world.refresh()

    assert not old.exists()
    named = {facts.folder / file for file in facts.read().files()}
    assert all(path.exists() for path in named)


def test_facts_of_an_older_format_are_made_again_not_read(world):
    world.send("page_views", world.view(START))
    world.refresh()
    grown = contents(world)
    facts = FactStore(world.settings.facts_dir)
    facts.publish(msgspec.structs.replace(facts.read(), format=store.FORMAT - 1))

    assert facts.read().tables == {}
    world.refresh()
    assert contents(world) == grown


def test_small_counts_keep_interest_and_refusals_apart(world):
    at = to_datetime(START)
    step = {"day": date(2022, 1, 30), "event_time": at, "site_id": 1, "procedure": "1.000001"}
    world.send(
        "service_steps", step | {"state": "1", "visitor": 5}, step | {"state": "1", "bot": "x"}
    )
    world.send(
        "rejects",
        {"day": date(2022, 1, 30), "site_id": 9, "reason": "unknown_site", "feed": "mcdt"},
    )
    world.refresh()
    found = contents(world)
    assert len(found["steps_daily"]) == 1
    assert len(found["rejects_daily"]) == 1
    assert found["visits_daily"] == []


def test_a_cleaned_log_makes_everything_again_by_itself(world):
    world.send("page_views", world.view(START))
    world.refresh()
    world.send("page_views", world.view(START, visitor=2))
    world.send("dossier_events", world.event(1, "received", START))
    world.lake.handle("page_views").create_checkpoint()
    world.lake.log_path("page_views", world.lake.version("page_views")).unlink()

    done = world.refresh()

    assert set(done.partitions) == {"page_views", "dossier_events"}
    grown = contents(world)
    world.refresh(full=True)
    assert contents(world) == grown


def test_an_erased_partition_leaves_the_facts_too(world):
    world.send("page_views", world.view(START), world.view(START + 24 * HOUR_US))
    world.send("dossier_events", world.event(1, "received", START))
    world.refresh()

    world.lake.handle("page_views").delete("day = '2022-01-30'")
    world.lake.handle("dossier_events").delete()
    world.refresh()

    found = contents(world)
    assert len(found["visits_daily"]) == len(found["site_sources_daily"]) == 1
    assert found["dossiers"] == found["system_sources_daily"] == []


def test_erased_rows_leave_the_facts_too(world):
    world.send("page_views", world.view(START), world.view(START, site=2))
    world.refresh()

    world.lake.handle("page_views").delete("site_id = 2")
    world.refresh()

    assert [row[1] for row in contents(world)["visits_daily"]] == ["1"]


def test_merged_files_that_are_gone_from_disk_are_not_missed(world):
    world.send("page_views", world.view(START))
    world.refresh()
    since = world.lake.version("page_views")
    for visitor in range(2, 8):
        world.send("page_views", world.view(START, visitor=visitor))
    changed = world.lake.changes("page_views", since, world.lake.version("page_views"))
    compact(world.lake)
    for path in changed["2022-01-30"].added:
        Path(path).unlink()

    world.refresh()

    (visits,) = contents(world)["visits_daily"]
    assert visits[2] == "7"


def test_a_patch_that_grew_too_big_becomes_part_of_its_base(world, monkeypatch):
    monkeypatch.setattr(patches, "FEWEST_ROWS", 2)
    facts = FactStore(world.settings.facts_dir)
    world.send("dossier_events", *[world.event(n, "received", START) for n in range(1, 9)])
    world.refresh()
    patched = []
    for number in range(1, 6):
        world.send("dossier_events", world.event(number, "completed", START + number * HOUR_US))
        world.refresh()
        patched.append(facts.read().tables["dossiers"]["2022-01"].patch is not None)
    assert patched == [True, True, False, True, True]

    grown = contents(world)
    world.refresh(full=True)
    assert contents(world) == grown


def test_a_dossier_that_moves_leaves_nothing_where_it_was(world):
    world.send("dossier_events", world.event(1, "received", START + 48 * HOUR_US))
    world.refresh()
    for step, agency in enumerate(("H26.02", "H26.03")):
        at = START + (24 - 24 * step) * HOUR_US
        world.send("dossier_events", world.event(1, "received", at, agency=agency))
        world.refresh()

    found = contents(world)
    assert len(found["dossiers"]) == 1
    assert "H26.03" in found["dossiers"][0]
    measure = world.measure()
    days = [date(2022, 1, 30), date(2022, 1, 31), date(2022, 2, 1)]
    assert [measure.counts(day).received for day in days] == [1, 0, 0]
    world.refresh(full=True)
    assert contents(world) == found


def test_facts_are_made_of_what_a_head_of_the_ledger_tells_and_say_so(world):
    world.send("page_views", world.view(START))
    head = extended(world.settings, world.lake)
    world.send("page_views", world.view(START, visitor=2))  # landed since: in no head yet
    refresh(world.settings, world.lake, head=head)
    manifest = FactStore(world.settings.facts_dir).read()
    assert (manifest.log_size, manifest.log_root) == (head.size, head.root)
    assert manifest.lake.items() <= head.versions.items()
    assert views(world) == 1
    head = extended(world.settings, world.lake)
    refresh(world.settings, world.lake, head=head)
    assert FactStore(world.settings.facts_dir).read().log_size == head.size
    assert views(world) == 2


def test_a_head_without_news_for_the_facts_is_named_all_the_same(world):
    world.send("page_views", world.view(START))
    refresh(world.settings, world.lake, head=extended(world.settings, world.lake))
    version = FactStore(world.settings.facts_dir).read().version
    world.send("replays", {"day": date(2022, 1, 30), "segment": "replay:1"})
    head = extended(world.settings, world.lake)
    assert not refresh(world.settings, world.lake, head=head).changed
    manifest = FactStore(world.settings.facts_dir).read()
    assert (manifest.version, manifest.log_size) == (version, head.size)


def views(world):
    """How many page views the facts count."""
    parts = FactStore(world.settings.facts_dir).read().tables["visits_daily"].values()
    paths = [world.settings.facts_dir / part.file for part in parts]
    return sum(sum(pq.read_table(path).column("views").to_pylist()) for path in paths)
