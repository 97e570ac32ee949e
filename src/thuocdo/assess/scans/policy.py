"""How the instance scans: `policy.yaml`, read once."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from thuocdo.assess.probes.page_load.probe import RULES as LAB
from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.definitions import Source
from thuocdo.measure.policy import load

_FILE: Final = Path(__file__).parent / "policy.yaml"


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file; see the comments there."""

    version: int
    valid_from: date
    source: Source
    at_once: int
    lab_runs: int
    most_lab_runs: int
    pace_of: int
    pace_from: int
    silent_seconds: int


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
