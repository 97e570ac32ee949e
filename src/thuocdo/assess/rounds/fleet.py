"""A round's systems as a queue of scans: in their turn, and on where it was when a scanner died."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
from django.utils import timezone

from thuocdo.assess.citizen import contact_of
from thuocdo.assess.hosts import budget
from thuocdo.assess.hosts.locks import Hosts, hosts_of
from thuocdo.assess.models import Entry, Round
from thuocdo.assess.probes.scene import Depth
from thuocdo.assess.probes.target import Target
from thuocdo.assess.results import Result
from thuocdo.assess.rounds.table import why_unranked
from thuocdo.assess.scans import below, crew, shadows
from thuocdo.assess.scans.crew import MAX_ATTEMPTS, Work
from thuocdo.assess.scans.looking import Look, Scanning, axe_of, nothing
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.registry import queues

Tick = Callable[[int, int | None], None]
_NEVER: Final = threading.Event()


@dataclass(frozen=True, slots=True)
class Systems:
    """The systems of some rounds. `rounds`: asked again for each, so that a pause is noticed.

    Who waits for the budget of its host is passed over, unless `beyond` it was said to go; fixtures have none.
    """

    settings: Settings
    rounds: Callable[[], Iterable[Round]]
    scanning: Callable[[Round], Scanning]
    beyond: bool = False

    def put_back_what_was_left(self) -> None:
        """What a dead scanner had begun is begun again, and given up when it has been the death of two."""
        running = Entry.objects.filter(state=Entry.State.RUNNING)
        for entry in running.filter(attempts__gte=MAX_ATTEMPTS):
            _finish(entry, nothing("interrupted"))
        running.update(state=Entry.State.QUEUED)

    def waits(self) -> bool:
        return any(held.entries.filter(state=Entry.State.QUEUED).exists() for held in self.rounds())

    def take(self, hosts: Hosts) -> Work | None:
        for held in self.rounds():
            scanning = self.scanning(held)
            waiting = held.entries.filter(state=Entry.State.QUEUED).order_by("turn")
            is_bound = not self.beyond and not held.is_trial
            spent = budget.lately() if is_bound else None
            for entry in waiting.defer("results"):
                if spent is not None and spent.host_free_at(entry.url) > spent.now:
                    continue
                if not hosts.is_free(entry.url):
                    continue
                target = _target(self.settings, scanning, entry)
                hold = hosts.hold(*hosts_of(target))
                if hold is None:
                    continue
                if queues.take(entry, started_at=timezone.now()):
                    return Work(
                        name=entry.code,
                        target=target,
                        scanning=scanning,
                        hold=hold,
                        done=lambda found, entry=entry: _finish(entry, found),
                        put_back=lambda entry=entry: queues.put_back(entry, started_at=None),
                    )
                hold.release()
        return None


def measure(
    settings: Settings,
    held: Round,
    scanning: Scanning,
    tick: Tick,
    stop: threading.Event = _NEVER,
    *,
    beyond: bool = False,
) -> int:
    """Scan every system of the round that has no results yet; how many were scanned now.

    What agencies asked for meanwhile is scanned between them. Those whose hosts have no budget left are left
    waiting (`late` says until when), unless told to go `beyond` it. Raises ThuocdoError `scanning` when another
    process is at it, `round_closed` when results are announced already, and `no_contact` or `bad_contact`
    when nobody can be written to.
    """
    if held.state != Round.State.MEASURING:
        raise ThuocdoError("round_closed", f"Round {held.code} is {held.state}.")
    contact = contact_of(scanning.contact)
    kept = {"contact": contact, "lab_runs": scanning.depth.lab_runs}
    Round.objects.filter(pk=held.pk).update(**kept)
    total = held.entries.count()

    done = held.entries.filter(state=Entry.State.DONE)
    seen: list[int] = []  # the first after what a dead scanner left was put back or given up

    def told() -> None:
        seen.append(done.count())
        tick(seen[-1], total)

    own = Systems(settings, lambda: [held], lambda _held: scanning, beyond)
    both = (shadows.Shadows(settings), own)
    crew.work(settings, both, scanning.at_once, told, stop)
    return done.count() - seen[0] if seen else 0


def late(held: Round) -> dict[str, datetime]:
    """The systems that wait for the budget of their hosts, by code, and until when; none of fixtures."""
    if held.is_trial:
        return {}
    spent = budget.lately()
    waiting = held.entries.filter(state=Entry.State.QUEUED).order_by("turn")
    times = {code: spent.host_free_at(url) for code, url in waiting.values_list("code", "url")}
    return {code: free_at for code, free_at in times.items() if free_at > spent.now}


def look_at(settings: Settings, scanning: Scanning, target: Target) -> list[Result]:
    """One scan outside any round, at the command line; nothing is kept but the evidence.

    Waits while the host is being scanned. Raises ThuocdoError `no_contact` or `bad_contact`.
    """
    contact_of(scanning.contact)
    target = below.with_sample(settings, target, scanning.depth.below)
    hosts, found = Hosts.of(settings), None
    while found is None:  # while it leads to where another scan is
        with hosts.held(*hosts_of(target)):
            found = Look(settings, scanning, axe_of(settings), target, hosts).run()
    return found


def depth_of(held: Round) -> Depth:
    return Depth(lab_runs=held.lab_runs)


def _finish(entry: Entry, found: list[Result]) -> None:
    Entry.objects.filter(pk=entry.pk, state=Entry.State.RUNNING).update(
        state=Entry.State.DONE,
        results=msgspec.to_builtins(found),
        fault=why_unranked(found),
        finished_at=timezone.now(),
    )


def _target(settings: Settings, scanning: Scanning, entry: Entry) -> Target:
    own = Target(entry.url, entry.plain_url, entry.site_id, system=entry.code)
    return below.with_sample(settings, own, scanning.depth.below)
