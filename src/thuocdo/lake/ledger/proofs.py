"""Proofs for strangers: one JSON file that shows, with a signed head and the public key, what it claims.

    receipt      a batch that was acknowledged is in the log (the leaves of its segment)
    dossier      every event of a dossier that the log has, each row shown to be in its leaf
    consistency  the log of a size begins with the log of a smaller size

A row is shown by its canonical form and the way from its hash to the root of its leaf; the other rows
of the leaf stay hashes. `check` needs nothing but the file and the key.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from thuocdo.core import merkle
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.ids import dossier_key
from thuocdo.core.signing import PublicKey, opened
from thuocdo.lake.ledger import rows as row_forms
from thuocdo.lake.ledger.book import head_in
from thuocdo.lake.ledger.columns import COLUMNS
from thuocdo.lake.ledger.index import Part
from thuocdo.lake.ledger.ledger import Ledger
from thuocdo.lake.ledger.records import ErasedLeaf, Head, RowsLeaf, leaf_of
from thuocdo.lake.schemas import EVENT_TABLES

_DOSSIERS: Final = "dossier_events"


class RowShown(msgspec.Struct, frozen=True):
    """One row of a leaf: its place among the leaf's rows, its canonical form, the way to the leaf's root."""

    index: int
    form: str
    path: list[str]


class LeafShown(msgspec.Struct, frozen=True, omit_defaults=True):
    """One leaf: its number, its line as the log has it, the way to the head's root."""

    number: int
    leaf: str
    path: list[str]
    rows: list[RowShown] = []


class Beginning(msgspec.Struct, frozen=True):
    """That the log of `size` leaves, whose root is `root`, is the beginning of the next one told.

    head  the signed head of that size, where one was kept; else ""
    path  to the next one: the one after it in the list, the proof's head after the last
    """

    size: int
    root: str
    path: list[str]
    head: str = ""


class Proof(msgspec.Struct, frozen=True, omit_defaults=True):
    """A proof. `head` is a compact JWS; `columns` names the numbers of the forms."""

    about: str
    head: str
    receipt: str = ""
    leaves: list[LeafShown] = []
    beginnings: list[Beginning] = []
    columns: dict[str, list[str]] = {}


class Shown(msgspec.Struct, frozen=True):
    """What a proof that holds shows."""

    about: str
    size: int
    root: str
    at: int
    segment: str = ""
    leaves: int = 0
    rows: int = 0
    beginnings: tuple[int, ...] = ()


class _Receipt(msgspec.Struct, frozen=True):
    segment: str


def of_receipt(ledger: Ledger, token: str) -> Proof:
    """That the segment a receipt names is in the log.

    Raises ThuocdoError `bad_receipt` when this instance did not sign it, `not_in_log` when its
    segment has not landed yet.
    """
    head = _current(ledger)
    segment = _segment_of(token, ledger.signer.public)
    parts = [part for table in EVENT_TABLES for part in ledger.index.parts(table, segment)]
    if not parts:
        raise ThuocdoError(
            "not_in_log",
            f"The log has no rows of the segment {segment} yet.",
            "Run `thuocdo refresh`, then ask again.",
        )
    leaves = [_leaf(ledger, head, part.number) for part in parts]
    return Proof("receipt", _token(ledger), receipt=token, leaves=leaves)


def of_dossier(ledger: Ledger, secret: bytes, system: str, number: str) -> Proof:
    """That every event of a dossier is in the log. The number itself is in no part of the proof.

    Raises ThuocdoError `unknown_dossier` when the log has none.
    """
    head = _current(ledger)
    key = dossier_key(secret, system, number)
    parts: dict[int, tuple[Part, list[int]]] = {}
    for segment, event_id in rows_of_dossier(ledger, system, key):
        part = _part(ledger, _DOSSIERS, segment, event_id)
        if part is not None:
            parts.setdefault(part.number, (part, []))[1].append(event_id)
    if not parts:
        raise ThuocdoError(
            "unknown_dossier",
            f"The log has no event of that dossier of {system}.",
            "Look at the system's code and at the number.",
        )
    leaves = []
    for number_of_leaf, (part, event_ids) in sorted(parts.items()):
        shown = _leaf(ledger, head, number_of_leaf)
        rows = _rows(ledger, part, event_ids)
        leaves.append(msgspec.structs.replace(shown, rows=rows))
    columns = {_DOSSIERS: list(COLUMNS[_DOSSIERS])}
    return Proof("dossier", _token(ledger), leaves=leaves, columns=columns)


