"""The scanner as a citizen: says who it is, keeps to robots.txt, and asks a host slowly and seldom."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlsplit

from thuocdo import __version__
from thuocdo.assess.fetch import Answer, Failure, Fetcher, target_of
from thuocdo.assess.patience import Patience
from thuocdo.assess.results import Fault
from thuocdo.assess.site_check import robots
from thuocdo.assess.site_check.robots import Rules
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.guard import endpoint

NAME: Final = "ThuocDo-Assess"
"""What robots.txt may address."""
_BLOCKED: Final = frozenset((401, 403, 406, 429, 451))
_ERRORS_FROM: Final = 400
_MAILBOX: Final = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", re.ASCII)
_CONTACT: Final = re.compile(
    rf"mailto:{_MAILBOX.pattern}|https://[\w.-]+(:\d+)?(/[\w./~?=&%-]*)?", re.ASCII
)
_LONGEST_CONTACT: Final = 200
_HTML: Final = ("text/html", "application/xhtml+xml")


def contact_of(text: str) -> str:
    """Whom a site's operator may write to, as the User-Agent says it: `mailto:…` or `https://…`.

    A bare mail address is taken for one. Raises ThuocdoError `no_contact` for nothing, `bad_contact` for
    what is neither: it stands in a header of every request.
    """
    contact = text.strip()
    if not contact:
        raise ThuocdoError(
            "no_contact",
            "A scanner must say whom to write to.",
            "Name an address: --contact mailto:…, or https://….",
        )
    contact = f"mailto:{contact}" if _MAILBOX.fullmatch(contact) else contact
    if len(contact) > _LONGEST_CONTACT or not _CONTACT.fullmatch(contact):
        raise ThuocdoError(
            "bad_contact",
            f"Nobody can be written to at {contact[:80]!r}.",
            "Write mailto:name@agency.gov.vn, or https://….",
        )
    return contact


def agent(contact: str) -> str:
    """The User-Agent: what this is, and whom to write to."""
    return f"{NAME}/{__version__} (+{contact})"


@dataclass(frozen=True, slots=True)
class Manners:
    """How a host is asked. Seconds, counts.

    pause          between two requests, where robots.txt asks for no longer one
    longest_pause  a host that asks for a longer one is not asked at all
    budget         requests one host gets in one scan, robots.txt left out
    max_redirects  of one page
    """

    pause: float = 0.5
    longest_pause: float = 20.0
    budget: int = 40
    max_redirects: int = 5


@dataclass(slots=True)
class _Host:
    rules: Rules | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    asked: int = 0
    unanswered: int = 0
    free_at: float = 0.0


@dataclass(slots=True)
class Citizen:
    """The requests of one scan, whichever hosts they go to.

    rules     how the robots.txt of a page's host is had: who asks a host for weeks keeps it for a day
    patience  how long the site is waited for, and when it is asked no more
    """

    fetcher: Fetcher
    manners: Manners = field(default_factory=Manners)
    rules: Callable[[Fetcher, str], Awaitable[Rules]] = robots.fetch
    patience: Patience = field(default_factory=Patience)
    _hosts: dict[str, _Host] = field(default_factory=dict)

    async def get(self, url: str, *, follow: bool = True) -> Answer | Failure:
        """An answer, an error page included, when robots.txt and the host's budget allow to ask.

        A redirect is followed under the rules of the host it names.
        """
        chain: list[str] = []
        while True:
            found = await self._ask(url)
            target = target_of(found) if follow and isinstance(found, Answer) else ""
            if not target:
                return replace(found, chain=tuple(chain))
            chain.append(url)
            if target in chain or len(chain) > self.manners.max_redirects:
                return Failure(Fault.REDIRECTS, target[:200], tuple(chain))
            url = target

    async def page(self, url: str) -> Answer | Failure:
        """A page to be looked at: what is no page is a failure, and says why."""
        found = await self.get(url)
        if isinstance(found, Failure):
            return found
        kind = found.one("content-type").lower() or _HTML[0]
        if found.status in _BLOCKED:
            return Failure(Fault.BLOCKED, f"HTTP {found.status}", found.chain)
        if found.status >= _ERRORS_FROM:
            return Failure(Fault.HTTP, f"HTTP {found.status}", found.chain)
        if not kind.startswith(_HTML):
            return Failure(Fault.NOT_HTML, kind, found.chain)
        if found.cut:
            return Failure(
                Fault.SIZE, f"more than {self.fetcher.limits.max_bytes} bytes", found.chain
            )
        return found

    async def may(self, url: str) -> Failure | None:
        """None when robots.txt lets us see an address; else why we may not."""
        if endpoint(url) is None:
            return Failure(Fault.BAD_ANSWER, url[:200])
        host = self._host(url)
        async with host.turn:
            return await self._refusal(host, url)

    def pause_of(self, url: str) -> float:
        """Seconds between two requests to the host of an address, as far as its wish is known."""
        return self._pause(self._host(url))

    def begin_step(self) -> None:
        """A host that let the last probe's requests wait is asked again by the next."""
        for host in self._hosts.values():
            host.unanswered = 0

    def _host(self, url: str) -> _Host:
        parts = urlsplit(url)
        return self._hosts.setdefault(f"{parts.scheme}://{parts.netloc}", _Host())

    async def _ask(self, url: str) -> Answer | Failure:
        """One at a time to a host, and never sooner than it likes."""
        if endpoint(url) is None:  # a redirect to what is no address
            return Failure(Fault.BAD_ANSWER, url[:200])
        host = self._host(url)
        async with host.turn:
            refusal = await self._refusal(host, url)
            if refusal is not None:
                return refusal
            if host.asked >= self.manners.budget:
                return Failure(Fault.BUDGET, f"{self.manners.budget} requests")
            if host.unanswered >= self.patience.bounds.requests_in_a_row:
                return Failure(Fault.TIMEOUT, f"{host.unanswered} × {self._seconds}")
            host.asked += 1
            async with self.patience.ours(is_asked_for=True):
                await asyncio.sleep(max(0.0, host.free_at - time.monotonic()))
            found = await self.fetcher.get(url)
            host.free_at = time.monotonic() + self._pause(host)
            self._tell(host, f"GET {url}", found)
            return found

    @property
    def _seconds(self) -> str:
        return f"{self.fetcher.limits.seconds:g} s"

    def _tell(self, host: _Host, what: str, found: Answer | Failure) -> None:
        """What came of a request, to whoever decides how long the site is waited for."""
        if isinstance(found, Answer):
            host.unanswered = 0
            self.patience.answered(what, f"HTTP {found.status}, {found.total_ms} ms")
        elif found.fault is Fault.TIMEOUT:
            host.unanswered += 1
            self.patience.unanswered(what, f"timeout, {found.detail}")
        else:
            self.patience.note(f"{what}: {found.fault}, {found.detail}")

    async def _refusal(self, host: _Host, url: str) -> Failure | None:
        if host.rules is None:
            host.rules = await self.rules(self.fetcher, url)
            if host.rules.reached is not None:
                self._tell(host, f"GET {host.rules.address}", host.rules.reached)
        if host.rules.reached is not None:
            return host.rules.reached
        if not host.rules.allow(url):
            return Failure(Fault.ROBOTS, host.rules.address)
        if host.rules.delay > self.manners.longest_pause:
            return Failure(Fault.ROBOTS, f"Crawl-delay: {host.rules.delay:g}")
        return None

    def _pause(self, host: _Host) -> float:
        return max(self.manners.pause, host.rules.delay if host.rules else 0.0)
