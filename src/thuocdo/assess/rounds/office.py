"""The office of a round: what may be done when, kept in the control plane's tables.

plan → measure and mark → settle differences → preliminary → appeals until a deadline → publish, frozen
and signed → corrections, each with its reason, beside a publication that stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec
from django.db import IntegrityError, transaction
from django.db.models import Count
from django.utils import timezone

from thuocdo import __version__
from thuocdo.assess.criteria.model import CriteriaSet
from thuocdo.assess.models import Appeal, Entry, Mark, Round, Ruling
from thuocdo.assess.printable import fit
from thuocdo.assess.rounds import deadline
from thuocdo.assess.rounds.grading import graded, rules_of, to_mark, together_of, with_marks, worth
from thuocdo.assess.rounds.interests import one_name, refuse_own
from thuocdo.assess.rounds.marking import Difference, checklist
from thuocdo.assess.rounds.publication import Publication, publication
from thuocdo.assess.scans import shadows
from thuocdo.core import clock
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.core.signing import Signer, opened


class System(msgspec.Struct, frozen=True):
    """One system that a round is to assess.

    code   the registry's, where it has one: by it EMC's own figures are asked about the system's feeds
    block  "ministry" or "province"
    """

    code: str
    name: str
    block: str
    url: str
    vendor: str = ""
    plain_url: str = ""
    site_id: int | None = None


def plan(code: str, criteria: CriteriaSet, systems: Sequence[System], *, is_trial: bool) -> Round:
    """Make a round; its rules are frozen from here on. Raises ThuocdoError `round_exists`, `no_systems`."""
    if Round.objects.filter(code=code).exists():
        raise ThuocdoError("round_exists", f"There is a round {code!r}.", "Choose another name.")
    if not systems:
        raise ThuocdoError("no_systems", "A round needs systems.", "Name a file that lists some.")
    rules = msgspec.to_builtins(criteria)
    with transaction.atomic():
        made = Round.objects.create(
            code=code,
            rules=rules,
            rules_sha256=criteria.sha256,
            software=f"thuocdo {__version__}",
            is_trial=is_trial,
        )
        Entry.objects.bulk_create(
            Entry(round=made, turn=turn, **msgspec.structs.asdict(system))
            for turn, system in enumerate(fair_order(systems))
        )
    return made


def fair_order(systems: Sequence[System]) -> list[System]:
    """Vendors take turns, so that no vendor's machines are all asked at once; each in its own order."""
    by_vendor: dict[str, list[System]] = {}
    for system in systems:
        by_vendor.setdefault(system.vendor or system.code, []).append(system)
    longest = max(map(len, by_vendor.values()), default=0)
    return [own[turn] for turn in range(longest) for own in by_vendor.values() if turn < len(own)]


def find(code: str) -> Round:
    """Raises ThuocdoError `unknown_round`."""
    found = Round.objects.filter(code=code).first()
    if found is None:
        known = ", ".join(Round.objects.order_by("code").values_list("code", flat=True)) or "none"
        raise ThuocdoError("unknown_round", f"There is no round {code!r}.", f"There is: {known}.")
    return found


def waiting(held: Round) -> list[str]:
    """Codes of the systems that are not measured yet, in their turn."""
    left = held.entries.exclude(state=Entry.State.DONE)
    return list(left.order_by("turn").values_list("code", flat=True))


def entry_of(held: Round, code: str) -> Entry:
    """Raises ThuocdoError `unknown_system`."""
    found = held.entries.filter(code=code).first()
    if found is None:
        raise ThuocdoError("unknown_system", f"Round {held.code} has no system {code!r}.")
    return found


# --- the assessors ---------------------------------------------------------------------------


def mark(
    held: Round,
    code: str,
    assessor: str,
    key: str,
    *,
    points: Decimal | None = None,
    found: Iterable[str] | None = None,
    evidence: str = "",
) -> Mark:
    """One assessor's points for one criterion, by the items found or as such; once and for all.

    Raises ThuocdoError `round_closed`, `bad_mark`, `unknown_system`, `conflict_of_interest`, `no_assessor`.
    """
    _expect(held, Round.State.MEASURING)
    rules = rules_of(held)
    criterion = next((c for g, c in rules.criteria() if f"{g.code}.{c.code}" == key), None)
    entry = entry_of(held, code)
    refuse_own(assessor, entry)
    assessor = one_name(entry, assessor)
    if criterion is None or key not in to_mark(entry, rules):
        raise ThuocdoError("bad_mark", f"{key} is not for assessors in {code}.")
    if found is not None:
        points = checklist(rules, criterion, found)
    if points is None or not 0 <= points <= criterion.points:
        raise ThuocdoError("bad_mark", f"{key}: {points} is not between 0 and {criterion.points}.")
    given = {"assessor": assessor, "key": key, "points": points, "evidence": fit(evidence)}
    try:
        with transaction.atomic():  # of two that come at once the first stays
            return Mark.objects.create(entry=entry, **given)
    except IntegrityError:
        refusal = f"{assessor} has marked {key} of {code} already."
        raise ThuocdoError("bad_mark", refusal) from None


