"""Streams today's country to a running collector over HTTP, and keeps count of every answer.

Messages leave at a steady rate that follows the hour of the day, with the jitter of independent
senders. What the collector cannot take now is sent again; what it refuses is counted. The count
it returns is of acknowledged messages only, so it can be compared with the facts.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from thuocdo.core.clock import VIETNAM, now_us, to_datetime
from thuocdo.core.errors import ThuocdoError
from thuocdo.simulate.http import Answer, Connection
from thuocdo.simulate.traffic import Message, Traffic

_CONNECTIONS: Final = 16
_WAITING: Final = 64  # messages a connection may fall behind before the country slows down
_LOOK_FOR_STOP_SECONDS: Final = 0.2
_FIRST_WAIT_SECONDS: Final = 0.2
_LONGEST_WAIT_SECONDS: Final = 5.0
_TRY_LATER: Final = 429
_BROKEN: Final = 500
_BUSY_HOURS: Final = range(7, 17)
_EVENING: Final = range(17, 22)
_BY_DAY, _BY_EVENING, _BY_NIGHT = 1.25, 0.9, 0.6
"""How the rate follows the day; never so quiet that nothing moves."""


@dataclass(slots=True)
class Sent:
    """What the collector acknowledged. `uncertain` messages were sent again after a lost answer,
    so that the facts may hold them twice; `refused` ones were answered with a 4xx.
    """

    messages: int = 0
    page_views: Counter[int] = field(default_factory=Counter)  # by site
    service_steps: int = 0
    dossier_events: int = 0
    mcdt: int = 0
    dossiers: set[tuple[str, str]] = field(default_factory=set)  # (system, number)
    refused: int = 0
    retried: int = 0
    uncertain: int = 0
    unsent: int = 0

    def add(self, message: Message) -> None:
        self.messages += 1
        self.page_views.update(message.sites)
        self.dossiers.update(message.dossiers)
        self.service_steps += message.what == "service_step"
        self.mcdt += message.what == "mcdt"
        self.dossier_events += len(message.dossiers)


def stream(
    collector_url: str,
    *,
    key: str | None,
    rate: float,
    seed: int,
    stop: threading.Event,
    clock: Callable[[], int] = now_us,
) -> Sent:
    """Send messages of the country with this seed until `stop` is set; returns the count.

    collector_url   http://host:port
    key             a site key for /v1/dossiers; None leaves those senders silent
    rate            messages a second, averaged over the day
    Raises ThuocdoError `bad_rate` or `bad_address`.
    """
    if rate <= 0:
        raise ThuocdoError("bad_rate", f"The rate {rate} is not positive.", "Write for example 20.")
    return asyncio.run(_stream(collector_url, key, rate, seed, stop, clock))


def time_of_day(at: int) -> float:
    """How busy the country is at an instant (µs UTC); about 1 on the average of a day."""
    hour = to_datetime(at).astimezone(VIETNAM).hour
    if hour in _BUSY_HOURS:
        return _BY_DAY
    return _BY_EVENING if hour in _EVENING else _BY_NIGHT


async def _stream(
    url: str,
    key: str | None,
    rate: float,
    seed: int,
    stop: threading.Event,
    clock: Callable[[], int],
) -> Sent:
    sent = Sent()
    # One queue per connection; a dossier always takes the same one, so its steps keep their order.
    queues: list[asyncio.Queue[Message | None]] = [
        asyncio.Queue(_WAITING) for _ in range(_CONNECTIONS)
    ]
    connections = [Connection(url) for _ in queues]
    async with asyncio.TaskGroup() as tasks:
        for connection, queue in zip(connections, queues, strict=True):
            tasks.create_task(_send_all(connection, queue, sent, stop))
        await _produce(Traffic(seed, key), queues, rate, seed, stop, clock)
        for queue in queues:
            await queue.put(None)
    return sent


async def _produce(
    traffic: Traffic,
    queues: list[asyncio.Queue[Message | None]],
    rate: float,
    seed: int,
    stop: threading.Event,
    clock: Callable[[], int],
) -> None:
    loop = asyncio.get_running_loop()
    jitter = random.Random(seed + 1)  # noqa: S311
    due = loop.time()
    turn = 0
    while not stop.is_set():
        wait = due - loop.time()
        if wait > 0:
            await asyncio.sleep(min(wait, _LOOK_FOR_STOP_SECONDS))
            continue
        message = traffic.next(clock())
        turn += 1
        lane = hash(message.dossiers[0][0]) if message.dossiers else turn
        await queues[lane % len(queues)].put(message)
        due = max(due, loop.time() - 1.0) + jitter.expovariate(rate * time_of_day(clock()))


async def _send_all(
    connection: Connection,
    queue: asyncio.Queue[Message | None],
    sent: Sent,
    stop: threading.Event,
) -> None:
    async with connection:
        while (message := await queue.get()) is not None:
            answer = await _deliver(connection, message, sent, stop)
            if answer is None:
                sent.unsent += 1
            elif answer.status < 300:
                sent.add(message)
            else:
                sent.refused += 1


async def _deliver(
    connection: Connection, message: Message, sent: Sent, stop: threading.Event
) -> Answer | None:
    """The collector's last word; None when the stream was stopped before there was one."""
    wait = _FIRST_WAIT_SECONDS
    while True:
        try:
            answer = await connection.request(
                message.method, message.target, message.headers, message.body
            )
            if answer.status != _TRY_LATER and answer.status < _BROKEN:
                return answer
        except ConnectionError:
            sent.uncertain += 1
        if stop.is_set():
            return None
        sent.retried += 1
        await asyncio.sleep(wait)
        wait = min(2 * wait, _LONGEST_WAIT_SECONDS)
