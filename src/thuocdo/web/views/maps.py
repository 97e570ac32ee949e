"""The map of provinces: one indicator, five steps of one hue, and the table it is drawn from."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from thuocdo.core.vocabulary import Block
from thuocdo.measure.model import Figure
from thuocdo.web import board, choosing, mapping
from thuocdo.web.printing import flag_words, fraction_text, printed

_FIRST = "online_dossier_rate"


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The map begins with the share of dossiers that come online."""
    query = request.META.get("QUERY_STRING", "")
    address = reverse("map", args=[_FIRST])
    return HttpResponseRedirect(f"{address}?{query}" if query else address)


@require_safe
def page(request: HttpRequest, indicator: str) -> HttpResponse:
    definition = board.definition(indicator)
    choice = replace(choosing.read(request), block=Block.PROVINCE)
    figures = board.figures(indicator, choice, block=Block.PROVINCE.value)
    rows = [*board.by_rank(figures), *board.without_rank(figures)]
    unit = figures[0].unit if figures else definition.unit
    values = [figure.value for figure in figures if figure.value is not None]
    bounds = mapping.thresholds(values, unit)
    day = choice.as_organised or choice.period.last
    context = {
        "title": _("Bản đồ: %(title)s") % {"title": definition.title},
        "line": board.line(choice, [figures]),
        "choice": choice,
        "presets": choosing.PRESETS,
        "definition": definition,
        "definitions": board.headline(),
        "wording": definition.version_on(choice.period.last, choice.version),
        "unit": unit,
        "map": mapping.drawn([_place(each) for each in rows], day, bounds, definition.title),
        "legend": mapping.legend(bounds, unit),
        "rows": [(each, mapping.step_of(each.value, bounds)) for each in rows],
        "count": len(mapping.outlines_on(day)),
    }
    return render(request, "web/map.html", context)


def _place(figure: Figure) -> mapping.Place:
    counts = (
        "" if figure.unit == "duration" else fraction_text(figure.numerator, figure.denominator)
    )
    told = printed(figure.value, figure.unit)
    if figure.value is None:
        told = flag_words(figure) or told
    elif counts:
        told = f"{told} ({counts})"
    if figure.rank is not None:
        told = _("%(told)s, hạng %(rank)s") % {"told": told, "rank": figure.rank}
    address = reverse("agency", args=[figure.agency])
    return mapping.Place(figure.agency, figure.name, address, figure.value, told)
