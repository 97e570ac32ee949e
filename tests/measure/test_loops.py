"""Who reloads at a steady interval is no person, and is told by all views of the day together."""

from __future__ import annotations

import random
from datetime import date

import pyarrow as pa
import pytest

from thuocdo.core.clock import day_start_us, parse_period
from thuocdo.measure.engine import same
from thuocdo.measure.facts.schemas import FACTS
from thuocdo.measure.facts.store import FactStore

SECOND = 1_000_000
MORNING = day_start_us(date(2022, 1, 30)) + 6 * 3600 * SECOND


@pytest.fixture
def world(new_world, tmp_path):
    world = new_world(tmp_path)
    world.tell("agencies", {"code": "H26", "name": "Hà Nội", "kind": "province"})
    world.tell("sites", {"site_id": 1, "agency": "H26", "kind": "portal"})
    return world


def loads(world, count: int, gap: float, *, jitter: float = 0.0, **more):
    """Views at an interval of seconds, give or take a share of it."""
    chance = random.Random(7)
    at, found = MORNING, []
    for _ in range(count):
        found.append(world.view(at, **more))
        at += int(gap * (1 + chance.uniform(-jitter, jitter)) * SECOND)
    return found


def facts(world) -> dict[str, int]:
    """The row of the day."""
    world.refresh()
    store = FactStore(world.settings.facts_dir)
    (part,) = store.read().tables["visits_daily"].values()
    engine = world.engine()
    files = [str(store.folder / file) for file in part.files]
    rows: pa.Table = engine.rows(same, engine.scan(files, FACTS["visits_daily"]))
    engine.close()
    (row,) = rows.to_pylist()
    return row


def seen(world, *batches) -> tuple[int, int, int, int]:
    """(visits, views, bot views, views of loops) after each batch was sent and refreshed."""
    for batch in batches:
        world.send("page_views", *batch)
        row = facts(world)
    return row["visits"], row["views"], row["bot_views"], row["loop_views"]


@pytest.mark.parametrize("gap", [30, 300, 1800, 3600])
def test_a_monitor_counts_for_nothing_whatever_its_interval(world, gap: int) -> None:
    assert seen(world, loads(world, 15, gap, jitter=0.01)) == (0, 0, 15, 15)


def test_a_handful_of_tries_counts(world) -> None:
    assert seen(world, loads(world, 8, 60)) == (1, 8, 0, 0)


def test_a_person_who_reads_a_lot_counts(world) -> None:
    assert seen(world, loads(world, 60, 40, jitter=0.9)) == (1, 60, 0, 0)


def test_many_people_behind_one_address_and_one_agent_are_no_loop(world) -> None:
    chance = random.Random(1)
    at, crowd = MORNING, []
    for _ in range(400):
        at += int(chance.expovariate(1 / 20) * SECOND) + 1
        crowd.append(world.view(at))
    assert seen(world, crowd)[3] == 0


def test_a_loop_takes_only_its_own_visitor_along(world) -> None:
    loop = loads(world, 30, 60, visitor=7)
    people = [*loads(world, 3, 100, visitor=8), world.view(MORNING, visitor=None)]
    bot = [world.view(MORNING, visitor=9, bot="crawler")]
    assert seen(world, loop + people + bot) == (2, 4, 31, 30)


def test_it_is_told_whichever_way_the_views_came(world) -> None:
    """In one batch or in three: the first views are taken back once the rest shows what they are."""
    every = loads(world, 20, 120)
    assert seen(world, every[:6]) == (1, 6, 0, 0)
    assert seen(world, every[12:], every[6:12]) == (0, 0, 20, 20)
    before = facts(world)
    world.refresh(full=True)
    after = facts(world)
    assert {**before, "last_landed": 0} == {**after, "last_landed": 0}


def test_verified_views_are_judged_among_themselves(world) -> None:
    loop = loads(world, 20, 60, trust="verified")
    world.send("page_views", *loop)
    row = facts(world)
    assert (row["visits_verified"], row["views_verified"]) == (0, 0)
    period = parse_period("2022-01-30")
    (figure,) = world.measure().figures("portal_visits", period, agency="H26")
    assert figure.numerator == 0