def of_consistency(ledger: Ledger, first: int, second: int) -> Proof:
    """That the log of `second` leaves begins with that of `first`, and the current one with both.

    Raises ThuocdoError `no_such_size`.
    """
    head = _current(ledger)
    if not 0 < first <= second <= head.size:
        raise ThuocdoError(
            "no_such_size",
            f"The log has {head.size} leaves; {first} and {second} are no earlier sizes in order.",
            "Give two sizes from 1 on, the smaller one first.",
        )
    hashes = ledger.book.hashes(head.size)
    kept = {}
    for path in ledger.book.kept():
        token = path.read_text()
        kept[head_in(token, ledger.signer.public, path).size] = token
    beginnings = []
    for size, until in ((first, second), (second, head.size)):
        own, later = hashes[: size * merkle.WIDTH], hashes[: until * merkle.WIDTH]
        path_to_next = [node.hex() for node in merkle.consistency(later, size)]
        root = merkle.root_of(own).hex()
        beginnings.append(Beginning(size, root, path_to_next, kept.get(size, "")))
    return Proof("consistency", _token(ledger), beginnings=beginnings)


def rows_of_dossier(ledger: Ledger, system: str, key: tuple[int, int]) -> list[tuple[str, int]]:
    """(segment, event_id) of the events of a dossier that are in the lake."""
    paths = ledger.lake.files(_DOSSIERS)
    if not paths:
        return []
    found: list[tuple[str, int]] = ledger.engine.execute(
        f"SELECT segment, event_id FROM {row_forms.source(_DOSSIERS, paths)} "  # noqa: S608
        "WHERE dossier_hi = ? AND dossier_lo = ? AND system = ? ORDER BY segment, event_id",
        (*key, system),
    ).fetchall()
    return found


def hashes_of(ledger: Ledger, part: Part) -> list[tuple[int, bytes]]:
    """(event_id, hash) of the rows of a leaf in its order, erased ones in their places."""
    if part.kind == "listed":
        data = ledger.book.listed_path(part.number).read_bytes()
        return [(-1, data[at : at + merkle.WIDTH]) for at in range(0, len(data), merkle.WIDTH)]
    paths = ledger.lake.files(part.table)
    found: list[tuple[int, bytes]] = []
    if paths:
        source = row_forms.source(part.table, paths)
        found = ledger.engine.execute(
            f"SELECT event_id, hash FROM (SELECT {row_forms.select(part.table)} FROM {source} "  # noqa: S608
            "WHERE segment = ? AND event_id BETWEEN ? AND ?)",
            (part.segment, part.first, part.last),
        ).fetchall()
    found += [
        (leaf.event_id, bytes.fromhex(leaf.hash))
        for leaf in erased_in(ledger, part.table, part.segment)
        if part.first <= leaf.event_id <= part.last
    ]
    return sorted(found)


def erased_in(ledger: Ledger, table: str, segment: str) -> list[ErasedLeaf]:
    """The tombstones of a segment."""
    numbers = ledger.index.tombstones(table, segment)
    found = [next(ledger.leaves(number, number)) for number in numbers]
    return [leaf for leaf in found if isinstance(leaf, ErasedLeaf)]


def check(proof: Proof, public: PublicKey) -> Shown:
    """What a proof shows. Raises ThuocdoError `bad_proof` when it shows nothing."""
    head = head_in(proof.head, public, Path("head"))
    root = bytes.fromhex(head.root)
    rows = 0
    segment = _segment_of(proof.receipt, public) if proof.receipt else ""
    for shown in proof.leaves:
        leaf = _checked_leaf(shown, head, root)
        if segment and leaf.segment != segment:
            raise _bad(f"leaf {shown.number} is not of the receipt's segment")
        for row in shown.rows:
            _check_row(row, leaf, shown.number)
            rows += 1
    _check_beginnings(proof.beginnings, head, root, public)
    if not (proof.leaves or proof.beginnings):
        raise _bad("it shows nothing")
    return Shown(
        about=proof.about,
        size=head.size,
        root=head.root,
        at=head.at,
        segment=segment,
        leaves=len(proof.leaves),
        rows=rows,
        beginnings=tuple(each.size for each in proof.beginnings),
    )


