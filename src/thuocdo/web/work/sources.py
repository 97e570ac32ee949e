"""An agency's systems as the workspace sees them: what runs today, what was heard, how it is doing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from django.db.models import F

from thuocdo.core import clock
from thuocdo.core.vietnamese import collation_key
from thuocdo.core.vocabulary import Feed, Intake, RejectReason, SystemKind, Trust
from thuocdo.measure.model import IntakeCount
from thuocdo.registry.desk import of_agencies
from thuocdo.registry.models import Agency, Site, System
from thuocdo.registry.people import Person
from thuocdo.web import board, pulse
from thuocdo.web.work import health
from thuocdo.web.work.diagnosis import Refused
from thuocdo.web.work.health import HOUR_US, Heard, Policy, State, Tally

FROM_FILES: Final = frozenset({Feed.IMPORT.value, Feed.ACCESS_LOG.value})
"""What somebody loaded says nothing of whether the system itself speaks."""
DOSSIER_FEEDS: Final = frozenset({Feed.MCDT.value, Feed.DVCQG.value, Feed.CANONICAL.value})
_BY_START: Final = F("valid_from").asc(nulls_first=True)
_ORDER: Final = {state: place for place, state in enumerate(State)}


@dataclass(frozen=True)
class Watched:
    """One system with its sites, or one site of it.

    key     a system's code or a site's number, as the address has it
    agency  code and name of who runs it
    counts  what landed of it in the weeks of the policy, files included
    """

    key: str
    name: str
    kind: str
    system: str
    agency: str
    agency_name: str
    sites: tuple[Site, ...]
    counts: tuple[IntakeCount, ...]
    heard: Heard
    now: int
    numbers: Policy

    @cached_property
    def state(self) -> State:
        return health.state(self.heard, self.now, self.numbers)

    @property
    def last(self) -> int | None:
        """The latest thing known of it, µs UTC."""
        known = (self.heard.accepted, self.heard.event)
        return max((at for at in known if at is not None), default=None)

    @cached_property
    def today(self) -> Tally:
        """What came by itself since local midnight, and what was refused."""
        since = clock.day_start_us(clock.local_day(self.now))
        return self.heard.tally(since, self.now + 1)

    @property
    def alive(self) -> list[IntakeCount]:
        """What came by itself, less what had come before: a chart of the connection."""
        return [
            each
            for each in self.counts
            if each.feed not in FROM_FILES and (each.outcome != Intake.REFUSED or _is_refusal(each))
        ]

    @cached_property
    def ailing(self) -> list[Watched]:
        """Sites that need somebody while their portal as a whole speaks; the gravest first.

        Of one-stop systems none: their dossiers name no site.
        """
        if self.state in health.MUTE or self.kind == SystemKind.ONE_STOP or len(self.sites) <= 1:
            return []
        found = [one_site(self, site.site_id) for site in self.sites]
        return sorted(
            (each for each in found if each is not None and each.state not in health.GOOD),
            key=_first,
        )

    @cached_property
    def by_site(self) -> dict[int | None, list[IntakeCount]]:
        """What landed of each of its sites; under None what names none."""
        found: dict[int | None, list[IntakeCount]] = defaultdict(list)
        for each in self.counts:
            found[each.site_id].append(each)
        return found

    def refused(self, since: int) -> list[Refused]:
        """Refusals in the hours that begin from an instant, the most frequent reason first."""
        return refusals(self.counts, since)

    def dossiers(self, since: int) -> Tally:
        """Messages about dossiers that came by themselves in the hours that begin from an instant."""
        return sum(
            (
                _tally(each)
                for each in self.counts
                if each.feed in DOSSIER_FEEDS and each.hour >= since
            ),
            start=Tally(),
        )


def of_place(who: Person, agency: str, now: int) -> list[Watched]:
    """The systems of an agency and of those below it: what needs somebody first, closed ones last."""
    return of_codes(who.below(agency), now)


def of_codes(codes: Collection[str], now: int) -> list[Watched]:
    """The same of some agencies' codes."""
    numbers = health.policy(now)
    systems = _latest(of_agencies(System.objects.all(), codes), now)
    of_system: dict[str, list[Site]] = defaultdict(list)
    day = clock.local_day(now)
    for site in _latest(Site.objects.filter(system__in=list(systems)), now).values():
        if site.covers(day) or not systems[site.system].covers(day):
            of_system[site.system].append(site)  # a site that ended is expected no longer
    counts = _counts(of_system, systems, now, numbers)
    names = dict(
        Agency.objects.filter(code__in={row.agency for row in systems.values()})
        .order_by(_BY_START)
        .values_list("code", "name")
    )
    found = [
        _watched(
            row, of_system[code], counts[code], names.get(row.agency, row.agency), now, numbers
        )
        for code, row in systems.items()
        if row.valid_from is None or row.valid_from <= clock.local_day(now)
    ]
    return sorted(found, key=_first)


