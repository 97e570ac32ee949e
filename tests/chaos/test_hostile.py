"""Clients that are slow, many, broken or of ill will: the collector's memory stays bounded, others are
answered as ever, and what is too much is told 503 with Retry-After before it is held."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import resource
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import zstandard
from tests.chaos.clients import Answer, answer_on, ask
from tests.chaos.messages import Mix
from tests.chaos.world import World, assert_clean, rounds

from thuocdo.collect.limits import MAX_BATCH, MAX_HELD, MAX_INFLATED

IDLE = 10_000
FILES_BESIDE = 500
ANSWER_SECONDS = 2.0
"""How soon an ordinary hit is answered in the middle of it all, on a busy machine of two cores."""
OVERHEAD = 128 << 20
"""What the collector may grow by beside the bodies it holds: buffers, tasks, joined copies."""
SECONDS = 3.0 if not rounds(0) else 30.0
_CLOSED = (OSError, asyncio.IncompleteReadError, TimeoutError)
_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Door:
    """A collector under attack, and how large it was at its largest."""

    def __init__(self, world: World, pid: int) -> None:
        self.world = world
        self.port = world.instance.collect_port
        self.mix: Mix = world.mix()
        self.key = world.key
        self.expected = 0
        self._pid = pid
        self._before = self.resident()

    def resident(self) -> int:
        """Bytes of memory the process has now."""
        status = Path(f"/proc/{self._pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) << 10

    async def during(self, attack: Awaitable[object], bound: int) -> None:
        """Ordinary hits are answered in time during the attack, and memory grows by `bound` at most."""
        attacking = asyncio.ensure_future(attack)
        grown, slowest = 0, 0.0
        while not attacking.done():
            began = time.monotonic()
            answer = await ask(self.port, self.mix.view().encoded())
            slowest = max(slowest, time.monotonic() - began)
            assert answer.status == 200
            self.expected += 1
            grown = max(grown, self.resident() - self._before)
            await asyncio.sleep(0.02)
        await attacking
        assert slowest < ANSWER_SECONDS
        assert grown < bound, f"grew by {grown >> 20} MiB"

    async def open(self) -> _Connection:
        return await asyncio.open_connection("127.0.0.1", self.port)

    def post(self, path: str, length: int | None, *headers: str) -> bytes:
        size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
        own = f"Authorization: Bearer {self.key}"
        return "\r\n".join(
            [f"POST {path} HTTP/1.1", "Host: c", own, size, *headers, "", ""]
        ).encode()


@pytest.fixture
def door(world: World) -> Iterator[Door]:
    """Ends with everything that was answered counted, once, and nothing else."""
    with world.instance.role("collect") as process:
        made = Door(world, process.pid)
        yield made
        assert process.poll() is None
    world.refresh()
    views = {fact: count for fact, count in world.lake().items() if fact.table == "page_views"}
    assert len(views) == sum(views.values()) == made.expected
    assert_clean(world)


async def close(connections: list[_Connection]) -> None:
    for _, writer in connections:
        writer.close()
    for _, writer in connections:
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def pouring(connection: _Connection, piece: bytes, count: int) -> Answer | None:
    """Send a piece again and again, and take what is answered, if anything is."""
    reader, writer = connection
    with contextlib.suppress(*_CLOSED):
        for _ in range(count):
            writer.write(piece)
            await writer.drain()
    with contextlib.suppress(*_CLOSED):
        return await answer_on(reader)
    return None


def test_beside_thousands_of_idle_connections_others_are_served(door: Door) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(IDLE, hard - FILES_BESIDE)

    async def attack() -> None:
        idle: list[_Connection] = []
        for _ in range(count // 100):
            idle += await asyncio.gather(*(door.open() for _ in range(100)))
        await asyncio.sleep(1)
        await close(idle)

    asyncio.run(door.during(attack(), OVERHEAD))
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_one_byte_a_second_and_broken_off_uploads_cost_nothing(door: Door) -> None:
    batch = b"\n".join(door.mix.keyed().body for _ in range(50)) + b"\n"
    half = batch[: batch.index(b"\n", len(batch) // 2) + 1]
    request = door.post("/v1/dossiers", len(batch)) + batch

    async def slow(text: bytes) -> None:
        connection = await door.open()
        for place in range(int(SECONDS)):
            connection[1].write(text[place : place + 1])
            await asyncio.sleep(1)
        await close([connection])

    async def broken_off() -> None:
        connection = await door.open()
        connection[1].write(door.post("/v1/dossiers", len(batch)) + half)
        await connection[1].drain()
        await asyncio.sleep(0.2)
        connection[1].transport.abort()

    async def half_closed() -> None:
        reader, writer = await door.open()
        writer.write(request[:40])
        writer.write_eof()
        with contextlib.suppress(*_CLOSED):
            await answer_on(reader)
        writer.close()

    async def attack() -> None:
        bodies = [slow(batch) for _ in range(100)]
        heads = [slow(request) for _ in range(100)]
        broken = [broken_off() for _ in range(50)] + [half_closed() for _ in range(50)]
        await asyncio.gather(*bodies, *heads, *broken)

    asyncio.run(door.during(attack(), OVERHEAD))
    door.world.wait_sealed()
    door.world.refresh()
    assert {fact.table for fact in door.world.lake()} <= {"page_views", "rejects"}


def test_heads_and_bodies_without_end_are_not_held(door: Door) -> None:
    piece = b"X-Filler: " + b"x" * 4000 + b"\r\n"
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"

    async def head() -> None:
        connection = await door.open()
        connection[1].write(b"GET /tracking HTTP/1.1\r\nHost: c\r\n")
        answer = await pouring(connection, piece, 300)
        assert answer is None or answer.status == 431
        await close([connection])

    async def body(path: str) -> None:
        connection = await door.open()
        connection[1].write(door.post(path, None))
        answer = await pouring(connection, chunk, 400)
        assert answer is None or answer.status in {413, 503}
        await close([connection])

    async def attack() -> None:
        bodies = [body(path) for path in ("/tracking", "/v1/dossiers", "/TrackingMCDT") * 2]
        await asyncio.gather(*(head() for _ in range(60)), *bodies)

    asyncio.run(door.during(attack(), OVERHEAD + 6 * MAX_BATCH))


@pytest.mark.parametrize(
    ("encoding", "compress"), [("gzip", gzip.compress), ("zstd", zstandard.compress)]
)
@pytest.mark.parametrize(
    "filler",
    [b" ", b"\n"],
    ids=["spaces", "lines"],
)
def test_bombs_do_not_go_off(
    door: Door, encoding: str, compress: Callable[[bytes], bytes], filler: bytes
) -> None:
    """Some inflate to more than is allowed, most to just as much: together that is too much."""
    over, just = (compress(filler * size) for size in (2 * MAX_INFLATED, MAX_INFLATED - 1))
    statuses: list[int] = []

    async def bomb(body: bytes) -> None:
        head = door.post("/v1/dossiers", len(body), f"Content-Encoding: {encoding}")
        answer = await ask(door.port, head + body, 60)
        assert (answer.status == 503) == ("retry-after" in answer.headers)
        statuses.append(answer.status)

    async def attack() -> None:
        await asyncio.gather(*(bomb(over) for _ in range(4)), *(bomb(just) for _ in range(24)))

    asyncio.run(door.during(attack(), 2 * MAX_HELD + OVERHEAD))
    assert set(statuses) <= {200, 413, 422, 503}
    assert 503 in statuses or 413 in statuses


def test_too_many_large_bodies_are_told_to_come_again_before_they_are_held(door: Door) -> None:
    """Each is as large as a batch may be, and waits with its last byte until all are there."""
    count = MAX_HELD // MAX_BATCH + 12
    body = b" " * MAX_BATCH
    answers: list[Answer] = []

    async def large(all_there: asyncio.Event) -> None:
        reader, writer = await door.open()
        writer.write(door.post("/v1/dossiers", len(body)) + body[:-1])
        with contextlib.suppress(*_CLOSED):
            await writer.drain()
        answering = asyncio.ensure_future(answer_on(reader, 60))
        await asyncio.wait(
            [answering, asyncio.ensure_future(all_there.wait())], return_when="FIRST_COMPLETED"
        )
        if not answering.done():
            writer.write(b" ")
        with contextlib.suppress(*_CLOSED):
            answers.append(await answering)
        writer.close()

    async def attack() -> None:
        all_there = asyncio.Event()
        tasks = [asyncio.ensure_future(large(all_there)) for _ in range(count)]
        await asyncio.sleep(SECONDS)
        all_there.set()
        await asyncio.gather(*tasks)

    asyncio.run(door.during(attack(), 2 * MAX_HELD + OVERHEAD))
    told = [answer for answer in answers if answer.status == 503]
    assert told
    assert all(answer.headers["retry-after"] for answer in told)
    assert all(answer.headers["x-thuocdo"] == "too_busy" for answer in told)
    assert len(answers) - len(told) >= MAX_HELD // MAX_BATCH // 2