def _checked_leaf(shown: LeafShown, head: Head, root: bytes) -> RowsLeaf:
    line = shown.leaf.encode()
    path = [bytes.fromhex(node) for node in shown.path]
    if merkle.root_by_inclusion(merkle.leaf_hash(line), shown.number, head.size, path) != root:
        raise _bad(f"leaf {shown.number} does not lead to the head's root")
    leaf = leaf_of(line)
    if not isinstance(leaf, RowsLeaf):
        raise _bad(f"leaf {shown.number} is no leaf of rows")
    return leaf


def _check_row(row: RowShown, leaf: RowsLeaf, number: int) -> None:
    digest = merkle.leaf_hash(row.form.encode())
    path = [bytes.fromhex(node) for node in row.path]
    found = merkle.root_by_inclusion(digest, row.index, leaf.rows, path)
    if found is None or found.hex() != leaf.root:
        raise _bad(f"row {row.index} of leaf {number} does not lead to the leaf's root")


def _check_beginnings(
    beginnings: Sequence[Beginning], head: Head, root: bytes, public: PublicKey
) -> None:
    following = [*((each.size, bytes.fromhex(each.root)) for each in beginnings[1:])]
    following.append((head.size, root))
    for each, (size, later) in zip(beginnings, following, strict=False):
        path = [bytes.fromhex(node) for node in each.path]
        if not merkle.is_consistent(each.size, bytes.fromhex(each.root), size, later, path):
            raise _bad(f"the log of {size} leaves does not begin with that of {each.size}")
        if each.head:
            kept = head_in(each.head, public, Path("head"))
            if (kept.size, kept.root) != (each.size, each.root):
                raise _bad(f"the head of {each.size} leaves was signed for another log")


def _current(ledger: Ledger) -> Head:
    head = ledger.head()
    if head is None:
        raise ThuocdoError("no_ledger", "There is no ledger yet.", "Run `thuocdo refresh`.")
    ledger.index.follow(head)
    return head


def _token(ledger: Ledger) -> str:
    return ledger.book.token() or ""


def _leaf(ledger: Ledger, head: Head, number: int) -> LeafShown:
    line = next(ledger.lines(number, number)).decode()
    path = merkle.inclusion(ledger.book.hashes(head.size), number)
    return LeafShown(number, line, [node.hex() for node in path])


def _rows(ledger: Ledger, part: Part, event_ids: Sequence[int]) -> list[RowShown]:
    """The rows of a leaf that are asked for, each with its way to the leaf's root."""
    hashes = hashes_of(ledger, part)
    data = b"".join(digest for _, digest in hashes)
    place = {digest: at for at, (_, digest) in enumerate(hashes)}
    shown = []
    for event_id in event_ids:
        for form in _forms(ledger, part, event_id):
            index = place.get(merkle.leaf_hash(form))
            if index is not None:
                path = [node.hex() for node in merkle.inclusion(data, index)]
                shown.append(RowShown(index, form.decode(), path))
    return shown


def _forms(ledger: Ledger, part: Part, event_id: int) -> list[bytes]:
    source = row_forms.source(part.table, ledger.lake.files(part.table))
    rows = ledger.engine.sql(
        f"FROM {source} WHERE segment = ? AND event_id = ?", params=[part.segment, event_id]
    ).to_arrow_table()
    return [row_forms.form(part.table, row) for row in row_forms.typed(part.table, rows)]


def _part(ledger: Ledger, table: str, segment: str, event_id: int) -> Part | None:
    """The leaf that speaks of a row; None when no head has told it yet."""
    parts = ledger.index.parts(table, segment)
    inside = [part for part in parts if part.first <= event_id <= part.last]
    return next(iter(inside), None)


def _segment_of(token: str, public: PublicKey) -> str:
    receipt = opened(token, public, _Receipt)
    if receipt is not None:
        return receipt.segment
    raise ThuocdoError(
        "bad_receipt",
        "The receipt was not signed by this instance's key.",
        "Give the receipt as the collector answered it.",
    )


def _bad(why: str) -> ThuocdoError:
    return ThuocdoError(
        "bad_proof", f"The proof does not hold: {why}.", "Ask its maker for another one."
    )
