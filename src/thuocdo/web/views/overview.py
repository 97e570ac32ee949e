"""The first page: both blocks at a glance, and what has come in today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from thuocdo.core.vocabulary import Block
from thuocdo.measure.model import Figure, NationalFigure, Point
from thuocdo.web import board, choosing, wording
from thuocdo.web.aims import aim
from thuocdo.web.choosing import Choice
from thuocdo.web.drawing import Trend, trend
from thuocdo.web.printing import clock_time, count

_LISTED = 5
"""Agencies at either end of a list."""


@dataclass(frozen=True, slots=True)
class BlockPart:
    """One indicator in one block."""

    block: str
    label: str
    unit: str
    national: NationalFigure
    top: Sequence[Figure]
    bottom: Sequence[Figure]
    between: int
    largest: float
    ranked: int
    unranked: int
    trend: Trend


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    choice = choosing.read(request)
    figures = {
        (definition.code, block.value): board.figures(definition.code, choice, block=block.value)
        for definition in board.headline()
        for block in Block
    }
    context = {
        "title": _("Tổng quan"),
        "line": board.line(choice, figures.values()),
        "choice": choice,
        "presets": choosing.PRESETS,
        "today": today(),
        "sections": [
            {
                "definition": definition,
                "blocks": [
                    _part(definition, block.value, figures[definition.code, block.value], choice)
                    for block in Block
                ],
            }
            for definition in board.headline()
        ],
        "live": reverse("live"),
    }
    return render(request, "web/overview.html", context)


@require_safe
def live(_request: HttpRequest) -> JsonResponse:
    """The numbers of today and the freshness as printed, for the small script of the page."""
    freshness = board.measure().freshness()
    values = {name: printed for name, _label, printed in today()}
    values["until"] = clock_time(freshness.landed_at)
    values["lag"] = wording.lag(freshness.landed_at)
    return JsonResponse(values, headers={"Cache-Control": "no-store"})


def today() -> list[tuple[str, str, str]]:
    """(key, label, printed) of the counts of today."""
    counts = board.today()
    return [
        ("views", _("Lượt xem trang"), count(counts.views)),
        ("visits", _("Lượt truy cập"), count(counts.visits)),
        ("received", _("Hồ sơ tiếp nhận"), count(counts.received)),
        ("resolved", _("Hồ sơ giải quyết xong"), count(counts.resolved)),
        ("steps", _("Thao tác tìm hiểu dịch vụ"), count(counts.steps)),
    ]


def _part(
    definition: board.Described, block: str, figures: Sequence[Figure], choice: Choice
) -> BlockPart:
    ranked = board.by_rank(figures)
    top = ranked[: min(_LISTED, (len(ranked) + 1) // 2)]
    bottom = ranked[len(top) :][-_LISTED:]
    unit = figures[0].unit if figures else definition.unit
    return BlockPart(
        block=block,
        label=str(wording.BLOCKS[block]),
        unit=unit,
        national=board.measure().national(list(figures), block),
        top=top,
        bottom=bottom,
        between=len(ranked) - len(top) - len(bottom),
        largest=board.largest(ranked, unit),
        ranked=len(ranked),
        unranked=len(figures) - len(ranked),
        trend=trend(
            _points(definition.code, choice, block),
            unit,
            definition.title,
            str(wording.BLOCKS[block]),
            aim(definition.code, choice.period.last, block=block),
        ),
    )


def _points(code: str, choice: Choice, block: str) -> Sequence[Point]:
    return board.series(code, choice, block=block)
