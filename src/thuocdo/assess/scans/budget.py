"""How much may be asked for: scans by agency and by system, page loads by host, each in a number of hours back.

One host, one budget: a scan of its system and a check of its tag load the same server, so they draw on the same
account (`policy.yaml`). What an appeal orders is never refused, and loads the host all the same. Whoever is refused
is told from when on it will do.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from thuocdo.assess.models import ShadowScan, SiteCheck
from thuocdo.assess.scans.hosts import Hosts, host_of
from thuocdo.assess.scans.policy import Window, policy
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings

AGENCY: Final = "scan_budget"
SYSTEM: Final = "system_budget"
HOST: Final = "host_budget"
"""Codes of a refusal: whose budget is spent."""


class Spent(ThuocdoError):  # noqa: N818 (a refusal, not a failure)
    """A budget is spent. free_at: from when on the same may be asked for."""

    def __init__(self, code: str, whose: str, free_at: datetime) -> None:
        super().__init__(
            code,
            f"What may be asked for of {whose} in so many hours has been asked for.",
            f"From {timezone.localtime(free_at):%H:%M %d/%m/%Y} on there is more.",
        )
        self.free_at = free_at


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that was asked for; weight: as the budget counts."""

    at: datetime
    weight: int = 1


@dataclass(frozen=True, slots=True)
class _Scan:
    agency: str
    system: str
    host: str
    for_appeal: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Lately:
    """What was asked for in the longest of the windows, read once."""

    now: datetime
    scans: tuple[_Scan, ...]
    checks: tuple[tuple[str, Asked], ...]

    def left(self, agency: str) -> int:
        """How many scans an agency may ask for now, were there no other bound; never below 0."""
        rules, asked = policy().budgets.agency, self._of_agency(agency)
        return max(0, min(each.most - _weight(_within(asked, each, self.now)) for each in rules))

    def scan_free_at(self, agency: str, system: str, url: str) -> tuple[str, datetime] | None:
        """(whose budget is spent, from when on a scan may be asked for); None: now."""
        rules = policy().budgets
        of_system = [Asked(e.at) for e in self.scans if e.system == system and not e.for_appeal]
        times = {
            AGENCY: free_at(self._of_agency(agency), rules.agency, 1, self.now),
            SYSTEM: free_at(of_system, rules.system, 1, self.now),
            HOST: free_at(self._of_host(url), rules.host, policy().scan_weight, self.now),
        }
        code = max(times, key=lambda each: times[each])
        return (code, times[code]) if times[code] > self.now else None

    def check_free_at(self, url: str, pages: int) -> datetime:
        """From when on a check of so many pages may be asked for; now at the earliest."""
        return free_at(self._of_host(url), policy().budgets.host, pages, self.now)

    def _of_agency(self, agency: str) -> list[Asked]:
        return [Asked(e.at) for e in self.scans if e.agency == agency and not e.for_appeal]

    def _of_host(self, url: str) -> list[Asked]:
        host = host_of(url)
        scans = [Asked(e.at, policy().scan_weight) for e in self.scans if e.host == host]
        return [*scans, *(asked for other, asked in self.checks if other == host)]


def lately(now: datetime | None = None, *, besides: ShadowScan | None = None) -> Lately:
    """As of now. besides: a scan that is just being asked for."""
    now = now or timezone.now()
    since = now - timedelta(hours=policy().budgets.longest)
    scans = ShadowScan.objects.filter(asked_at__gt=since)
    if besides is not None:
        scans = scans.exclude(pk=besides.pk)
    fields = ("agency", "system", "url", "for_appeal", "asked_at")
    checks = SiteCheck.objects.filter(asked_at__gt=since).values_list("url", "asked_at", "pages")
    return Lately(
        now,
        tuple(_Scan(a, s, host_of(url), f, at) for a, s, url, f, at in scans.values_list(*fields)),
        tuple((host_of(url), Asked(at, pages)) for url, at, pages in checks),
    )


def asking(settings: Settings, url: str) -> AbstractContextManager[None]:
    """Whoever asks for something of one host waits here for whoever asks for something of it just now."""
    return Hosts(settings.state_dir / "asking").held(url)


def free_at(
    asked: Iterable[Asked], windows: Iterable[Window], weight: int, now: datetime
) -> datetime:
    """The first moment from now on at which so much more fits into every window; pure."""
    found, everything = now, list(asked)
    for window in windows:
        inside = _within(everything, window, now)
        while inside and _weight(inside) + weight > window.most:
            found = max(found, inside.pop(0).at + timedelta(hours=window.hours))
    return found


def _within(asked: Iterable[Asked], window: Window, now: datetime) -> list[Asked]:
    """Oldest first."""
    since = now - timedelta(hours=window.hours)
    return sorted((each for each in asked if each.at > since), key=lambda each: each.at)


def _weight(asked: Iterable[Asked]) -> int:
    return sum(each.weight for each in asked)
