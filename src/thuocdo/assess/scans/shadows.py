"""Shadow scans: one system outside any round, because its agency asked or an appeal ordered it.

What they find is the agency's and the round keeper's to read, and changes no round. Agencies take turns in
the queue, whoever asked for more waits longer; agencies, systems and hosts have budgets (budget.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone

from thuocdo.assess.citizen import contact_of
from thuocdo.assess.hosts import budget
from thuocdo.assess.hosts.locks import Hold, Hosts, host_of, hosts_of
from thuocdo.assess.models import Entry, ShadowScan
from thuocdo.assess.probes.scene import Depth
from thuocdo.assess.probes.target import Target
from thuocdo.assess.results import Result
from thuocdo.assess.scans import below
from thuocdo.assess.scans.addresses import Choice
from thuocdo.assess.scans.crew import MAX_ATTEMPTS, Work
from thuocdo.assess.scans.looking import Scanning
from thuocdo.assess.scans.policy import policy
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.registry import queues, trail
from thuocdo.registry.models import Agency, Change, System

SCANNER: Final = "scanner"
"""Who the trail says ended a scan."""

log = structlog.get_logger("thuocdo.assess")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A scan that waits, as turns are made of it."""

    number: int
    agency: str
    asked_at: datetime


def ask(settings: Settings, agency: str, chosen: Choice, who: str) -> ShadowScan:
    """Put a scan of one system in the queue; the one of this system that is open already is given back.

    Who asks must have been found to hold the right over the agency. Ring afterwards. Raises ThuocdoError
    `simulated_hosts`, `no_contact`, `bad_contact`, `scan_budget`, `system_budget`, `host_budget`.
    """
    if settings.remark_path.exists():
        raise ThuocdoError(
            "simulated_hosts",
            "This country is simulated, and its host names are other people's.",
            "Scan from an instance with a registry of its own.",
        )
    contact = contact_of(settings.scan_contact)
    found = _open(chosen.system, for_appeal=False)
    if found is not None:
        return found
    try:
        with budget.asking(settings, chosen.url), transaction.atomic():
            made = ShadowScan.objects.create(
                agency=agency,
                system=chosen.system,
                name=chosen.name,
                url=chosen.url,
                site_id=chosen.site_id,
                contact=contact,
                lab_runs=policy().lab_runs,
                who=who,
            )
            # Its own row is written first and its agency's is locked: two who ask at once wait here.
            list(Agency.objects.select_for_update().filter(code=agency).values("pk"))
            late = budget.lately(besides=made).scan_free_at(agency, made.system, made.url)
            if late is not None:
                code, free_at = late
                whose = {budget.AGENCY: agency, budget.SYSTEM: made.system}
                raise budget.Spent(code, whose.get(code, host_of(made.url)), free_at)
            after = {"agency": agency, "system": made.system, "url": made.url}
            trail.record(
                Change.Action.CREATE, "shadow_scan", who=who, key=str(made.pk), after=after
            )
    except IntegrityError:  # somebody else was a moment faster
        return ShadowScan.objects.get(system=chosen.system, for_appeal=False, state__in=queues.OPEN)
    return made


def order(entry: Entry, who: str, *, reason: str) -> ShadowScan:
    """The re-scan of a round's system: the open one if there is one. Within a transaction; ring afterwards."""
    found = _open(entry.code, for_appeal=True)
    if found is not None:
        return found
    system = System.objects.filter(code=entry.code).order_by("valid_from").last()
    made = ShadowScan.objects.create(
        agency=system.agency if system else "",
        system=entry.code,
        name=entry.name,
        url=entry.url,
        plain_url=entry.plain_url,
        site_id=entry.site_id,
        for_appeal=True,
        contact=entry.round.contact,
        lab_runs=entry.round.lab_runs,
        who=who,
    )
    after = {"round": entry.round.code, "system": entry.code, "reason": reason}
    trail.record(Change.Action.CREATE, "rescan", who=who, key=str(made.pk), after=after)
    return made


def ring(settings: Settings) -> None:
    """Tell the scanner that there may be something to do."""
    settings.scanner_bell_path.touch()


def results_of(scan: ShadowScan) -> list[Result]:
    return msgspec.convert(scan.results or [], list[Result])


def position(scan: ShadowScan) -> int | None:
    """How many scans come before it; None when it waits no more."""
    turns = [each.number for each in in_turn(_waiting())]
    return turns.index(scan.pk) if scan.pk in turns else None


def waits_for_host(settings: Settings, scan: ShadowScan) -> bool:
    """Whether a scan waits because another look of ours is at its host."""
    return scan.state == queues.State.QUEUED and not Hosts.of(settings).is_free(scan.url)


def in_turn(waiting: Iterable[Waiting]) -> list[Waiting]:
    """The first of each agency, oldest first, then the second of each; pure."""
    ahead: dict[str, int] = {}
    turns: list[tuple[int, datetime, int, Waiting]] = []
    for each in sorted(waiting, key=lambda one: (one.asked_at, one.number)):
        place = ahead[each.agency] = ahead.get(each.agency, -1) + 1
        turns.append((place, each.asked_at, each.number, each))
    return [each for _place, _at, _number, each in sorted(turns, key=lambda turn: turn[:3])]


@dataclass(frozen=True, slots=True)
class Shadows:
    """The queue of shadow scans and re-scans, for a crew."""

    settings: Settings

    def put_back_what_was_left(self) -> None:
        queues.put_back_what_was_left(ShadowScan, MAX_ATTEMPTS)

    def waits(self) -> bool:
        return bool(_waiting())

    def take(self, hosts: Hosts) -> Work | None:
        for each in in_turn(_waiting()):
            scan = ShadowScan.objects.filter(pk=each.number).defer("results").first()
            if scan is None or not hosts.is_free(scan.url):
                continue
            target = self._target(scan)
            hold = hosts.hold(*hosts_of(target))
            if hold is None:
                continue
            try:
                contact = contact_of(scan.contact or self.settings.scan_contact)
            except ThuocdoError as refused:
                _end(scan, queues.State.FAILED, failure=refused.code)
            else:
                if queues.take(scan, started_at=timezone.now()):
                    return self._work(scan, target, contact, hold)
            hold.release()
        return None

    def _target(self, scan: ShadowScan) -> Target:
        own = Target(scan.url, scan.plain_url, scan.site_id, system=scan.system)
        return below.with_sample(self.settings, own, Depth().below)

    def _work(self, scan: ShadowScan, target: Target, contact: str, hold: Hold) -> Work:
        return Work(
            name=scan.system,
            target=target,
            scanning=Scanning(
                contact, self.settings.check_networks, depth=Depth(lab_runs=scan.lab_runs)
            ),
            hold=hold,
            done=lambda found: _end(scan, queues.State.DONE, results=msgspec.to_builtins(found)),
            put_back=lambda: queues.put_back(scan, started_at=None),
        )


def _end(scan: ShadowScan, state: queues.State, **values: object) -> None:
    with transaction.atomic():
        queues.finish(scan, state, **values)
        if scan.for_appeal:
            after = {"system": scan.system, "state": state.value}
            trail.record(Change.Action.UPDATE, "rescan", who=SCANNER, key=str(scan.pk), after=after)


def _waiting() -> list[Waiting]:
    rows = ShadowScan.objects.filter(state=queues.State.QUEUED)
    return [Waiting(*row) for row in rows.values_list("pk", "agency", "asked_at")]


def _open(system: str, *, for_appeal: bool) -> ShadowScan | None:
    found = ShadowScan.objects.filter(system=system, for_appeal=for_appeal, state__in=queues.OPEN)
    return found.defer("results").first()
