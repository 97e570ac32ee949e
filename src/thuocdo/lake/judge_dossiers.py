"""Rows of a dossier file judged in bulk, by the very rules a message is judged by.

A file of a million rows holds few distinct words, systems and agencies, and three events to a
dossier. So each distinct value goes through the rule once, and a row is taken when all of its
values passed. A row that is not plainly fine is judged alone, as a message would be: whatever
refuses or saves it there counts, so that files and messages cannot come to differ.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from thuocdo.core.clock import DAY_US, OFFSET_US
from thuocdo.core.ids import dossier_key
from thuocdo.core.snapshot import Snapshot
from thuocdo.core.vocabulary import Feed, Trust
from thuocdo.lake.schemas import DOSSIER_EVENTS
from thuocdo.wire import canonical, rules
from thuocdo.wire.events import DossierEvent, Refused, Unreadable

CONTENT: Final = (
    "dossier_hi", "dossier_lo", "system", "agency", "procedure", "status", "event_time",
    "received_at", "due_at", "channel", "level_declared", "payment", "returned_by_post",
    "digitised", "applicant_kind", "from_national_portal", "result_electronic", "reused",
)  # fmt: skip
"""What makes two events of imports the same event."""
KEPT: Final = (*CONTENT, "level_catalogue", "quality")
TIMES: Final = ("event_time", "received_at", "due_at")
_WORD_COLUMNS: Final = {
    "level_declared" if name == "level" else name: name for name in canonical.WORDS
}
_NEEDED: Final = frozenset(("system", "status"))
_EPOCH: Final = date(1970, 1, 1)

Mask: TypeAlias = npt.NDArray[np.bool_]
Codes: TypeAlias = npt.NDArray[np.int64]


class Judged(NamedTuple):
    """Of some rows: the events of those taken, and the others by their place among the rows."""

    events: pa.Table  # the columns KEPT
    refused: list[tuple[int, Refused]]


class _Distinct(NamedTuple):
    """A column as its distinct values (None stands last) and each row's place among them."""

    codes: Codes
    values: list[Any]

    def told(self, rule: Callable[[Any], object]) -> list[object]:
        return [rule(value) for value in self.values]


