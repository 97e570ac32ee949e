"""One scan, in a thread with an event loop and a browser of its own, which can be called off.

A page which ends its browser ends nothing else. The database is not touched here: it is the main thread's.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
import time
from dataclasses import dataclass, field, replace

import structlog

from thuocdo.assess import npm, resolving
from thuocdo.assess.citizen import Manners, agent, contact_of
from thuocdo.assess.evidence import Kept
from thuocdo.assess.fetch import Fetcher, Limits
from thuocdo.assess.hosts.locks import HostBusy, Hosts
from thuocdo.assess.patience import Bounds, bounds
from thuocdo.assess.probes.catalogue import CHECKS
from thuocdo.assess.probes.scene import Depth
from thuocdo.assess.probes.target import Target
from thuocdo.assess.resolving import Resolving
from thuocdo.assess.results import Fault, Result, unmeasured
from thuocdo.assess.scan import Scanner, scan
from thuocdo.assess.site_check.browser import launched
from thuocdo.core import clock
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.guard import Guard
from thuocdo.core.settings import Network, Settings

log = structlog.get_logger("thuocdo.assess")


@dataclass(frozen=True, slots=True)
class Scanning:
    """How systems are scanned.

    contact      whom a site's operator may write to about it
    allowed      networks that may be visited although they are not public
    authorities, trusted_keys  what is believed besides the usual authorities: our own fixtures'
    at_once      systems at once, which other users of the instance's scanner share; 0 is as many as the
                 processor has room for (pace.py)
    bounds       how long one site is waited for
    resolving    whom to ask about names; None: whom the settings say
    """

    contact: str
    allowed: tuple[Network, ...] = ()
    authorities: str = ""
    trusted_keys: tuple[str, ...] = ()
    depth: Depth = field(default_factory=Depth)
    manners: Manners = field(default_factory=Manners)
    limits: Limits = field(default_factory=Limits)
    at_once: int = 0
    bounds: Bounds = field(default_factory=bounds)
    resolving: Resolving | None = None


class Look:
    """One scan to be made: `run` in a thread of its own, `call_off` from any other."""

    def __init__(
        self, settings: Settings, scanning: Scanning, axe: str, target: Target, hosts: Hosts
    ) -> None:
        self._settings = settings
        self._scanning = scanning
        self._axe = axe
        self._target = target
        self._hosts = hosts
        self._off = threading.Event()
        self._begun_at = math.inf
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[list[Result]] | None = None

    def run(self) -> list[Result] | None:
        """A result for every check, our own fault where the scan broke; None when it was called off, or when the
        site leads to a host at which somebody else is: `hosts` knows it from then on.

        Raises ThuocdoError `no_contact` or `bad_contact` when nobody could be written to.
        """
        contact_of(self._scanning.contact)
        self._begun_at = time.monotonic()
        try:
            with asyncio.Runner() as runner:
                self._loop = runner.get_loop()
                return runner.run(self._work())
        except asyncio.CancelledError:
            return None
        except HostBusy as busy:
            log.info("another scan is there", url=self._target.url, leads_to=str(busy))
            self._hosts.learn(self._target.url, str(busy))
            return None
        except Exception as problem:  # the fleet goes on
            log.exception("a scan broke", url=self._target.url)
            return nothing(type(problem).__name__)

    @property
    def is_stuck(self) -> bool:
        """Whether it goes on beyond every bound: something holds the thread, and no clock in it runs."""
        return time.monotonic() - self._begun_at > self._scanning.bounds.utmost

    def call_off(self) -> None:
        self._off.set()
        if self._loop is not None and self._task is not None:
            with contextlib.suppress(RuntimeError):  # it ended meanwhile
                self._loop.call_soon_threadsafe(self._task.cancel)

    async def _work(self) -> list[Result]:
        self._task = asyncio.current_task()
        if self._off.is_set():
            raise asyncio.CancelledError
        scanning, settings = self._scanning, self._settings
        fetcher = Fetcher(
            Guard(scanning.allowed),
            agent(scanning.contact),
            scanning.limits,
            scanning.authorities,
            scanning.trusted_keys,
        )
        scanner = Scanner(
            settings,
            fetcher,
            Kept(settings.home),
            None,
            self._axe,
            scanning.depth,
            scanning.manners,
            scanning.bounds,
            hosts=self._hosts,
            resolving=scanning.resolving or resolving.of(settings),
        )
        try:
            async with launched(settings, scanning.trusted_keys) as browser:
                return await scan(replace(scanner, browser=browser), self._target)
        except ThuocdoError as error:  # no browser: what needs none is measured all the same
            log.warning("no browser", problem=error.message)
            return await scan(scanner, self._target)


def nothing(detail: str) -> list[Result]:
    """A scan that broke found nothing, and it is our fault."""
    now = clock.now_us()
    return [unmeasured(check, Fault.INTERNAL, detail, now) for check in CHECKS]


def axe_of(settings: Settings) -> str:
    """The text of axe-core; "" when it cannot be had."""
    try:
        return (npm.packages(settings.home) / "axe-core" / "axe.min.js").read_text("utf-8")
    except ThuocdoError as error:
        log.warning("no tools", problem=error.message)
        return ""
