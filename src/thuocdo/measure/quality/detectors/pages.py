"""Page views that are no visits: pages that reload themselves, and tags on pages that are not the site's."""

from __future__ import annotations

from collections.abc import Iterator

from thuocdo.measure.engine import number_day
from thuocdo.measure.quality.evidence import HostDay, SiteDay, Subject
from thuocdo.measure.quality.model import Row, State
from thuocdo.measure.quality.stats import permille
from thuocdo.measure.quality.verdict import (
    Case,
    Detector,
    Verdict,
    begun,
    clear,
    most,
    summed,
    too_little,
)

_ROWS = 12


# --- loops -----------------------------------------------------------------------------------------


def _loops(case: Case) -> Iterator[Verdict]:
    for subject in case.evidence.sites:
        rows = case.evidence.site_days.get(subject.key, [])
        if not sum(row.views + row.loop_views for row in rows):
            yield too_little(subject, "no_views")
            continue
        yield _loops_on(case, subject, rows)


def _loops_on(case: Case, subject: Subject, rows: list[SiteDay]) -> Verdict:
    looping = [r for r in rows if r.loop_views + r.tireless_views >= case.limit("views_a_day")]
    seen = sum(row.loop_views + row.tireless_views for row in looping)
    of = sum(row.views + row.loop_views for row in looping)
    share, threshold = permille(seen, of), case.limit("loop_permille")
    if len(looping) < case.limit("fewest_days") or share < threshold:
        return clear(subject, share, threshold)
    days = [
        Row(number_day(r.day), "loop", r.loop_views + r.tireless_views, r.views + r.loop_views)
        for r in looping
    ]
    return Verdict(
        subject,
        State.FOUND,
        share,
        threshold,
        since=begun(case, min(row.day for row in looping)),
        evidence=most(days, _ROWS),
        numbers={
            "days": len(looping),
            "loop": sum(row.loop_views for row in looping),
            "tireless": sum(row.tireless_views for row in looping),
            "views": of,
        },
    )


# --- tags elsewhere --------------------------------------------------------------------------------


def _elsewhere(case: Case) -> Iterator[Verdict]:
    own = case.evidence.dimensions.hostnames
    family: dict[str, set[str]] = {}
    for subject in case.evidence.sites:
        family.setdefault(subject.top.code, set()).update(own.get(int(subject.key), ()))
    for subject in case.evidence.sites:
        rows = [row for row in case.evidence.host_days.get(subject.key, []) if row.host]
        if not own.get(int(subject.key)):
            yield too_little(subject, "no_hostnames")
        elif sum(row.views for row in rows) < case.limit("fewest_views"):
            yield too_little(subject, "too_few")
        else:
            yield _elsewhere_of(case, subject, rows, family[subject.top.code])


def _elsewhere_of(case: Case, subject: Subject, rows: list[HostDay], known: set[str]) -> Verdict:
    strange = [row for row in rows if not _is_known(row.host or "", known, case)]
    of, seen = sum(row.views for row in rows), sum(row.views for row in strange)
    share, threshold = permille(seen, of), case.limit("foreign_permille")
    days = {row.day for row in strange}
    if (
        share < threshold
        or seen < case.limit("fewest_foreign")
        or len(days) < case.limit("fewest_days")
    ):
        return clear(subject, share, threshold)
    at_home = sum(r.views for r in rows if r.day in days) - seen
    if permille(at_home, seen) < case.limit("moved_permille"):
        return too_little(subject, "moved")
    by_host: dict[str, int] = {}
    for row in strange:
        by_host[row.host or ""] = by_host.get(row.host or "", 0) + row.views
    whole = summed((row.day, row.views) for row in rows)
    by_day = summed((row.day, row.views) for row in strange)
    return Verdict(
        subject,
        State.FOUND,
        share,
        threshold,
        since=begun(case, min(days)),
        evidence=(
            *most([Row(None, host, count, of) for host, count in by_host.items()], _ROWS),
            *most([Row(number_day(d), "≠ host", by_day[d], whole[d]) for d in by_day], _ROWS),
        ),
        numbers={
            "views": seen,
            "all": of,
            "host": max(by_host, key=lambda host: (by_host[host], host)),
            "hosts": len(by_host),
        },
    )


def _is_known(host: str, known: set[str], case: Case) -> bool:
    """A host of the ministry's or province's sites, one below it, or a reader's tool in between."""
    tools = case.rule.lists.get("tools", ())
    return any(host == one or host.endswith(f".{one}") for one in (*known, *tools))


DETECTORS = (
    Detector("refresh_loop", ("views_a_day", "fewest_days", "loop_permille"), _loops),
    Detector(
        "unrelated_pages",
        ("fewest_views", "fewest_foreign", "foreign_permille", "fewest_days", "moved_permille"),
        _elsewhere,
    ),
)
