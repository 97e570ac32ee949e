"""Many clients at a steady rate, and the book of what each was promised.

A message that was answered is acknowledged. One that was not is uncertain: it may be in the lake, as
a whole, or not. One that was answered 503 was promised nothing, and must not be there.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.chaos.messages import Fact, Message

CONNECTIONS = 32
PATIENCE_SECONDS = 15.0
SETTLE_SECONDS = 60.0
_LOST = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError)


class Answer(NamedTuple):
    """What came back. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Book:
    """What was promised to whom."""

    acknowledged: list[Message] = field(default_factory=list)
    uncertain: list[Message] = field(default_factory=list)
    unavailable: list[Message] = field(default_factory=list)
    busy: int = 0
    without_retry_after: int = 0
    resent: int = 0
    resent_hits: int = 0  # each may be in the lake a second time, as a refusal: `replayed`
    unexpected: list[tuple[Message, Answer]] = field(default_factory=list)

    def note(self, message: Message, answer: Answer) -> bool:
        """Enter an answer; False when the message was not taken and may be sent again."""
        if answer.status == 503:
            self.busy += 1
            self.without_retry_after += "retry-after" not in answer.headers
            return False
        expected = Fact("rejects", answer.headers.get("x-thuocdo", "")) in message.facts
        if answer.status >= 400 and not expected:
            self.unexpected.append((message, answer))
        else:
            self.acknowledged.append(message)
        return True


class Clients:
    """Connections that share a rate; those that are refused come again."""

    def __init__(self, port: int, make: Callable[[], Message], rate: float, book: Book) -> None:
        self.port = port
        self.book = book
        self._make = make
        self._pause = CONNECTIONS / rate
        self._stop = threading.Event()

    def run(self) -> None:
        asyncio.run(self._all())

    def stop(self) -> None:
        self._stop.set()

    async def _all(self) -> None:
        await asyncio.gather(*(self._client() for _ in range(CONNECTIONS)))

    async def _client(self) -> None:
        """Send one message after the other; one that may be sent again is, until it is taken."""
        due = time.monotonic()
        kept: Message | None = None
        settle = 0.0
        while kept or not self._stop.is_set():
            if self._stop.is_set():
                settle = settle or time.monotonic() + SETTLE_SECONDS
                if time.monotonic() > settle:
                    break
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            try:
                while kept or not self._stop.is_set():
                    due = max(due + self._pause, time.monotonic() - 1)
                    await asyncio.sleep(max(0.0, due - time.monotonic()))
                    message, kept = kept or self._make(), None
                    kept = await self._one(message, reader, writer)
                    if kept:
                        break
            finally:
                writer.close()
            await asyncio.sleep(0.05)
        if kept:
            self.book.uncertain.append(kept)

    async def _one(
        self, message: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> Message | None:
        """Send a message; the message itself when it has to be sent again."""
        try:
            answer = await exchange(message.encoded(), reader, writer)
        except _LOST:
            if message.again:
                self.book.resent += 1
                self.book.resent_hits += message.facts.total()
                return message
            self.book.uncertain.append(message)
            writer.close()
            return None
        if self.book.note(message, answer):
            return None
        if message.again:
            return message
        self.book.unavailable.append(message)
        return None


async def exchange(
    request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Answer:
    writer.write(request)
    return await answer_on(reader)


async def answer_on(reader: asyncio.StreamReader, patience: float = PATIENCE_SECONDS) -> Answer:
    """The next answer of a connection. Raises what a lost connection raises."""
    async with asyncio.timeout(patience):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.split(":", 1) for line in head[1:] if ":" in line)
        headers = {name.lower(): value.strip() for name, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Answer(int(head[0].split(" ")[1]), headers, body)


async def ask(port: int, request: bytes, patience: float = PATIENCE_SECONDS) -> Answer:
    """One request on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        return await answer_on(reader, patience)
    finally:
        writer.close()


@contextmanager
def load(port: int, make: Callable[[], Message], rate: float) -> Iterator[Book]:
    """Clients at work during the block; at its end everything they may send again was taken."""
    book = Book()
    clients = Clients(port, make, rate, book)
    thread = threading.Thread(target=clients.run)
    thread.start()
    try:
        yield book
    finally:
        clients.stop()
        thread.join()


def send_all(port: int, messages: list[Message]) -> Book:
    """Messages one after the other on one connection, as an undisturbed sender would."""
    book = Book()

    async def run() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for message in messages:
            book.note(message, await exchange(message.encoded(), reader, writer))
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    asyncio.run(run())
    return book


def facts_of(messages: list[Message]) -> Counter[Fact]:
    found: Counter[Fact] = Counter()
    for message in messages:
        found.update(message.facts)
    return found
