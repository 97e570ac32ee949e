"""A badge and a widget for an agency's own portal: one indicator's value and rank, and the way to the ranking.

Both carry no script and ask no third party for anything. The widget is the only page of this site that
others may frame; it has no form and no cookie, so nobody gains by framing it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from thuocdo.assess.scoring import Grade
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vietnamese import format_day, format_decimal
from thuocdo.measure.model import Figure
from thuocdo.web import board, choosing, problems, rounds, wording
from thuocdo.web.api import caching, publishing
from thuocdo.web.printing import language, printed
from thuocdo.web.problems import Problem
from thuocdo.web.rounds import Published, told

_POLICY: Final = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *"
)
_CACHED: Final = "public, max-age=300"
_LETTER: Final = 6.6
"""Mean width of a letter at 11 px in the fonts that are likely; `textLength` makes it exact."""
_PADDING: Final = 9
_LONGEST: Final = 60


@dataclass(frozen=True, slots=True)
class Told:
    """What a badge says. `rank` is empty where there is none, then `reason` says why."""

    title: str
    agency: str
    value: str
    rank: str
    reason: str
    period: str
    address: str


@require_safe
def badge(request: HttpRequest, indicator: str, agency: str) -> HttpResponse:
    """An SVG for an <img>; one that cannot be answered says so in its own words, and by its status."""

    def draw(told: Told) -> HttpResponse:
        said = " · ".join(part for part in (told.value, told.rank or told.reason) if part)
        label = f"{told.title}, {told.agency}: {said} ({told.period})"
        return HttpResponse(drawn(told.title, said, label), content_type="image/svg+xml")

    def refuse(problem: Problem) -> HttpResponse:
        told = drawn("Thước Đo", problem.message[:_LONGEST], problem.message)
        return HttpResponse(told, content_type="image/svg+xml", status=problem.status)

    return _answered(request, indicator, agency, draw, refuse)


@xframe_options_exempt
@require_safe
def widget(request: HttpRequest, indicator: str, agency: str) -> HttpResponse:
    """A small page for an <iframe>."""

    def draw(told: Told) -> HttpResponse:
        return render(request, "web/widget.html", {"told": told, "language": language()})

    def refuse(problem: Problem) -> HttpResponse:
        context = {"problem": problem, "language": language()}
        return render(request, "web/widget.html", context, status=problem.status)

    response = _answered(request, indicator, agency, draw, refuse)
    response["Content-Security-Policy"] = _POLICY
    return response


@require_safe
def level_badge(request: HttpRequest, code: str, system: str) -> HttpResponse:
    """An SVG for an agency's own portal: level and points, in the round named or in the latest."""
    with translation.override("en" if request.GET.get("lang") == "en" else "vi"):
        try:
            found = rounds.with_system(code, system)
            signed = rounds.line_of(found, system).standing.grade
            now = rounds.corrected(found, system)
            said, label = _level_words(found, now or signed)
            if now is not None:
                label = f"{label} ({_('đã tính các đính chính')})"
            status = HTTPStatus.OK
        except Problem as problem:
            said, label, status = problem.message, problem.message, HTTPStatus(problem.status)
        told_image = drawn(_("Chất lượng"), said, label)
    response = HttpResponse(told_image, content_type="image/svg+xml", status=status)
    response["Cache-Control"] = _CACHED
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _answered(
    request: HttpRequest,
    indicator: str,
    agency: str,
    draw: Callable[[Told], HttpResponse],
    refuse: Callable[[Problem], HttpResponse],
) -> HttpResponse:
    current = caching.tag(request)
    response = caching.unchanged(request, current)
    if response is None:
        with translation.override("en" if request.GET.get("lang") == "en" else "vi"):
            try:
                response = draw(_told(request, indicator, agency))
            except Problem as problem:
                response = refuse(problem)
            except ThuocdoError as error:
                response = refuse(_missing(error))
        if response.status_code == HTTPStatus.OK:
            response["ETag"] = current
    response["Cache-Control"] = _CACHED
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _missing(error: ThuocdoError) -> Problem:
    """The pages' words; what an address names and nobody knows is a 404 here."""
    found = problems.from_error(error)
    found.status = HTTPStatus.NOT_FOUND
    return found


def _told(request: HttpRequest, indicator: str, agency: str) -> Told:
    definition = board.definition(indicator)
    choice = choosing.read(request)
    figure = publishing.of_agency(indicator, choice, agency)
    with translation.override(None if language() == "vi" else "en"):
        address = reverse("ranking", args=[indicator])
    query = f"?block={figure.block or choice.block}&period={choice.period}"
    return Told(
        title=definition.title,
        agency=_name(figure),
        value=printed(figure.value, figure.unit),
        rank=_rank(figure, indicator, choice) if figure.rank else "",
        reason=wording.flags(figure.flags) if figure.rank is None else "",
        period=f"{format_day(figure.period_first, language())} – "
        f"{format_day(figure.period_last, language())}",
        address=request.build_absolute_uri(address + query),
    )


def _name(figure: Figure) -> str:
    """The agency's name in the reader's language, where the registry has it."""
    if language() == "vi":
        return figure.name
    with board.measure().reading(None) as (facts, _facts):
        found = facts.dimensions.organisation.at(figure.agency, figure.as_organised)
    return found.name_en or figure.name


def _rank(figure: Figure, indicator: str, choice: choosing.Choice) -> str:
    block = publishing.ranking(indicator, choice, str(figure.block))
    ranked = sum(each.rank is not None for each in block)
    return _("hạng %(rank)s/%(of)s") % {"rank": figure.rank, "of": ranked}


def _level_words(found: Published, grade: Grade) -> tuple[str, str]:
    points = format_decimal(grade.points, 2, language())
    if grade.withheld and grade.level is None:
        said = _("không xếp mức · %(points)s điểm") % {"points": points}
    else:
        said = _("mức %(level)s · %(points)s điểm") % {
            "level": grade.level or "?",
            "points": points,
        }
    return said, f"{told(found.made.title)}: {said}"


def drawn(left: str, right: str, label: str) -> str:
    """Two fields in one line, 20 px high; the label is what a screen reader says."""
    left = left if len(left) <= _LONGEST else f"{left[: _LONGEST - 1]}…"
    wide, more = len(left) * _LETTER + 2 * _PADDING, len(right) * _LETTER + 2 * _PADDING
    text = '<text x="{}" y="14" textLength="{}" lengthAdjust="spacingAndGlyphs" fill="{}">{}</text>'
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" width="{}" height="20" role="img" '
        'aria-label="{}"><title>{}</title><rect width="{}" height="20" fill="#1f2f33"/>'
        '<rect x="{}" width="{}" height="20" fill="#0f767e"/>'
        '<g font-family="Verdana,DejaVu Sans,Arial,sans-serif" font-size="11">{}{}</g></svg>',
        *(f"{wide + more:.0f}", label, label, f"{wide:.0f}", f"{wide:.0f}", f"{more:.0f}"),
        format_html(text, f"{_PADDING}", f"{wide - 2 * _PADDING:.0f}", "#fff", left),
        format_html(text, f"{wide + _PADDING:.0f}", f"{more - 2 * _PADDING:.0f}", "#fff", right),
    )
