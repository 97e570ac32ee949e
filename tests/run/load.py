"""A steady load of page views that remembers exactly which were acknowledged."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field

CONNECTIONS = 64
REQUEST = (
    "GET /tracking?idsite={site}&rec=1&url=http%3A%2F%2Fcantho.gov.vn%2Fp%2F{number}&_id={client:016x} "
    "HTTP/1.1\r\nHost: c\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 "
    "Firefox/140.0\r\n\r\n"
)


@dataclass
class Load:
    """Page views numbered from `first`; each number is the path /p/<number>."""

    port: int
    rate: float
    site: int = 227
    next_number: int = 0
    acknowledged: list[int] = field(default_factory=list)
    acknowledged_at: dict[int, float] = field(default_factory=dict)
    stopping: bool = False

    async def run(self, seconds: float) -> None:
        """Send at `rate` for `seconds` over several connections, reconnecting when refused."""
        until = time.monotonic() + seconds
        await asyncio.gather(*(self._client(until) for _ in range(CONNECTIONS)))

    async def _client(self, until: float) -> None:
        pause = CONNECTIONS / self.rate
        due = time.monotonic()
        while time.monotonic() < until and not self.stopping:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                try:
                    while time.monotonic() < until and not self.stopping:
                        due = max(due + pause, time.monotonic() - 1)
                        await asyncio.sleep(max(0.0, due - time.monotonic()))
                        await self._one(reader, writer)
                finally:
                    writer.close()
            await asyncio.sleep(0.05)

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = self.next_number
        self.next_number += 1
        writer.write(REQUEST.format(site=self.site, number=number, client=number // 2).encode())
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                await reader.readexactly(int(line.split(b":")[1]))
        if head.split(b" ", 2)[1] in {b"200", b"204"}:
            self.acknowledged.append(number)
            self.acknowledged_at[number] = time.time()
