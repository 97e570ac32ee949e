"""What `thuocdo report weekly` does: build, lay on the desk, keep, print."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from pathlib import Path

import msgspec

from thuocdo.core import clock
from thuocdo.core.clock import Period
from thuocdo.core.settings import Settings
from thuocdo.measure.service import Measure
from thuocdo.report import archive
from thuocdo.report.desk import shelf, working
from thuocdo.report.desk.model import Actor, Kind, rules_on
from thuocdo.report.desk.standing import refuse_unless_allowed
from thuocdo.report.model import WeeklyReport
from thuocdo.report.render import Format
from thuocdo.report.weekly import build


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
    working.drafted(settings, report, actor or working.console(), kind=kind, note=note)
    wanted = [form for form in Format if form in formats]
    if out is None:
        kept = archive.save(report, settings, wanted)
        return kept if Format.JSON in wanted else kept[1:]
    archive.save(report, settings)
    return archive.write(report, out, wanted)


def remake(
    settings: Settings, measure: Measure, week: str, actor: Actor, *, number: str | None = None
) -> None:
    """Make the draft of a week again on what is known now; its period, date and remark stay.

    number  as the office's registry gave it; without one the draft's own stays
    Raises `Refused`, and ThuocdoError `no_report` when there is none.
    """
    _again(settings, measure, archive.load(settings, week), actor, number=number)


def renumber(settings: Settings, week: str, actor: Actor, number: str) -> None:
    """The draft of a week with the number the office's registry gave it, every figure as it was.

    Nothing is measured again, so it is done while somebody waits; like any other draft it has to be
    checked. Raises `Refused`, and ThuocdoError `no_report` when there is no draft.
    """
    found = working.standing(settings, week)
    refuse_unless_allowed(found, Kind.DRAFT, actor, "", "", rules_on(settings, clock.now_us()))
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
    found = working.standing(settings, week)
    rules = rules_on(settings, clock.now_us())
    digest = found.draft.digest if found.draft else ""
    refuse_unless_allowed(found, Kind.REVISE, actor, digest, note, rules)
    if found.draft and not found.draft.reason and number is None:
        working.name_revision(settings, week, actor, digest, note)
        return
    before = found.current and shelf.report_of(settings, week, found.current.digest)
    _again(
        settings,
        measure,
        before or archive.load(settings, week),
        actor,
        number=number,
        kind=Kind.REVISE,
        note=note,
    )


def own_remark(settings: Settings) -> str:
    """What the instance says of its own figures, such as that they are simulated; "" when nothing."""
    path = settings.remark_path
    return path.read_text().strip() if path.exists() else ""


def _again(
    settings: Settings,
    measure: Measure,
    before: WeeklyReport,
    actor: Actor,
    *,
    number: str | None,
    kind: Kind = Kind.DRAFT,
    note: str = "",
) -> None:
    make_weekly(
        settings,
        measure,
        before.week,
        period=Period(*before.period),
        number=number or before.number,
        date=before.date,
        as_organised=before.as_organised,
        remark=before.remark,
        actor=actor,
        kind=kind,
        note=note,
    )
