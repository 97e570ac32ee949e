"""A chain says of every line whether it is the one that was signed there."""

from __future__ import annotations

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from thuocdo.core.chain import START, Chain, Fault, bytes_of, link, text_of
from thuocdo.core.signing import Signer


class Said(msgspec.Struct, frozen=True):
    what: str
    previous: str = msgspec.field(default="", name="before")


CHAIN = Chain(Said)
KEY = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OTHER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(32)))


def written(*said: str, signer: Signer = KEY) -> list[str]:
    lines: list[str] = []
    for what in said:
        lines.append(CHAIN.signed(Said(what), lines[-1] if lines else None, signer))
    return lines


def faults(lines: list[str]) -> list[Fault | None]:
    return [line.fault for line in CHAIN.read(lines, KEY.public)]


def test_what_was_written_is_read() -> None:
    lines = written("a", "b", "c")
    assert [line.said.what for line in CHAIN.read(lines, KEY.public)] == ["a", "b", "c"]
    assert faults(lines) == [None] * 3
    [first, *_] = CHAIN.read(lines, KEY.public)
    assert first.said.previous == START


@given(st.data())
def test_whatever_is_done_to_a_line_it_or_the_next_one_tells(data: st.DataObject) -> None:
    lines = written("a", "b", "c", "d")
    place = data.draw(st.integers(0, 2))
    content = bytearray(bytes_of(lines[place]))
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    changed = [*lines[:place], text_of(bytes(content)), *lines[place + 1 :]]
    expected: list[Fault | None] = [None] * 4
    expected[place : place + 2] = [Fault.UNSIGNED, Fault.UNLINKED]
    assert faults(changed) == expected


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("bcd", [Fault.UNLINKED, None, None]),
        ("acd", [None, Fault.UNLINKED, None]),
        ("acbd", [None, Fault.UNLINKED, Fault.UNLINKED, Fault.UNLINKED]),
        ("aabcd", [None, Fault.UNLINKED, None, None, None]),
    ],
)
def test_a_line_taken_out_exchanged_or_doubled_is_told_where_it_shows(
    order: str, expected: list[Fault | None]
) -> None:
    lines = dict(zip("abcd", written(*"abcd"), strict=True))
    assert faults([lines[name] for name in order]) == expected


def test_another_key_and_another_kind_of_statement_are_not_signed() -> None:
    first, second = written("a", "b")
    assert faults(written("a", signer=OTHER)) == [Fault.UNSIGNED]
    assert faults([first, KEY.sign(b'{"size":1}')]) == [None, Fault.UNSIGNED]
    assert faults(["", second]) == [Fault.UNSIGNED, Fault.UNLINKED]


def test_a_link_is_over_the_one_before_and_the_line() -> None:
    assert link("", b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert link(link("", b"a"), b"b") != link(START, b"b") != link("", b"b")