def marks_shown_to(held: Round, assessor: str) -> list[Mark]:
    """An assessor's own marks alone, as long as marks are made; everybody's once that is over."""
    found = Mark.objects.filter(entry__round=held).order_by("entry__code", "key", "assessor")
    if held.state == Round.State.MEASURING:
        found = found.filter(assessor=assessor)
    return list(found)


def differences(held: Round) -> list[tuple[str, Difference]]:
    """What the assessors must reconcile, with the system's code."""
    rules = rules_of(held)
    return [
        (entry.code, each)
        for entry in with_marks(held, rules).order_by("code")
        for each in together_of(entry, rules, rules).differences
    ]


def progress(held: Round) -> dict[str, int]:
    """How many systems are queued, running and done."""
    found = held.entries.values_list("state").annotate(n=Count("pk"))
    return {state.value: 0 for state in Entry.State} | dict(found)


def marked(held: Round) -> list[tuple[str, int]]:
    """How many marks each assessor has made: how far they are, not what they gave."""
    marks = Mark.objects.filter(entry__round=held)
    return sorted(marks.values_list("assessor").annotate(n=Count("pk")))


def settle(held: Round, code: str, key: str, points: Decimal, reason: str, who: str) -> Ruling:
    """The assessors' common points, with their reason. Raises `round_closed`, `bad_mark`, `no_reason`."""
    _expect(held, Round.State.MEASURING)
    return _rule(held, code, key, points, reason, who, Ruling.Kind.RECONCILED)


# --- preliminary results and appeals ---------------------------------------------------------


def announce(held: Round, until: datetime) -> None:
    """Preliminary results to the agencies, who may appeal until then.

    Raises ThuocdoError `round_closed`, `not_measured`, `not_reconciled`, `bad_appeal_days`.
    """
    _expect(held, Round.State.MEASURING)
    _complete(held)
    if until <= timezone.now():
        raise ThuocdoError("bad_appeal_days", "The deadline for appeals has passed already.")
    Round.objects.filter(pk=held.pk).update(state=Round.State.PRELIMINARY, appeals_until=until)
    held.refresh_from_db()


def appeal(held: Round, code: str, key: str, text: str, who: str) -> Appeal:
    """What an agency says against one criterion; one open appeal at a time.

    Against what a machine measures it orders a re-scan, which appeals against the same system share while
    it is open: ring for it afterwards. What was announced stays as it is, whatever the re-scan finds.
    Raises ThuocdoError `round_closed`, `too_late`, `no_reason`, `bad_mark`, `appeal_open`.
    """
    _expect(held, Round.State.PRELIMINARY)
    if held.appeals_until is None or timezone.now() >= held.appeals_until:
        raise ThuocdoError(
            "too_late",
            f"Appeals in round {held.code} were due by {deadline.told(held.appeals_until)}.",
        )
    _known(held, key)
    _reasoned(text)
    entry = entry_of(held, code)
    with transaction.atomic():
        if entry.appeals.filter(key=key, verdict=Appeal.Verdict.OPEN).exists():
            raise ThuocdoError(
                "appeal_open", f"An appeal against {key} of {code} is open.", "Wait for its answer."
            )
        made = Appeal.objects.create(entry=entry, key=key, text=fit(text), who=who)
        if may_be_rescanned(held, key):
            _link(made, who)
        return made


def may_be_rescanned(held: Round, key: str) -> bool:
    """Whether a scan can say anything about a criterion; of fixtures nobody asks again."""
    return not held.is_trial and key not in worth(rules_of(held), "manual")


def rescan(number: int, who: str) -> Appeal:
    """Order one more re-scan for an open appeal, the first having failed or grown old. Ring afterwards.

    Raises ThuocdoError `unknown_appeal`, `decided`, `not_scanned`.
    """
    found = Appeal.objects.filter(pk=number).select_related("entry__round").first()
    if found is None:
        raise ThuocdoError("unknown_appeal", f"There is no appeal {number}.")
    if found.verdict != Appeal.Verdict.OPEN:
        raise ThuocdoError("decided", f"Appeal {number} is decided already.")
    if not may_be_rescanned(found.entry.round, found.key):
        raise ThuocdoError("not_scanned", f"{found.key} is judged by people; no scan sees it.")
    with transaction.atomic():
        _link(found, who)
    return found


def _link(made: Appeal, who: str) -> None:
    made.rescan = shadows.order(made.entry, who, reason=f"appeal {made.pk}: {made.key}")
    made.save(update_fields=["rescan"])


def decide(number: int, answer: str, who: str, points: Decimal | None = None) -> Appeal:
    """Allow an appeal with the points it gives, or dismiss it; either way with a reason.

    Raises ThuocdoError `unknown_appeal`, `decided`, `no_reason`, `bad_mark`, `conflict_of_interest`.
    """
    found = Appeal.objects.filter(pk=number).first()
    if found is None:
        raise ThuocdoError("unknown_appeal", f"There is no appeal {number}.")
    _reasoned(answer)
    refuse_own(who, found.entry)
    if who == found.who:
        raise ThuocdoError("conflict_of_interest", f"{who} made appeal {number}.")
    verdict = Appeal.Verdict.DISMISSED if points is None else Appeal.Verdict.ALLOWED
    with transaction.atomic():
        taken = Appeal.objects.filter(pk=number, verdict=Appeal.Verdict.OPEN).update(
            verdict=verdict, answer=fit(answer), decided_by=who, decided_at=timezone.now()
        )
        if not taken:
            raise ThuocdoError("decided", f"Appeal {number} is decided already.")
        if points is not None:
            entry = found.entry
            _rule(entry.round, entry.code, found.key, points, answer, who, Ruling.Kind.APPEAL)
    found.refresh_from_db()
    return found


