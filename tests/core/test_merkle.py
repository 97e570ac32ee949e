"""The tree is RFC 6962's, by the vectors of its authors and by a naive tree for everything else."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thuocdo.core import merkle
from thuocdo.core.merkle import Range, inclusion, is_consistent, leaf_hash, root_by_inclusion

ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""Roots of the first n entries: the reference vectors of Certificate Transparency, which
transparency-dev/merkle carries too."""


def naive(entries: list[bytes]) -> bytes:
    """MTH as RFC 6962, 2.1 writes it."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return hashlib.sha256(b"\x01" + naive(entries[:k]) + naive(entries[k:])).digest()


def hashes(count: int) -> bytes:
    return b"".join(leaf_hash(str(n).encode()) for n in range(count))


@pytest.mark.parametrize("count", range(9))
def test_roots_are_those_of_the_reference(count: int) -> None:
    leaves = b"".join(map(leaf_hash, ENTRIES[:count]))
    assert merkle.root_of(leaves).hex() == naive(ENTRIES[:count]).hex() == ROOTS[count]
    grown = Range()
    for entry in ENTRIES[:count]:
        grown.append(leaf_hash(entry))
    assert grown.root().hex() == ROOTS[count]


def test_audit_paths_are_those_of_the_reference() -> None:
    leaves = b"".join(map(leaf_hash, ENTRIES))
    assert [node.hex() for node in inclusion(leaves, 0)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]
    assert [node.hex() for node in merkle.consistency(leaves, 6)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@given(st.integers(0, 200))
def test_growing_comes_to_the_same_root_as_building(count: int) -> None:
    grown = Range()
    for n in range(count):
        if n == count // 2:
            grown = Range(grown.size, grown.peaks)  # remembered and taken up again
        grown.append(leaf_hash(str(n).encode()))
    expected = naive([str(n).encode() for n in range(count)])
    assert grown.root() == merkle.root_of(hashes(count)) == expected


@given(st.integers(1, 130).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n - 1))))
def test_an_entry_is_shown_to_be_in_the_log_and_nothing_else_is(given_: tuple[int, int]) -> None:
    size, index = given_
    leaves = hashes(size)
    path = inclusion(leaves, index)
    root = merkle.root_of(leaves)
    own = leaves[index * 32 : index * 32 + 32]
    assert root_by_inclusion(own, index, size, path) == root
    assert root_by_inclusion(leaf_hash(b"another"), index, size, path) != root
    assert root_by_inclusion(own, index, size, [*path, own]) != root
    if path:
        assert root_by_inclusion(own, index, size, path[:-1]) != root
        assert root_by_inclusion(own, index, size, [leaf_hash(b""), *path[1:]]) != root
    others = {(index + 1) % size, index // 2} - {index}
    assert all(root_by_inclusion(own, n, size, path) != root for n in others)


@given(st.integers(0, 130).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_log_is_shown_to_begin_with_its_past_and_with_no_other(given_: tuple[int, int]) -> None:
    first, size = given_
    leaves = hashes(size)
    old, new = merkle.root_of(leaves[: first * 32]), merkle.root_of(leaves)
    path = merkle.consistency(leaves, first)
    assert is_consistent(first, old, size, new, path)
    other = leaf_hash(b"another")
    assert not is_consistent(first, other, size, new, path)
    assert is_consistent(first, old, size, other, path) == (
        first == 0 < size
    )  # all begin with none
    assert not is_consistent(first, old, size, new, [*path, other])
    for place in range(len(path)):
        changed = [*path[:place], other, *path[place + 1 :]]
        assert not is_consistent(first, old, size, new, changed)


def test_what_is_not_there_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="no entry 3"):
        inclusion(hashes(3), 3)
    with pytest.raises(ValueError, match="no beginning"):
        merkle.consistency(hashes(3), 4)
    with pytest.raises(ValueError, match="peaks"):
        Range(3, [])
