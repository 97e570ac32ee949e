"""How much a host gets of us: `policy.yaml`, read once."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from thuocdo.measure.definitions import Source
from thuocdo.measure.policy import load

_FILE: Final = Path(__file__).parent / "policy.yaml"


class Window(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """At most so many in so many hours back."""

    hours: int
    most: int


class Budgets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be asked for, by whom and of what."""

    agency: tuple[Window, ...]
    system: tuple[Window, ...]
    host: tuple[Window, ...]

    @property
    def longest(self) -> int:
        """Hours."""
        return max(each.hours for each in (*self.agency, *self.system, *self.host))


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file; see the comments there."""

    version: int
    valid_from: date
    source: Source
    budgets: Budgets
    scan_weight: int

    def __post_init__(self) -> None:
        if any(each.most < self.scan_weight for each in self.budgets.host):
            raise ValueError("one scan must fit into what a host gets")


@cache
def policy() -> Policy:
    """Raises ThuocdoError `bad_policy` when the file is malformed."""
    return load(_FILE, Policy)
