"""One agency: every indicator, its trend and rank, its systems, services and kin; and the list."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from thuocdo.core.codes import agency_code
from thuocdo.core.vietnamese import collation_key, fold_accents
from thuocdo.measure.model import Figure, Flag
from thuocdo.registry.models import Agency, Service, Site, System
from thuocdo.web import board, choosing, publishing, pulse, rounds, wording
from thuocdo.web.aims import Aim, aim
from thuocdo.web.choosing import Choice
from thuocdo.web.drawing import Trend, trend
from thuocdo.web.printing import agency_name, language
from thuocdo.web.problems import Problem

_HEADS = ("ministry", "province")
_OF_CHILDREN = ("portal_visits", "online_dossier_rate")
_LISTED = 20


@dataclass(frozen=True, slots=True)
class IndicatorPart:
    """One indicator of the agency; `figure` is None when it is not measured for this agency."""

    definition: board.Described
    figure: Figure | None
    ranked: int
    trend: Trend
    target: Aim | None


@dataclass(frozen=True, slots=True)
class ChildPart:
    """An agency directly below, or what is the agency's own; a figure for each of _OF_CHILDREN."""

    code: str
    name: str
    own: bool
    figures: list[Figure | None]


@dataclass(frozen=True, slots=True)
class SystemPart:
    """One system with its sites: (site, last heard µs UTC or None)."""

    system: System
    kind: str
    heard: int | None
    sites: list[tuple[Site, int | None]]


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Ministries and provinces of the day, to be searched with or without accents."""
    choice = choosing.read(request)
    wanted = request.GET.get("q", "").strip()[:100]
    agencies = Agency.objects.on(choice.as_organised or choosing.today()).filter(kind__in=_HEADS)
    needle = fold_accents(wanted)
    found = [
        agency
        for agency in agencies
        if needle in fold_accents(f"{agency.name} {agency.name_en} {agency.code}")
    ]
    found.sort(key=lambda agency: collation_key(agency.name))
    context = {
        "title": _("Cơ quan"),
        "wanted": wanted,
        "groups": [
            (wording.BLOCKS[kind], [agency for agency in found if agency.kind == kind])
            for kind in _HEADS
        ],
        "found": len(found),
    }
    return render(request, "web/agencies.html", context)


@require_safe
def page(request: HttpRequest, code: str) -> HttpResponse:
    canonical = agency_code(code)
    if canonical and canonical != code and not Agency.objects.filter(code=code).exists():
        query = request.META.get("QUERY_STRING", "")
        address = reverse("agency", args=[canonical])
        return HttpResponseRedirect(f"{address}?{query}" if query else address)
    choice = choosing.read(request)
    agency = agency_of(code, choice)
    choice = in_its_life(agency, choice)
    parts = _indicators(agency, choice)
    not_full = _not_full(agency, choice)
    context = {
        "title": agency_name(agency),
        "line": board.line(choice, [[part.figure for part in parts if part.figure]]),
        "choice": choice,
        "presets": choosing.PRESETS,
        "agency": agency,
        "kind": wording.AGENCY_KINDS.get(agency.kind, agency.kind),
        "parent": _named(agency.parent),
        "successor": _named(agency.successor),
        "predecessors": _predecessors(agency),
        "indicators": parts,
        "systems": (systems := _systems(agency, choice)),
        "assessed": rounds.of_systems([part.system.code for part in systems]),
        "levels": _levels(agency, choice),
        "children": _children(agency, choice) if parts else [],
        "children_titles": [board.definition(code).title for code in _OF_CHILDREN],
        "not_full": not_full[:_LISTED],
        "not_full_more": max(0, len(not_full) - _LISTED),
        "questions": _questions(agency, choice),
        "is_top": agency.kind in wording.BLOCKS,
    }
    return render(request, "web/agency.html", context)


def agency_of(code: str, choice: Choice) -> Agency:
    """The agency as it is on the period's last day, else its latest row. Raises Problem (404)."""
    # A database may refuse what cannot be printed rather than not find it.
    rows = Agency.objects.filter(code=code) if code.isprintable() else Agency.objects.none()
    day = choice.as_organised or choice.period.last
    found = rows.on(day).first() or rows.order_by("-valid_from").first()
    if found is None:
        raise Problem(
            _("Không có cơ quan nào mang mã “%(code)s”.") % {"code": code[:40]},
            _("Tìm theo tên ở trang Cơ quan, hoặc kiểm tra lại mã (ví dụ H26 hay 000.00.00.H26)."),
            HTTPStatus.NOT_FOUND,
        )
    return found


