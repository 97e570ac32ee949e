"""The browser that looks: Debian's Chromium, driven, kept on a short leash and never downloaded."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

from playwright.async_api import Browser, BrowserContext, async_playwright
from playwright.async_api import Error as BrowserError

from thuocdo import __version__
from thuocdo.assess import leash
from thuocdo.assess.patience import bounds
from thuocdo.assess.site_check.proxy import Proxy
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
AGENT: Final = f"ThuocDo-SiteCheck/{__version__}"
"""What a site's access log shows, behind the browser's own name; robots.txt may address it."""
MAX_SCRIPT_MIB: Final = 512
"""What the scripts of one page may hold."""
_ARGUMENTS: Final = (
    *("--headless", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    # A page's script that eats memory ends itself, not the machine.
    f"--js-flags=--max-old-space-size={MAX_SCRIPT_MIB}",
    # No way around the proxy: no names resolved by the browser itself, no UDP of WebRTC.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
)
_LANGUAGE: Final = "vi-VN"
_TIME_ZONE: Final = "Asia/Ho_Chi_Minh"
_WIDTH, _HEIGHT = 1280, 800
_ROOT: Final = 0


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long, how much. Seconds, bytes, counts.

    navigation_s  until the page must have loaded
    quiet_s       after that, for a hit to come by itself
    act_s         for a hit to come after consent was given, or the mouse moved
    settle_s      after a first hit, for a second one
    answer_s      after that, for the collector's answers
    page_s        for everything about one page
    late_ms       a hit later than this after the load is late
    site_s        for all pages of one check; none is begun after that
    lost_in_a_row pages one after another that did not answer in time: no further one is asked for
    """

    navigation_s: float = 25.0
    quiet_s: float = 6.0
    act_s: float = 3.0
    settle_s: float = 1.5
    answer_s: float = 8.0
    page_s: float = 75.0
    late_ms: int = 4000
    max_requests: int = 800
    max_bytes: int = 50_000_000
    max_script_bytes: int = 2_000_000
    at_once: int = 3
    site_s: float = field(default_factory=lambda: bounds().check.seconds)
    lost_in_a_row: int = field(default_factory=lambda: bounds().check.lost_in_a_row)


def executable(settings: Settings) -> str:
    """The browser's path. Raises ThuocdoError `no_browser`."""
    chosen = settings.chromium or next(filter(None, map(shutil.which, NAMES)), "")
    if not chosen or not shutil.which(chosen):
        raise ThuocdoError(
            "no_browser",
            f"There is no browser to look with: {chosen or 'Chromium is not installed'}.",
            "Install it (apt-get install chromium), or name one in THUOCDO_CHROMIUM.",
        )
    return chosen


def flags(trusted_keys: tuple[str, ...] = ()) -> list[str]:
    """The command line every browser of ours is started with.

    trusted_keys  base64 SHA-256 of public keys whose certificates are believed: our own fixtures'
    """
    keys = ",".join(trusted_keys)
    return [
        *_ARGUMENTS,
        *([f"--ignore-certificate-errors-spki-list={keys}"] if keys else []),
        *(["--no-sandbox"] if os.geteuid() == _ROOT else []),
    ]


@contextlib.asynccontextmanager
async def launched(
    settings: Settings, trusted_keys: tuple[str, ...] = ()
) -> AsyncIterator[Browser]:
    """A browser while the block runs. Raises ThuocdoError `no_browser` when it does not start.

    Chromium's sandbox is on unless the process is root's, for whom it cannot be. One that does not close in time is
    killed.
    """
    is_root = os.geteuid() == _ROOT
    path, token = executable(settings), secrets.token_hex(16)
    async with async_playwright() as playwright:
        try:
            browser = await playwright.chromium.launch(
                executable_path=path,
                args=flags(trusted_keys),
                chromium_sandbox=not is_root,
                env={**os.environ, leash.TOKEN: token},
            )
        except BrowserError as problem:
            raise ThuocdoError(
                "no_browser",
                f"{path} does not start: {problem.message.splitlines()[0]}.",
                "Try it by hand; THUOCDO_CHROMIUM names another.",
            ) from None
        try:
            yield browser
        finally:
            with contextlib.suppress(BrowserError, TimeoutError):
                async with asyncio.timeout(bounds().close_seconds):
                    await browser.close()
            await leash.end_all(token)


@contextlib.asynccontextmanager
async def fresh_context(
    browser: Browser, proxy: Proxy, agent: str = AGENT
) -> AsyncIterator[BrowserContext]:
    """A visitor without a past: no cookies, no downloads, no service workers; one way out.

    agent  what the site's access log shows behind the browser's own name
    """
    major = browser.version.partition(".")[0]
    context = await browser.new_context(
        user_agent=(
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
            f"Chrome/{major}.0.0.0 Safari/537.36 {agent}"
        ),
        accept_downloads=False,
        service_workers="block",
        proxy={"server": proxy.address},
        locale=_LANGUAGE,
        timezone_id=_TIME_ZONE,
        viewport={"width": _WIDTH, "height": _HEIGHT},
    )
    try:
        yield context
    finally:
        with contextlib.suppress(BrowserError, TimeoutError):
            async with asyncio.timeout(bounds().close_seconds):
                await context.close()
