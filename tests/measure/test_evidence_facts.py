"""The daily counts that only detectors read: hosts of a tag, makers of steps, visitors who never pause."""

from __future__ import annotations

from datetime import date

from thuocdo.core.clock import day_start_us, local_day, to_datetime
from thuocdo.measure.engine import same

HOUR = 3_600_000_000
FRIDAY = day_start_us(date(2022, 1, 28))
SUNDAY = day_start_us(date(2022, 1, 30))
FIRST, LAST = -(2**31), 2**31


def facts(world, name: str) -> list[dict[str, object]]:
    """All rows of a fact, without when they landed."""
    world.refresh()
    with world.measure().reading(None) as (stored, _):
        rows = []
        for piece in stored.pieces(name, FIRST, LAST):
            rows += stored.engine.rows(same, piece.rows()).to_pylist()
    for row in rows:
        del row["last_landed"], row["day"]
    return sorted(rows, key=repr)


def step(at: int, who: int | None, state: str = "1", **more: object) -> dict[str, object]:
    given = {"day": local_day(at), "event_time": to_datetime(at), "site_id": 1}
    return given | {"procedure": "1.000001", "state": state, "visitor": who} | more


def test_views_are_counted_by_host_without_robots_and_downloads(world) -> None:
    at = FRIDAY + 9 * HOUR
    world.send(
        "page_views",
        *(world.view(at + n, visitor=n, host="a.gov.vn") for n in range(3)),
        world.view(at, host="b.example"),
        world.view(at, host=None),
        world.view(at, host="a.gov.vn", bot="crawler"),
        world.view(at, host="a.gov.vn", kind="download"),
    )
    assert facts(world, "hosts_daily") == [
        {"site_id": 1, "host": "a.gov.vn", "views": 3},
        {"site_id": 1, "host": "b.example", "views": 1},
        {"site_id": 1, "host": None, "views": 1},
    ]


def test_who_made_many_steps_is_told_from_many_who_made_one(world) -> None:
    at = FRIDAY + 9 * HOUR
    world.send(
        "service_steps",
        *(step(at + n, 7) for n in range(5)),
        *(step(at + n, n) for n in range(100, 103)),
        *(step(FRIDAY + 20 * HOUR + n, None) for n in range(2)),
        step(at, 7, "-1"),
        step(at, 8, bot="crawler"),
    )
    assert facts(world, "step_makers_daily") == [
        {"site_id": 1, "state": "-1", "made": 1, "visitors": 1, "in_hours": 1},
        {"site_id": 1, "state": "1", "made": 1, "visitors": 5, "in_hours": 3},
        {"site_id": 1, "state": "1", "made": 5, "visitors": 1, "in_hours": 5},
    ]


def test_a_sunday_has_no_office_hours(world) -> None:
    world.send("service_steps", step(SUNDAY + 9 * HOUR, 7))
    (row,) = facts(world, "step_makers_daily")
    assert row["in_hours"] == 0


def test_who_never_pauses_for_seventeen_hours_is_told_and_still_counted(world) -> None:
    gaps = [600, 1_500, 900, 300, 1_700, 1_200]
    at, views = SUNDAY + 4 * HOUR, []
    while at < SUNDAY + 22 * HOUR:
        views.append(world.view(at, visitor=7))
        at += gaps[len(views) % len(gaps)] * 1_000_000
    sleeper = [world.view(SUNDAY + hour * HOUR, visitor=8) for hour in (4, 5, 12, 13, 22)]
    world.send("page_views", *views, *sleeper)
    (row,) = facts(world, "visits_daily")
    assert row["tireless_views"] == len(views)
    assert row["views"] == len(views) + len(sleeper)
    assert row["loop_views"] == 0
