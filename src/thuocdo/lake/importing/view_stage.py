"""Page views of an import on their way from Python to the stage: numbers, and texts told apart.

What may not be kept (an address, a query, an identifier) has become a pseudonym or is gone before
anything is staged: the files written here hold what the lake may hold.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import Final, Generic, TypeVar

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from thuocdo.core.clock import DAY_US, OFFSET_US, local_day
from thuocdo.core.ids import day_salt, visitor_key
from thuocdo.core.vocabulary import ViewKind
from thuocdo.lake.enrich import Client, Place, client_of, host_of, place_of
from thuocdo.lake.importing.view_days import BUCKET_DAYS, keep

T = TypeVar("T", bound=Hashable)

_NONE: Final = -1
_NUMBERS: Final = ("ev", "site", "visitor", "kind", "url", "referrer", "user_agent")
_pack: Final = struct.Struct(f"={len(_NUMBERS)}q").pack
_STAGED_AT_ONCE: Final = 500_000
_REMEMBERED: Final = 300_000
_KINDS: Final = tuple(ViewKind)


class _Told(Generic[T]):
    """Texts read once each, and what they say by its number."""

    def __init__(self, read: Callable[[str], T]) -> None:
        self._read = read
        self._known: dict[str, int] = {}
        self._numbers: dict[T, int] = {}
        self.things: list[T] = []

    def __call__(self, text: str) -> int:
        number = self._known.get(text)
        if number is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            number = self._known[text] = self.number(self._read(text))
        return number

    def number(self, thing: T) -> int:
        found = self._numbers.get(thing)
        if found is None:
            found = self._numbers[thing] = len(self.things)
            self.things.append(thing)
        return found


class ViewStage:
    """Takes views one by one; `finish` leaves what `ViewDays` lands."""

    TEXTS: Final = ("url", "referrer", "user_agent")

    def __init__(self, folder: Path, secret: bytes) -> None:
        self._folder = folder
        self._secret = secret
        self._buffer = bytearray()
        self._files = 0
        self._place = _Told(place_of)
        self._referrer = _Told(host_of)
        self._agent = _Told(client_of)
        self._kinds = {kind.value: number for number, kind in enumerate(_KINDS)}
        self._day = _NONE
        self._salt = b""
        self._pseudonyms: dict[tuple[int, str], int] = {}
        self.rows_by_day: dict[int, int] = {}

    def add(
        self,
        instant: int,
        site_id: int,
        client: str,
        kind: str,
        url: str,
        referrer: str,
        agent: str | Client | None,
    ) -> None:
        """Take a view.

        instant  µs UTC
        client   the address and agent, or an id: becomes the visitor of the day and is forgotten
        url      of the page, with its host or `//` alone in front
        agent    the User-Agent ("": the client sent none), what is known of it, or None
        """
        day = (instant + OFFSET_US) // DAY_US
        if day != self._day:
            self._day = day
            self._salt = day_salt(self._secret, local_day(instant))
            self._pseudonyms.clear()
        visitor = self._pseudonyms.get((site_id, client))
        if visitor is None:
            if len(self._pseudonyms) >= _REMEMBERED:
                self._pseudonyms.clear()
            visitor = visitor_key(self._salt, site_id, client)
            self._pseudonyms[site_id, client] = visitor
        self._buffer += _pack(
            instant,
            site_id,
            visitor,
            self._kinds[kind],
            self._place(url),
            self._referrer(referrer) if referrer else _NONE,
            self._agent_number(agent),
        )
        if len(self._buffer) >= _STAGED_AT_ONCE * 8 * len(_NUMBERS):
            self._write()

    def _agent_number(self, agent: str | Client | None) -> int:
        if isinstance(agent, str):
            return self._agent(agent)
        return _NONE if agent is None else self._agent.number(agent)

    def finish(self, engine: duckdb.DuckDBPyConnection) -> int:
        """Stage the rest and tell the engine what the texts say; how many views there are."""
        self._write()
        keep(engine, "read_url", _table(self._place.things, Place._fields))
        referrers = [(host,) for host in self._referrer.things]
        keep(engine, "read_referrer", _table(referrers, ("host",)))
        keep(engine, "read_user_agent", _table(self._agent.things, Client._fields))
        self.rows_by_day = dict(sorted(self.rows_by_day.items()))
        return sum(self.rows_by_day.values())

    def _write(self) -> None:
        flat = np.frombuffer(bytes(self._buffer), np.int64).reshape(-1, len(_NUMBERS))
        self._buffer.clear()
        number = dict(zip(_NUMBERS, flat.T, strict=True))
        days = (number["ev"] + OFFSET_US) // DAY_US
        for day, count in zip(*np.unique(days, return_counts=True), strict=True):
            self.rows_by_day[int(day)] = self.rows_by_day.get(int(day), 0) + int(count)
        kinds = pa.DictionaryArray.from_arrays(
            number["kind"].astype(np.int32), pa.array([kind.value for kind in _KINDS])
        )
        rows = pa.table(
            {
                "day": pa.array(days),
                "ev": pa.array(number["ev"]),
                "site": pa.array(number["site"].astype(np.int32)),
                "visitor": pa.array(number["visitor"]),
                "kind": kinds.cast(pa.string()),
                **{
                    name: pa.array(number[name].astype(np.int32), mask=number[name] < 0)
                    for name in self.TEXTS
                },
            }
        )
        for bucket in np.unique(days // BUCKET_DAYS):
            folder = self._folder / f"bucket={bucket}"
            folder.mkdir(parents=True, exist_ok=True)
            part = rows.filter(pa.array(days // BUCKET_DAYS == bucket))
            pq.write_table(part, folder / f"{self._files}.parquet", compression="lz4")
            self._files += 1


def _table(things: Sequence[tuple[str | None, ...]], names: Sequence[str]) -> pa.Table:
    """Numbered rows of what texts said, and the empty `text` a reader of files would have."""
    columns = list(zip(*things, strict=True)) or [()] * len(names)
    return pa.table(
        {
            "id": pa.array(range(len(things)), pa.int32()),
            "text": pa.nulls(len(things), pa.string()),
            **{
                name: pa.array(column, pa.string())
                for name, column in zip(names, columns, strict=True)
            },
        }
    )
