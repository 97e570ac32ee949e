"""Weighs what a page makes of what came over the line: a few kilobytes may unfold to gigabytes.

The proxy counts octets as they come, and sees nothing within TLS. What they unfold to only the browser
knows: a page that has grown too large is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Final

from playwright.async_api import BrowserContext, Page
from playwright.async_api import Error as BrowserError

MAX_UNFOLDED: Final = 150_000_000
"""Octets of one page and everything it loads, unpacked: three times what may come over the line."""


class Weight:
    """Of one page, from before it is opened."""

    def __init__(self) -> None:
        self.octets = 0
        self._most = MAX_UNFOLDED
        self._closing: asyncio.Task[None] | None = None

    @property
    def is_too_much(self) -> bool:
        return self.octets > self._most

    @property
    def detail(self) -> str:
        return f"more than {self._most} bytes unpacked"

    async def watch(self, context: BrowserContext, page: Page) -> None:
        session = await context.new_cdp_session(page)
        session.on("Network.dataReceived", lambda told: self._count(page, told))
        await session.send("Network.enable")

    def _count(self, page: Page, told: dict[str, Any]) -> None:
        self.octets += int(told.get("dataLength", 0))
        if self.is_too_much and self._closing is None:
            self._closing = asyncio.ensure_future(_close(page))


async def _close(page: Page) -> None:
    with contextlib.suppress(BrowserError):
        await page.close(run_before_unload=False)
