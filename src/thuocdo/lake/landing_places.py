"""Hosts and paths of many addresses at once, for those that need no second look.

Most addresses are plain: a lower-case host and a path of letters, digits and hyphens, with nothing
to decode, drop or redact. Of a landing batch's distinct addresses those are read by Arrow; the
others, one by one, by `lake/enrich.py: place_of`, which says the same of the plain ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from thuocdo.lake.enrich import LONGEST_PLAIN, Place
from thuocdo.lake.redact import WORTH_LOOKING
from thuocdo.wire import matomo_plain
from thuocdo.wire.octets import Marks

_ESCAPES: Final = (("%3A", ":"), ("%2F", "/"))
"""The two that every address has when a tracker sends it."""
_PLAIN: Final = r"^https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*/[A-Za-z0-9_.,:/-]*$"
_BEFORE_PATH: Final = 3
"""Slashes up to the path's own: two of the scheme, one that ends the host."""


_NOWHERE: Final = Place(None, None, None)


class Pages(NamedTuple):
    """What some addresses say, each a word in a dictionary; `are_pages`: `parse_hit` takes them."""

    host: pa.Array[Any]
    path: pa.Array[Any]
    procedure: pa.Array[Any]
    are_pages: Marks


def pages(encoded: Any, place_of: Callable[[str], Place]) -> Pages:
    """Read distinct addresses: an Arrow array of them, binary and as they came in a query."""
    text: Any = encoded.view(pa.string())
    for escape, letter in _ESCAPES:
        text = pc.replace_substring(text, escape, letter)
    plain = pc.match_substring_regex(text, _PLAIN)
    plain = pc.and_not(plain, pc.match_substring_regex(text, WORTH_LOOKING.pattern))
    plain = pc.and_(plain, pc.less_equal(pc.binary_length(text), pa.scalar(LONGEST_PLAIN)))
    mark = plain.to_numpy(zero_copy_only=False)
    read, others = np.flatnonzero(mark), np.flatnonzero(~mark)
    parts = pc.split_pattern(text.take(read), "/", max_splits=_BEFORE_PATH).flatten()
    hosts = parts.take(np.arange(len(read)) * (_BEFORE_PATH + 1) + 2)
    rests: Any = parts.take(np.arange(len(read)) * (_BEFORE_PATH + 1) + 3)
    paths = pc.binary_join_element_wise("", rests, "/")
    urls = [matomo_plain.page(each) for each in encoded.take(others).to_pylist()]
    places = [_NOWHERE if url is None else place_of(url) for url in urls]
    order = np.empty(len(mark), np.int64)
    order[read], order[others] = np.arange(len(read)), np.arange(len(others)) + len(read)
    are_pages = mark.copy()
    are_pages[others] = [url is not None for url in urls]

    def column(plain: pa.Array[Any], other: list[str | None]) -> pa.Array[Any]:
        both = pa.concat_arrays([plain, pa.array(other, pa.string())])
        return both.take(order).dictionary_encode()

    return Pages(
        column(hosts, [place.host for place in places]),
        column(paths, [place.path for place in places]),
        column(pa.nulls(len(read), pa.string()), [place.procedure for place in places]),
        are_pages,
    )
