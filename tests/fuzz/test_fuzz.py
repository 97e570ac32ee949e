"""No parser raises, hangs or swells, whatever comes: the seeds, what was once found, and much else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fuzz.seeds import SEEDS
from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"
LONGEST_SECONDS = 5.0
MOST_KIB = 50 << 10


def known(name: str) -> Iterator[bytes]:
    yield from SEEDS[name]
    yield from (path.read_bytes() for path in sorted((CORPUS / name).glob("*")))


@st.composite
def mutated(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """A seed cut, repeated, and with other bytes in some places."""
    data = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 40)))
        put = draw(
            st.one_of(
                st.binary(max_size=12), st.sampled_from(TOKENS), st.just(bytes(data[start:end]))
            )
        )
        data[start:end] = put
    return bytes(data)


TOKENS = (
    b"%", b"%00", b"%E1%BB", b"\xff\xfe", b"\xef\xbb\xbf", b"&", b"=", b"&&==", b"null", b"-1", b"1e999",
    b"9" * 400, b"[" * 400, b'{"a":' * 300, b'"\\ud800"', b"NaN", b"true", b"\r\n", b"\x00", b"0001-01-01",
    b"9999-12-31T23:59:59.999999+14:00", "𝟘".encode(), "\u202e".encode(), b"a" * 5000,
)  # fmt: skip


def test_every_target_has_seeds() -> None:
    assert set(SEEDS) == set(TARGETS)


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_no_parser_raises_hangs_or_swells(name: str) -> None:
    target, seeds = TARGETS[name], list(known(name))
    for data in seeds:
        target(data)
        for end in range(0, len(data), max(1, len(data) // 40)):
            target(data[:end])

    @settings(
        max_examples=250, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(data=st.one_of(mutated(seeds), st.binary(max_size=300)))
    def fuzz(data: bytes) -> None:
        before, began = getrusage(RUSAGE_SELF).ru_maxrss, time.process_time()
        target(data)
        assert time.process_time() - began < LONGEST_SECONDS
        assert getrusage(RUSAGE_SELF).ru_maxrss - before < MOST_KIB

    fuzz()
