"""One plain request to a host that somebody else runs: named, bounded, and never into our own network.

The name is resolved once, the address judged (core/guard.py), and the connection opened to that
very address. A redirect is an answer: whoever follows it asks anew. No credential is ever sent and no cookie kept. Whatever the
other side does, an answer or a typed fault is there within the time bound.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urldefrag, urljoin, urlsplit

from thuocdo.assess.results import Fault
from thuocdo.core.guard import Guard, Refused, Unresolved, endpoint

MAX_HEAD: Final = 64 * 1024
_CHUNK: Final = 64 * 1024
_REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))
_CONTINUES: Final = range(100, 200)
_NO_BODY: Final = frozenset((204, 304))
_FORBIDDEN_IN_A_REQUEST: Final = frozenset(" \r\n\t\x00")
_PRINTABLE: Final = range(0x21, 0x7F)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long, how much. Seconds, bytes, counts."""

    seconds: float = 15.0  # for one request, the name's look-up included
    max_bytes: int = 3_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    url      of the last request
    headers  in order, names in lower case; values as Latin-1 reads them
    chain    the addresses that led here, first to last, where redirects were followed
    ttfb_ms  from the request to the first octet of the answer's head
    cut      the body was longer than the bound: the rest is not here
    """

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    address: str
    chain: tuple[str, ...] = ()
    ttfb_ms: int = 0
    total_ms: int = 0
    cut: bool = False

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def one(self, name: str) -> str:
        """The header's values as one list (RFC 9110, 5.3); "" when it is not there."""
        return ", ".join(self.all(name))

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def head(self) -> bytes:
        """The head as evidence."""
        lines = [f"{self.url}", f"HTTP {self.status}", *(f"{k}: {v}" for k, v in self.headers)]
        return "\n".join(lines).encode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer."""

    fault: Fault
    detail: str
    chain: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Asks under one name.

    authorities   further certificate authorities to believe (a PEM file): our own fixtures'
    trusted_keys  the same for browsers (site_check/browser.py: flags)
    """

    guard: Guard
    agent: str
    limits: Limits = field(default_factory=Limits)
    authorities: str = ""
    trusted_keys: tuple[str, ...] = ()

    async def get(self, url: str, *, max_bytes: int | None = None) -> Answer | Failure:
        """The answer to one GET, a redirect included, or why there is none; never raises for the site."""
        bound = self.limits.max_bytes if max_bytes is None else max_bytes
        try:
            async with asyncio.timeout(self.limits.seconds):
                return await self._once(url, bound)
        except TimeoutError:
            return Failure(Fault.TIMEOUT, f"{self.limits.seconds:g} s")

    async def _once(self, url: str, max_bytes: int) -> Answer | Failure:
        found = endpoint(url)
        if found is None or _FORBIDDEN_IN_A_REQUEST & set(url):
            return Failure(Fault.BAD_ANSWER, url[:200])
        try:
            addresses = await self.guard.addresses(*found)
            return await self._ask(url, *found, addresses[0], max_bytes)
        except TimeoutError:
            raise  # the bound of the whole request
        except _PROBLEMS as problem:
            return _failure(problem)

    async def _ask(self, url: str, host: str, port: int, address: str, max_bytes: int) -> Answer:
        secure = self._tls() if url.startswith("https:") else None
        reader, writer = await asyncio.open_connection(
            address, port, ssl=secure, server_hostname=host if secure else None, limit=MAX_HEAD
        )
        try:
            writer.write(_request(url, self.agent))
            started = time.monotonic()
            status, headers = await _head(reader)
            first = time.monotonic()
            body, cut = b"", False
            if status not in _NO_BODY:
                body, cut = await _body(reader, dict(headers), max_bytes)
            ended = time.monotonic()
        finally:
            writer.transport.abort()  # a polite close waits for the other side
        return Answer(
            url=url,
            status=status,
            headers=headers,
            body=body,
            address=address,
            ttfb_ms=round((first - started) * 1000),
            total_ms=round((ended - started) * 1000),
            cut=cut,
        )

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self.authorities:
            context.load_verify_locations(self.authorities)
        return context


_PROBLEMS: Final = (
    *(Refused, Unresolved, OSError, ValueError, EOFError),
    asyncio.LimitOverrunError,
)


def _failure(problem: Exception) -> Failure:
    match problem:
        case Refused():
            return Failure(Fault.GUARD, str(problem))
        case Unresolved():
            return Failure(Fault.DNS, str(problem))
        case ssl.SSLCertVerificationError():
            return Failure(Fault.TLS, problem.verify_message)
        case ssl.SSLError():
            return Failure(Fault.TLS, problem.reason or str(problem))
        case OSError():
            return Failure(Fault.CONNECT, problem.strerror or type(problem).__name__)
        case _:
            return Failure(Fault.BAD_ANSWER, str(problem) or "closed too early")


def _request(url: str, agent: str) -> bytes:
    parts = urlsplit(urldefrag(url).url)
    path = "".join(
        char if ord(char) in _PRINTABLE else "".join(f"%{octet:02X}" for octet in char.encode())
        for char in f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    )
    host = (
        parts.netloc.encode("idna").decode("ascii") if not parts.netloc.isascii() else parts.netloc
    )
    return (
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\n"
        "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\nAccept-Language: vi,en;q=0.5\r\n"
        "Accept-Encoding: identity\r\nConnection: close\r\n\r\n"
    ).encode("ascii")


async def _head(reader: asyncio.StreamReader) -> tuple[int, tuple[tuple[str, str], ...]]:
    """Status and headers of the final answer. Raises ValueError for what is no HTTP."""
    while True:
        text = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, _, rest = text.partition("\r\n")
        words = line.split(" ", 2)
        if not words[0].startswith("HTTP/") or len(words) < 2 or not words[1].isdigit():
            raise ValueError(f"no HTTP: {line[:60]!r}")
        if int(words[1]) not in _CONTINUES:
            break
    pairs = (line.partition(":") for line in rest.split("\r\n") if ":" in line)
    return int(words[1]), tuple((key.strip().lower(), value.strip()) for key, _, value in pairs)


async def _body(
    reader: asyncio.StreamReader, headers: dict[str, str], bound: int
) -> tuple[bytes, bool]:
    """(at most `bound` octets, whether there were more)."""
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return await _chunked(reader, bound)
    stated = headers.get("content-length", "")
    length = int(stated) if stated.isascii() and stated.isdigit() else None
    wanted = bound + 1 if length is None else min(length, bound + 1)
    body = bytearray()
    while len(body) < wanted and (more := await reader.read(min(_CHUNK, wanted - len(body)))):
        body += more
    return bytes(body[:bound]), len(body) > bound


async def _chunked(reader: asyncio.StreamReader, bound: int) -> tuple[bytes, bool]:
    """RFC 9112, 7.1; extensions and trailers are passed over."""
    body = bytearray()
    while True:
        size = int((await reader.readuntil(b"\r\n")).partition(b";")[0].strip(), 16)
        if size <= 0:
            return bytes(body), False
        while size > 0:
            if len(body) >= bound:
                return bytes(body), True
            part = await reader.read(min(_CHUNK, size, bound - len(body)))
            if not part:
                raise ValueError("the answer ended within a chunk")
            body += part
            size -= len(part)
        await reader.readuntil(b"\r\n")


def target_of(answer: Answer) -> str:
    """Where an answer sends; "" when it is no redirect. What is no address comes as it was written."""
    place = answer.one("location") if answer.status in _REDIRECTS else ""
    try:
        return urldefrag(urljoin(answer.url, place)).url if place else ""
    except ValueError:
        return place
