"""How much may be asked of a host: page loads by host, scans by agency and by system, in a number of hours back.

One host, one account, whoever looks at it: an agency, a round, an appeal, the check of a tag, and whoever sits at the
command line all load the same server (`policy.yaml`). A round waits until its host has room; what an appeal orders is
never refused, and loads the host all the same; an operator may go beyond a bound by saying why, and the trail keeps it.
Whoever is refused is told from when on it will do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec
from django.db import transaction
from django.utils import timezone

from thuocdo.assess.hosts.locks import Hosts, host_of
from thuocdo.assess.hosts.policy import Window, policy
from thuocdo.assess.models import Entry, ShadowScan, SiteCheck
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.registry import trail
from thuocdo.registry.models import Change, System

AGENCY: Final = "scan_budget"
SYSTEM: Final = "system_budget"
HOST: Final = "host_budget"
"""Codes of a refusal: whose budget is spent."""
BY_HAND: Final = "host_look"
"""What the trail calls a look that somebody took at the command line."""


class Spent(ThuocdoError):  # noqa: N818 (a refusal, not a failure)
    """A budget is spent. free_at: from when on the same may be asked for. else_do: what can be done before."""

    def __init__(self, code: str, whose: str, free_at: datetime, else_do: str = "") -> None:
        super().__init__(
            code,
            f"What may be asked for of {whose} in so many hours has been asked for.",
            f"From {timezone.localtime(free_at):%H:%M %d/%m/%Y} on there is more. {else_do}".strip(),
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
    at: datetime
    for_appeal: bool = False


class ByHand(msgspec.Struct, frozen=True):
    """A look that somebody took at the command line, as the trail keeps it.

    system  the registry's code, "" for none; agency the one it belongs to
    weight  page loads; is_scan tells a scan from the check of a tag
    because, beyond  why, and beyond whose budget it went; "" for none
    """

    url: str
    weight: int
    is_scan: bool
    agency: str = ""
    system: str = ""
    because: str = ""
    beyond: str = ""


@dataclass(frozen=True, slots=True)
class Lately:
    """What was asked for in the longest of the windows, read once."""

    now: datetime
    scans: tuple[_Scan, ...]
    looks: tuple[tuple[str, Asked], ...]

    def left(self, agency: str) -> int:
        """How many scans an agency may ask for now, were there no other bound; never below 0."""
        rules, asked = policy().budgets.agency, self._of_agency(agency)
        return max(0, min(each.most - _weight(_within(asked, each, self.now)) for each in rules))

    def host_free_at(self, url: str) -> datetime:
        """From when on a host has room for one scan more, whoever asks; now at the earliest."""
        return free_at(self._of_host(url), policy().budgets.host, policy().scan_weight, self.now)

    def scan_free_at(self, agency: str, system: str, url: str) -> tuple[str, datetime] | None:
        """(whose budget is spent, from when on a scan may be asked for); None: now."""
        rules = policy().budgets
        of_system = [
            Asked(e.at) for e in self.scans if system and e.system == system and not e.for_appeal
        ]
        times = {
            AGENCY: free_at(self._of_agency(agency), rules.agency, 1, self.now),
            SYSTEM: free_at(of_system, rules.system, 1, self.now),
            HOST: self.host_free_at(url),
        }
        code = max(times, key=lambda each: times[each])
        return (code, times[code]) if times[code] > self.now else None

    def check_free_at(self, url: str, pages: int) -> datetime:
        """From when on a check of so many pages may be asked for; now at the earliest."""
        return free_at(self._of_host(url), policy().budgets.host, pages, self.now)

    def _of_agency(self, agency: str) -> list[Asked]:
        own = (e for e in self.scans if agency and e.agency == agency)  # "" is nobody's
        return [Asked(e.at) for e in own if not e.for_appeal]

    def _of_host(self, url: str) -> list[Asked]:
        host = host_of(url)
        scans = [Asked(e.at, policy().scan_weight) for e in self.scans if e.host == host]
        return [*scans, *(asked for other, asked in self.looks if other == host)]


def lately(now: datetime | None = None, *, besides: ShadowScan | None = None) -> Lately:
    """As of now. besides: a scan that is just being asked for."""
    now = now or timezone.now()
    since = now - timedelta(hours=policy().budgets.longest)
    scans = ShadowScan.objects.filter(asked_at__gt=since)
    if besides is not None:
        scans = scans.exclude(pk=besides.pk)
    fields = ("agency", "system", "url", "asked_at", "for_appeal")
    checks = SiteCheck.objects.filter(asked_at__gt=since).values_list("url", "asked_at", "pages")
    in_rounds = Entry.objects.filter(started_at__gt=since, round__is_trial=False)
    by_hand = list(_by_hand(since))
    return Lately(
        now,
        (
            *(_Scan(a, s, host_of(url), at, f) for a, s, url, at, f in scans.values_list(*fields)),
            *(_Scan(e.agency, e.system, host_of(e.url), at) for at, e in by_hand if e.is_scan),
        ),
        (
            *((host_of(url), Asked(at, pages)) for url, at, pages in checks),
            *((host_of(e.url), Asked(at, e.weight)) for at, e in by_hand if not e.is_scan),
            *(
                (host_of(url), Asked(at, policy().scan_weight))
                for url, at in in_rounds.values_list("url", "started_at")
            ),
        ),
    )


def _by_hand(since: datetime) -> Iterator[tuple[datetime, ByHand]]:
    rows = Change.objects.filter(what=BY_HAND, at__gt=since)
    for at, after in rows.values_list("at", "after"):
        yield at, msgspec.convert(after, ByHand)


def look_by_hand(
    settings: Settings, url: str, who: str, *, system: str = "", pages: int = 0, because: str = ""
) -> None:
    """Enter in the account what somebody at the command line is about to ask of a host.

    pages    of the check of a tag; 0 is a scan, which the system's agency pays for as well
    because  why it may go beyond a budget; "" when it may not. The trail keeps it.
    Raises ThuocdoError (Spent) `scan_budget`, `system_budget`, `host_budget`.
    """
    agency = System.objects.filter(code=system).order_by("valid_from").last() if system else None
    look = ByHand(
        url,
        pages or policy().scan_weight,
        not pages,
        agency.agency if agency else "",
        system,
        because.strip(),
    )
    with asking(settings, url), transaction.atomic():
        late = _late(look)
        if late is not None and not look.because:
            code, free_at_ = late
            whose = {AGENCY: look.agency, SYSTEM: system}.get(code, host_of(url))
            raise Spent(code, whose, free_at_, "Before that: --beyond-budget, with the reason.")
        if late is not None:
            look = msgspec.structs.replace(look, beyond=late[0])
        after = msgspec.to_builtins(look)
        trail.record(Change.Action.CREATE, BY_HAND, who=who, key=host_of(url), after=after)


def _late(look: ByHand) -> tuple[str, datetime] | None:
    """(whose budget is spent, from when on there is more); None: now."""
    now = lately()
    if look.is_scan:
        return now.scan_free_at(look.agency, look.system, look.url)
    found = now.check_free_at(look.url, look.weight)
    return (HOST, found) if found > now.now else None


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