def in_its_life(agency: Agency, choice: Choice) -> Choice:
    """An agency that was closed, or not yet founded, is shown on the map of its own time."""
    day = choice.as_organised or choice.period.last
    if agency.valid_to is not None and agency.valid_to < day:
        return replace(choice, as_organised=agency.valid_to)
    if agency.valid_from is not None and agency.valid_from > day:
        return replace(choice, as_organised=agency.valid_from)
    return choice


def _indicators(agency: Agency, choice: Choice) -> list[IndicatorPart]:
    parts = []
    for definition in board.compared():
        figures = board.figures_around(definition.code, choice, agency)
        figure = next((each for each in figures if each.agency == agency.code), None)
        unit = figure.unit if figure else definition.unit
        withheld = figure is not None and publishing.is_withheld(figure)
        points = [] if withheld else board.series(definition.code, choice, agency=agency.code)
        is_top = agency.kind in wording.BLOCKS
        target = (
            aim(definition.code, choice.period.last, block=agency.kind, agency=agency.code)
            if is_top
            else None
        )
        parts.append(
            IndicatorPart(
                definition,
                figure,
                len(board.by_rank(figures)),
                trend(points, unit, definition.title, agency_name(agency), target),
                target,
            )
        )
    return parts


def _children(agency: Agency, choice: Choice) -> list[ChildPart]:
    """The agencies directly below, what is its own last; none of an agency that has nobody below."""
    shown: dict[str, dict[tuple[str, bool], Figure]] = {}
    for code in _OF_CHILDREN:
        found = board.measure().figures(
            code,
            choice.period,
            by="children",
            agency=agency.code,
            as_organised=choice.as_organised,
            trust=choice.trust,
        )
        shown[code] = {
            (each.agency, Flag.DIRECTLY in each.flags): each
            for each in publishing.published_services(board.measure(), found)
        }
    order = {key: each.name for found in shown.values() for key, each in found.items()}
    day = choice.as_organised or choice.period.last
    known = Agency.objects.on(day).filter(code__in=[code for code, _own in order])
    names = {row.code: agency_name(row) for row in known}
    parts = [
        ChildPart(
            code,
            names.get(code, name),
            own,
            [shown[indicator].get((code, own)) for indicator in _OF_CHILDREN],
        )
        for (code, own), name in order.items()
    ]
    if all(part.own for part in parts):
        return []
    return sorted(parts, key=lambda part: (part.own, collation_key(part.name)))


def _not_full(agency: Agency, choice: Choice) -> list[Service]:
    """Services that are not full, with what the catalogue says of them; those with a reason first."""
    day = choice.as_organised or choice.period.last
    rows = Service.objects.on(day).filter(agency=agency.code).exclude(level="full")
    return sorted(rows, key=lambda row: (not row.reason_not_full, collation_key(row.name)))


def _questions(agency: Agency, choice: Choice) -> list[tuple[str, str]] | None:
    """(detector, its name) of the open questions about the data of the agency and those below it.

    None while they are being looked for.
    """
    found = publishing.findings_if_ready(board.measure(), choice.period)
    if found is None:
        return None
    mine = {
        finding.detector: getattr(finding.name, language())
        for finding in found
        if finding.agency == agency.code or finding.agency.startswith(f"{agency.code}.")
    }
    return list(mine.items())


def _systems(agency: Agency, choice: Choice) -> list[SystemPart]:
    heard = pulse.heard(board.instance())
    day = choice.as_organised or choice.period.last
    systems = list(System.objects.on(day).filter(agency=agency.code))
    sites = Site.objects.on(day).filter(system__in=[system.code for system in systems])
    return [
        SystemPart(
            system=system,
            kind=str(wording.SYSTEM_KINDS.get(system.kind, system.kind)),
            heard=heard.systems.get(system.code),
            sites=[
                (site, heard.sites.get(site.site_id))
                for site in sites
                if site.system == system.code
            ],
        )
        for system in systems
    ]


def _levels(agency: Agency, choice: Choice) -> list[tuple[str, int]]:
    """(level in words, services) on the period's last day; empty without a catalogue."""
    day = choice.as_organised or choice.period.last
    counts = Counter(
        Service.objects.on(day).filter(agency=agency.code).values_list("level", flat=True)
    )
    return (
        [(str(label), counts[level]) for level, label in wording.LEVELS.items()] if counts else []
    )


def _named(code: str) -> Agency | None:
    return Agency.objects.filter(code=code).order_by("-valid_from").first() if code else None


def _predecessors(agency: Agency) -> list[Agency]:
    rows = Agency.objects.filter(successor=agency.code).exclude(code=agency.code)
    return sorted({row.code: row for row in rows}.values(), key=lambda row: collation_key(row.name))
