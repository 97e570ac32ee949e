"""Services: the busiest ones, and one procedure across all agencies that offer it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from thuocdo.core.codes import procedure_code, top_code
from thuocdo.core.vietnamese import collation_key
from thuocdo.measure.across import across
from thuocdo.measure.model import Figure
from thuocdo.measure.offers import Offer, Offered, together
from thuocdo.registry.models import Agency, Service
from thuocdo.web import board, choosing, publishing, wording
from thuocdo.web.choosing import Choice
from thuocdo.web.printing import agency_name
from thuocdo.web.problems import Problem

_LISTED = 60
_VOLUME = "online_dossier_rate"
_ASKED = (_VOLUME, "full_online_rate", "on_time_rate", "time_to_result", "time_to_result_p90")


@dataclass(frozen=True, slots=True)
class Row:
    """One agency's offer of a service, and what became of its dossiers. None: not measured."""

    code: str
    name: str
    block: str
    level: str
    reason: str
    volume: int | None
    figures: dict[str, Figure]


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The services with most dossiers in the country."""
    choice = choosing.read(request)
    found = board.measure().figures(
        _VOLUME,
        choice.period,
        by="service",
        as_organised=choice.as_organised,
        trust=choice.trust,
    )
    shown = publishing.published_services(board.measure(), found)
    context = {
        "title": _("Dịch vụ công"),
        "line": board.line(choice, [shown[:1]]),
        "choice": choice,
        "presets": choosing.PRESETS,
        "rows": [figure for figure in shown if figure.denominator is not None][:_LISTED],
        "count": len(shown),
    }
    return render(request, "web/services.html", context)


@require_safe
def page(request: HttpRequest, code: str) -> HttpResponse:
    told = procedure_code(code[:120])
    procedure = told.national if told else code
    choice = choosing.read(request)
    day = choice.as_organised or choice.period.last
    offered = Service.objects.on(day).filter(procedure=procedure)
    rows = list(offered) if procedure.isprintable() else []
    figures = {indicator: _figures(indicator, procedure, choice) for indicator in _ASKED}
    if not rows and not any(figures.values()):
        raise Problem(
            _("Không có thủ tục nào mang mã “%(code)s”.") % {"code": code[:40]},
            _("Tìm theo tên hoặc mã ở trang Tìm kiếm; mã quốc gia có dạng 1.004194."),
            HTTPStatus.NOT_FOUND,
        )
    names = sorted({row.name for row in rows if row.name}, key=lambda name: (-len(name), name))
    context = {
        "title": names[0] if names else procedure,
        "line": board.line(
            choice, [[each for found in figures.values() for each in found.values()]]
        ),
        "choice": choice,
        "presets": choosing.PRESETS,
        "procedure": procedure,
        "fields": sorted({row.field for row in rows if row.field}),
        "groups": _groups(_rows(rows, figures, choice)),
        "versions": {code: board.definition(code).title for code in _ASKED},
    }
    return render(request, "web/service.html", context)


def _figures(indicator: str, procedure: str, choice: Choice) -> dict[str, Figure]:
    """Agency → its figure of the service, as it may be shown."""
    found = across(
        board.measure(),
        indicator,
        procedure,
        choice.period,
        as_organised=choice.as_organised,
        trust=choice.trust,
    )
    return {each.agency: each for each in publishing.published_services(board.measure(), found)}


def _rows(
    services: Iterable[Service], figures: dict[str, dict[str, Figure]], choice: Choice
) -> list[Row]:
    offers: dict[str, list[Offer]] = defaultdict(list)
    for row in services:
        reason = row.reason_not_full.strip() or None
        offers[top_code(row.agency) or row.agency].append(
            Offer(row.agency, row.procedure, row.level, reason)
        )
    day = choice.as_organised or choice.period.last
    codes = {*offers, *(code for found in figures.values() for code in found)}
    known = {each.code: each for each in Agency.objects.on(day).filter(code__in=codes)}
    made = []
    for code in codes & set(known):
        own = {name: found[code] for name, found in figures.items() if code in found}
        volume = own[_VOLUME].denominator if _VOLUME in own else None
        offered = together(offers[code]) if code in offers else None
        agency = known[code]
        made.append(
            Row(
                code, agency_name(agency), agency.kind, _level(offered),
                offered.reason_not_full or "" if offered else "", volume, own,
            )
        )  # fmt: skip
    return sorted(made, key=lambda row: (-(row.volume or 0), collation_key(row.name)))


def _level(offered: Offered | None) -> str:
    if offered is None:
        return _("không có trong danh mục")
    level = str(wording.LEVELS[offered.level])
    return _("%(level)s (thấp nhất)") % {"level": level} if offered.mixed else level


def _groups(rows: list[Row]) -> list[tuple[str, list[Row]]]:
    """(block in words, its rows), blocks without rows left out."""
    groups = [
        (str(label), [r for r in rows if r.block == key]) for key, label in wording.BLOCKS.items()
    ]
    return [(label, own) for label, own in groups if own]
