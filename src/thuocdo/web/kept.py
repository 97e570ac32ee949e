"""Public pages kept as they were sent: many read one, and it is made once for each state of the data.

Stands before Django. A page is the same for everybody who sends no cookie but the choice of light or
dark; whoever has signed in is never answered from here. What a page was made of is told by a *state*
(`web/states.py`): while that holds, the page does. When the data have moved, the next reader has the page
made anew and waits; while others are being made already, a page not older than OLD_S is given instead and
made anew behind the reader's back, so that a crowd costs what the pages cost and not what the crowd does.
Every page says of which moment its figures are.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, MutableMapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import structlog

from thuocdo.web.access import PUBLIC_PAGE
from thuocdo.web.views.machine import THEME_COOKIE

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

OLD_S: Final = 15.0
"""So old a page of earlier data may be while others are being made."""
LONGEST_S: Final = 60.0
"""Kept no longer, whatever the state says: words like "2 minutes ago" go by."""
AT_ONCE: Final = 2
"""Pages made at the same time for readers who wait, and one behind their backs."""
MOST_BYTES: Final = 64 << 20

_UNKEPT: Final = ("/api/", "/static/", "/admin/", "/en/admin/")
_KINDS: Final = (b"text/html", b"image/svg+xml")
_REPEATED: Final = (b"cache-control", b"vary", b"content-location", b"date", b"etag")
_GZIP = re.compile(rb"\bgzip\b")
_LOG = structlog.get_logger(__name__)


class Key(NamedTuple):
    """All that a public page depends on besides the data."""

    host: bytes
    scheme: bytes
    path: str
    query: bytes
    theme: bytes
    is_packed: bool


@dataclass(frozen=True, slots=True)
class Page:
    """An answer as it was sent; `made`: seconds of the monotonic clock."""

    headers: Headers
    body: bytes
    etag: bytes
    state: Hashable
    made: float


class KeptPages:
    """An ASGI application that answers for another one where it can.

    state  tells what the data are at; asked for often, so it must be quick
    """

    def __init__(
        self,
        app: App,
        state: Callable[[], Hashable],
        *,
        clock: Callable[[], float] = time.monotonic,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._app, self._state, self._clock, self._most_bytes = app, state, clock, most_bytes
        self._pages: OrderedDict[Key, Page] = OrderedDict()
        self._bytes = 0
        self._making: dict[Key, asyncio.Future[Page | None]] = {}
        self._places, self._behind = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(1)
        self._renewals: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = _key(scope)
        if key is None:
            await self._app(scope, receive, send)
            return
        page = self._usable(key, scope)
        if page is None and (making := self._making.get(key)) is not None:
            page = await asyncio.shield(making)
        elif page is None:
            page = await self._make(key, scope, receive, send, self._places)
            if page is None:
                return  # it was no page, and has been sent on as it came
        if page is None:
            await self._app(scope, receive, send)
        else:
            await _answer(page, scope, send)

    def _usable(self, key: Key, scope: Scope) -> Page | None:
        """The page as it was made last, if that will do."""
        page = self._pages.get(key)
        if page is None:
            return None
        age = self._clock() - page.made
        is_current = age < LONGEST_S and page.state == self._state()
        if not is_current and (age >= OLD_S or not self._making):
            return None
        self._pages.move_to_end(key)
        if not is_current and key not in self._making:
            renewal = asyncio.get_running_loop().create_task(self._renew(key, dict(scope)))
            self._renewals.add(renewal)
            renewal.add_done_callback(self._renewals.discard)
        return page

    async def _renew(self, key: Key, scope: Scope) -> None:
        """Make a page that nobody waits for."""
        try:
            await self._make(key, scope, _Nobody(), _nobody_listens, self._behind)
        except Exception:  # the last page stands for a while, and the log says why
            _LOG.exception("page_not_renewed", path=key.path[:200])

    async def _make(
        self, key: Key, scope: Scope, receive: Receive, send: Send, places: asyncio.Semaphore
    ) -> Page | None:
        """Have the page made, and keep it; None when the answer was something else and went to `send`."""
        making = self._making[key] = asyncio.get_running_loop().create_future()
        page = None
        try:
            await places.acquire()
            copy = _Copy(scope, send, places)
            state, made = self._state(), self._clock()
            try:
                await self._app(scope, receive, copy)
            finally:
                copy.leave_place()
            if copy.is_whole:
                page = _page(copy, state, made)
                self._keep(key, page)
        finally:
            del self._making[key]
            making.set_result(page)
        return page

    def _keep(self, key: Key, page: Page) -> None:
        if (before := self._pages.pop(key, None)) is not None:
            self._bytes -= len(before.body)
        self._pages[key] = page
        self._bytes += len(page.body)
        while self._bytes > self._most_bytes:
            _key, oldest = self._pages.popitem(last=False)
            self._bytes -= len(oldest.body)


class _Copy:
    """Gathers a public page; anything else goes straight on, and gives its place to the next."""

    def __init__(self, scope: Scope, send: Send, places: asyncio.Semaphore) -> None:
        self._scope, self._send, self._places = scope, send, places
        self._has_place = True
        self._is_page = False
        self.headers: Headers = []
        self.parts: list[bytes] = []
        self.is_whole = False

    def leave_place(self) -> None:
        if self._has_place:
            self._has_place = False
            self._places.release()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            # Django writes Content-Type, the specification content-type
            self.headers = [(name.lower(), value) for name, value in message.get("headers", ())]
            found = dict(self.headers)
            self._is_page = (
                self._scope.get(PUBLIC_PAGE, False)
                and message["status"] == HTTPStatus.OK
                and found.get(b"content-type", b"").startswith(_KINDS)
                and b"content-length" in found
                and b"set-cookie" not in found
                and b"no-store" not in found.get(b"cache-control", b"")
            )
            if not self._is_page:
                self.leave_place()  # a stream would hold it for as long as it lasts
        if not self._is_page:
            await self._send(message)
        elif message["type"] == "http.response.body":
            self.parts.append(message.get("body", b""))
            self.is_whole = not message.get("more_body", False)


def _key(scope: Scope) -> Key | None:
    """What page is asked for; None when the request is not one for a page that everybody gets alike."""
    if scope["type"] != "http" or scope["method"] != "GET" or scope["path"].startswith(_UNKEPT):
        return None
    theme = host = scheme = packing = b""
    for name, value in scope["headers"]:
        if name == b"cookie":
            crumb, _equals, chosen = value.partition(b"=")
            if theme or crumb != THEME_COOKIE.encode() or b";" in chosen:
                return None
            theme = chosen
        elif name in {b"authorization", b"range"}:
            return None
        elif name == b"host":
            host = value
        elif name == b"x-forwarded-proto":
            scheme = value
        elif name == b"accept-encoding":
            packing = value
    is_packed = _GZIP.search(packing) is not None
    return Key(host, scheme, scope["path"], scope["query_string"], theme, is_packed)


def _page(copy: _Copy, state: Hashable, made: float) -> Page:
    body = b"".join(copy.parts)
    etag = b'W/"%s"' % hashlib.blake2b(body, digest_size=12).hexdigest().encode()
    return Page([*copy.headers, (b"etag", etag)], body, etag, state, made)


async def _answer(page: Page, scope: Scope, send: Send) -> None:
    """The page, or that the reader has it already."""
    known = b",".join(value for name, value in scope["headers"] if name == b"if-none-match")
    if page.etag in {each.strip() for each in known.split(b",")}:
        headers = [pair for pair in page.headers if pair[0] in _REPEATED]
        await send(
            {
                "type": "http.response.start",
                "status": HTTPStatus.NOT_MODIFIED.value,
                "headers": headers,
            }
        )
        await send({"type": "http.response.body", "body": b""})
        return
    await send(
        {"type": "http.response.start", "status": HTTPStatus.OK.value, "headers": page.headers}
    )
    await send({"type": "http.response.body", "body": page.body})


class _Nobody:
    """The request of a renewal: whole at once, and its sender never goes away."""

    def __init__(self) -> None:
        self._has_asked = False

    async def __call__(self) -> Message:
        if self._has_asked:
            await asyncio.get_running_loop().create_future()
        self._has_asked = True
        return {"type": "http.request", "body": b"", "more_body": False}


async def _nobody_listens(_message: Message) -> None:
    return
