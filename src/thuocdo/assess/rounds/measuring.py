"""The measuring of a round by the instance's own scanner: started, paused, gone on with, and how far it is.

The scanner (run/scanner.py) looks at the round's `scanning`; nobody has to wait at a page. Each step is
one conditional UPDATE: of two who press at once one does it, and the other is told so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Q
from django.utils import timezone
from msgspec import UNSET

from thuocdo.assess.citizen import contact_of
from thuocdo.assess.models import Entry, Round
from thuocdo.assess.results import Fault, faults_of, hindered, obstructed
from thuocdo.assess.rounds.fleet import Systems, depth_of
from thuocdo.assess.rounds.grading import results_of, rules_of, worth
from thuocdo.assess.scans.looking import Scanning
from thuocdo.assess.scans.policy import lab_runs_of, policy
from thuocdo.assess.site_check.check import normal_url
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings


@dataclass(frozen=True, slots=True)
class VendorLine:
    """How far one vendor's systems are: they take turns."""

    vendor: str
    done: int
    running: int
    total: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a round is. hourly: systems an hour by the latest ends; None where it is not known yet.

    entries   every system in its turn, without what was found
    hindered  systems of which no look was possible, by the fault
    """

    queued: int
    running: int
    done: int
    hourly: float | None
    left: timedelta | None
    entries: list[Entry]
    hindered: list[tuple[str, int]]
    vendors: list[VendorLine]

    @property
    def total(self) -> int:
        return len(self.entries)

    @property
    def at_work(self) -> list[Entry]:
        return [each for each in self.entries if each.state == Entry.State.RUNNING]


def start(held: Round, contact: str, lab_runs: int) -> None:
    """Have the round measured. Ring afterwards.

    Raises ThuocdoError `no_contact`, `bad_contact`, `bad_lab_runs`, `trial_round`, `scanning_already`,
    `all_measured`, `round_closed`.
    """
    whom, runs = contact_of(contact), lab_runs_of(lab_runs)
    if held.is_trial:
        raise ThuocdoError(
            "trial_round", f"The fixtures of {held.code} are served by the command line alone."
        )
    _expect_work(held)
    begun = _measuring(held).filter(scanning=Round.Scanning.OFF)
    if not begun.update(
        scanning=Round.Scanning.ON, scanning_since=timezone.now(), contact=whom, lab_runs=runs
    ):
        raise _late(held)


def pause(held: Round) -> None:
    """Begin no further system; those begun come to their end. Raises `not_scanning`, `round_closed`."""
    on = _measuring(held).filter(scanning=Round.Scanning.ON)
    if not on.update(scanning=Round.Scanning.PAUSED):
        raise _late(held)


def resume(held: Round) -> None:
    """Go on. Ring afterwards. Raises `scanning_already`, `not_scanning`, `all_measured`, `round_closed`."""
    _expect_work(held)
    paused = _measuring(held).filter(scanning=Round.Scanning.PAUSED)
    if not paused.update(scanning=Round.Scanning.ON):
        raise _late(held)


@dataclass(frozen=True, slots=True)
class Again:
    """A system that may be measured once more: points that are open by its own side's doing, and by a fault of ours."""

    entry: Entry
    by_site: Decimal
    by_us: Decimal

    def told(self, reason: str, url: str) -> dict[str, object]:
        """What the trail keeps of it. url: where it answers now, "" where it was."""
        what = {"do": "again", "system": self.entry.code, "because": reason}
        moved = {"url_before": self.entry.url, "url": url} if url else {}
        opened = {"open_by_site": str(self.by_site), "open_by_us": str(self.by_us)}
        return what | opened | moved


def to_look_at_again(held: Round) -> list[Again]:
    """Measured systems of which more is open by their own side's doing than the rules allow, or anything by ours.

    A time-out may be the line's doing, and a scanner dies or finds the disk full: these may be measured once more
    before anybody is told.
    """
    rules = rules_of(held)
    worth_of = worth(rules)
    most = rules.total if rules.obstruction is UNSET else rules.obstruction.most

    def points(keys: Iterable[str]) -> Decimal:
        return sum((worth_of[key] for key in keys), Decimal())

    found = []
    for entry in held.entries.filter(state=Entry.State.DONE).order_by("name"):
        why = faults_of(results_of(entry))
        one = Again(
            entry,
            points(obstructed(rules, why)),
            points(hindered(rules, why, {Fault.INTERNAL})),
        )
        if one.by_site > most or one.by_us:
            found.append(one)
    return found


