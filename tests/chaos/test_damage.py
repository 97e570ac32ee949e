"""Bytes of the log go bad: every frame that can still be told is counted once, and nothing else is.

A frame is found by where the one before it says it ends, and is never looked for: a sender could put
the likeness of a frame into a record. So damage to the length in a frame's head costs what follows it in
its segment, at most a second's worth; the segment is set aside for the operator and said in the log.
"""

from __future__ import annotations

import random
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.chaos.clients import facts_of, send_all
from tests.chaos.messages import Message
from tests.chaos.world import SEED, World, assert_clean, kill, rounds

from thuocdo.wal import frame

MESSAGES = 40
SHORT_TRIALS = 16
_FOUND_BY = 12
"""Bytes at the head of a frame that say where it ends: magic, length, number of records."""


class Lying(NamedTuple):
    """A segment as it lies on the disk, and which message each of its frames holds."""

    path: Path
    spans: list[tuple[int, int]]
    messages: list[Message]


class Harm(NamedTuple):
    """Bytes after something happened to them.

    touched     the first byte that is no longer what it was
    untouched   frames of which every byte is as it was
    is_findable whether frames behind the harm can still be found
    """

    data: bytes
    touched: int
    untouched: set[int]
    is_findable: bool


@pytest.fixture(scope="module")
def killed(
    untouched: World, tmp_path_factory: pytest.TempPathFactory
) -> tuple[World, list[Message]]:
    """A log as a killed collector leaves it: sealed segments and an open one, a message a frame."""
    made = untouched.copy(tmp_path_factory.mktemp("killed"))
    mix, sent = made.mix(), []
    with made.instance.role("collect") as collector:
        for _ in range(2):
            sent += send_all(
                made.instance.collect_port, [mix.next() for _ in range(MESSAGES)]
            ).acknowledged
            made.wait_sealed()
        sent += send_all(
            made.instance.collect_port, [mix.next() for _ in range(MESSAGES)]
        ).acknowledged
        kill(collector.pid)
        assert collector.wait() == -signal.SIGKILL
    assert made.segments("sealed")
    assert made.segments("open")
    assert len(sent) == 3 * MESSAGES
    return made, sent


def lying(world: World, sent: list[Message]) -> list[Lying]:
    paths = sorted([*world.segments("sealed"), *world.segments("open")], key=lambda path: path.stem)
    rest, found = list(sent), []
    for path in paths:
        spans = frame.scan(path.read_bytes()).spans
        found.append(Lying(path, spans, rest[: len(spans)]))
        rest = rest[len(spans) :]
    assert not rest
    return found


def harmed(segment: Lying, touched: range, data: bytes, *, is_findable: bool) -> Harm:
    untouched = {
        number
        for number, (start, end) in enumerate(segment.spans)
        if end <= touched.start or start >= touched.stop
    }
    return Harm(data, touched.start, untouched, is_findable)


def flip(segment: Lying, data: bytes, chance: random.Random) -> Harm:
    """One bit."""
    place = chance.randrange(len(data))
    changed = bytearray(data)
    changed[place] ^= 1 << chance.randrange(8)
    start = max(start for start, _ in segment.spans if start <= place)
    findable = place - start >= _FOUND_BY
    return harmed(segment, range(place, place + 1), bytes(changed), is_findable=findable)


def cut(segment: Lying, data: bytes, chance: random.Random) -> Harm:
    """Everything from some byte on is gone."""
    place = chance.randrange(len(data))
    return harmed(segment, range(place, len(data)), data[:place], is_findable=False)


def blank(segment: Lying, data: bytes, chance: random.Random) -> Harm:
    """A block of zeros, as a disk gives back what it lost."""
    start = chance.randrange(len(data))
    stop = min(len(data), start + chance.choice([1, 16, 512, 4096]))
    changed = data[:start] + bytes(stop - start) + data[stop:]
    touched = range(start, stop if changed != data else start)
    return harmed(segment, touched, changed, is_findable=False)


def drop(segment: Lying, data: bytes, chance: random.Random) -> Harm:
    """Some bytes in the middle are missing and the rest moved up."""
    start = chance.randrange(len(data))
    stop = min(len(data), start + chance.choice([1, 3, 700]))
    changed = data[:start] + data[stop:]
    return harmed(segment, range(start, stop), changed, is_findable=False)


@pytest.mark.parametrize("harm", [flip, cut, blank, drop])
def test_what_is_whole_is_counted_once_and_what_is_not_is_set_aside(
    killed: tuple[World, list[Message]],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    harm: Callable[[Lying, bytes, random.Random], Harm],
) -> None:
    original, sent = killed
    chance = random.Random(f"{SEED} {harm.__name__}")
    for trial in range(max(SHORT_TRIALS // 4, rounds(0) // 4)):
        world = original.copy(tmp_path / str(trial))
        segments = lying(world, sent)
        segment = chance.choice(segments)
        data = segment.path.read_bytes()
        done = harm(segment, data, chance)
        segment.path.write_bytes(done.data)
        capfd.readouterr()
        world.refresh()
        found = world.lake()
        survivors = {
            number
            for number, message in enumerate(segment.messages)
            if all(found[fact] == count for fact, count in message.facts.items())
            and all(fact.table != "rejects" for fact in message.facts)
        }
        told = {
            number
            for number, message in enumerate(segment.messages)
            if all(fact.table != "rejects" for fact in message.facts)
        }
        before = {number for number, (_, end) in enumerate(segment.spans) if end <= done.touched}
        must = done.untouched if done.is_findable else before
        assert must & told <= survivors <= done.untouched & told, f"trial {trial}: {done[1:]}"
        possible = facts_of(
            [m for other in segments if other is not segment for m in other.messages]
        )
        certain = possible + facts_of([segment.messages[number] for number in must])
        possible += facts_of([segment.messages[number] for number in done.untouched])
        assert certain <= found <= possible
        lost = len(done.untouched) < len(segment.spans)
        is_torn = segment.path.suffix == ".open" and not world.segments("damaged")
        assert not lost or is_torn or "segment damaged" in "".join(capfd.readouterr())
        assert_clean(world, damaged=len(world.segments("damaged")))
        shutil.rmtree(world.home)
