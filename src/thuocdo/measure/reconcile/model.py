"""What a reconciliation says: one typed shape for the terminal, JSON and the workbook.

A side that said nothing is None, never 0: then there is no difference either, and `gap` alone says
how much the silence adds to the difference of the totals.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

import msgspec

from thuocdo.measure.definitions import Text

Number: TypeAlias = int | Decimal


class State(StrEnum):
    """How two figures stand to each other."""

    EQUAL = "equal"
    WITHIN = "within_tolerance"
    DIFFERS = "differs"
    SILENT = "one_side_silent"
    NOTHING = "both_silent"


class Against(msgspec.Struct, frozen=True):
    """Measured against one stated figure.

    difference  measured − stated; None while either side is silent
    relative    difference in percent of the stated figure, two decimals; None when that is 0
    gap         what this line adds to the difference of the totals, a silent side counting for
                nothing; None where figures do not add up (percentages)
    """

    difference: Number | None
    relative: Decimal | None
    gap: int | None
    state: State


class Said(msgspec.Struct, frozen=True):
    """A stated figure.

    source   the paper it stands in; of several papers, each
    said_at  when it was written down here, µs UTC; of several, the last
    summed   added up from smaller statements (months, days, services), none of the whole being made
    agencies codes of those who state it: one, or the predecessors of a merged agency
    """

    value: Number
    numerator: int | None
    denominator: int | None
    source: str
    said_at: int
    summed: bool
    agencies: tuple[str, ...]


class Line(msgspec.Struct, frozen=True):
    """One service, one day, or one service on one day.

    rest  what a stated total holds beyond its parts: of no service or day in particular
    """

    procedure: str | None
    name: str
    day: date | None
    measured: int | None
    declared: int | None
    national: int | None
    to_declared: Against
    to_national: Against
    rest: bool = False


class Detail(msgspec.Struct, frozen=True):
    """Where a cause lies: whichever of its fields are known."""

    dossiers: int
    reason: str = ""
    day: date | None = None
    procedure: str | None = None


class Cause(msgspec.Struct, frozen=True):
    """What our own data offers as an explanation. It is a candidate: people decide.

    dossiers   how many it is about
    would_be   the measured count if it held
    estimated  `would_be` rests on an estimate
    closes     it brings the measured count nearer to what the agency (the national portal) states
    exact      it makes it equal
    """

    code: str
    text: Text
    dossiers: int
    would_be: int
    estimated: bool = False
    closes: bool = False
    exact: bool = False
    details: tuple[Detail, ...] = ()


class Agreement(msgspec.Struct, frozen=True):
    """A decision that was written down; instants are µs UTC.

    outdated  "" while what was measured still is; "events": it moved since; "definition": it is
              measured under other words now
    """

    at: int
    role: str
    office: str
    decision: str
    procedure: str | None
    measured: str | None
    declared: str | None
    national: str | None
    agreed: str | None
    note: str
    definition: str
    as_known: int | None
    outdated: str = ""


class Comparison(msgspec.Struct, frozen=True):
    """One indicator or basic count.

    measured     None: nothing was measured (silence is not 0)
    numerator, denominator   of a measured percentage
    services, days, cells    the largest gap first; empty for what does not add up
    """

    code: str
    name: Text
    unit: str  # "count" | "percent"
    definition: str
    measured: Number | None
    numerator: int | None
    denominator: int | None
    declared: Said | None
    national: Said | None
    to_declared: Against
    to_national: Against
    services: tuple[Line, ...] = ()
    days: tuple[Line, ...] = ()
    cells: tuple[Line, ...] = ()
    causes: tuple[Cause, ...] = ()
    agreements: tuple[Agreement, ...] = ()


class Reconciliation(msgspec.Struct, frozen=True):
    """One agency and period. Days are Vietnamese, both included; instants µs UTC."""

    agency: str
    name: str
    first: date
    last: date
    trust: str
    as_known: int
    as_organised: date
    policy: str
    made_at: int
    comparisons: tuple[Comparison, ...]
    silent_days: tuple[date, ...]
    notes: tuple[Text, ...]
