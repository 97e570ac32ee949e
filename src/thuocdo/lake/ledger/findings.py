"""What a verification of the raw lake finds."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import msgspec


class Wrong(StrEnum):
    """What can be wrong."""

    CHANGED = "changed"  # a file is not what the ledger vouches for
    MISSING = "missing"  # a file that should be there is not
    UNTOLD = "untold"  # the lake has something the ledger does not know
    ROWS_CHANGED = "rows_changed"  # the rows of a segment are not those that landed
    UNSIGNED = "unsigned"  # a head was not signed by this key
    FORKED = "forked"  # a head was signed for another log than this one


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong.

    where   a file, relative to the lake's or the ledger's folder (`lake/…`, `ledger/…`), or
            `<table> <segment>`
    detail  what is known about it, one sentence
    """

    wrong: Wrong
    where: str
    detail: str


class Verified(msgspec.Struct, frozen=True):
    """What was looked at, and what was wrong. `size`, `root`, `at`: the head that was verified."""

    findings: list[Finding]
    size: int = 0
    root: str = ""
    at: int = 0
    files: int = 0
    rows: int = 0
    erased: int = 0
    heads: int = 0

    @property
    def is_sound(self) -> bool:
        return not self.findings


Tick = Callable[[str, int, int | None], None]
"""Told what is looked at (files, rows of a table), how far it is, of how much."""
