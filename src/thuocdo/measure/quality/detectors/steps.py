"""What `trackDVC` calls tell: views sent as uses, and browsers that hand in for everybody.

A step is interest, never a dossier (facts/emc.md 1B). State −1 is a procedure looked at, 1 one used;
one product changed −1 to 1 between two releases. A browser is known within one site and day only.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from thuocdo.core.vocabulary import Channel, SystemKind
from thuocdo.measure.engine import number_day
from thuocdo.measure.quality.evidence import WEEK, Makers, Subject
from thuocdo.measure.quality.model import Row, State
from thuocdo.measure.quality.stats import permille, quantile
from thuocdo.measure.quality.verdict import (
    Case,
    Detector,
    Verdict,
    begun,
    clear,
    most,
    peers,
    summed,
    too_little,
    week_start,
)

_VIEWED, _USED = "-1", "1"
_ROWS = 12


def _steps(rows: list[Makers], state: str) -> int:
    return sum(row.steps for row in rows if row.state == state)


# --- views sent as uses ------------------------------------------------------------------------


def _viewed_as_used(case: Case) -> Iterator[Verdict]:
    online = _online_dossiers(case)
    ratios = {
        subject.key: Fraction(_steps(rows, _USED), of)
        for subject in case.evidence.sites
        if (rows := case.evidence.makers.get(subject.key))
        and (of := online.get(subject.agency.code, 0)) >= case.limit("fewest_dossiers")
    }
    for subject in case.evidence.sites:
        rows = case.evidence.makers.get(subject.key, [])
        if sum(row.steps for row in rows) < case.limit("fewest_steps"):
            yield too_little(subject, "too_few")
            continue
        yield _switched(case, subject, rows) or _out_of_proportion(case, subject, rows, ratios)


def _online_dossiers(case: Case) -> dict[str, int]:
    """Agency → online dossiers its one-stop systems received."""
    found: dict[str, int] = {}
    for system in case.evidence.systems:
        rows = case.evidence.received.get(system.key, [])
        online = sum(row.dossiers for row in rows if row.channel == Channel.ONLINE)
        found[system.agency.code] = found.get(system.agency.code, 0) + online
    return found


def _switched(case: Case, subject: Subject, rows: list[Makers]) -> Verdict | None:
    """From one day on no step is a view any more, and there are more uses by as much."""
    viewed = [row.day for row in rows if row.state == _VIEWED]
    if not viewed:
        return None
    change = max(viewed) + 1
    before = [row for row in rows if row.day < change]
    after = [row for row in rows if row.day >= change]
    days = (change - min(row.day for row in rows), case.evidence.last + 1 - change)
    uses = (_steps(before, _USED), _steps(after, _USED))
    views = _steps(before, _VIEWED)
    if (
        min(days) < case.limit("fewest_days")
        or min(uses[1], views) < case.limit("fewest_steps")
        or permille(views, views + uses[0]) < case.limit("views_before_permille")
        or uses[1] * days[0] * 1000 < uses[0] * days[1] * case.limit("rise_permille")
    ):
        return None
    rise = uses[1] * days[0] * 1000 // max(uses[0] * days[1], 1)
    return Verdict(
        subject,
        State.FOUND,
        rise,
        case.limit("rise_permille"),
        since=number_day(change),
        evidence=_weekly(case, rows),
        numbers={"uses": uses[1], "views": 0, "times": _times(rise), "usual": "–"},
    )


def _out_of_proportion(
    case: Case, subject: Subject, rows: list[Makers], ratios: dict[str, Fraction]
) -> Verdict:
    """Many more uses than online dossiers, beyond what one dossier can cause and peers have."""
    if subject.kind == SystemKind.SERVICE_PORTAL or subject.key not in ratios:
        return too_little(subject, "no_dossiers")
    own = ratios[subject.key]
    threshold = case.limit("uses_a_dossier_permille")
    others = [ratios[one.key] for one in peers(subject, case.evidence.sites) if one.key in ratios]
    usual = quantile(others, 500)
    if usual is None or len(others) < case.limit("fewest_peers"):
        return too_little(subject, "no_peers")
    if own * 1000 < threshold or own * 1000 < usual * case.limit("times_usual_permille"):
        return clear(subject, int(own * 1000), threshold)
    return Verdict(
        subject,
        State.FOUND,
        int(own * 1000),
        threshold,
        evidence=_weekly(case, rows),
        numbers={
            "uses": _steps(rows, _USED),
            "views": _steps(rows, _VIEWED),
            "times": _times(int(own * 1000)),
            "usual": _times(int(usual * 1000)),
        },
    )


def _times(share_permille: int) -> str:
    return f"{share_permille // 1000}.{share_permille % 1000 // 100}"


def _weekly(case: Case, rows: list[Makers]) -> tuple[Row, ...]:
    """Steps of each state by week, of all steps of the week."""
    whole = summed(((row.day - case.evidence.first) // WEEK, row.steps) for row in rows)
    found = []
    for state in (_VIEWED, _USED):
        own = [row for row in rows if row.state == state]
        seen = summed(((row.day - case.evidence.first) // WEEK, row.steps) for row in own)
        found += [Row(week_start(case, w), state, seen.get(w, 0), whole[w]) for w in sorted(whole)]
    return tuple(found)


# --- browsers that hand in for everybody ---------------------------------------------------------


def _heavy_browser(case: Case) -> Iterator[Verdict]:
    for subject in case.evidence.sites:
        rows = [r for r in case.evidence.makers.get(subject.key, []) if r.state == _USED]
        of = sum(row.steps for row in rows)
        if of < case.limit("fewest_steps"):
            yield too_little(subject, "too_few")
        elif subject.kind == SystemKind.ONE_STOP:
            yield too_little(subject, "officers_screens")
        else:
            yield _heavy_on(case, subject, rows, of)


def _heavy_on(case: Case, subject: Subject, rows: list[Makers], of: int) -> Verdict:
    heavy = [row for row in rows if row.made >= case.limit("steps_a_day")]
    seen = sum(row.steps for row in heavy)
    in_hours = sum(row.in_hours for row in heavy)
    days = len({row.day for row in heavy})
    share, threshold = permille(seen, of), case.limit("heavy_permille")
    if (
        share < threshold
        or days < case.limit("fewest_days")
        or permille(in_hours, seen) < case.limit("in_hours_permille")
    ):
        return clear(subject, share, threshold)
    whole = summed((row.day, row.steps) for row in rows)
    by_day = summed((row.day, row.steps) for row in heavy)
    return Verdict(
        subject,
        State.FOUND,
        share,
        threshold,
        since=begun(case, min(by_day)),
        evidence=most(
            [Row(number_day(day), _USED, by_day[day], whole[day]) for day in by_day], _ROWS
        ),
        numbers={
            "steps": seen,
            "all": of,
            "days": days,
            "most": max(row.made for row in heavy),
        },
    )


DETECTORS = (
    Detector(
        "viewed_as_used",
        (
            *("fewest_steps", "fewest_dossiers", "fewest_days", "fewest_peers"),
            *("views_before_permille", "rise_permille", "uses_a_dossier_permille"),
            "times_usual_permille",
        ),
        _viewed_as_used,
    ),
    Detector(
        "heavy_browser",
        ("fewest_steps", "steps_a_day", "heavy_permille", "fewest_days", "in_hours_permille"),
        _heavy_browser,
    ),
)
