"""The only way out of the checking browser: a small proxy that judges every connection it opens.

Playwright's route handlers do not see redirected requests, and a browser resolves names again when
it likes. A proxy sees every connection, whatever caused it: the page, a redirect, a sub-resource, a
WebSocket. It resolves the name, judges the address (guard.py), connects to that very address, and
remembers why it could not, which is what the report says.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from thuocdo.core import guard
from thuocdo.core.guard import Guard, Refused, Unresolved

CONNECT_SECONDS: Final = 8.0
IDLE_SECONDS: Final = 30.0
MAX_HEAD: Final = 64 * 1024
_CHUNK: Final = 64 * 1024
_HOP_BY_HOP: Final = (b"connection:", b"proxy-connection:", b"keep-alive:", b"proxy-authorization:")
_CONTINUES: Final = b"1"  # first digit of an interim status (RFC 9110, 15.2)

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter


@dataclass(slots=True)
class Proxy:
    """Counters and faults of one check's connections.

    faults  (host, port) → ("dns" | "guard" | "connect" | "timeout" | "size", what was wrong)
    """

    guard: Guard
    max_bytes: int
    port: int = 0
    received: int = 0
    faults: dict[tuple[str, int], tuple[str, str]] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def fault_of(self, url: str) -> tuple[str, str] | None:
        """Why the host of an address could not be reached; None when it could."""
        found = guard.endpoint(url)
        return self.faults.get(found) if found else None

    def forget(self) -> None:
        """Begin to count anew, for the next page."""
        self.received = 0
        self.faults.clear()

    async def handle(self, reader: Reader, writer: Writer) -> None:
        """One connection of the browser."""
        try:
            await self._serve(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # either end went away: the browser reports its own side of it
        except asyncio.CancelledError:
            pass  # the visit is over, and nobody waits for this task
        finally:
            writer.close()

    async def _serve(self, reader: Reader, writer: Writer) -> None:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), IDLE_SECONDS)
        line, _, rest = head.partition(b"\r\n")
        words = line.decode("latin-1").split(" ")
        if len(words) != 3:  # method, target, version (RFC 9112, 3)
            return
        method, target, version = words
        tunnels = method == "CONNECT"
        found = guard.endpoint(f"https://{target}" if tunnels else target)
        if found is None:
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            return
        upstream = await self._connect(*found)
        if upstream is None:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return
        up_reader, up_writer = upstream
        try:
            if tunnels:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                up_writer.write(_origin_form(method, target, version, rest))
            await self._relay(found, reader, writer, up_reader, up_writer, plain=not tunnels)
        finally:
            up_writer.close()

    async def _connect(self, host: str, port: int) -> tuple[Reader, Writer] | None:
        try:
            addresses = await self.guard.addresses(host, port)
        except Refused as refused:
            self.faults[host, port] = ("guard", str(refused))
            return None
        except Unresolved as unresolved:
            self.faults[host, port] = ("dns", str(unresolved))
            return None
        for address in addresses:
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    return await asyncio.open_connection(address, port, limit=MAX_HEAD)
            except TimeoutError:
                self.faults[host, port] = ("timeout", f"{address}: no answer")
            except OSError as problem:
                self.faults[host, port] = ("connect", f"{address}: {problem.strerror or problem}")
        return None

    async def _relay(
        self,
        found: tuple[str, int],
        reader: Reader,
        writer: Writer,
        up_reader: Reader,
        up_writer: Writer,
        *,
        plain: bool,
    ) -> None:
        """Both ways until either end closes, goes silent, or the page has grown too large."""
        if plain:
            writer.write(await _closing_head(up_reader))

        async def down() -> None:
            async for chunk in _chunks(up_reader):
                self.received += len(chunk)
                if self.received > self.max_bytes:
                    self.faults[found] = ("size", f"more than {self.max_bytes} bytes")
                    return
                writer.write(chunk)
                await writer.drain()

        async def up() -> None:
            async for chunk in _chunks(reader):
                up_writer.write(chunk)
                await up_writer.drain()

        sending = asyncio.ensure_future(up())
        try:
            await down()
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError, TimeoutError):
                await sending


async def _chunks(reader: Reader) -> AsyncIterator[bytes]:
    while True:
        try:
            chunk = await asyncio.wait_for(reader.read(_CHUNK), IDLE_SECONDS)
        except TimeoutError:
            return
        if not chunk:
            return
        yield chunk


def _origin_form(method: str, target: str, version: str, headers: bytes) -> bytes:
    """The request as the origin expects it (RFC 9112, 3.2.1), one to a connection."""
    parts = urlsplit(target)
    path = parts.path or "/"
    if parts.query:
        path += f"?{parts.query}"
    kept = _without_hops(headers)
    return f"{method} {path} {version}\r\n".encode("latin-1") + b"Connection: close\r\n" + kept


async def _closing_head(reader: Reader) -> bytes:
    """The answer's head, saying that the connection ends with it: the next request is judged anew."""
    while True:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), IDLE_SECONDS)
        line, _, headers = head.partition(b"\r\n")
        status = line.partition(b" ")[2]
        if not status.startswith(_CONTINUES):
            return line + b"\r\nConnection: close\r\n" + _without_hops(headers)


def _without_hops(headers: bytes) -> bytes:
    lines = headers.split(b"\r\n")
    return b"\r\n".join(line for line in lines if not line.lower().startswith(_HOP_BY_HOP))


@contextlib.asynccontextmanager
async def serving(guarding: Guard, max_bytes: int) -> AsyncIterator[Proxy]:
    """A proxy on a loopback port of its own while the block runs."""
    proxy = Proxy(guarding, max_bytes)
    server = await asyncio.start_server(proxy.handle, "127.0.0.1", 0, limit=MAX_HEAD)
    proxy.port = int(server.sockets[0].getsockname()[1])
    try:
        yield proxy
    finally:
        server.close()
