"""Public pages of a published round: the ranking, each system, vendors, rules, files."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from thuocdo.assess.models import Ruling
from thuocdo.assess.rounds import office
from thuocdo.assess.rounds.publication import BlockLine, Publication, SystemLine
from thuocdo.assess.rounds.table import OWN
from thuocdo.core.vietnamese import collation_key
from thuocdo.web import rounds, wording
from thuocdo.web.evidence import Shown, Use, answer
from thuocdo.web.problems import Problem
from thuocdo.web.rounds import Published, Row, told

_TYPES = {
    "json": "application/json; charset=utf-8",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    rounds.SIGNATURE: "application/jose",
    rounds.RULES: "application/json; charset=utf-8",
}
_CACHED = "public, max-age=300"


@dataclass(frozen=True, slots=True)
class Block:
    """A block's ranking: ranked rows, then those without a rank."""

    code: str
    name: str
    line: BlockLine
    ranked: list[Row]
    unranked: list[Row]


@dataclass(frozen=True, slots=True)
class Vendor:
    """One vendor: its systems in short, and each defect they share."""

    name: str
    systems: list[Row]
    mean: Decimal | None
    defects: list[tuple[str, str, list[Row]]]


@require_safe
def page(request: HttpRequest, code: str) -> HttpResponse:
    """The ranking of both blocks, our own site as row 0."""
    found = rounds.find(code)
    context = {
        **_common(found),
        "title": told(found.made.title),
        "blocks": _blocks(found),
        "withheld": any(each.withheld for each in found.made.blocks),
        "own": rounds.own(found),
        "groups": [
            f"{told(name)} *" if code in found.made.configured_groups else told(name)
            for code, name in found.made.groups.items()
        ],
        "corrections": _corrections(found),
    }
    return render(request, "web/rounds/round.html", context)


@require_safe
def system(request: HttpRequest, code: str, system: str) -> HttpResponse:
    """Every criterion of one system: points, what was seen, how to mend it, whose fault it was."""
    found = rounds.find(code)
    line = rounds.line_of(found, system)
    own = [each for each in _corrections(found) if each["code"] == system]
    context = {
        **_common(found),
        "title": line.standing.name,
        "row": rounds.row(line, list(found.made.groups), found.rules.levels),
        "url": line.url,
        "is_own": line.standing.block == OWN,
        "block_name": wording.BLOCKS.get(line.standing.block, ""),
        "groups": rounds.by_group(found.rules, line),
        "corrections": own,
        "corrected": rounds.corrected(found, system) if own else None,
        "badge": request.build_absolute_uri(reverse("badge-level", args=[rounds.LATEST, system])),
        "address": request.build_absolute_uri(),
    }
    return render(request, "web/rounds/system.html", context)


@require_safe
def vendors(request: HttpRequest, code: str) -> HttpResponse:
    """What one vendor's systems share: the same defect in thirty portals is one entry."""
    found = rounds.find(code)
    title = _("Nhà cung cấp và lỗi chung")
    context = {**_common(found), "title": title, "vendors": _vendors(found)}
    return render(request, "web/rounds/vendors.html", context)


@require_safe
def rules(request: HttpRequest, code: str) -> HttpResponse:
    """The rules as the round froze them, in words."""
    found = rounds.find(code)
    context = {**_common(found), "title": found.name, "rules": found.rules}
    return render(request, "web/rounds/rules.html", context)


@require_safe
def download(_request: HttpRequest, code: str, kind: str) -> HttpResponse:
    """One print of the round, or what was signed."""
    found = rounds.find(code)
    if kind not in rounds.KINDS:
        raise Problem(
            _("Đợt đánh giá không có ở định dạng “%(kind)s”.") % {"kind": kind[:10]},
            status=HTTPStatus.NOT_FOUND,
        )
    response = HttpResponse(rounds.file(found, kind), content_type=_TYPES[kind])
    name = f"{found.code}.{kind}.json" if kind == rounds.RULES else f"{found.code}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_safe
def evidence(request: HttpRequest, code: str, sha256: str) -> HttpResponse:
    """A piece of evidence that the publication names, and what stands on it."""
    found = rounds.find(code)
    systems = found.made.systems
    named = {
        name: kind for each in systems for line in each.checks for name, kind in line.kept.items()
    }

    def page(shown: Shown) -> HttpResponse:
        uses = [use for each in systems if (use := _use(code, each, sha256)).checks]
        context = {**_common(found), "title": shown.title, "shown": shown, "uses": uses}
        return render(request, "web/rounds/evidence.html", context)

    return answer(request, sha256, named, page)


def _use(code: str, line: SystemLine, sha256: str) -> Use:
    checks = [told(each.name) for each in line.checks if sha256 in each.evidence]
    address = reverse("quality-system", args=[code, line.standing.code])
    return Use(line.standing.name, address, checks)


def _common(found: Published) -> dict[str, object]:
    """What every page of a round says of it."""
    return {"found": found, "made": found.made, "kinds": rounds.KINDS, "trial": found.made.is_trial}


def _blocks(found: Published) -> list[Block]:
    groups, made = list(found.made.groups), []
    for block in found.made.blocks:
        rows = [
            rounds.row(each, groups, found.rules.levels)
            for each in found.made.systems
            if each.standing.block == block.block
        ]
        ranked = [each for each in rows if each.standing.rank is not None]
        unranked = [each for each in rows if each.standing.rank is None]
        name = str(wording.BLOCKS.get(block.block, block.block))
        made.append(Block(block.block, name, block, ranked, unranked))
    return made


def _vendors(found: Published) -> list[Vendor]:
    groups, names = list(found.made.groups), rounds.names_of_checks(found)
    rows = {
        each.standing.code: rounds.row(each, groups, found.rules.levels)
        for each in found.made.systems
        if each.standing.block != OWN
    }
    by_vendor: dict[str, list[Row]] = {}
    for each in rows.values():
        by_vendor.setdefault(each.standing.vendor, []).append(each)
    return [
        Vendor(
            vendor,
            own,
            _mean(own),
            [
                (names[each.check], rounds.defect(found, each), [rows[at] for at in each.systems])
                for each in found.made.vendors
                if each.vendor == vendor
            ],
        )
        for vendor, own in sorted(
            by_vendor.items(),
            key=lambda pair: (not pair[0], -_ranked(pair[1]), collation_key(pair[0])),
        )
    ]


def _ranked(rows: list[Row]) -> int:
    return sum(each.standing.rank is not None for each in rows)


def _mean(rows: list[Row]) -> Decimal | None:
    points = [each.standing.grade.points for each in rows if each.standing.rank is not None]
    return sum(points, Decimal()) / len(points) if points else None


def _corrections(found: Published) -> list[dict[str, object]]:
    """The log of corrections: what was published, what holds now, why, who, when."""
    made: list[dict[str, object]] = []
    names = {f"{g.code}.{c.code}": told(c.name) for g, c in found.rules.criteria()}
    for each in office.corrections(found.held):
        made.append(
            {
                "code": each.entry.code,
                "system": each.entry.name,
                "criterion": names.get(each.key, each.key),
                "before": _published(found.made, each),
                "after": each.points,
                "reason": each.reason,
                "who": each.who,
                "at": each.made_at,
            }
        )
    return made


def _published(made: Publication, ruling: Ruling) -> Decimal | None:
    for line in made.systems:
        if line.standing.code == ruling.entry.code:
            return next((each.points for each in line.checks if each.check == ruling.key), None)
    return None
