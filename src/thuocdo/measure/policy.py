"""Policy as data: dated rows of YAML with a source, checked when they are read.

Thresholds, targets and rules of advice, outlook and invariants are law, not mechanism: each file
says where its rows come from and when they hold, so that an answer about last year is given under
last year's rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec
import yaml

from thuocdo.core.errors import ThuocdoError


class Dated(Protocol):
    """A row that holds from one day to another, both included; None is open."""

    @property
    def valid_from(self) -> date | None: ...

    @property
    def valid_to(self) -> date | None: ...


Shape = TypeVar("Shape")
Row = TypeVar("Row", bound=Dated)


def load(path: Path, shape: type[Shape]) -> Shape:
    """A policy file as `shape`. Raises ThuocdoError `bad_policy` with file, place and reason."""
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return msgspec.convert(content, shape)
    except (yaml.YAMLError, msgspec.ValidationError) as wrong:
        raise ThuocdoError(
            "bad_policy",
            f"{path.name} is refused: {' '.join(str(wrong).split())}.",
            "Correct the policy file.",
        ) from wrong


def holds(row: Dated, day: date) -> bool:
    """Whether a row is in force on a day."""
    return (row.valid_from or date.min) <= day <= (row.valid_to or date.max)


def edition_on(rows: Sequence[Row], day: date) -> Row:
    """The edition in force on a day; `rows` are oldest first, a day before them takes the first."""
    begun = [row for row in rows if (row.valid_from or date.min) <= day]
    return begun[-1] if begun else rows[0]
