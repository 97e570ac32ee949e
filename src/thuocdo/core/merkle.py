"""The Merkle tree of RFC 6962 (and 9162, section 2.1): hashing, growing, proofs and their checking.

A log that only grows can be summed up in 32 bytes that change with any bit of it. From the tree
anybody can be shown, in some twenty hashes, that an entry is in the log (inclusion) and that
yesterday's log is the beginning of today's (consistency). Everything here is pure; hashes are 32
bytes, and the hashes of many entries are given as one `bytes`, 32 after 32.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Final

_sha256 = hashlib.sha256

WIDTH: Final = 32
"""Bytes of a hash."""
LEAF: Final = b"\x00"
NODE: Final = b"\x01"
EMPTY: Final = _sha256(b"").digest()
"""Root of the tree without entries."""


def leaf_hash(entry: bytes) -> bytes:
    return _sha256(LEAF + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return _sha256(NODE + left + right).digest()


def root_of(leaves: bytes) -> bytes:
    """The root over the hashes of some entries.

    Level by level: a last one without a partner moves up as it is, which is the tree RFC 6962 has
    by splitting at the largest power of two.
    """
    if not leaves:
        return EMPTY
    level = leaves
    while len(level) > WIDTH:
        level = _above(level)
    return level


def _above(level: bytes) -> bytes:
    """The level above one of at least two hashes."""
    pair = 2 * WIDTH
    paired = len(level) // pair * pair
    made = [_sha256(NODE + level[at : at + pair]).digest() for at in range(0, paired, pair)]
    return b"".join((*made, level[paired:]))


class Range:
    """What has to be remembered of a log to append to it: the roots of its full subtrees.

    peaks  left to right, one for each bit that is set in `size`, the highest first
    """

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        if len(peaks) != size.bit_count():
            raise ValueError(f"{size} entries have {size.bit_count()} peaks, not {len(peaks)}")
        self.size = size
        self.peaks = list(peaks)

    def append(self, leaf: bytes) -> None:
        """Add the hash of an entry."""
        rest = self.size
        while rest & 1:
            leaf = node_hash(self.peaks.pop(), leaf)
            rest >>= 1
        self.peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        if not self.peaks:
            return EMPTY
        *others, root = self.peaks
        for peak in reversed(others):
            root = node_hash(peak, root)
        return root


def inclusion(leaves: bytes, index: int) -> list[bytes]:
    """The audit path of entry `index` in the tree over all of `leaves` (RFC 9162, 2.1.3.1).

    Raises ValueError when there is no such entry.
    """
    size = len(leaves) // WIDTH
    if not 0 <= index < size:
        raise ValueError(f"no entry {index} among {size}")
    path = []
    level, at = leaves, index
    while len(level) > WIDTH:
        beside = (at ^ 1) * WIDTH
        if beside < len(level):
            path.append(level[beside : beside + WIDTH])
        level, at = _above(level), at >> 1
    return path


def root_by_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that an audit path leads to (RFC 9162, 2.1.3.2); None when it has the wrong form."""
    if not 0 <= index < size:
        return None
    at, last, root = index, size - 1, leaf
    for beside in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            root = node_hash(beside, root)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            root = node_hash(root, beside)
        at, last = at >> 1, last >> 1
    return root if last == 0 else None


def consistency(leaves: bytes, first: int) -> list[bytes]:
    """That the tree over the first `first` entries is the beginning of the one over all
    (RFC 9162, 2.1.4.1). Raises ValueError when there are fewer entries, or `first` is below 0.
    """
    size = len(leaves) // WIDTH
    if not 0 <= first <= size:
        raise ValueError(f"{first} entries are no beginning of {size}")
    return list(_subproof(leaves, first, whole=True)) if 0 < first < size else []


def _subproof(leaves: bytes, first: int, *, whole: bool) -> Iterator[bytes]:
    size = len(leaves) // WIDTH
    if first == size:
        if not whole:
            yield root_of(leaves)
        return
    split = 1 << (size - 1).bit_length() - 1
    left, right = leaves[: split * WIDTH], leaves[split * WIDTH :]
    if first <= split:
        yield from _subproof(left, first, whole=whole)
        yield root_of(right)
    else:
        yield from _subproof(right, first - split, whole=False)
        yield root_of(left)


def is_consistent(
    first: int, first_root: bytes, size: int, root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether a proof shows that one tree is the beginning of the other (RFC 9162, 2.1.4.2)."""
    if first == size:
        return first_root == root and not path
    if not 0 <= first < size:
        return False
    if first == 0:
        return first_root == EMPTY and not path
    hashes = [first_root, *path] if first & (first - 1) == 0 else list(path)
    if not hashes:
        return False
    at, last = first - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = hashes[0]
    for beside in hashes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(beside, old), node_hash(beside, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, beside)
        at, last = at >> 1, last >> 1
    return last == 0 and (old, new) == (first_root, root)
