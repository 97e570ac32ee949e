"""robots.txt of a site whose further pages are to be looked at (RFC 9309)."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

from thuocdo.assess.site_check.browser import AGENT
from thuocdo.assess.site_check.guard import Guard, Refused, Unresolved, endpoint

MAX_BYTES: Final = 500 * 1024  # RFC 9309, 2.5
SECONDS: Final = 10.0
_FINE: Final = range(200, 300)
_NO_RULES: Final = range(300, 500)  # 2.3.1.3; a redirect is not followed
_NOTHING: Final = ("User-agent: *", "Disallow: /")


@dataclass(frozen=True, slots=True)
class Rules:
    """What a robots.txt allows us. Unreachable means nothing (2.3.1.4)."""

    address: str
    parser: RobotFileParser

    def allow(self, url: str) -> bool:
        return self.parser.can_fetch(AGENT, url)


async def fetch(guard: Guard, page_url: str) -> Rules:
    """The rules for the host of a page."""
    parts = urlsplit(page_url)
    address = f"{parts.scheme}://{parts.netloc}/robots.txt"
    parser = RobotFileParser()
    try:
        async with asyncio.timeout(SECONDS):
            status, text = await _get(guard, address)
    except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError, Refused, Unresolved):
        status, text = 0, ""
    if status in _FINE:
        parser.parse(text.splitlines())
    else:
        parser.parse([] if status in _NO_RULES else _NOTHING)
    return Rules(address, parser)


async def _get(guard: Guard, address: str) -> tuple[int, str]:
    """(status, body) of one plain GET to a judged address; a redirect is an answer."""
    host, port = endpoint(address) or ("", 0)
    secure = ssl.create_default_context() if address.startswith("https:") else None
    permitted = await guard.addresses(host, port)
    reader, writer = await asyncio.open_connection(
        permitted[0], port, ssl=secure, server_hostname=host if secure else None
    )
    try:
        request = (
            f"GET /robots.txt HTTP/1.0\r\nHost: {urlsplit(address).netloc}\r\n"
            f"User-Agent: {AGENT}\r\nAccept: text/plain\r\nConnection: close\r\n\r\n"
        )
        writer.write(request.encode("ascii"))
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        body = await reader.read(MAX_BYTES)
        while len(body) < MAX_BYTES and (more := await reader.read(MAX_BYTES - len(body))):
            body += more
    finally:
        writer.close()
    return int(head.split(" ", 2)[1]), body.decode("utf-8", "replace")