def one_site(watched: Watched, site_id: int) -> Watched | None:
    """One site of a system, with the dossiers of the system, which name no site; None: not its site."""
    site = next((each for each in watched.sites if each.site_id == site_id), None)
    if site is None:
        return None
    counts = [*watched.by_site.get(None, ()), *watched.by_site.get(site_id, ())]
    event = _event([site], watched.system if watched.kind == SystemKind.ONE_STOP else "")
    heard = _heard(
        watched.kind, site.valid_to, counts, event, watched.now, watched.numbers,
    )  # fmt: skip
    return Watched(
        str(site_id), site.name, watched.kind, watched.system, watched.agency,
        watched.agency_name, (site,), tuple(counts), heard, watched.now, watched.numbers,
    )  # fmt: skip


def refusals(counts: Iterable[IntakeCount], since: int) -> list[Refused]:
    """By reason, the most frequent first."""
    found: dict[str, list[IntakeCount]] = defaultdict(list)
    for each in counts:
        if each.hour >= since and _is_refusal(each):
            found[each.reason or ""].append(each)
    told = [
        Refused(reason, sum(each.records for each in of), max(each.last_landed for each in of))
        for reason, of in found.items()
    ]
    return sorted(told, key=lambda each: (-each.records, each.reason))


def _latest(rows, now: int) -> dict:
    """Key → the row of today, else the latest there was."""
    day = clock.local_day(now)
    found = {}
    for row in rows.order_by(_BY_START):
        key = row.key[0]
        if key not in found or row.covers(day) or not found[key].covers(day):
            found[key] = row
    return found


def _counts(
    of_system: dict[str, list[Site]], systems: dict[str, System], now: int, numbers: Policy
) -> dict[str, list[IntakeCount]]:
    """System → what landed of it and of its sites."""
    day = clock.local_day(now)
    running = [code for code, row in systems.items() if row.valid_to is None or row.valid_to >= day]
    owner = {site.site_id: code for code in running for site in of_system[code]}
    since, until = health.span(now, numbers)
    found: dict[str, list[IntakeCount]] = defaultdict(list)
    for each in board.measure().intake(since, until, sources=(owner, running)):
        code = owner.get(each.site_id) if each.site_id is not None else each.system
        if code:
            found[code].append(each)
    return found


def _watched(
    row: System, sites: Sequence[Site], counts: Sequence[IntakeCount], name: str, now: int,
    numbers: Policy,
) -> Watched:  # fmt: skip
    closed = row.valid_to if row.valid_to and row.valid_to < clock.local_day(now) else None
    heard = _heard(row.kind, closed, counts, _event(sites, row.code), now, numbers)
    ordered = sorted(sites, key=lambda site: (collation_key(site.name), site.site_id))
    return Watched(
        row.code, row.name, row.kind, row.code, row.agency, name, tuple(ordered), tuple(counts),
        heard, now, numbers,
    )  # fmt: skip


def _heard(
    kind: str, last_day, counts: Sequence[IntakeCount], event: int | None, now: int,
    numbers: Policy,
) -> Heard:  # fmt: skip
    hours: dict[int, Tally] = defaultdict(Tally)
    accepted = None
    for each in counts:
        if each.feed in FROM_FILES:
            continue
        if each.outcome != Intake.REFUSED:
            accepted = max(each.last_landed, accepted or each.last_landed)
        hours[each.hour] += _tally(each)
    closed = last_day if last_day and last_day < clock.local_day(now) else None
    return Heard(kind, closed, accepted, event, health.span(now, numbers)[0], dict(hours))


def _event(sites: Iterable[Site], system: str) -> int | None:
    """The latest event by any way, however long ago."""
    heard = pulse.heard(board.instance())
    known = [heard.systems.get(system), *(heard.sites.get(site.site_id) for site in sites)]
    return max((at for at in known if at is not None), default=None)


def _tally(each: IntakeCount) -> Tally:
    verified = each.records if each.trust == Trust.VERIFIED else 0
    if each.feed in FROM_FILES:
        return Tally()
    match each.outcome:
        case Intake.ACCEPTED:
            return Tally(accepted=each.records, verified=verified)
        case Intake.BOT:
            return Tally(bots=each.records)
    return Tally(refused=each.records) if _is_refusal(each) else Tally()


def _is_refusal(each: IntakeCount) -> bool:
    """A record that came before is no fault: it was counted the first time."""
    return each.outcome == Intake.REFUSED and each.reason != RejectReason.REPLAYED


def _first(watched: Watched) -> tuple[int, int, str]:
    return _ORDER[watched.state], watched.last or 0, collation_key(watched.name)


def lately(now: int, hours: int) -> int:
    """Where the last hours begin, the current one among them."""
    return health.hour_of(now) - (hours - 1) * HOUR_US
