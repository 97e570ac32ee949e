"""What the ledger is made of: leaves, files, heads. Each is one line of JSON, kept as it was written."""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

import msgspec


class RowsLeaf(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="leaf", tag="rows"):
    """Rows of one table that landed together.

    segment      of an event table: the rows are those with it and `first` <= event_id <= `last`
    rows         how many, those erased since among them
    root         hex; the Merkle root over their hashes in the order of (event_id, hash)
    known        the last moment at which one of them was known, µs UTC (`landed_at`, `recorded_at`)
    listed       the rows are told by their hashes, kept in `listed/<number of the leaf>`: those of
                 a dimension, which have neither segment nor number
    """

    table: str
    rows: int
    root: str
    known: int
    segment: str = ""
    first: int = 0
    last: int = 0
    listed: bool = False


class ErasedLeaf(msgspec.Struct, frozen=True, tag_field="leaf", tag="erased"):
    """A tombstone: a row that was taken out by law. Its hash stands for it in every proof.

    at  when, µs UTC
    """

    table: str
    segment: str
    event_id: int
    hash: str
    at: int
    reason: str


Leaf: TypeAlias = RowsLeaf | ErasedLeaf


class FileLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file of the lake came, was replaced or went.

    path    relative to the lake's folder
    sha256  hex, of its content; "" when it is no part of the lake any more
    """

    path: str
    size: int = 0
    sha256: str = ""


class Head(msgspec.Struct, frozen=True):
    """The ledger at a moment; signed as a compact JWS.

    size      leaves
    root      hex; the Merkle root over them (RFC 6962)
    at        µs UTC
    versions  table → the Delta version up to which its rows are in the log
    files     hex; the last link (core/chain.py) over the list of the lake's files
    inventory  number of that list: `files-<inventory>.ndjson`; it is begun anew when most of it is past
    peaks     hex; roots of the full subtrees, from which the log grows on
    leaves_bytes, files_bytes  how much of `leaves.ndjson` and of the list is told
    software  version of the software that made it
    """

    size: int
    root: str
    at: int
    versions: dict[str, int]
    files: str
    inventory: int
    peaks: list[str]
    leaves_bytes: int
    files_bytes: int
    software: str


class Span(NamedTuple):
    """Rows of an event table: those of a segment with `first` <= event_id <= `last`."""

    table: str
    segment: str
    first: int
    last: int


_leaves: Final = msgspec.json.Decoder(RowsLeaf | ErasedLeaf)
_files: Final = msgspec.json.Decoder(FileLine)


def leaf_of(line: bytes) -> Leaf:
    """Raises msgspec.DecodeError when the line is none."""
    found: Leaf = _leaves.decode(line)
    return found


def file_of(line: bytes) -> FileLine:
    """Raises msgspec.DecodeError when the line is none."""
    return _files.decode(line)
