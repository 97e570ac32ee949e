"""The dated layouts of the weekly report: which tables it has and in which words, as data.

An edition is a YAML file below `templates/` with its source and the days it holds for. A report
takes the edition in force on its own date, so a report of 2022 still says "mức độ 3, 4".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from thuocdo.core.clock import Period, parse_period
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vocabulary import Block

TEMPLATES = Path(__file__).parent / "templates"
FONTS = Path(__file__).parent / "fonts"
_PUBLISHED = "published.yaml"

Shape = TypeVar("Shape")


class TableSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table as the edition wants it; the version of the indicator comes from the date."""

    title: str
    indicator: str
    block: Block
    top_n: int
    top_heading: str
    bottom_heading: str
    name_heading: str
    value_heading: str
    sheet: str


class SectionSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A numbered part and its tables; tables are numbered through the whole report."""

    heading: str
    tables: list[TableSpec]
    lead: str = ""


class TextSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sentences with `{…}` for values: week, year, owner, first, last."""

    kind: str
    week_line: str
    subject: str
    purpose: str
    mark: str
    intro: str
    topic: str
    statistics_heading: str
    statistics: str
    footnote: str
    quality_heading: str
    methods_heading: str
    closing: str
    chart_title: str


class Edition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One edition of the weekly report. `headline` is the indicator of the national values."""

    edition: str
    valid_from: date
    source: str
    report: str
    document_type: str
    texts: TextSpec
    headline: str
    sections: list[SectionSpec]
    valid_to: date | None = None


class _Published(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    week: str
    period: str
    source: str


@cache
def editions() -> tuple[Edition, ...]:
    """All editions, oldest first. Raises ThuocdoError `bad_edition` when a file is not one."""
    found = [_read(path, Edition) for path in TEMPLATES.glob("weekly-*.yaml")]
    return tuple(sorted(found, key=lambda edition: edition.valid_from))


def edition_on(day: date) -> Edition:
    """The edition in force on a day; days before the first one take the first.

    Reports of earlier weeks than any edition can be remade: the oldest layout known is the honest one.
    """
    in_force = [edition for edition in editions() if edition.valid_from <= day]
    return in_force[-1] if in_force else editions()[0]


@cache
def published_periods() -> Mapping[str, Period]:
    """Week (`2022-W18`) → the period its published report covered."""
    rows = _read(TEMPLATES / _PUBLISHED, list[_Published])
    return {row.week: parse_period(row.period) for row in rows}


def _read(path: Path, shape: type[Shape]) -> Shape:
    content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    try:
        return msgspec.convert(content, shape)
    except msgspec.ValidationError as wrong:
        raise ThuocdoError(
            "bad_edition",
            f"{path.name} is not a layout of the weekly report: {wrong}.",
            "Compare it with templates/weekly-2022.yaml.",
        ) from wrong
