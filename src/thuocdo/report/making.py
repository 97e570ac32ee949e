"""What `thuocdo report weekly` does: build, lay on the desk, keep, print."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from thuocdo.core import clock
from thuocdo.core.clock import Period
from thuocdo.core.settings import Settings
from thuocdo.lake.locks import held
from thuocdo.measure.service import Measure
from thuocdo.report import archive
from thuocdo.report.desk import shelf, working
from thuocdo.report.desk.model import Actor, Kind, rules_on
from thuocdo.report.desk.standing import no, refuse_unless_allowed
from thuocdo.report.render import Format
from thuocdo.report.weekly import Tick, build, unwatched


def make_weekly(
    settings: Settings,
    measure: Measure,
    week: str,
    *,
    period: Period | None = None,
    number: str | None = None,
    date: dt.date | None = None,
    as_known: int | None = None,
    as_organised: dt.date | None = None,
    formats: Collection[Format] = tuple(Format),
    out: Path | None = None,
    remark: str | None = None,
    actor: Actor | None = None,
    kind: Kind = Kind.DRAFT,
    note: str = "",
) -> list[Path]:
    """Make the draft of a week's report (`2022-W18`); the files written, in the order of `Format`.

    It is always kept below `<home>/reports`; with `out` the formats asked for are printed there
    and those paths are returned. `as_known` is µs UTC. `remark` is printed under the title, for
    figures that are not the country's; without it the instance's own is (`Settings.remark_path`).
    `actor` made it, by default whoever sits at the command line. Raises `Refused` too.
    """
    report = build(
        measure,
        week,
        period=period,
        number=number,
        date=date,
        as_known=as_known,
        as_organised=as_organised,
        remark=own_remark(settings) if remark is None else remark,
        before=working.last_before(settings, week),
    )
    wanted = [form for form in Format if form in formats]
    with _alone(settings, week):
        working.drafted(settings, report, actor or working.console(), kind=kind, note=note)
        kept = archive.save(report, settings, wanted if out is None else ())
    if out is None:
        return kept if Format.JSON in wanted else kept[1:]
    return archive.write(report, out, wanted)


def remake(
    settings: Settings,
    measure: Measure,
    week: str,
    actor: Actor,
    *,
    number: str | None = None,
    after: int | None = None,
    kind: Kind = Kind.DRAFT,
    note: str = "",
    tick: Tick = unwatched,
) -> None:
    """Make the draft of a week again on what is known now; what people wrote into it stays.

    Period, date and map are those of the draft (of a revision: of what is published). Its number and its
    remark are read when the new draft is laid down: what somebody wrote while it was made is not lost.
    number  of a revision, as the office's registry gave it; without one that of what is published stays
    after  lines the book had when somebody asked for it; whoever checked, signed or withdrew since was
           faster, and the draft stays as it is
    Raises `Refused`, and ThuocdoError `no_report` when there is none.
    """
    before = archive.load(settings, week)
    if kind is Kind.REVISE:
        current = working.standing(settings, week).current
        before = (current and shelf.report_of(settings, week, current.digest)) or before
    report = build(
        measure,
        week,
        period=Period(*before.period),
        number=number or before.number,
        date=before.date,
        as_organised=before.as_organised,
        remark=before.remark,
        before=working.last_before(settings, week),
        tick=tick,
    )
    with _alone(settings, week):
        _refuse_when_others_were_faster(settings, week, after)
        if kind is Kind.DRAFT:
            now = archive.load(settings, week)
            report = msgspec.structs.replace(report, number=now.number, remark=now.remark)
        working.drafted(settings, report, actor, kind=kind, note=note)
        archive.save(report, settings, tuple(Format))


def renumber(settings: Settings, week: str, actor: Actor, number: str) -> None:
    """The draft of a week with the number the office's registry gave it, every figure as it was.

    Nothing is measured again, so it is done while somebody waits; like any other draft it has to be
    checked. Raises `Refused`, and ThuocdoError `no_report` when there is no draft.
    """
    found = working.standing(settings, week)
    refuse_unless_allowed(found, Kind.DRAFT, actor, "", "", rules_on(settings, clock.now_us()))
    with _alone(settings, week):
        found = working.standing(settings, week)
        draft = found.draft and shelf.report_of(settings, week, found.draft.digest)
        report = msgspec.structs.replace(draft or archive.load(settings, week), number=number)
        working.drafted(settings, report, actor)
        archive.save(report, settings, tuple(Format))


def revise(
    settings: Settings,
    measure: Measure,
    week: str,
    actor: Actor,
    note: str,
    *,
    number: str | None = None,
) -> None:
    """Open a revision of what is published, and say why.

    A draft that somebody made since is the one meant; without one it is made, on what is known now.
    Raises `Refused`, before anything is computed.
    """
    if not name_revision(settings, week, actor, note, is_enough=number is None):
        remake(settings, measure, week, actor, number=number, kind=Kind.REVISE, note=note)


def name_revision(
    settings: Settings, week: str, actor: Actor, note: str, *, is_enough: bool = True
) -> bool:
    """Say of the draft that is there why it replaces what is published; false: one has to be made first.

    is_enough  false: another draft is wanted even where one is there
    Raises `Refused` when this person may not open a revision, whether or not a draft is there.
    """
    found = working.standing(settings, week)
    rules = rules_on(settings, clock.now_us())
    digest = found.draft.digest if found.draft else ""
    refuse_unless_allowed(found, Kind.REVISE, actor, digest, note, rules)
    if not is_enough or found.draft is None or found.draft.reason:
        return False
    working.name_revision(settings, week, actor, digest, note)
    return True


def own_remark(settings: Settings) -> str:
    """What the instance says of its own figures, such as that they are simulated; "" when nothing."""
    path = settings.remark_path
    return path.read_text().strip() if path.exists() else ""


@contextmanager
def _alone(settings: Settings, week: str) -> Iterator[None]:
    """A draft's line and its files belong together: one process at a time lays one down."""
    with held(settings.state_dir / f"draft-{week}.lock", f"draft of {week}"):
        yield


def _refuse_when_others_were_faster(settings: Settings, week: str, after: int | None) -> None:
    steps = working.standing(settings, week).steps if after is not None else ()
    if any(step.kind not in (Kind.DRAFT, Kind.REVISE) for step in steps[after:]):
        raise no("draft_changed", rules_on(settings, clock.now_us()).steps[Kind.DRAFT])
