"""What a dead writer left is sealed: a torn tail goes, nothing that was acknowledged does."""

from __future__ import annotations

import asyncio
from pathlib import Path

from thuocdo.wal import frame, reader
from thuocdo.wal.writer import Writer


def left_open(wal: Path, *parts: bytes) -> Path:
    """A folder as a killed writer leaves it."""

    async def make() -> str:
        log = Writer(wal)
        await log.append(b"landed")
        await log.close()
        return log.name

    folder = wal / asyncio.run(make())
    reader.remove(reader.sealed(wal))
    path = folder / "000000000007.open"
    path.write_bytes(b"".join(parts))
    return path


def records(path: Path) -> list[bytes]:
    return [record for each in reader.frames(path) for record in each.records]


def test_a_torn_tail_is_cut_and_the_rest_is_sealed(tmp_path: Path) -> None:
    path = left_open(tmp_path, frame.encode(1, [b"kept"]), frame.encode(2, [b"torn"])[:-1])
    (segment,) = reader.recover(tmp_path)
    assert segment == (path.parent.name, 7, path.with_suffix(".sealed"))
    assert records(segment.path) == [b"kept"]
    assert segment.path.read_bytes() == frame.encode(1, [b"kept"])
    assert not list(tmp_path.rglob("*.damaged"))
    assert not path.exists()


def test_a_segment_without_a_whole_frame_is_removed(tmp_path: Path) -> None:
    path = left_open(tmp_path, frame.encode(2, [b"torn"])[:9])
    assert reader.recover(tmp_path) == []
    assert not path.exists()


def test_a_flipped_bit_keeps_the_whole_frames_and_a_copy_for_the_operator(tmp_path: Path) -> None:
    bad = bytearray(frame.encode(2, [b"acknowledged once"]))
    bad[-3] ^= 1
    path = left_open(
        tmp_path, frame.encode(1, [b"before"]), bytes(bad), frame.encode(3, [b"after"])
    )
    found = path.read_bytes()
    (segment,) = reader.recover(tmp_path)
    assert records(segment.path) == [b"before", b"after"]
    assert path.with_suffix(".damaged").read_bytes() == found


def test_bytes_gone_bad_after_sealing_are_set_aside_when_read(tmp_path: Path) -> None:
    left_open(tmp_path, frame.encode(1, [b"before"]), frame.encode(2, [b"damaged"]))
    (segment,) = reader.recover(tmp_path)
    data = bytearray(segment.path.read_bytes())
    data[-1] ^= 1
    segment.path.write_bytes(bytes(data))
    assert records(segment.path) == [b"before"]
    assert segment.path.with_suffix(".damaged").read_bytes() == bytes(data)


def test_the_folder_of_a_living_writer_is_left_alone(tmp_path: Path) -> None:
    async def main() -> None:
        log = Writer(tmp_path, segment_seconds=60)
        await log.append(b"living")
        assert reader.recover(tmp_path) == []
        assert len(list(tmp_path.rglob("*.open"))) == 1
        await log.close()

    asyncio.run(main())
    assert len(reader.sealed(tmp_path)) == 1


def test_a_new_writer_seals_what_the_last_owner_of_its_folder_left(tmp_path: Path) -> None:
    path = left_open(tmp_path, frame.encode(1, [b"old"]))

    async def main() -> None:
        log = Writer(tmp_path)
        assert log.name == path.parent.name
        await log.append(b"new")
        await log.close()

    asyncio.run(main())
    segments = reader.sealed(tmp_path)
    assert [records(segment.path) for segment in segments] == [[b"old"], [b"new"]]


def test_recovering_twice_changes_nothing(tmp_path: Path) -> None:
    left_open(tmp_path, frame.encode(1, [b"kept"]))
    assert len(reader.recover(tmp_path)) == 1
    assert reader.recover(tmp_path) == []
    assert len(reader.sealed(tmp_path)) == 1
