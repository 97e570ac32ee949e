"""Compressed bodies grow only to their limit, and what is broken is said to be."""

from __future__ import annotations

import gzip
import os
import tracemalloc

import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from thuocdo.collect.limits import MAX_INFLATED, inflate
from thuocdo.core.vocabulary import RejectReason
from thuocdo.wire.events import Unreadable

TEXT = os.urandom(3000) * 20


def reason(found: bytes | Unreadable) -> str:
    assert isinstance(found, Unreadable)
    return found.reason


def test_gzip_members_and_zstd_are_undone() -> None:
    assert inflate(gzip.compress(TEXT), "gzip") == TEXT
    assert inflate(gzip.compress(TEXT) + gzip.compress(b"more"), "GZIP") == TEXT + b"more"
    assert inflate(zstandard.compress(TEXT), "zstd") == TEXT
    assert inflate(TEXT, "") == TEXT


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 2000))
def test_a_body_cut_anywhere_is_broken(cut: int) -> None:
    assert reason(inflate(gzip.compress(TEXT)[:-cut], "gzip")) == RejectReason.BAD_ENCODING
    assert reason(inflate(zstandard.compress(TEXT)[:-cut], "zstd")) == RejectReason.BAD_ENCODING


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=100), st.sampled_from(["gzip", "zstd", "br", ""]))
def test_no_bytes_make_it_raise(body: bytes, encoding: str) -> None:
    assert isinstance(inflate(body, encoding), bytes | Unreadable)


def test_a_bomb_is_stopped_before_it_fills_the_memory() -> None:
    bombs = {
        "gzip": gzip.compress(bytes(MAX_INFLATED * 4)),
        "zstd": zstandard.compress(bytes(MAX_INFLATED * 4)),
    }
    for encoding, bomb in bombs.items():
        tracemalloc.start()
        assert reason(inflate(bomb, encoding)) == RejectReason.TOO_LARGE
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < MAX_INFLATED * 2.5