def again(held: Round, code: str, reason: str, url: str = "") -> Again:
    """Have such a system measured once more, what was found before being given up.

    url  where it answers now, if it moved while the round was on; "" where it was

    Ring afterwards. Raises ThuocdoError `round_closed`, `no_reason`, `not_obstructed`, `bad_url`.
    """
    moved = {"url": normal_url(url), "plain_url": ""} if url.strip() else {}
    if held.state != Round.State.MEASURING:
        raise _late(held)
    if not reason.strip():
        raise ThuocdoError("no_reason", "A reason is needed.", "Say why in a sentence.")
    for one in to_look_at_again(held):
        if one.entry.code == code:
            done = Entry.objects.filter(pk=one.entry.pk, state=Entry.State.DONE)
            fresh = {"state": Entry.State.QUEUED, "attempts": 0, "results": None, "fault": ""}
            done.update(**fresh, **moved, finished_at=None)
            return one
    raise ThuocdoError(
        "not_obstructed", f"{code} kept nothing, or too little, from being measured."
    )


def systems(settings: Settings) -> Systems:
    """What the scanner has to do, for a crew: the systems of every round that is on, the oldest first."""

    def scanning(held: Round) -> Scanning:
        return Scanning(held.contact, settings.check_networks, depth=depth_of(held))

    return Systems(settings, _on, scanning)


def progress(held: Round) -> Progress:
    """How far it is now."""
    entries = list(held.entries.order_by("turn").defer("results"))
    states = [each.state for each in entries]
    ended = sorted(each.finished_at for each in entries if each.finished_at)
    step = _step(ended)
    open_ones = sum(state != Entry.State.DONE for state in states)
    hindered: dict[str, int] = {}
    for each in entries:
        if each.fault:
            hindered[each.fault] = hindered.get(each.fault, 0) + 1
    return Progress(
        queued=states.count(Entry.State.QUEUED),
        running=states.count(Entry.State.RUNNING),
        done=states.count(Entry.State.DONE),
        hourly=timedelta(hours=1) / step if step else None,
        left=step * open_ones if step and open_ones else None,
        entries=entries,
        hindered=sorted(hindered.items(), key=lambda each: (-each[1], each[0])),
        vendors=_vendors(held),
    )


def _step(ended: list[datetime]) -> timedelta | None:
    """The time between two ends of late; None where too few are known, or all are of one moment."""
    latest = ended[-policy().pace_of :]
    span = latest[-1] - latest[0] if len(latest) >= policy().pace_from else timedelta(0)
    return span / (len(latest) - 1) if span else None


def _vendors(held: Round) -> list[VendorLine]:
    rows: Iterable[tuple[str, int, int, int]] = (
        held.entries.exclude(vendor="")
        .values_list("vendor")
        .annotate(
            done=Count("pk", filter=Q(state=Entry.State.DONE)),
            running=Count("pk", filter=Q(state=Entry.State.RUNNING)),
            total=Count("pk"),
        )
        .order_by("-total", "vendor")
    )
    return [VendorLine(*row) for row in rows]


def _on() -> list[Round]:
    on = Round.objects.filter(state=Round.State.MEASURING, scanning=Round.Scanning.ON)
    return list(on.order_by("scanning_since", "pk").defer("rules", "publication"))


def _measuring(held: Round):
    return Round.objects.filter(pk=held.pk, state=Round.State.MEASURING)


def _expect_work(held: Round) -> None:
    if not held.entries.exclude(state=Entry.State.DONE).exists():
        raise ThuocdoError("all_measured", f"Every system of round {held.code} is measured.")


def _late(held: Round) -> ThuocdoError:
    """Why a step changed nothing: somebody was faster, or it is not due."""
    held.refresh_from_db()
    if held.state != Round.State.MEASURING:
        return ThuocdoError("round_closed", f"Round {held.code} is {held.state}.")
    if held.scanning == Round.Scanning.ON:
        return ThuocdoError("scanning_already", f"Round {held.code} is being measured already.")
    return ThuocdoError("not_scanning", f"The measuring of round {held.code} is {held.scanning}.")
