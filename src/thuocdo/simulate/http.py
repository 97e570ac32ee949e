"""A keep-alive HTTP/1.1 client of one connection on asyncio's streams: all a sender needs.

The standard library has none that is asynchronous, and a simulator should not bring one along.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from thuocdo.core.errors import ThuocdoError

_NO_BODY = {204, 304}
_LONGEST_ANSWER_SECONDS = 30


class Answer(NamedTuple):
    """Status, headers with lower-case names, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connection:
    """Requests one after another over one connection, opened when needed.

    Raises ThuocdoError `bad_address` when the address is not `http://host[:port]`.
    """

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme != "http" or not parts.hostname:
            raise ThuocdoError(
                "bad_address",
                f"{address!r} is not a collector's address.",
                "Write for example http://127.0.0.1:8001.",
            )
        self._host, self._port = parts.hostname, parts.port or 80
        self._netloc = parts.netloc
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._streams:
            self._streams[1].close()
            self._streams = None

    async def request(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """Raises OSError (also TimeoutError, EOFError's kin) when no whole answer came back."""
        try:
            async with asyncio.timeout(_LONGEST_ANSWER_SECONDS):
                if self._streams is None:
                    self._streams = await asyncio.open_connection(self._host, self._port)
                reader, writer = self._streams
                lines = [f"{method} {target} HTTP/1.1", f"Host: {self._netloc}"]
                lines += [f"{name}: {value}" for name, value in headers.items()]
                if method != "GET":
                    lines.append(f"Content-Length: {len(body)}")
                writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
                await writer.drain()
                answer = await _read(reader)
        except (
            OSError,
            asyncio.IncompleteReadError,
            asyncio.LimitOverrunError,
            ValueError,
        ) as error:
            self.close()
            raise ConnectionError(f"no answer from {self._netloc}: {error!r}") from error
        if answer.headers.get("connection", "").lower() == "close":
            self.close()
        return answer


async def _read(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(head[0].split(" ")[1])
    headers: dict[str, str] = {}
    for line in filter(None, head[1:]):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    if status in _NO_BODY:
        return Answer(status, headers, b"")
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return Answer(status, headers, await _chunks(reader))
    return Answer(
        status, headers, await reader.readexactly(int(headers.get("content-length", "0")))
    )


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await reader.readline()).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    return body