class Judge:
    """Judges rows against one snapshot; `received` (µs UTC) is when the file came."""

    def __init__(self, snapshot: Snapshot, secret: bytes, received: int) -> None:
        self._snapshot = snapshot
        self._secret = secret
        self._received = received

    def judge(self, rows: pa.Table) -> Judged:
        """Judge rows of a file.

        rows  the file's known columns as text, and for each of `TIMES` that it has a second
              one `<name>_us`: the instant `wire.rules.moment` would read (µs UTC), or null
        """
        fine = np.ones(rows.num_rows, dtype=bool)
        columns: dict[str, pa.Array[Any]] = {}
        for column, name in _WORD_COLUMNS.items():
            columns[column] = self._words(_distinct(rows, name), column, name, fine)
        instants = {name: self._times(rows, name, fine) for name in TIMES}
        self._place(rows, instants, columns, fine)
        self._keys(rows, columns, fine)
        for name, (instant, given) in instants.items():
            moments = pa.array(instant, pa.int64(), mask=~given)
            columns[name] = moments.cast(DOSSIER_EVENTS.field(name).type)
        plain = pa.table({name: columns[name] for name in KEPT}).filter(pa.array(fine))
        saved, refused = self._one_by_one(rows, np.flatnonzero(~fine))
        return Judged(pa.concat_tables([plain, events_table(saved)]), refused)

    def _words(self, found: _Distinct, column: str, name: str, fine: Mask) -> pa.Array[Any]:
        said = found.told(lambda value: canonical.word(name, value))
        bad = [isinstance(v, Unreadable) or (name in _NEEDED and not v) for v in said]
        fine &= ~np.array(bad)[found.codes]
        kept = [None if wrong else value for value, wrong in zip(said, bad, strict=True)]
        return _taken(pa.array(kept, DOSSIER_EVENTS.field(column).type), found.codes)

    def _times(self, rows: pa.Table, name: str, fine: Mask) -> tuple[Codes, Mask]:
        """Instants, and which rows have one; a row whose text is no time is not fine."""
        if name not in rows.column_names:
            return np.zeros(rows.num_rows, np.int64), np.zeros(rows.num_rows, dtype=bool)
        read = rows.column(f"{name}_us").combine_chunks()
        given = ~rows.column(name).combine_chunks().is_null().to_numpy(zero_copy_only=False)
        known = ~read.is_null().to_numpy(zero_copy_only=False)
        instant = read.fill_null(0).to_numpy(zero_copy_only=False)
        latest = self._received + rules.CLOCK_SKEW_US
        if name == "due_at":
            latest = rules.LATEST_DUE_US - 1
        within = known & (instant >= rules.EARLIEST_US) & (instant <= latest)
        fine &= within if name == "event_time" else within | ~given
        return instant, known

    def _place(
        self,
        rows: pa.Table,
        instants: dict[str, tuple[Codes, Mask]],
        columns: dict[str, pa.Array[Any]],
        fine: Mask,
    ) -> None:
        """Agency, procedure, the catalogue's level and the flags; asked once for each day."""
        agency, procedure = _distinct(rows, "agency"), _distinct(rows, "procedure")
        codes = agency.told(lambda v: rules.agency(self._snapshot, v) if v else None)
        fine &= np.array([isinstance(code, str) for code in codes])[agency.codes]
        fine &= np.array([bool(value) for value in procedure.values])[procedure.codes]
        (event, _), (receipt, has_receipt) = instants["event_time"], instants["received_at"]
        days = (np.where(has_receipt, receipt, event) + OFFSET_US) // DAY_US
        days[~fine] = 0
        asked, place_of = _combined(agency.codes, procedure.codes, days)
        found = [
            rules.place(
                self._snapshot,
                str(codes[a]),
                procedure.values[p],
                _EPOCH + timedelta(days=day),
            )
            if day
            else None
            for a, p, day in zip(*(part.tolist() for part in asked), strict=True)
        ]
        good = [place if isinstance(place, rules.Place) else None for place in found]
        fine &= np.array([place is not None for place in good], dtype=bool)[place_of]
        for name in ("agency", "procedure", "level_catalogue"):
            values = [place and getattr(place, name) for place in good]
            columns[name] = _taken(pa.array(values, pa.string()), place_of)
        self._quality([place.flags if place else () for place in good], place_of, columns)

    def _quality(
        self, flags: list[tuple[str, ...]], place_of: Codes, columns: dict[str, pa.Array[Any]]
    ) -> None:
        kinds = sorted(set(flags))
        number = {kind: place for place, kind in enumerate(kinds)}
        of_row = np.array([number[kind] for kind in flags], np.int64)[place_of]
        declared = _encoded(columns["level_declared"])
        catalogue = _encoded(columns["level_catalogue"])
        (kind, said, known), which = _combined(of_row, declared.codes, catalogue.codes)
        every = [
            kinds[k] + rules.level_flags(declared.values[d], catalogue.values[c])
            for k, d, c in zip(kind.tolist(), said.tolist(), known.tolist(), strict=True)
        ]
        told = pa.array([list(one) for one in every], DOSSIER_EVENTS.field("quality").type)
        columns["quality"] = _taken(told, which)

    def _keys(self, rows: pa.Table, columns: dict[str, pa.Array[Any]], fine: Mask) -> None:
        """The pseudonyms of the dossiers, each worked out once."""
        number = _distinct(rows, "dossier")
        numbers = number.told(lambda value: rules.number(value) if value else None)
        fine &= np.array([isinstance(one, str) for one in numbers])[number.codes]
        system = _encoded(columns["system"])
        (of_system, of_number), which = _combined(system.codes, number.codes)
        keys = [
            dossier_key(self._secret, system.values[s] or "", str(numbers[n]))
            for s, n in zip(of_system.tolist(), of_number.tolist(), strict=True)
        ]
        halves = np.array(keys, np.int64).reshape(-1, 2)[which]
        columns["dossier_hi"] = pa.array(halves[:, 0])
        columns["dossier_lo"] = pa.array(halves[:, 1])

    def _one_by_one(
        self, rows: pa.Table, places: npt.NDArray[np.intp]
    ) -> tuple[list[DossierEvent], list[tuple[int, Refused]]]:
        names = [name for name in rows.column_names if not name.endswith("_us")]
        saved: list[DossierEvent] = []
        refused: list[tuple[int, Refused]] = []
        for place, record in zip(
            places.tolist(), rows.select(names).take(places).to_pylist(), strict=True
        ):
            verdict = canonical.validate(
                record,
                self._snapshot,
                self._secret,
                self._received,
                feed=Feed.IMPORT,
                trust=Trust.VERIFIED,
            )
            if isinstance(verdict, Refused):
                refused.append((place, verdict))
            else:
                saved.append(verdict)
        return saved, refused


def events_table(events: Sequence[DossierEvent]) -> pa.Table:
    """Events as the columns KEPT."""
    return pa.table(
        {
            name: pa.array(
                [getattr(event, name) for event in events], DOSSIER_EVENTS.field(name).type
            )
            for name in KEPT
        }
    )


def _distinct(rows: pa.Table, name: str) -> _Distinct:
    """A column of text; one that the file has not is all None."""
    if name not in rows.column_names:
        return _Distinct(np.zeros(rows.num_rows, np.int64), [None])
    return _encoded(rows.column(name).combine_chunks())


def _encoded(column: pa.Array[Any]) -> _Distinct:
    encoded = column.dictionary_encode()
    values = encoded.dictionary.to_pylist()
    codes = encoded.indices.fill_null(len(values)).to_numpy(zero_copy_only=False)
    return _Distinct(codes.astype(np.int64), [*values, None])


def _taken(values: pa.Array[Any], places: Codes) -> pa.Array[Any]:
    taken: pa.Array[Any] = values.take(places)
    return taken


def _combined(*parts: Codes) -> tuple[list[Codes], Codes]:
    """The distinct combinations, column by column, and each row's place among them."""
    whole = np.zeros(len(parts[0]), np.int64)
    for part in parts:
        whole = whole * (int(part.max(initial=0)) + 1) + part
    _, first, which = np.unique(whole, return_index=True, return_inverse=True)
    return [part[first] for part in parts], which.astype(np.int64)
