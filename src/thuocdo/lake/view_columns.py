"""Page views as columns on their way to the lake: integers, and words as places in a dictionary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from thuocdo.core.clock import DAY_US, OFFSET_US
from thuocdo.core.vocabulary import Feed
from thuocdo.lake.parquet import repeated
from thuocdo.lake.replays import Events, segment_of
from thuocdo.lake.schemas import PAGE_VIEWS

Codes = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]
Words: TypeAlias = Any
"""An Arrow column of words as places in a dictionary."""
Word = str | None

TIMINGS: Final = ("t_server_ms", "t_dom_ms", "t_load_ms")
NUMBERS: Final = (
    "event_time", "site_id", "visitor", *TIMINGS, "landed_at", "order", "request", "dated",
)  # fmt: skip
"""`order`, `request` and `dated` as in `lake/replays.py: Events`; a timing not measured is -1."""
WORDS: Final = (
    "kind", "host", "path", "procedure", "referrer_host", "device", "browser", "os", "bot", "trust",
)  # fmt: skip


class ViewColumns(NamedTuple):
    """Some views: columns by name, all of one length."""

    numbers: dict[str, Codes]
    words: dict[str, Words]

    def __len__(self) -> int:
        return len(self.numbers["order"])

    def events(self) -> Events:
        """As they are asked about."""
        number = self.numbers
        return Events(
            number["request"], number["event_time"], number["dated"] != 0, number["order"]
        )

    def of(self, rows: Codes) -> ViewColumns:
        return ViewColumns(
            {name: column[rows] for name, column in self.numbers.items()},
            {name: taken(column, rows) for name, column in self.words.items()},
        )

    def table(self, segments: Sequence[str]) -> pa.Table:
        """The rows as the lake has them, in the order they will be stored, numbered in it.

        segments  names, by the number in `order`
        Columns of words are dictionaries.
        """
        number = self.numbers
        day = (number["event_time"] + OFFSET_US) // DAY_US
        order = np.lexsort((number["event_time"], number["visitor"], number["site_id"], day))
        number, words = self.of(order)
        count = len(order)
        segment = segment_of(number["order"])
        columns: dict[str, Any] = {
            "day": pa.array(day[order].astype(np.int32)),
            **{name: pa.array(number[name]) for name in ("event_time", "visitor", "landed_at")},
            "site_id": pa.array(number["site_id"].astype(np.int32)),
            **words,
            **{name: _timing(number[name]) for name in TIMINGS},
            "segment": taken(encoded(segments), segment),
            "event_id": pa.array(np.arange(count)),
            "feed": repeated(Feed.TRACKING.value, count),
        }
        arrays = [
            columns[field.name]
            if pa.types.is_dictionary(columns[field.name].type)
            else columns[field.name].cast(field.type)
            for field in PAGE_VIEWS
        ]
        return pa.table(arrays, names=PAGE_VIEWS.names)


def from_rows(numbers: Iterable[Sequence[int]], words: Iterable[Sequence[Word]]) -> ViewColumns:
    """Views that came one by one, in the order of `NUMBERS` and of `WORDS`."""
    flat = np.array(list(numbers), np.int64).reshape(-1, len(NUMBERS))
    columns = list(zip(*words, strict=True)) or [()] * len(WORDS)
    return ViewColumns(
        dict(zip(NUMBERS, flat.T, strict=True)),
        {name: encoded(column) for name, column in zip(WORDS, columns, strict=True)},
    )


def joined(parts: Sequence[ViewColumns]) -> ViewColumns:
    """One after the other, each column of words under one dictionary."""
    return ViewColumns(
        {name: np.concatenate([part.numbers[name] for part in parts]) for name in NUMBERS},
        {
            name: pa.chunked_array([part.words[name] for part in parts])
            .unify_dictionaries()
            .combine_chunks()
            for name in WORDS
        },
    )


def encoded(texts: Sequence[Word]) -> Words:
    """Texts as a column of words."""
    return pa.array(texts, pa.string()).dictionary_encode()


def taken(words: Words, places: Codes) -> Words:
    """The words at some places, under the same dictionary."""
    return pa.DictionaryArray.from_arrays(words.indices.take(places), words.dictionary)


def _timing(milliseconds: Codes) -> pa.Array[Any]:
    return pa.array(milliseconds.astype(np.int32), mask=milliseconds < 0)
