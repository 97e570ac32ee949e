"""The desk at work: every step is judged on the book as it is, written down, and only then takes effect.

Whoever asks names the digest they looked at. A step is judged on the lines read and linked as the very next
line; if somebody else wrote one meanwhile it is judged again, so two signers at once end in one signature.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec
import structlog

from thuocdo.core import clock, files
from thuocdo.core.console import operator
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.core.signing import Signer
from thuocdo.measure.definitions import Text
from thuocdo.registry.rights import Right
from thuocdo.report.archive import file_name
from thuocdo.report.desk import shelf
from thuocdo.report.desk.book import Book, Taken
from thuocdo.report.desk.checking import findings, has_number
from thuocdo.report.desk.model import (
    Actor,
    Finding,
    Kind,
    Refused,
    Rules,
    Step,
    Weight,
    rules_on,
    words,
)
from thuocdo.report.desk.standing import Edition, Standing, fold, no, refuse_unless_allowed
from thuocdo.report.model import WeeklyReport, freeze, thaw
from thuocdo.report.render import Format, render

COMMAND_LINE: Final = "command line"
WORKER: Final = Actor("worker", frozenset({Right.PREPARE_REPORTS}), "worker", is_machine=True)
_UPGRADE: Final = "upgrade.jws"
_TRIES: Final = 20

log = structlog.get_logger("thuocdo.desk")


class TakenOver(msgspec.Struct, frozen=True):
    """The record of the upgrade: week → digest of what counts as published from then on; `at` µs UTC."""

    who: str
    at: int
    weeks: dict[str, str]


def console() -> Actor:
    """Whoever sits at the command line and names nobody: they may make drafts."""
    return Actor(operator(), frozenset({Right.PREPARE_REPORTS}), COMMAND_LINE)


def standing(settings: Settings, week: str) -> Standing:
    """Where the report of a week stands. Raises ThuocdoError `bad_week`, `broken_book`."""
    clock.parse_week(week)
    return fold(week, Book(settings, week).steps())


def queue(settings: Settings) -> Iterator[Standing]:
    """Every week that has steps or a draft's file, the latest first; `steps` empty: on no record.

    A broken book is told by `problem`: one must not hide the others.
    """
    folders = (*settings.publication_dir.glob("????-W??"), *settings.reports_dir.glob("????-W??"))
    for week in sorted({folder.name for folder in folders}, reverse=True):
        try:
            yield standing(settings, week)
        except ThuocdoError as broken:
            yield Standing(week, problem=broken.message)


def published(settings: Settings) -> Iterator[tuple[Standing, Edition]]:
    """What the public reads, the latest week first. A week whose book is broken is left out, and logged."""
    folders = settings.publication_dir.glob("????-W??")
    for week in sorted((folder.name for folder in folders), reverse=True):
        try:
            found = standing(settings, week)
        except ThuocdoError:
            log.exception("broken book", week=week)
            continue
        if found.current:
            yield found, found.current


def drafted(
    settings: Settings,
    report: WeeklyReport,
    actor: Actor,
    *,
    kind: Kind = Kind.DRAFT,
    note: str = "",
) -> None:
    """Write down that a draft is made, before its file is: a file without a line is older than the desk.

    The same once more changes nothing. Raises `Refused`.
    """
    digest = shelf.digest_of(freeze(report))
    found = standing(settings, report.week)
    there = {one.digest for one in (found.draft, found.current) if one}
    if kind is Kind.DRAFT and digest in there:
        return
    _write(settings, report.week, kind, actor, digest, note)


def name_revision(settings: Settings, week: str, actor: Actor, digest: str, note: str) -> Step:
    """Say of a draft that it is to replace what is published, and why. Raises `Refused`."""
    return _write(settings, week, Kind.REVISE, actor, digest, note)


def check(
    settings: Settings, week: str, actor: Actor, digest: str, note: str = ""
) -> tuple[Finding, ...]:
    """Confirm the check of a draft; what was found. Raises `Refused` when a finding stands against it."""
    found = findings(_looked_at(settings, week, digest, Kind.CHECK))
    _refuse_for(found, Weight.BLOCK, "check_failed")
    if not note.strip():
        _refuse_for(found, Weight.ACKNOWLEDGE, "needs_word")
    _write(settings, week, Kind.CHECK, actor, digest, note, found)
    return found


def sign(settings: Settings, week: str, actor: Actor, digest: str, note: str = "") -> Step:
    """Sign a checked draft. Raises `Refused`."""
    _looked_at(settings, week, digest, Kind.SIGN)
    return _write(settings, week, Kind.SIGN, actor, digest, note)


def publish(settings: Settings, week: str, actor: Actor, digest: str, note: str = "") -> Step:
    """Make a signed draft public: print it from the bytes that were signed, then say so. Raises `Refused`."""
    report = _looked_at(settings, week, digest, Kind.PUBLISH)
    rules = rules_on(settings, clock.now_us())
    refuse_unless_allowed(standing(settings, week), Kind.PUBLISH, actor, digest, note, rules)
    printed = {
        file_name(week, form): freeze(report) if form is Format.JSON else render(report, form)
        for form in Format
    }
    shelf.put(settings, week, digest, printed)
    return _write(settings, week, Kind.PUBLISH, actor, digest, note)


def withdraw(settings: Settings, week: str, actor: Actor, digest: str, note: str) -> Step:
    """Take the last step before publication back. Raises `Refused`."""
    return _write(settings, week, Kind.WITHDRAW, actor, digest, note)


def last_before(settings: Settings, week: str) -> WeeklyReport | None:
    """The report of the last week before this one, as published, else its draft; None when there is none."""
    for found in queue(settings):
        if found.week < week and (report := in_print(settings, found)):
            return report
    return None


def in_print(settings: Settings, found: Standing) -> WeeklyReport | None:
    """What the public reads of a week, else the draft's file as it lies there; None when neither is."""
    if found.current:
        return shelf.report_of(settings, found.week, found.current.digest)
    path = settings.reports_dir / found.week / file_name(found.week, Format.JSON)
    return thaw(path.read_bytes()) if path.exists() else None