# --- publication -----------------------------------------------------------------------------


def publish(held: Round, settings: Settings) -> Publication:
    """Freeze and sign what the round found. A second call gives the same, from what was signed.

    A trial needs no time for appeals. Raises ThuocdoError `not_measured`, `not_reconciled`,
    `not_announced`, `appeals_open`.
    """
    if held.state == Round.State.PUBLISHED:
        return published(held, settings)
    _complete(held)
    if not held.is_trial:
        _appeals_over(held)
    now = clock.now_us()
    made = as_it_stands(held, now)
    signed = Signer.of(settings.home).sign(msgspec.json.encode(made))
    Round.objects.filter(pk=held.pk, state=held.state).update(
        state=Round.State.PUBLISHED, published_at=clock.to_datetime(now), publication=signed
    )
    held.refresh_from_db()
    return published(held, settings)


def as_it_stands(held: Round, at: int) -> Publication:
    """What would be published at an instant, µs UTC; nobody has signed it."""
    return publication(
        code=held.code,
        is_trial=held.is_trial,
        at=at,
        criteria=rules_of(held),
        rules_sha256=held.rules_sha256,
        software=held.software,
        graded=graded(held),
    )


def published(held: Round, settings: Settings) -> Publication:
    """What was published. Raises ThuocdoError `not_published`, or `bad_publication` when it was changed."""
    _expect(held, Round.State.PUBLISHED)
    made = opened(held.publication, Signer.of(settings.home).public, Publication)
    if made is None:
        raise ThuocdoError("bad_publication", f"Round {held.code} is not what was signed.")
    return made


def correct(held: Round, code: str, key: str, points: Decimal, reason: str, who: str) -> Ruling:
    """An entry of the correction log of a published round; the publication stays as it was signed."""
    _expect(held, Round.State.PUBLISHED)
    return _rule(held, code, key, points, reason, who, Ruling.Kind.CORRECTION)


def corrections(held: Round) -> list[Ruling]:
    found = Ruling.objects.filter(entry__round=held, kind=Ruling.Kind.CORRECTION)
    return list(found.select_related("entry").order_by("made_at", "id"))


# --- what they all use ------------------------------------------------------------------------


def _rule(
    held: Round, code: str, key: str, points: Decimal, reason: str, who: str, kind: Ruling.Kind
) -> Ruling:
    _reasoned(reason)
    worth, entry = _known(held, key), entry_of(held, code)
    if not 0 <= points <= worth:
        raise ThuocdoError("bad_mark", f"{key}: {points} is not between 0 and {worth}.")
    refuse_own(who, entry)
    given = {"key": key, "points": points, "reason": fit(reason), "who": who}
    return Ruling.objects.create(entry=entry, kind=kind, **given)


def _known(held: Round, key: str) -> Decimal:
    points = worth(rules_of(held))
    if key not in points:
        raise ThuocdoError("bad_mark", f"The rules of round {held.code} have no {key!r}.")
    return points[key]


def _reasoned(text: str) -> None:
    if not text.strip():
        raise ThuocdoError("no_reason", "A reason is needed.", "Say why in a sentence.")


def _expect(held: Round, state: Round.State) -> None:
    if held.state != state:
        raise ThuocdoError(
            "round_closed", f"Round {held.code} is {held.state}; this needs it to be {state}."
        )


def _complete(held: Round) -> None:
    left = waiting(held)
    if left:
        raise ThuocdoError(
            "not_measured",
            f"{len(left)} systems of round {held.code} are not measured yet.",
            f"Run `thuocdo assess run --round {held.code}` again: it goes on where it stopped.",
        )
    open_ones = differences(held)
    if open_ones:
        code, first = open_ones[0]
        raise ThuocdoError(
            "not_reconciled",
            f"{len(open_ones)} differences of assessors are open, first {code}: {first.key}.",
            "Settle them with `thuocdo assess settle`.",
        )


def _appeals_over(held: Round) -> None:
    if held.state != Round.State.PRELIMINARY:
        raise ThuocdoError(
            "not_announced",
            f"Round {held.code} has not been told to the agencies.",
            "Announce it first (`thuocdo assess announce`), so that they can appeal.",
        )
    waiting = Appeal.objects.filter(entry__round=held, verdict=Appeal.Verdict.OPEN).count()
    if waiting or (held.appeals_until and timezone.now() < held.appeals_until):
        raise ThuocdoError(
            "appeals_open",
            f"{waiting} appeals are open; they are taken until {deadline.told(held.appeals_until)}.",
            "Decide them, and wait for the deadline.",
        )
