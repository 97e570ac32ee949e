"""The library of definitions: every version and whether it holds; a new file tried before it counts."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from http import HTTPStatus
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from thuocdo.core.clock import Period
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vietnamese import collation_key
from thuocdo.measure.definitions import Indicator, Version
from thuocdo.measure.definitions.changes import CHANGE_TEXTS, Change, changes
from thuocdo.measure.definitions.running import packaged
from thuocdo.measure.definitions.trying import MOST_BYTES, Trial, lay_out, running, tried
from thuocdo.measure.definitions.wording import Speaker
from thuocdo.measure.facts.schemas import FACTS
from thuocdo.measure.model import Figure
from thuocdo.measure.service import Measure
from thuocdo.web import board, choosing
from thuocdo.web.printing import language
from thuocdo.web.problems import Problem
from thuocdo.web.report_tables import ChangedRow, side
from thuocdo.web.work import frame

_STATES = {
    "in_force": gettext_lazy("đang có hiệu lực"),
    "future": gettext_lazy("chưa có hiệu lực"),
    "replaced": gettext_lazy("đã được thay"),
}


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of an indicator, in the reader's language."""

    version: Version
    state: str
    state_words: str
    formula: str
    source: str
    change: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One indicator; `own`: the operator's, or with versions of theirs."""

    code: str
    title: str
    editions: list[Edition]
    own: bool


@dataclass(frozen=True, slots=True)
class Tried:
    """One new version: what it makes compute again, and what last week's figures would be."""

    edition: Edition
    rules: list[str]
    differences: list[ChangedRow]
    agencies: int
    problem: str


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Every indicator with its versions, those of the operator marked."""
    measure, today = board.measure(), choosing.today()
    shipped = {each.code: len(each.versions) for each in packaged().indicators}
    entries = [
        Entry(
            each.code,
            getattr(each.name, language()),
            _editions(each, today),
            len(each.versions) != shipped.get(each.code),
        )
        for each in measure.definitions()
    ]
    context = {
        "title": _("Thư viện định nghĩa"),
        "entries": sorted(entries, key=_order),
        "refused": measure.refused_definitions(),
        "count": sum(len(entry.editions) for entry in entries),
    }
    return frame.page(request, "web/work/library.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def trial(request: HttpRequest) -> HttpResponse:
    """Upload a file and see what it would do; it is kept nowhere."""
    context = {
        "title": _("Thử tệp định nghĩa"),
        "most": MOST_BYTES // 1000,
    }
    if request.method != "POST":
        return frame.page(request, "web/work/library_trial.html", context)
    upload = request.FILES.get("file")
    if upload is None or upload.size > MOST_BYTES:
        context["problem"] = Problem(
            _("Chưa có tệp nào, hoặc tệp quá lớn."),
            _("Chọn một tệp YAML không quá %(most)s kB.") % {"most": MOST_BYTES // 1000},
        )
        status = HTTPStatus.BAD_REQUEST
        return frame.page(request, "web/work/library_trial.html", context, status=status)
    status = HTTPStatus.OK
    try:
        with tempfile.TemporaryDirectory() as place:
            context |= _try(upload.read(), Path(place))
    except ThuocdoError as wrong:
        context["refusal"] = wrong.message
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return frame.page(request, "web/work/library_trial.html", context, status=status)


def _try(content: bytes, place: Path) -> dict[str, object]:
    here = board.instance()
    path = lay_out(content, here.home, place)
    found = tried(path, _have())
    week = _last_week(choosing.today())
    other = Measure(here, running=running(path))
    return {
        "trial": found,
        "name": getattr(found.after.name, language()),
        "file": path.name,
        "week": week,
        "tried": [_tried(other, found, version, kind, week) for version, kind in found.added],
    }


def _tried(measure: Measure, found: Trial, version: Version, kind: Change, week: Period) -> Tried:
    """Figures of last week under the version in force then and under the new one, ahead of its day."""
    code, unit = found.after.code, found.after.unit
    differences, agencies, problem = [], 0, ""
    if kind is Change.FACTS:
        problem = _("Bảng tổng hợp chưa có cột mà phiên bản này cần, nên chưa thử bằng số được.")
    elif not version.is_computable:
        problem = _("Phiên bản này không tính được từ dữ liệu của hệ thống.")
    else:
        after = measure.figures(code, week, version=version.version)
        before = board.measure().figures(code, week) if found.before else []
        differences, agencies = _differences(before, after, unit), len(after)
    speaker = Speaker(language())
    edition = _edition(version, kind, choosing.today())
    return Tried(edition, speaker.rules(found.after, version), differences, agencies, problem)


def _differences(before: Sequence[Figure], after: Sequence[Figure], unit: str) -> list[ChangedRow]:
    old = {figure.agency: figure for figure in before}
    return [
        ChangedRow(
            figure.agency,
            board.agency_name(figure.name),
            side(old.get(figure.agency), unit),
            side(figure, unit),
        )
        for figure in after
        if _said(old.get(figure.agency)) != _said(figure)
    ]


def _said(figure: Figure | None) -> tuple[object, ...] | None:
    return figure and (figure.value, figure.numerator, figure.denominator, figure.rank)


def _last_week(today: date) -> Period:
    """The last whole week, Monday to Sunday."""
    sunday = today - timedelta(days=today.isoweekday())
    return Period(sunday - timedelta(days=6), sunday)


def _order(entry: Entry) -> tuple[bool, object]:
    """What can be computed first, by name."""
    return not entry.editions[0].version.is_computable, collation_key(entry.title)


def _editions(indicator: Indicator, today: date) -> list[Edition]:
    """Newest first."""
    pairs = zip(indicator.versions, changes(indicator, _have()), strict=True)
    return [_edition(version, kind, today) for version, kind in pairs][::-1]


def _edition(version: Version, kind: Change, today: date) -> Edition:
    state = "in_force"
    if version.valid_from > today:
        state = "future"
    elif version.valid_to is not None and version.valid_to < today:
        state = "replaced"
    speaker = Speaker(language())
    return Edition(
        version,
        state,
        str(_STATES[state]),
        speaker.formula(version),
        f"{version.source.document}, {version.source.place}",
        speaker.text(CHANGE_TEXTS[kind]),
    )


def _have() -> dict[str, list[str]]:
    return {table: schema.names for table, schema in FACTS.items()}
