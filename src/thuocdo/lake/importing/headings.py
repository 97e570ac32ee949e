"""Whose column is whose in a table people made: headings and words compared as people read them.

The spellings are versioned data (`lake/data/*.yaml`). Case, marks and punctuation say nothing; a
title above the headings is passed over; a column that carries personal data is never looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property
from importlib.resources import files
from typing import Final, NamedTuple

import msgspec
import yaml

from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vietnamese import fold_accents, nfc
from thuocdo.lake.importing.tables import Row, Sheet

_BETWEEN: Final = re.compile(r"[^0-9a-z]+")
_BRACKETS: Final = re.compile(r"\([^()]*\)")
_FEWEST: Final = 2
"""Headings a row must have to be taken for one; a single word may stand anywhere."""
_HEADING_ROWS: Final = 30
"""A title, an address, a period and a blank line stand above the headings of an official table."""


class Field(msgspec.Struct, frozen=True, dict=True):
    """One column: its spellings, whether a table must have it, and the words of its cells."""

    headings: tuple[str, ...]
    needed: bool = False
    words: Mapping[str, tuple[str, ...]] = {}
    help: str = ""
    help_en: str = ""
    example: str = ""

    @cached_property
    def by_word(self) -> dict[str, str]:
        return {folded(text): value for value, texts in self.words.items() for text in texts}


class Wording(msgspec.Struct, frozen=True, dict=True):
    """The columns of one kind of table; `hint` tells how to make one that can be read."""

    version: str
    source: str
    hint: str
    fields: Mapping[str, Field]
    afterwords: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()

    @cached_property
    def by_heading(self) -> dict[str, str]:
        return {
            folded(text): name for name, field in self.fields.items() for text in field.headings
        }

    @cached_property
    def _personal(self) -> tuple[str, ...]:
        return tuple(f" {folded(text)} " for text in self.personal)

    @cached_property
    def _afterwords(self) -> tuple[str, ...]:
        return tuple(folded(text) for text in self.afterwords)

    def named(self, heading: str) -> str | None:
        """The column a heading names; what stands in brackets only explains it."""
        known = self.by_heading
        return known.get(folded(heading)) or known.get(folded(_BRACKETS.sub(" ", heading)))

    def is_personal(self, heading: str) -> bool:
        return any(text in f" {folded(heading)} " for text in self._personal)

    def word(self, name: str, text: str) -> str | None:
        """What a cell of a column says; None when it says nothing known."""
        said = folded(text)
        known = self.fields[name].by_word
        for after in ("", *self._afterwords):
            found = known.get(said.removesuffix(after).strip()) if said.endswith(after) else None
            if found is not None:
                return found
        return None


class Columns(NamedTuple):
    """The columns found in a sheet, by place, and the headings of those passed over."""

    heading_row: int  # place among the sheet's rows
    places: dict[str, int]
    personal: list[str]
    unused: list[str]


def folded(text: str) -> str:
    """Lower case, without marks, single spaces for whatever stands between words."""
    return _BETWEEN.sub(" ", fold_accents(nfc(text))).strip()


@cache
def wording(name: str) -> Wording:
    """The columns of a kind of table, from `lake/data/<name>.yaml`."""
    text = files("thuocdo.lake").joinpath(f"data/{name}.yaml").read_text("utf-8")
    return msgspec.convert(yaml.safe_load(text), Wording)


def find(sheet: Sheet, words: Wording, file: str) -> Columns | None:
    """The columns of a sheet; None when no row of it looks like headings.

    Raises ThuocdoError `missing_columns` or `double_column`.
    """
    best: Columns | None = None
    for place, row in enumerate(sheet.rows[:_HEADING_ROWS]):
        found = _columns(place, row, words)
        if found.places and (best is None or len(found.places) > len(best.places)):
            best = found
    if best is None or len(best.places) < _FEWEST:
        return None
    _check(best, sheet.rows[best.heading_row], words, file)
    return best


def _columns(place: int, row: Row, words: Wording) -> Columns:
    places: dict[str, int] = {}
    personal: list[str] = []
    unused: list[str] = []
    for column, cell in enumerate(row.cells):
        heading = " ".join(str(cell).split())
        name = words.named(heading)
        if name is not None and name not in places:
            places[name] = column
        elif name is None and heading:
            (personal if words.is_personal(heading) else unused).append(heading)
    return Columns(place, places, personal, unused)


def _check(found: Columns, row: Row, words: Wording, file: str) -> None:
    names = [words.named(str(cell)) for cell in row.cells]
    twice = sorted({name for name in names if name is not None and names.count(name) > 1})
    if twice:
        raise ThuocdoError(
            "double_column",
            f"{file} has two columns for {_said(twice, words)} in row {row.number}.",
            "Keep the one that counts and delete the other.",
        )
    missing = [
        name for name, field in words.fields.items() if field.needed and name not in found.places
    ]
    if missing:
        raise ThuocdoError(
            "missing_columns",
            f"{file} has no column {_said(missing, words)} (headings in row {row.number}).",
            words.hint,
        )


def _said(names: Iterable[str], words: Wording) -> str:
    return ", ".join(f"“{words.fields[name].headings[0]}”" for name in names)


def notes(file: str, found: Sequence[Columns]) -> tuple[str, ...]:
    """What was passed over, in words for whoever runs the import."""
    told = []
    personal = sorted({heading for columns in found for heading in columns.personal})
    unused = sorted({heading for columns in found for heading in columns.unused})
    if personal:
        told.append(f"{file}: personal data, passed over and kept nowhere: {', '.join(personal)}")
    if unused:
        told.append(f"{file}: columns not used: {', '.join(unused)}")
    return tuple(told)