def take_over(settings: Settings) -> TakenOver | None:
    """Once in an instance's life: what lay in the archive before there was a desk counts as published.

    Said by whoever upgrades, in a line of each book and in one signed record. None: it was done before.
    """
    record = settings.publication_dir / _UPGRADE
    if record.exists():
        return None
    settings.publication_dir.mkdir(parents=True, exist_ok=True)
    weeks = {}
    for folder in sorted(settings.reports_dir.glob("????-W??")):
        digest = _take_over(settings, folder.name)
        if digest:
            weeks[folder.name] = digest
    done = TakenOver(operator(), clock.now_us(), weeks)
    token = Signer.of(settings.home).sign(msgspec.json.encode(done))
    return done if files.add(record, token.encode()) else None


def needs_take_over(settings: Settings) -> bool:
    return not (settings.publication_dir / _UPGRADE).exists()


def _take_over(settings: Settings, week: str) -> str | None:
    """A report of before, published as it lies there; None when there is none or it has a book."""
    frozen = settings.reports_dir / week / file_name(week, Format.JSON)
    book = Book(settings, week)
    if not frozen.exists() or book.tokens():
        return None
    content = frozen.read_bytes()
    try:
        thaw(content)
    except msgspec.DecodeError:
        log.exception("no frozen report", week=week)
        return None
    digest = shelf.digest_of(content)
    paths = (frozen.with_name(file_name(week, form)) for form in Format)
    shelf.put(
        settings, week, digest, {path.name: path.read_bytes() for path in paths if path.exists()}
    )
    line = Step(0, week, Kind.UPGRADE, digest, operator(), clock.now_us(), COMMAND_LINE)
    try:
        book.append(line, ())
    except Taken:
        return None
    return digest


def _looked_at(settings: Settings, week: str, digest: str, kind: Kind) -> WeeklyReport:
    """The draft as its file is now. Raises `Refused` unless it is the one on the desk and in the question."""
    found, rules = standing(settings, week), rules_on(settings, clock.now_us())
    path = settings.reports_dir / week / file_name(week, Format.JSON)
    content = path.read_bytes() if path.exists() else b""
    if found.draft is None:
        raise no("out_of_turn", rules.steps[kind])
    if not digest == found.draft.digest == shelf.digest_of(content):
        raise no("draft_changed", rules.steps[kind])
    report = thaw(content)
    if rules.number_before is kind and not has_number(report):
        raise no("no_number", rules.steps[kind])
    return report


def _write(
    settings: Settings,
    week: str,
    kind: Kind,
    actor: Actor,
    digest: str,
    note: str,
    found: tuple[Finding, ...] = (),
) -> Step:
    """Judge and append, again and again until nobody came between. Raises `Refused`."""
    book = Book(settings, week)
    for _ in range(_TRIES):
        steps = book.steps()
        now = clock.now_us()
        before = fold(week, steps)
        rules: Rules = rules_on(settings, now)
        refuse_unless_allowed(before, kind, actor, digest, note, rules)
        step = Step(
            0,
            week,
            kind,
            digest,
            actor.name,
            now,
            actor.through,
            note.strip(),
            replaces=_replaced_by(before, kind),
            findings=found,
            simulated=actor.simulated,
        )
        try:
            return book.append(step, steps)
        except Taken:
            continue
    raise ThuocdoError("busy", f"The book of {week} is being written to.", "Try again.")


def _replaced_by(before: Standing, kind: Kind) -> str:
    if kind in (Kind.DRAFT, Kind.REVISE):
        return before.current.digest if before.current else ""
    return before.draft.replaces if before.draft else ""


def _refuse_for(found: tuple[Finding, ...], weight: Weight, code: str) -> None:
    texts = [one.text for one in found if one.weight is weight]
    if texts:
        raise _refused(code, "; ".join(t.vi for t in texts), "; ".join(t.en for t in texts))


def _refused(code: str, vi: str, en: str) -> Refused:
    said = words().refusals[code]
    return Refused(
        code, Text(vi=said.text.vi.format(step=vi), en=said.text.en.format(step=en)), said.way_out
    )
