"""Calls of webhooks, signed as Standard Webhooks says, and never into our own network.

The signature is HMAC-SHA256 over `id.timestamp.body` (standardwebhooks.com, specification 1.0.0). The
name is resolved once, the address judged (core/guard.py), and the connection opened to that very
address; a redirect is a failure, and of the answer only the status is read.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
import ssl
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from thuocdo import __version__
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.guard import Guard, Refused, Unresolved, endpoint

PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = 32
_MAX_HEAD: Final = 16 * 1024
_GOOD: Final = range(200, 300)
_LONGEST_URL: Final = 1000
_PRINTABLE: Final = frozenset(map(chr, range(0x21, 0x7F)))
_PROBLEMS: Final = (
    *(Refused, Unresolved, OSError, ValueError, EOFError),
    asyncio.LimitOverrunError,
)


class Call(NamedTuple):
    """One call. id: the idempotency key; timestamp: whole seconds UTC; secret as `new_secret` gave it."""

    url: str
    secret: str
    id: str
    timestamp: int
    body: bytes


def new_secret() -> str:
    """A fresh secret as receivers' libraries take it: `whsec_` and base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode("ascii")


def sign(secret: str, call_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and base64 of the HMAC. Raises ValueError for what is no secret."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("no webhook secret") from None
    signed = f"{call_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode("ascii")


def refuse_nonsense(url: str) -> str:
    """The address, trimmed. Raises ThuocdoError `bad_webhook` for what may be no webhook's."""
    found = url.strip()
    if (
        not found.startswith("https://")
        or endpoint(found) is None
        or not _PRINTABLE.issuperset(found)
        or len(found) > _LONGEST_URL
    ):
        raise ThuocdoError(
            "bad_webhook",
            f"{url[:200]!r} is no address of a webhook.",
            "Write an https:// address in plain letters, without name and password.",
        )
    return found


def post(call: Call, guard: Guard, seconds: float) -> str:
    """Make the call; "" when the receiver took it, else why not. Never raises for the receiver."""
    try:
        return asyncio.run(_bounded(call, guard, seconds))
    except TimeoutError:
        return f"no answer within {seconds:g} s"


async def _bounded(call: Call, guard: Guard, seconds: float) -> str:
    async with asyncio.timeout(seconds):
        try:
            status = await _post(call, guard)
        except TimeoutError:
            raise
        except Refused as refused:
            return f"address not allowed: {refused}"
        except _PROBLEMS as problem:
            return f"{type(problem).__name__}: {problem}"[:200]
    return "" if status in _GOOD else f"HTTP {status}"


async def _post(call: Call, guard: Guard) -> int:
    found = endpoint(call.url)
    if found is None:
        raise ValueError("no web address")
    host, port = found
    address = (await guard.addresses(host, port))[0]
    reader, writer = await asyncio.open_connection(
        address, port, ssl=ssl.create_default_context(), server_hostname=host, limit=_MAX_HEAD
    )
    try:
        writer.write(_request(call) + call.body)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n")).decode("latin-1").split(" ", 2)
    finally:
        writer.transport.abort()  # a polite close waits for the other side
    if not head[0].startswith("HTTP/") or len(head) < 2 or not head[1].strip().isdigit():
        raise ValueError("no HTTP")
    return int(head[1])


def _request(call: Call) -> bytes:
    parts = urlsplit(call.url)
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    signature = sign(call.secret, call.id, call.timestamp, call.body)
    return (
        f"POST {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUser-Agent: thuocdo/{__version__}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(call.body)}\r\n"
        f"webhook-id: {call.id}\r\nwebhook-timestamp: {call.timestamp}\r\n"
        f"webhook-signature: {signature}\r\nConnection: close\r\n\r\n"
    ).encode("ascii")
