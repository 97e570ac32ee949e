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
from thuocdo.lake.ledger.book import NOTHING
from thuocdo.lake.ledger.reading import LedgerReader
from thuocdo.lake.ledger.records import Head, Span
from thuocdo.lake.schemas import DIMENSIONS, SOURCE_TABLES
from thuocdo.measure.engine import Engine, Rows, micros
from thuocdo.measure.facts.schemas import columns


class LogSize(NamedTuple):
    """So many leaves of the log of raw segments; of those what had landed by an instant, µs UTC."""

    leaves: int
    landed_by: int | None = None


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

    def version(self, table: str) -> int | None:
        """The Delta version of the lake's table whose files are read; None: the newest."""
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

    def version(self, _table: str) -> int | None:
        return None

    def only(self, engine: Engine, _table: str, events: Rows) -> Rows:
        return engine.view(landed_by, events, known=self.instant)


@dataclass(frozen=True, slots=True)
class ByLog:
    """What the first leaves of the log tell.

    head     of the log as it is here: no row that it does not tell counts
    moments  dimension → when its youngest row there was recorded, µs UTC
    youngest when the youngest event landed, µs UTC
    later    rows of event tables that only later leaves tell
    """

    size: LogSize
    head: Head
    moments: Mapping[str, int]
    youngest: int
    later: frozenset[Span]

    @property
    def name(self) -> str:
        return f"n{self.size.leaves}k{self.size.landed_by or ''}"

    @property
    def log_size(self) -> int | None:
        return self.size.leaves

    @property
    def until(self) -> int:
        return self._by(self.youngest)

    def recorded(self, dimension: str) -> int:
        return self._by(self.moments[dimension])

    def version(self, table: str) -> int | None:
        return self.head.versions.get(table)

    def only(self, engine: Engine, table: str, events: Rows) -> Rows:
        known = events
        if spans := [span for span in self.later if span.table == table]:
            held = pa.table(
                [[getattr(span, name) for span in spans] for name in _SPANS.names], schema=_SPANS
            )
            known = engine.view(without, events, engine.hold(held))
        if self.size.landed_by is None:
            return known
        return engine.view(landed_by, known, known=self.size.landed_by)

    def _by(self, instant: int) -> int:
        return instant if self.size.landed_by is None else min(instant, self.size.landed_by)


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


def knowledge(known: Known, ledger: LedgerReader) -> Knowledge:
    """How to read the lake as it was known.

    Raises ThuocdoError `log_too_short` when the log has fewer leaves than asked for.
    """
    if not isinstance(known, LogSize):
        return ByInstant(known)
    head = ledger.head() or NOTHING
    if known.leaves > head.size:
        raise ThuocdoError(
            "log_too_short",
            f"The log of raw segments has {head.size} leaves here, not {known.leaves}.",
            "Bring the lake and the ledger of the instance that published the figure.",
        )
    return ByLog(
        size=known,
        head=head,
        moments={name: ledger.youngest([name], known.leaves) for name in DIMENSIONS},
        youngest=ledger.youngest(SOURCE_TABLES, known.leaves),
        later=frozenset(ledger.segments_after(known.leaves)),
    )
