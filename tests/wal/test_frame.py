"""A frame holds what was put in, and a scan finds every whole one and nothing else."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from thuocdo.wal import frame

records = st.lists(st.binary(max_size=60), min_size=1, max_size=8)


def whole(data: bytes) -> list[list[bytes]]:
    return [frame.decode(data, start, end).records for start, end in frame.scan(data).spans]


@settings(max_examples=60, deadline=None)
@given(st.lists(records, max_size=5))
def test_what_was_written_is_read_in_order(frames: list[list[bytes]]) -> None:
    data = b"".join(frame.encode(number, each) for number, each in enumerate(frames))
    found = frame.scan(data)
    assert whole(data) == frames
    assert [frame.decode(data, *span).landed_at for span in found.spans] == list(range(len(frames)))
    assert (found.torn, found.damaged) == (0, False)


@settings(max_examples=80, deadline=None)
@given(st.lists(records, min_size=1, max_size=4), st.data())
def test_a_write_cut_anywhere_loses_only_the_frame_it_cut(
    frames: list[list[bytes]], data: st.DataObject
) -> None:
    parts = [frame.encode(1, each) for each in frames]
    kept = b"".join(parts[:-1])
    cut = data.draw(st.integers(0, len(parts[-1]) - 1))
    torn = kept + parts[-1][:cut]
    assert whole(torn) == frames[:-1]
    assert frame.scan(torn).torn == cut


def test_a_torn_write_is_no_damage() -> None:
    first, last = frame.encode(1, [b"a"]), frame.encode(2, [b"b" * 100])
    for cut in (1, 3, 10, frame.HEADER_BYTES, len(last) - 1):
        assert not frame.scan(first + last[:cut]).damaged


def test_blocks_that_were_never_filled_are_no_damage() -> None:
    found = frame.scan(frame.encode(1, [b"a"]) + bytes(4096))
    assert len(found.spans) == 1
    assert (found.torn, found.damaged) == (4096, False)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 7))
def test_a_flipped_bit_never_yields_a_wrong_record_and_never_hides(place: int, bit: int) -> None:
    frames = [[b"one", b"two"], [b"three"], [b"four", b"five"]]
    data = bytearray(b"".join(frame.encode(1, each) for each in frames))
    place %= len(data) - len(frame.encode(1, frames[-1]))  # before the last frame
    data[place] ^= 1 << bit
    found = frame.scan(bytes(data))
    assert all(each in frames for each in whole(bytes(data)))
    assert len(found.spans) < len(frames)
    assert found.damaged


def test_a_flipped_bit_in_a_record_costs_only_its_own_frame() -> None:
    parts = [frame.encode(1, [text * 9]) for text in (b"a", b"b", b"c")]
    parts[1] = parts[1][:-1] + b"x"
    assert whole(b"".join(parts)) == [[b"a" * 9], [b"c" * 9]]


def test_a_record_that_looks_like_a_frame_is_not_read_as_one() -> None:
    forged = frame.encode(1, [b"forged"])
    data = bytearray(frame.encode(1, [forged]) + frame.encode(2, [b"true"]))
    data[4] ^= 0xFF  # the outer length no longer leads anywhere
    assert [b"forged"] not in whole(bytes(data))
