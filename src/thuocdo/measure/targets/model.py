"""What a target is, and those that every instance begins with."""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path
from typing import Final, Literal

import msgspec

from thuocdo.measure.definitions import Source, Text
from thuocdo.measure.policy import load

_PACKAGED: Final = Path(__file__).with_name("targets.yaml")


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a block's agencies, or one agency, must reach: `value` (decimal, as text) by a day.

    valid_from, valid_to  days between which it counts as a target; both included, None is open
    """

    code: str
    indicator: str
    value: str
    by: dt.date
    title: Text
    source: Source
    block: Literal["ministry", "province"] | None = None
    agency: str | None = None
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None


@cache
def targets() -> tuple[Target, ...]:
    """Every packaged target, the earliest day first. Raises ThuocdoError `bad_policy`.

    An instance's own are with them in `Measure.targets`.
    """
    found = load(_PACKAGED, list[Target])
    return tuple(sorted(found, key=lambda target: (target.by, target.code)))
