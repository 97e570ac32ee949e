"""What was known: by an instant, or to a log of raw segments of some size.

"As known at T" leaves out what landed after T. It is what a person asks. A published figure asks for
more: what had landed by T may have been on its way still when the figure was made, and would join it
in every later answer. The log of raw segments (lake/ledger) has an order that nobody can change, so
"as known to the first N leaves" is the same rows for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias

import ibis.expr.types as ir
import pyarrow as pa

from thuocdo.core.errors import ThuocdoError
from thuocdo.lake.ledger.ledger import Ledger
from thuocdo.lake.ledger.records import Span
from thuocdo.lake.schemas import DIMENSIONS, SOURCE_TABLES
from thuocdo.measure.engine import Engine, Rows, micros
from thuocdo.measure.facts.schemas import columns


class LogSize(NamedTuple):
    """So many leaves of the log of raw segments."""

    leaves: int


Known: TypeAlias = int | LogSize
"""An instant (µs UTC), or a size of the log."""

_SPANS = columns(segment=pa.string(), first=pa.int64(), last=pa.int64())


class Knowledge(Protocol):
    """Which raw rows count."""

    @property
    def name(self) -> str:
        """Equal names, equal rows."""
        ...

    @property
    def log_size(self) -> int | None:
        """Leaves of the log that tell the rows; None where the log was not asked."""
        ...

    @property
    def until(self) -> int:
        """The last moment at which anything was known, µs UTC."""
        ...

    def recorded(self, dimension: str) -> int:
        """Rows of a dimension that were recorded by then count, µs UTC."""
        ...

    def only(self, engine: Engine, table: str, events: Rows) -> Rows:
        """The rows of an event table that were known."""
        ...


@dataclass(frozen=True, slots=True)
class ByInstant:
    """What had landed, and been recorded, by an instant (µs UTC)."""

    instant: int

    @property
    def name(self) -> str:
        return str(self.instant)

    @property
    def log_size(self) -> int | None:
        return None

    @property
    def until(self) -> int:
        return self.instant

    def recorded(self, _dimension: str) -> int:
        return self.instant

    def only(self, engine: Engine, _table: str, events: Rows) -> Rows:
        return engine.view(landed_by, events, known=self.instant)


@dataclass(frozen=True, slots=True)
class ByLog:
    """What the first leaves of the log tell.

    moments  dimension → when its youngest row there was recorded, µs UTC
    until    when the youngest event landed, µs UTC
    later    rows of event tables that only later leaves tell
    """

    leaves: int
    moments: Mapping[str, int]
    until: int
    later: frozenset[Span]

    @property
    def name(self) -> str:
        return f"n{self.leaves}"

    @property
    def log_size(self) -> int | None:
        return self.leaves

    def recorded(self, dimension: str) -> int:
        return self.moments[dimension]

    def only(self, engine: Engine, table: str, events: Rows) -> Rows:
        spans = [span for span in self.later if span.table == table]
        if not spans:
            return events
        held = pa.table(
            [[getattr(span, name) for span in spans] for name in _SPANS.names], schema=_SPANS
        )
        return engine.view(without, events, engine.hold(held))


def landed_by(events: ir.Table, *, known: int) -> ir.Table:
    """The events that had landed by an instant, µs UTC."""
    return events.filter(micros(events.landed_at) <= known)


def without(events: ir.Table, spans: ir.Table) -> ir.Table:
    """The events that lie in none of the spans."""
    return events.anti_join(
        spans,
        [
            events.segment == spans.segment,
            events.event_id >= spans.first,
            events.event_id <= spans.last,
        ],
    )


def knowledge(known: Known, ledger: Ledger) -> Knowledge:
    """How to read the lake as it was known.

    Raises ThuocdoError `log_too_short` when the log has fewer leaves than asked for.
    """
    if not isinstance(known, LogSize):
        return ByInstant(known)
    head = ledger.head()
    there = head.size if head else 0
    if known.leaves > there:
        raise ThuocdoError(
            "log_too_short",
            f"The log of raw segments has {there} leaves here, not {known.leaves}.",
            "Bring the lake and the ledger of the instance that published the figure.",
        )
    return ByLog(
        leaves=known.leaves,
        moments={name: ledger.youngest([name], known.leaves) for name in DIMENSIONS},
        until=ledger.youngest(SOURCE_TABLES, known.leaves),
        later=frozenset(ledger.segments_after(known.leaves)),
    )
