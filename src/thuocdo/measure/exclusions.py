"""What a figure leaves out, by reason: robots, refusals, dossiers of which too little is known.

A figure that hides what it does not count cannot be defended; one that lists it can. The list is
computed when somebody asks, so that ranking pages stay fast. Views and dossiers are those of the
days of the period; what was refused counts by the day it came, for its own date may be what was
wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable
from dataclasses import replace
from datetime import date
from enum import StrEnum
from functools import partial
from typing import Any, Final, NamedTuple

import ibis
import ibis.expr.types as ir
import msgspec
import pyarrow as pa

from thuocdo.core.clock import Period
from thuocdo.core.vocabulary import (
    BOT_TEXTS,
    REJECT_TEXTS,
    BotReason,
    Channel,
    Intake,
    RejectReason,
    Timeliness,
)
from thuocdo.measure.compute import Remember
from thuocdo.measure.definitions import (
    Composite,
    Dossiers,
    Duration,
    Find,
    Services,
    Standing,
    Version,
    Visits,
)
from thuocdo.measure.engine import Make, day_number
from thuocdo.measure.figures import below
from thuocdo.measure.frame import Frame
from thuocdo.measure.known import Known
from thuocdo.measure.organisation import Agency
from thuocdo.measure.service import Measure
from thuocdo.measure.view import Facts, Piece


class Sort(StrEnum):
    """What was left out."""

    VIEW = "view"  # stored, and in no figure
    REFUSED = "refused"  # a record that was not accepted
    DOSSIER = "dossier"  # counted among all, yet not where the missing word would be needed


class Exclusion(msgspec.Struct, frozen=True):
    """So many of one sort, left out for one reason, in words."""

    sort: Sort
    reason: str
    count: int
    vi: str
    en: str


class Missing(StrEnum):
    """What is not known of a dossier."""

    CHANNEL = "unknown_channel"
    LEVEL = "unknown_level"
    DUE = "no_due_date"
    PAYMENT = "unknown_payment"
    DIGITISED = "unknown_digitised"
    RESULT = "unknown_result_form"
    REUSED = "unknown_reuse"
    PROCEDURE = "unlisted_procedure"


_MISSING_TEXTS: Final[dict[Missing, tuple[str, str]]] = {
    Missing.CHANNEL: (
        "hồ sơ không rõ kênh nộp, nên không tính là hồ sơ của kênh nào",
        "dossiers of unknown channel, so of none of the channels",
    ),
    Missing.LEVEL: (
        "hồ sơ của thủ tục không rõ mức độ dịch vụ, nên không tính ở mức nào",
        "dossiers of a service of unknown level, so of none of the levels",
    ),
    Missing.DUE: (
        "hồ sơ không có hạn trả kết quả, nên không xét đúng hạn",
        "dossiers without a due date, so neither on time nor late",
    ),
    Missing.PAYMENT: (
        "hồ sơ không rõ hình thức thanh toán",
        "dossiers of which no payment is known",
    ),
    Missing.DIGITISED: (
        "hồ sơ không rõ đã số hóa hay chưa",
        "dossiers of which it is not known whether they were digitised",
    ),
    Missing.RESULT: (
        "hồ sơ không rõ kết quả có bản điện tử hay không",
        "dossiers of which it is not known whether the result exists as a file",
    ),
    Missing.REUSED: (
        "hồ sơ không rõ có dùng lại dữ liệu đã có hay không",
        "dossiers of which it is not known whether data the state had was used again",
    ),
    Missing.PROCEDURE: (
        "hồ sơ của thủ tục không có trong danh mục dịch vụ",
        "dossiers of a procedure that the catalogue of services lacks",
    ),
}

_ASKS: Final = {
    "channels": Missing.CHANNEL,
    "levels": Missing.LEVEL,
    "full_online": Missing.LEVEL,
    "timeliness": Missing.DUE,
    "payments": Missing.PAYMENT,
    "with_payments": Missing.PAYMENT,
    "with_dossiers": Missing.CHANNEL,
    "digitised": Missing.DIGITISED,
    "result_electronic": Missing.RESULT,
    "reused": Missing.REUSED,
    "in_time": Missing.DUE,
}
"""A condition of a term → what it cannot be answered without."""


class _Question(NamedTuple):
    """Whose exclusions, on which map."""

    facts: Facts
    frame: Frame
    remember: Remember
    whose: Agency | None
    find: Find

    def wants(self, agency: str | None) -> bool:
        return self.whose is None or (agency is not None and below(self.frame, agency, self.whose))


def exclusions(
    measure: Measure,
    code: str,
    period: Period,
    *,
    agency: str | None = None,
    version: str | None = None,
    as_known: Known | None = None,
    as_organised: date | None = None,
    trust: str = "any",
) -> tuple[Exclusion, ...]:
    """What the figure of an agency (None: of all) leaves out, the most frequent first.

    Of figures of visits the robots' views and the refused records of its sites; of figures of
    dossiers those that lack what the definition asks for, and the refused messages of the agency.
    Empty when nothing was left out. Raises ThuocdoError as `Measure.figures` does.
    """
    indicator = measure.definition(code)
    with measure.reading(as_known) as (facts, remember):
        organisation, map_day = facts.dimensions.organisation, as_organised or period.last
        chosen = indicator.version_for(period.last, version)
        frame = Frame(indicator, chosen, period, map_day, as_known, trust, organisation)
        whose = organisation.find(agency, map_day, period) if agency else None
        asked = _Question(facts, frame, remember, whose, measure.definition)
        found = _found(asked)
    kept = [exclusion for exclusion in found if exclusion.count > 0]
    return tuple(sorted(kept, key=lambda one: (-one.count, one.sort, one.reason)))


def _found(asked: _Question) -> list[Exclusion]:
    """By what a definition counts; of points those of each indicator they are made of, once."""
    version = asked.frame.version
    if isinstance(version.numerator, Visits):
        return _of_visits(asked)
    if isinstance(version.numerator, Dossiers | Standing | Services | Duration):
        return _of_dossiers(asked)
    if not isinstance(version.numerator, Composite):
        return []
    found: dict[tuple[str, str], Exclusion] = {}
    for part in version.numerator.parts:
        of = asked.find(part.of)
        own = of.version_for(asked.frame.period.last)
        frame = replace(asked.frame, indicator=of, version=own)
        found |= {(one.sort, one.reason): one for one in _found(asked._replace(frame=frame))}
    return list(found.values())


def _of_visits(asked: _Question) -> list[Exclusion]:
    term = asked.frame.version.numerator
    assert isinstance(term, Visits)
    sites, period = asked.facts.dimensions.sites, asked.frame.period

    def ours(site_id: int | None) -> bool:
        site = sites.on(site_id, period.last) if site_id is not None else None
        return site is not None and site.kind in term.site_kinds and asked.wants(site.agency)

    robots: dict[str, int] = {}
    for row in _rows(asked, "intake", of_robots):
        if ours(row["site_id"]):
            robots[row["reason"]] = robots.get(row["reason"], 0) + row["count"]
    for row in _rows(asked, "visits_daily", of_loops):
        if ours(row["site_id"]):
            loop = BotReason.REFRESH_LOOP.value
            robots[loop] = robots.get(loop, 0) + row["count"]
    refused = _refused(asked, lambda row: ours(row["site_id"]))
    return [_told(Sort.VIEW, BotReason(r), n, BOT_TEXTS) for r, n in robots.items()] + refused


def _of_dossiers(asked: _Question) -> list[Exclusion]:
    events = {_event(term) for term in _terms(asked.frame.version)}
    wanted = _wanted(asked.frame.version)
    counted: dict[Missing, int] = dict.fromkeys(wanted, 0)
    verified = asked.frame.trust == "verified"
    about = {"events": sorted(events), "verified": verified}
    for row in _rows(asked, "dossiers_daily", of_dossiers, **about):
        if asked.wants(row["agency"]):
            for missing in wanted:
                counted[missing] += row[missing]
    refused = _refused(asked, lambda row: row["site_id"] is None and asked.wants(row["agency"]))
    return [_told(Sort.DOSSIER, m, n, _MISSING_TEXTS) for m, n in counted.items()] + refused


def _terms(version: Version) -> list[Any]:
    return [term for term in (version.numerator, version.denominator) if term is not None]


def _event(term: Any) -> str:
    """The event by whose day a term counts a dossier."""
    if isinstance(term, Dossiers):
        return term.event
    return "resolved" if isinstance(term, Duration) else "received"


def _wanted(version: Version) -> list[Missing]:
    """What a dossier must say to be counted in every term that could be about it."""
    found = dict.fromkeys(
        _ASKS[name]
        for term in _terms(version)
        for name in term.__struct_fields__
        if name in _ASKS and getattr(term, name) is not None
    )
    if any(isinstance(term, Services) for term in _terms(version)):
        found.pop(Missing.LEVEL, None)  # the catalogue says it, for every service it has
        found[Missing.PROCEDURE] = None
    return list(found)


def _refused(asked: _Question, ours: Callable[[dict[str, Any]], bool]) -> list[Exclusion]:
    counted: dict[str, int] = {}
    for row in _rows(asked, "rejects_daily", of_rejects):
        if ours(row):
            counted[row["reason"]] = counted.get(row["reason"], 0) + row["count"]
    return [_told(Sort.REFUSED, RejectReason(r), n, REJECT_TEXTS) for r, n in counted.items()]


def _told(sort: Sort, reason: Any, count: int, texts: dict[Any, tuple[str, str]]) -> Exclusion:
    return Exclusion(sort, reason.value, count, *texts[reason])


def _rows(asked: _Question, table: str, make: Make, **choices: Any) -> list[dict[str, Any]]:
    """What `make` says of the days of the period, piece by piece."""
    first, last = day_number(asked.frame.period.first), day_number(asked.frame.period.last)

    def ask(piece: Piece) -> list[dict[str, Any]]:
        given = piece.rows()
        days = asked.facts.engine.hold(
            pa.table({"day": pa.array(range(first, last + 1), pa.int32())})
        )
        rows = asked.facts.engine.rows(make, given, days, **choices)
        asked.facts.engine.forget()
        return rows.to_pylist()

    found: list[dict[str, Any]] = []
    for piece in asked.facts.pieces(table, first, last):
        key: Hashable = ("excluded", table, piece.key, first, last, repr(choices))
        found += asked.remember(key, partial(ask, piece))
    return found


def of_robots(rows: ir.Table, days: ir.Table) -> ir.Table:
    """(site_id, reason, count) of INTAKE: views of these days that landing knew for a robot's."""
    inside = rows.semi_join(days, "day")
    robots = inside.filter((inside.outcome == Intake.BOT) & inside.site_id.notnull())
    return robots.group_by(["site_id", "reason"]).agg(count=robots.records.sum().cast("int64"))


