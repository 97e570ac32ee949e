"""One look at one front page, as a well-behaved visitor: robots.txt kept to, redirects followed, everything bounded."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from thuocdo.assess.citizen import Citizen, Manners, agent, contact_of
from thuocdo.assess.fetch import Answer, Failure, Fetcher, Limits
from thuocdo.assess.results import Fault
from thuocdo.assess.site_check import robots
from thuocdo.assess.site_check.robots import Rules
from thuocdo.assess.watching.model import Look, Target
from thuocdo.assess.watching.policy import Policy
from thuocdo.core import clock
from thuocdo.core.guard import Guard
from thuocdo.core.settings import Settings

_BLOCKED: Final = frozenset((401, 403, 406, 429, 451))
_ERRORS: Final = range(400, 600)
_BROKEN_FROM: Final = 500
_NO_ISSUER: Final = ("unable to get local issuer", "unable to verify the first certificate")
"""How OpenSSL says that a chain does not reach an authority: browsers often find the missing link."""


def fetcher_of(settings: Settings, policy: Policy) -> Fetcher:
    """Asks under the monitor's name, within the policy's bounds."""
    limits = Limits(seconds=policy.seconds, max_bytes=policy.max_bytes)
    return Fetcher(Guard(settings.check_networks), agent(contact_of(settings.scan_contact)), limits)


@dataclass(slots=True)
class Asker:
    """Looks at front pages; keeps each host's robots.txt for as long as the policy says."""

    fetcher: Fetcher
    policy: Policy
    _rules: dict[str, tuple[float, Rules]] = field(default_factory=dict)

    async def look(self, target: Target, *, again: bool = False) -> Look:
        """What is seen now; never raises for the site, and always ends within the policy's bound."""
        at = clock.now_us()
        citizen = Citizen(self.fetcher, _MANNERS, rules=self._robots)
        try:
            async with asyncio.timeout(self.policy.look_seconds):
                found = await citizen.get(target.url)
        except TimeoutError:
            found = Failure(Fault.TIMEOUT, "")
        if isinstance(found, Failure):
            fault, status = self._fault(found, target.url)
            return Look(target.code, at, fault, status, again=again)
        family = ipaddress.ip_address(found.address.partition("%")[0]).version
        return Look(target.code, at, _fault_of(found), found.status, found.ttfb_ms, family, again)

    def _fault(self, failure: Failure, url: str) -> tuple[Fault, int | None]:
        if failure.fault is Fault.TLS and any(word in failure.detail for word in _NO_ISSUER):
            return Fault.TRUST, None
        kept = self._rules.get(_host(url))
        if failure.fault is Fault.ROBOTS and kept and (kept[1].status or 0) >= _BROKEN_FROM:
            return Fault.HTTP, kept[1].status  # no rules but an error: the server is broken
        return failure.fault, None

    async def _robots(self, fetcher: Fetcher, url: str) -> Rules:
        """RFC 9309, 2.4: kept a day at most, longer only while a fresh one cannot be had."""
        host = _host(url)
        kept = self._rules.get(host)
        until = self.policy.robots_hours * 3600
        if kept and _was_had(kept[1]) and time.monotonic() - kept[0] < until:
            return kept[1]
        found = await robots.fetch(fetcher, url)
        if kept and _was_had(kept[1]) and not _was_had(found) and found.reached is None:
            return kept[1]
        self._rules[host] = (time.monotonic(), found)
        return found


_MANNERS: Final = Manners(budget=8)


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _was_had(rules: Rules) -> bool:
    """Whether there was an answer that says what the rules are."""
    return rules.reached is None and (rules.status or 0) < _BROKEN_FROM


def _fault_of(answer: Answer) -> Fault | None:
    if answer.status in _BLOCKED:
        return Fault.BLOCKED
    return Fault.HTTP if answer.status in _ERRORS else None
