"""The clock jumps: a day back, a day on, more than a year on, over New Year's midnight."""

from __future__ import annotations

import sys
import time
from datetime import date

import duckdb
import pytest
from tests.chaos.clients import Book, facts_of, send_all
from tests.chaos.messages import Message
from tests.chaos.world import World, assert_clean

from thuocdo.core.clock import day_start_us, local_day, now_us
from thuocdo.lake.store import Lake
from thuocdo.wal import reader

DAY = 86_400
JUMPS = {"a day back": -DAY, "a day on": DAY, "over a year on": 400 * DAY, "back again": 0}
MESSAGES = 30
NEW_YEAR = date(2027, 1, 1)
BEFORE_MIDNIGHT = 5.0
_NOTICED_SECONDS = 0.2
_ACCURACY_US = 5_000_000


class Clock:
    """The time of day of everything that `world` starts."""

    def __init__(self, world: World) -> None:
        self._file = world.home.parent / "clock"
        self.set(0)
        world.instance.launcher = (sys.executable, "-m", "tests.chaos.faked")
        world.instance.environment["THUOCDO_CHAOS_CLOCK"] = str(self._file)

    def set(self, offset: float) -> None:
        """Seconds beside the true time."""
        self.offset = offset
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{offset:.0f}")
        fresh.replace(self._file)

    def jump(self, offset: float) -> None:
        self.set(offset)
        time.sleep(_NOTICED_SECONDS)

    def now_us(self) -> int:
        return now_us() + int(self.offset * 1_000_000)


@pytest.fixture
def clock(world: World) -> Clock:
    return Clock(world)


def views(world: World) -> list[tuple[str, int, date]]:
    """(path, event time in µs UTC, day of the partition) of every page view."""
    files = Lake.open(world.settings).files("page_views")
    query = "select path, epoch_us(event_time), cast(day as date) from read_parquet(?, hive_partitioning = true)"
    return duckdb.execute(query, [files]).fetchall()


def test_events_keep_the_servers_time_and_their_day_through_every_jump(
    world: World, clock: Clock
) -> None:
    mix, book = world.mix(), Book()
    spans: dict[str, tuple[int, int]] = {}
    with world.instance.role("pipeline"), world.instance.role("collect"):
        for offset in JUMPS.values():
            clock.jump(offset)
            sent = [mix.view() for _ in range(MESSAGES)] + [mix.next() for _ in range(MESSAGES)]
            began = clock.now_us() - _ACCURACY_US
            sent += [mix.signed(at=clock.now_us() / 1_000_000)] if offset >= 0 else []
            answered = send_all(world.instance.collect_port, _unsigned(sent, offset))
            assert not answered.unexpected, answered.unexpected[0]
            book.acknowledged += answered.acknowledged
            span = (began, clock.now_us() + _ACCURACY_US)
            spans |= {
                f.name: span for f in facts_of(answered.acknowledged) if f.table == "page_views"
            }
    world.refresh()
    assert world.lake() == facts_of(book.acknowledged)
    found = views(world)
    assert len(found) == len(spans)
    for path, event_time, day in found:
        first, last = spans[path]
        assert first <= event_time <= last
        assert day == local_day(event_time)
    assert_clean(world)


def _unsigned(messages: list[Message], offset: int) -> list[Message]:
    """Without the batches that the mix signs by the true time, when the server's is another."""
    return [m for m in messages[:-1] if not _is_signed(m) or not offset] + messages[-1:]


def _is_signed(message: Message) -> bool:
    return "TD-HMAC" in message.headers.get("Authorization", "")


def test_segments_stay_in_order_when_the_clock_does_not(world: World, clock: Clock) -> None:
    mix, book = world.mix(), Book()
    with world.instance.role("collect"):
        for offset in JUMPS.values():
            clock.set(offset)
            until = time.monotonic() + 4 * _NOTICED_SECONDS
            while time.monotonic() < until:
                answered = send_all(world.instance.collect_port, [mix.view() for _ in range(5)])
                book.acknowledged += answered.acknowledged
    segments = reader.sealed(world.home / "wal")
    assert [segment.number for segment in segments] == sorted({s.number for s in segments})
    for segment in segments:
        moments = [frame.landed_at for frame in reader.frames(segment.path)]
        assert moments == sorted(moments)
    world.refresh()
    assert world.lake() == facts_of(book.acknowledged)


def test_new_years_midnight_parts_the_days(world: World, clock: Clock) -> None:
    mix, book = world.mix(), Book()
    with world.instance.role("collect"):
        clock.jump(round(day_start_us(NEW_YEAR) / 1_000_000 - BEFORE_MIDNIGHT - time.time()))
        while clock.now_us() < day_start_us(NEW_YEAR) + 2_000_000:
            answered = send_all(world.instance.collect_port, [mix.view() for _ in range(3)])
            book.acknowledged += answered.acknowledged
            time.sleep(0.05)
    world.refresh()
    assert world.lake() == facts_of(book.acknowledged)
    days = {day for _, event_time, day in views(world) if local_day(event_time) == day}
    assert days == {date(2026, 12, 31), NEW_YEAR}
    assert len(views(world)) == len(book.acknowledged)


def test_a_signature_is_good_by_the_servers_time_alone(world: World, clock: Clock) -> None:
    mix = world.mix()
    with world.instance.role("collect"):
        clock.jump(DAY)
        (_, by_own), *_ = send_all(world.instance.collect_port, [mix.signed()]).unexpected
        assert (by_own.status, by_own.headers["x-thuocdo"]) == (401, "bad_key")
        servers = [mix.signed(at=clock.now_us() / 1_000_000)]
        assert len(send_all(world.instance.collect_port, servers).acknowledged) == 1


def test_signatures_are_taken_again_once_a_wrong_clock_was_set_right(
    world: World, clock: Clock
) -> None:
    mix = world.mix()
    clock.set(DAY)
    with world.instance.role("collect"):
        clock.jump(0)
        assert not send_all(world.instance.collect_port, [mix.signed()]).unexpected
