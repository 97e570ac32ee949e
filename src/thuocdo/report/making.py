"""What `thuocdo report weekly` does: build, keep, print."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from pathlib import Path

from thuocdo.core.clock import Period
from thuocdo.core.settings import Settings
from thuocdo.measure.service import Measure
from thuocdo.report import archive
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
) -> list[Path]:
    """Make the report of a week (`2022-W18`); the files written, in the order of `Format`.

    It is always kept below `<home>/reports`; with `out` the formats asked for are printed there
    and those paths are returned. `as_known` is µs UTC. `remark` is printed under the title, for
    figures that are not the country's; without it the instance's own is (`Settings.remark_path`).
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
        before=archive.last_before(settings, week),
    )
    wanted = [form for form in Format if form in formats]
    if out is None:
        kept = archive.save(report, settings, wanted)
        return kept if Format.JSON in wanted else kept[1:]
    archive.save(report, settings)
    return archive.write(report, out, wanted)


def own_remark(settings: Settings) -> str:
    """What the instance says of its own figures, such as that they are simulated; "" when nothing."""
    path = settings.remark_path
    return path.read_text().strip() if path.exists() else ""
