"""A published report made again from raw events, and held against what was published.

Everything that was published is compared, to the last digit and the last word, but for the name of the
software. The report before it took part in the checks: where it is not at hand, what they say may differ,
and that is said apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from thuocdo.core.clock import Period, from_datetime
from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.model import Log
from thuocdo.measure.service import Measure
from thuocdo.report.model import WeeklyReport
from thuocdo.report.weekly import build

_OF_CHECKS: Final = ("checks", "texts.quality")
"""Places of a report that the report before it has a say in."""


class Difference(msgspec.Struct, frozen=True):
    """A place of the report, as it was published and as it came out now."""

    place: str
    published: str
    here: str


class ReportVerdict(msgspec.Struct, frozen=True):
    """What became of a report when it was made again.

    differences   none: it is the same
    root_here     root of the log of as many leaves as the report names; "" when the log is shorter
    checks_left_out  the report before was not at hand, and the checks it took part in came out otherwise
    erased        rows that were taken out by law since
    """

    report: WeeklyReport
    differences: list[Difference]
    root_here: str
    checks_left_out: bool
    erased: int

    @property
    def is_same(self) -> bool:
        return not self.differences and self.root_here == self.report.log_root


def verify_report(
    measure: Measure, report: WeeklyReport, before: WeeklyReport | None
) -> ReportVerdict:
    """Make a report again from raw events as it knew them.

    measure  one that is `only_raw`
    before   the report it was compared with when it was made, if it is at hand
    Raises ThuocdoError `no_log_named` for a report that stands on no log, `log_too_short`, and as
    `build` does.
    """
    if report.log_size is None or report.log_root is None or report.as_known is None:
        raise ThuocdoError(
            "no_log_named",
            f"The report of {report.week} names no log of raw segments.",
            "Only reports made with a log can be verified.",
        )
    with measure.ledger() as ledger:
        root, erased = ledger.root_at(report.log_size), ledger.erased_after(report.log_size)
    made = build(
        measure,
        report.week,
        period=Period(*report.period),
        number=report.number,
        date=report.date,
        as_known=from_datetime(report.as_known),
        as_organised=report.as_organised,
        remark=report.remark,
        before=before,
        log=Log(report.log_size, report.log_root),
    )
    alike = msgspec.structs.replace(made, software=report.software)
    found = _differences("", msgspec.to_builtins(report), msgspec.to_builtins(alike))
    differences = [Difference(*each) for each in found]
    of_checks = [one for one in differences if before is None and one.place.startswith(_OF_CHECKS)]
    left = [one for one in differences if one not in of_checks]
    return ReportVerdict(report, left, root, bool(of_checks), erased)


def _differences(place: str, there: Any, here: Any) -> Iterator[tuple[str, str, str]]:
    """(place, published, here) of what is not equal, leaf by leaf."""
    if isinstance(there, dict) and isinstance(here, dict):
        for name in {**there, **here}:
            yield from _differences(f"{place}.{name}".strip("."), there.get(name), here.get(name))
    elif isinstance(there, list) and isinstance(here, list) and len(there) == len(here):
        for number, (one, other) in enumerate(zip(there, here, strict=True)):
            yield from _differences(f"{place}[{number}]", one, other)
    elif there != here:
        yield place, str(there), str(here)
