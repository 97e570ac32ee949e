"""How the instance scans: `policy.yaml`, read once."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from thuocdo.assess.probes.page_load.probe import RULES as LAB
from thuocdo.assess.site_check.check import MAX_PAGES
from thuocdo.core.errors import ThuocdoError
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
    at_once: int
    lab_runs: int
    most_lab_runs: int
    budgets: Budgets
    scan_weight: int
    pace_of: int
    pace_from: int
    silent_seconds: int

    def __post_init__(self) -> None:
        if any(each.most < max(self.scan_weight, MAX_PAGES) for each in self.budgets.host):
            raise ValueError("one scan, and one check, must fit into what a host gets")


@cache
def policy() -> Policy:
    """Raises ThuocdoError `bad_policy` when the file is malformed."""
    return load(_FILE, Policy)


def lab_runs_of(runs: int) -> int:
    """Raises ThuocdoError `bad_lab_runs` for so many runs as are no measurement, or too many."""
    if runs == 0 or LAB.min_runs <= runs <= policy().most_lab_runs:
        return runs
    raise ThuocdoError(
        "bad_lab_runs",
        f"{runs} runs are no measurement.",
        f"Ask for {LAB.min_runs} to {policy().most_lab_runs}, or for 0.",
    )
