"""The sheets that `thuocdo assess` reads: systems to plan a round from, assessors' marks."""

from __future__ import annotations

import csv
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

from thuocdo.core.errors import ThuocdoError

if TYPE_CHECKING:
    from thuocdo.assess.rounds.office import System


def systems_in(path: Path) -> list[System]:
    """Raises ThuocdoError `bad_file`."""
    from thuocdo.assess.rounds.planning import COLUMNS, systems_of

    try:
        found, wrong = systems_of(path.read_bytes())
    except OSError as error:
        raise ThuocdoError("bad_file", f"{path} cannot be read: {error}.") from error
    if wrong:
        raise ThuocdoError("bad_file", f"{path}: {'; '.join(map(str, wrong[:20]))}.", f"The columns are {', '.join(COLUMNS)}[, vendor, site_id].")  # fmt: skip
    return found


def rows_in(path: Path, needed: tuple[str, ...]) -> list[dict[str, str]]:
    """The rows of a sheet with some columns filled in every one. Raises ThuocdoError `bad_file`."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows, names = list(reader), tuple(reader.fieldnames or ())
    except (OSError, UnicodeDecodeError) as error:
        raise ThuocdoError("bad_file", f"{path} cannot be read: {error}.") from error
    missing = [name for name in needed if name not in names]
    if missing or any(not row[name] for row in rows for name in needed):
        raise ThuocdoError(
            "bad_file", f"{path} needs the columns {', '.join(needed)} filled in every row."
        )
    return rows


def points_of(text: str) -> Decimal:
    """With a point or a comma. Raises ThuocdoError `bad_option`."""
    try:
        return Decimal(text.replace(",", "."))
    except InvalidOperation:
        raise ThuocdoError(
            "bad_option", f"{text!r} are no points.", "Write a number, such as 3.25."
        ) from None
