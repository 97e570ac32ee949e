"""Methods: an index of all indicators, and of each one its versions side by side, as its file says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from thuocdo.measure.definitions import Indicator, Version
from thuocdo.measure.definitions.model import Vector
from thuocdo.measure.definitions.running import packaged
from thuocdo.measure.definitions.wording import Speaker
from thuocdo.web import board, wording
from thuocdo.web.printing import fraction_text, language, printed


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the index."""

    code: str
    title: str
    versions: int
    since: Any
    computable: bool


@dataclass(frozen=True, slots=True)
class Example:
    """A test vector: what happened, and the figure that must come out."""

    name: str
    period: str
    given: str
    counts: str
    value: str
    flags: str


@dataclass(frozen=True, slots=True)
class Column:
    """One version of a definition, as a column of the comparison."""

    version: Version
    text: str
    formula: str
    rules: list[str]
    notes: list[str]
    source: str
    kind: str
    examples: list[Example]


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    indicators = {each.code: each for each in board.measure().definitions()}
    context = {
        "title": _("Phương pháp"),
        "groups": [
            (title, source, [_entry(indicators[code]) for code in codes if code in indicators])
            for title, source, codes in _groups(indicators)
        ],
        "count": len(indicators),
    }
    return render(request, "web/methods.html", context)


@require_safe
def page(request: HttpRequest, indicator: str) -> HttpResponse:
    described = board.definition(indicator)
    found = board.measure().definition(indicator)
    context = {
        "title": described.title,
        "indicator": found,
        "described": described,
        "unit": wording.UNITS[found.unit],
        "blocks": [wording.BLOCKS[block] for block in found.blocks],
        "sources": Speaker(language()).kinds(found.source_kinds) if found.source_kinds else "",
        "columns": [_column(found, version) for version in reversed(found.versions)],
    }
    return render(request, "web/method.html", context)


def _groups(indicators: dict[str, Indicator]) -> Iterable[tuple[str, str, list[str]]]:
    """(title, its source, codes): the weekly report's, the others, and published sets by group."""
    headline = [described.code for described in board.headline()]
    in_sets = {
        code
        for each in packaged().sets
        for group in each.groups
        for code in (*group.indicators, *group.tracked)
    }
    others = [code for code in indicators if code not in {*headline, *in_sets}]
    yield _("Chỉ số của báo cáo tuần"), "", headline
    yield _("Dịch vụ, hồ sơ và vận hành"), "", others
    speaker = Speaker(language())
    for each in packaged().sets:
        for group in each.groups:
            title = f"{each.source.document.split(' ngày')[0]}: {speaker.text(group.name)}"
            if language() == "en":
                title = f"{each.code.upper()}: {speaker.text(group.name)}"
            yield title, "", [*group.indicators, *group.tracked]


def _entry(indicator: Indicator) -> Entry:
    newest = indicator.versions[-1]
    return Entry(
        code=indicator.code,
        title=getattr(indicator.name, language()),
        versions=len(indicator.versions),
        since=newest.valid_from,
        computable=newest.is_computable,
    )


def _column(indicator: Indicator, version: Version) -> Column:
    speaker = Speaker(language())
    return Column(
        version=version,
        text=speaker.text(version.description),
        formula=speaker.formula(version),
        rules=speaker.rules(indicator, version),
        notes=[speaker.text(note) for note in version.notes],
        source=f"{version.source.document}, {version.source.place}",
        kind=version.numerator.__struct_config__.tag,
        examples=[_example(indicator.unit, vector) for vector in version.vectors],
    )


def _example(unit: str, vector: Vector) -> Example:
    given = {
        name: rows for name in ("services", "dossiers", "views") if (rows := getattr(vector, name))
    }
    return Example(
        name=vector.name,
        period=vector.period,
        given=yaml.safe_dump(given, allow_unicode=True, default_flow_style=None, width=100)
        if given
        else "",
        counts=fraction_text(vector.expect.numerator, vector.expect.denominator),
        value=printed(vector.expect.value, unit),
        flags=wording.flags(vector.expect.flags),
    )