def of_loops(rows: ir.Table, days: ir.Table) -> ir.Table:
    """(site_id, count) of VISITS_DAILY: views of visitors who reload at a steady interval."""
    inside = rows.semi_join(days, "day")
    return inside.group_by("site_id").agg(count=inside.loop_views.sum().cast("int64"))


def of_rejects(rows: ir.Table, days: ir.Table) -> ir.Table:
    """(site_id, agency, reason, count) of REJECTS_DAILY that came on these days."""
    inside = rows.semi_join(days, "day")
    return inside.group_by(["site_id", "agency", "reason"]).agg(
        count=inside.rejects.sum().cast("int64")
    )


def of_dossiers(
    rows: ir.Table, days: ir.Table, *, events: Collection[str], verified: bool
) -> ir.Table:
    """(agency, each of `Missing`) of DOSSIERS_DAILY: dossiers that lack what a condition asks for."""
    scopes = ["verified", "both"] if verified else ["any", "both"]
    inside = rows.semi_join(days, "day")
    inside = inside.filter(inside.scope.isin(scopes) & inside.event.isin(list(events)))
    unsaid = {
        Missing.CHANNEL: (inside.channel == Channel.UNKNOWN).fill_null(True),
        Missing.LEVEL: inside.level.isnull(),
        Missing.DUE: (inside.timeliness == Timeliness.NO_DUE_DATE).fill_null(False),
        Missing.RESULT: inside.result_electronic.isnull(),
        Missing.REUSED: inside.reused.isnull(),
        Missing.PAYMENT: (inside.payment == "unknown").fill_null(True),
        Missing.DIGITISED: inside.digitised.isnull(),
        Missing.PROCEDURE: (inside.level_source != "catalogue").fill_null(True),
    }
    return inside.group_by("agency").agg(
        **{
            missing.value: lacks.ifelse(inside.dossiers, ibis.literal(0, "int64"))
            .sum()
            .cast("int64")
            for missing, lacks in unsaid.items()
        }
    )
