"""Rankings: one indicator, one block, every agency, and the same table as CSV or JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import msgspec
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from thuocdo.measure.model import Figure
from thuocdo.web import board, choosing, wording
from thuocdo.web.choosing import Choice
from thuocdo.web.printing import flag_words
from thuocdo.web.problems import Problem
from thuocdo.web.spreadsheets import inert

_ROWS_TO_SHARE = 2
_COLUMNS = (
    "rank", "agency", "name", "value", "unit", "numerator", "denominator",
    "sources_reporting", "sources_expected", "flags",
    "indicator", "version", "block", "period_first", "period_last",
    "rank_low", "rank_high", "interval_low", "interval_high", "no_interval",
)  # fmt: skip


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The first headline indicator is where the rankings begin."""
    query = request.META.get("QUERY_STRING", "")
    address = reverse("ranking", args=[board.headline()[0].code])
    return HttpResponseRedirect(f"{address}?{query}" if query else address)


@require_safe
def page(request: HttpRequest, indicator: str) -> HttpResponse:
    definition = board.definition(indicator)
    choice = choosing.read(request)
    figures = board.figures(indicator, choice, block=choice.block.value)
    ranked, unranked = board.by_rank(figures), board.without_rank(figures)
    wanted = request.GET.get("format")
    if wanted:
        return _download(wanted, choice, indicator, [*ranked, *unranked])
    unit = figures[0].unit if figures else definition.unit
    shared = _shared_flags(ranked)
    context = {
        "title": definition.title,
        "line": board.line(choice, [figures]),
        "choice": choice,
        "presets": choosing.PRESETS,
        "definition": definition,
        "definitions": board.headline(),
        "wording": definition.version_on(choice.period.last, choice.version),
        "blocks": wording.BLOCKS,
        "unit": unit,
        "ranked": ranked,
        "unranked": unranked,
        "banded": any(figure.rank_low is not None for figure in ranked),
        "shared": shared,
        "shared_words": wording.flags(shared),
        "largest": board.largest(ranked, unit),
        "national": board.measure().national(list(figures), choice.block.value),
    }
    return render(request, "web/ranking.html", context)


def _shared_flags(figures: Sequence[Figure]) -> list[str]:
    """Flags that every row carries: said once above the table, not in each row."""
    if len(figures) < _ROWS_TO_SHARE:
        return []
    return [code for code in figures[0].flags if all(code in row.flags for row in figures)]


def _download(
    wanted: str, choice: Choice, indicator: str, figures: Sequence[Figure]
) -> HttpResponse:
    makers = {
        "csv": (_csv, "text/csv; charset=utf-8"),
        "json": (_json, "application/json; charset=utf-8"),
    }
    if wanted not in makers:
        raise Problem(
            _("Không có định dạng “%(format)s”.") % {"format": wanted[:20]},
            _("Tải bảng này ở định dạng csv hoặc json."),
        )
    make, content_type = makers[wanted]
    name = f"{indicator}_{choice.block}_{choice.period.first}_{choice.period.last}.{wanted}"
    return HttpResponse(
        make(choice, figures),
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _record(figure: Figure) -> dict[str, object]:
    reporting = figure.coverage.reporting if figure.coverage else None
    expected = figure.coverage.expected if figure.coverage else None
    values = (
        figure.rank, figure.agency, figure.name, figure.value, figure.unit, figure.numerator,
        figure.denominator, reporting, expected, list(figure.flags), figure.indicator,
        figure.version, figure.block, figure.period_first, figure.period_last,
        figure.rank_low, figure.rank_high, figure.interval and figure.interval.low,
        figure.interval and figure.interval.high, figure.no_interval,
    )  # fmt: skip
    return dict(zip(_COLUMNS, values, strict=True))


def _csv(_choice: Choice, figures: Sequence[Figure]) -> bytes:
    """UTF-8 with a byte order mark, so that a spreadsheet opens Vietnamese rightly."""
    out = io.StringIO()
    writer = csv.DictWriter(out, (*_COLUMNS, "flags_text"))
    writer.writeheader()
    for figure in figures:
        record = _record(figure)
        record |= {"flags": " ".join(figure.flags), "flags_text": flag_words(figure)}
        writer.writerow({key: inert(value) for key, value in record.items()})
    return out.getvalue().encode("utf-8-sig")


def _json(choice: Choice, figures: Sequence[Figure]) -> bytes:
    return msgspec.json.format(
        msgspec.json.encode(
            {
                "period": [choice.period.first, choice.period.last],
                "block": choice.block,
                "rows": [_record(figure) for figure in figures],
            }
        ),
        indent=1,
    )
