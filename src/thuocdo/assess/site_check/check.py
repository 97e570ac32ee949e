"""A whole check: the page asked about and, when wanted, some of those it links to."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec
from playwright.async_api import Browser

from thuocdo.assess.fetch import Fetcher, Limits
from thuocdo.assess.hosts.locks import Hosts, host_of
from thuocdo.assess.site_check import robots
from thuocdo.assess.site_check.browser import AGENT, Bounds, launched
from thuocdo.assess.site_check.judge import judge
from thuocdo.assess.site_check.model import Expectation, Observation, PageResult, SiteResult
from thuocdo.assess.site_check.visit import visit
from thuocdo.core import clock, snapshot
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.guard import Guard, endpoint
from thuocdo.core.settings import Settings

MAX_PAGES: Final = 20
_ROBOTS_SECONDS: Final = 10.0
_PAGE_FILES: Final = ("", ".html", ".htm", ".php", ".aspx", ".jsp", ".do")
_DEFAULT: Final = Bounds()


class Wanted(msgspec.Struct, frozen=True):
    """What to check.

    site_id  the site the page should count for; None: the registry is asked by the page's host
    tracker  the collector it should send to; "" is this instance's own
    pages    how many pages, the one asked about included
    """

    url: str
    site_id: int | None = None
    tracker: str = ""
    pages: int = 1


def normal_url(text: str) -> str:
    """The address as a person meant it. Raises ThuocdoError `bad_url`."""
    text = text.strip()
    url = text if "://" in text else f"https://{text}"
    if endpoint(url) is None:
        raise ThuocdoError(
            "bad_url",
            f"{text!r} is not a web address that can be checked.",
            "Write one such as https://portal.example.gov.vn/, without a name and a password.",
        )
    return url


def check_sites(
    settings: Settings, wanted: Sequence[Wanted], bounds: Bounds = _DEFAULT
) -> list[SiteResult]:
    """Check sites one after another's pages in one browser, some at once; results in order.

    Raises ThuocdoError `bad_url`, `bad_pages`, `unknown_site` before anything is opened, and
    `no_browser` when there is none. What is wrong with a page is a finding, not an error.
    """
    for each in wanted:
        refuse_nonsense(settings, each)
    sites = hostnames_today(settings)
    return asyncio.run(_check_all(settings, wanted, sites, bounds))


def hostnames_today(settings: Settings) -> dict[int, tuple[str, ...]]:
    """Site id → hostnames of every site the collector takes hits for."""
    known = snapshot.read(settings.snapshot_path)
    return {site.site_id: site.hostnames for site in known.sites}


def refuse_nonsense(settings: Settings, wanted: Wanted) -> None:
    """Raises ThuocdoError `bad_url`, `bad_pages` or `unknown_site` for what cannot be checked."""
    normal_url(wanted.url)
    if wanted.tracker:
        normal_url(wanted.tracker)
    if not 1 <= wanted.pages <= MAX_PAGES:
        raise ThuocdoError(
            "bad_pages", f"{wanted.pages} pages cannot be checked.", f"Ask for 1 to {MAX_PAGES}."
        )
    if wanted.site_id is not None and wanted.site_id not in hostnames_today(settings):
        raise ThuocdoError(
            "unknown_site",
            f"Site {wanted.site_id} is not registered.",
            "Register it first (thuocdo import sites), or leave the number out.",
        )


async def _check_all(
    settings: Settings,
    wanted: Sequence[Wanted],
    sites: dict[int, tuple[str, ...]],
    bounds: Bounds,
) -> list[SiteResult]:
    turns = asyncio.Semaphore(bounds.at_once)
    async with launched(settings) as browser:
        checks = [_Check(settings, each, sites, bounds, browser, turns) for each in wanted]
        return list(await asyncio.gather(*(each.run() for each in checks)))


class _Check:
    """One site in a browser that others use too."""

    def __init__(
        self,
        settings: Settings,
        wanted: Wanted,
        sites: dict[int, tuple[str, ...]],
        bounds: Bounds,
        browser: Browser,
        turns: asyncio.Semaphore,
    ) -> None:
        self._wanted = wanted
        self._bounds = bounds
        self._browser = browser
        self._turns = turns
        self._tracker = (wanted.tracker or settings.collector_url).rstrip("/")
        self._guard = Guard(settings.check_networks, endpoint(self._tracker))
        self._expected = Expectation(self._tracker, wanted.site_id, sites)
        self._hosts = Hosts.of(settings)
        self._until = time.monotonic() + bounds.site_s
        self._lost = 0
        self._folder = settings.checks_dir / secrets.token_hex(8)

    async def run(self) -> SiteResult:
        self._folder.mkdir(parents=True)
        first = await self._page(normal_url(self._wanted.url), 1)
        rest = await self._behind(first)
        return SiteResult(
            self._wanted.url,
            self._tracker,
            self._wanted.site_id,
            clock.now_us(),
            (first, *rest),
        )

    async def _behind(self, first: PageResult) -> list[PageResult]:
        """The other pages, unless the first led to a host at which another look of ours is."""
        led_to = first.observed.final_url
        host = host_of(led_to)
        if host == host_of(normal_url(self._wanted.url)):  # whoever asked for the check holds it
            return await self._others(first)
        hold = self._hosts.hold(led_to)
        if hold is None:
            return [self._unseen(url, "busy", host) for url in self._links(first)]
        try:
            return await self._others(first)
        finally:
            hold.release()

    def _links(self, first: PageResult) -> list[str]:
        links = [each for each in first.observed.links if is_page(each)]
        return links[: self._wanted.pages - 1]

    async def _page(self, url: str, number: int) -> PageResult:
        async with self._turns:
            if self._lost >= self._bounds.lost_in_a_row or time.monotonic() > self._until:
                return self._unseen(url, "timeout", f"{self._lost} × {self._bounds.page_s:g} s")
            picture = self._folder / f"page-{number}.png"
            seen = await visit(
                self._browser, self._guard, self._tracker, url, self._bounds, picture
            )
            self._lost = self._lost + 1 if seen.fault == "timeout" else 0
        return judge(seen, self._expected, self._bounds.late_ms)

    def _unseen(self, url: str, fault: str, detail: str) -> PageResult:
        seen = Observation(url, url, None, fault, detail)
        return judge(seen, self._expected, self._bounds.late_ms)

    async def _others(self, first: PageResult) -> list[PageResult]:
        """Pages that the first one names: nobody asked for them one by one, so robots.txt holds."""
        links = self._links(first)
        if not links:
            return []
        async with self._turns:
            fetcher = Fetcher(self._guard, AGENT, Limits(seconds=_ROBOTS_SECONDS))
            rules = await robots.fetch(fetcher, first.observed.final_url)
        return list(
            await asyncio.gather(
                *(
                    self._page(url, number)
                    if rules.allow(url)
                    else self._left_alone(url, rules.address)
                    for number, url in enumerate(links, 2)
                )
            )
        )

    async def _left_alone(self, url: str, address: str) -> PageResult:
        return self._unseen(url, "robots", address)


def is_page(url: str) -> bool:
    """Whether an address looks like a page, and not like a file to download."""
    return Path(urlsplit(url).path).suffix.lower() in _PAGE_FILES
