"""Two to four agencies side by side, indicator by indicator."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from thuocdo.core.codes import agency_code
from thuocdo.core.vietnamese import collation_key
from thuocdo.measure.model import Figure
from thuocdo.registry.models import Agency
from thuocdo.web import board, choosing, wording
from thuocdo.web.choosing import Choice
from thuocdo.web.problems import Problem

FEWEST, MOST = 2, 4


@dataclass(frozen=True, slots=True)
class Row:
    """One indicator: a figure for each agency (None: not measured), and what a full bar stands for."""

    definition: board.Described
    unit: str
    figures: list[Figure | None]
    largest: float


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    choice = choosing.read(request)
    heads = _heads(choice)
    chosen = _chosen(request, heads)
    rows = _rows(chosen, choice) if len(chosen) >= FEWEST else []
    shown = [figure for row in rows for figure in row.figures if figure is not None]
    blocks = {agency.kind for agency in chosen}
    context = {
        "title": _("So sánh"),
        "line": board.line(choice, [shown]) if rows else None,
        "choice": choice,
        "presets": choosing.PRESETS,
        "chosen": chosen,
        "boxes": [chosen[n].code if n < len(chosen) else "" for n in range(MOST)],
        "groups": [
            (label, [agency for agency in heads.values() if agency.kind == kind])
            for kind, label in wording.BLOCKS.items()
        ],
        "rows": rows,
        "mixed": len(blocks) > 1,
        "too_few": len(chosen) == 1,
    }
    return render(request, "web/compare.html", context)


def _heads(choice: Choice) -> dict[str, Agency]:
    day = choice.as_organised or choice.period.last
    rows = Agency.objects.on(day).filter(kind__in=tuple(wording.BLOCKS))
    return {row.code: row for row in sorted(rows, key=lambda row: collation_key(row.name))}


def _chosen(request: HttpRequest, heads: dict[str, Agency]) -> list[Agency]:
    """The agencies asked for, each once. Raises Problem for too many, and for one that is not there."""
    asked = [code for code in dict.fromkeys(request.GET.getlist("a")) if code]
    if len(asked) > MOST:
        raise Problem(
            _("Chỉ so sánh được từ hai đến bốn cơ quan một lần."),
            _("Bỏ bớt cơ quan trong địa chỉ, hoặc chọn lại bằng các ô chọn."),
        )
    found = []
    for code in asked:
        known = code if code in heads else agency_code(code[:40])
        if known not in heads:
            raise Problem(
                _("Không có bộ, ngành hay tỉnh, thành phố nào mang mã “%(code)s” vào ngày đã chọn.")
                % {"code": code[:40]},
                _("Chọn cơ quan trong danh sách ở trang So sánh."),
            )
        found.append(heads[known])
    return found


def _rows(chosen: list[Agency], choice: Choice) -> list[Row]:
    rows = []
    for definition in board.compared():
        found: dict[str, Figure] = {}
        for block in dict.fromkeys(agency.kind for agency in chosen):
            figures = board.figures(definition.code, choice, block=block)
            found |= {figure.agency: figure for figure in figures}
        own = [found.get(agency.code) for agency in chosen]
        known = [figure for figure in own if figure is not None]
        unit = known[0].unit if known else definition.unit
        rows.append(Row(definition, unit, own, board.largest(known, unit)))
    return rows
