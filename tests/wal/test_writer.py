"""Group commit: an answer means on disk, and a disk that refuses is told to the sender."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from thuocdo.wal import reader, writer
from thuocdo.wal.writer import WalError, Writer


def on_disk(wal: Path) -> list[bytes]:
    return [
        record
        for segment in reader.sealed(wal)
        for frame in reader.frames(segment.path)
        for record in frame.records
    ]


def with_writer(wal: Path, act: Callable[[Writer], Awaitable[None]], **options: float) -> None:
    async def main() -> None:
        log = Writer(wal, **options)  # type: ignore[arg-type]
        try:
            await act(log)
        finally:
            await log.close()

    asyncio.run(main())


def test_what_was_acknowledged_is_in_the_sealed_segments_in_order(tmp_path: Path) -> None:
    async def act(log: Writer) -> None:
        await asyncio.gather(*(log.append(b"%d" % number) for number in range(500)))

    with_writer(tmp_path, act)
    assert on_disk(tmp_path) == [b"%d" % number for number in range(500)]


def test_records_that_arrive_together_share_one_future_and_few_frames(tmp_path: Path) -> None:
    async def act(log: Writer) -> None:
        futures = {log.append(b"x") for _ in range(500)}
        assert len(futures) <= 2
        await asyncio.gather(*futures)
        assert log.frames <= 2

    with_writer(tmp_path, act)


def test_many_records_stand_in_one_frame_and_the_segment_is_named(tmp_path: Path) -> None:
    async def act(log: Writer) -> None:
        assert await log.append_many([b"a", b"b", b"c"]) == 0

    with_writer(tmp_path, act)
    (segment,) = reader.sealed(tmp_path)
    assert [frame.records for frame in reader.frames(segment.path)] == [[b"a", b"b", b"c"]]


def test_of_no_records_one_hears_at_once_and_nothing_is_written(tmp_path: Path) -> None:
    async def act(log: Writer) -> None:
        assert await asyncio.wait_for(log.append_many([]), 5) == 0

    with_writer(tmp_path, act)
    assert reader.sealed(tmp_path) == []


def test_a_segment_is_sealed_by_age_without_new_records(tmp_path: Path) -> None:
    async def act(log: Writer) -> None:
        await log.append(b"fresh")
        for _ in range(200):
            if reader.sealed(tmp_path):
                break
            await asyncio.sleep(0.02)
        assert on_disk(tmp_path) == [b"fresh"]

    with_writer(tmp_path, act, segment_seconds=0.1)


def test_a_segment_is_sealed_by_size_and_numbers_only_increase(tmp_path: Path) -> None:
    async def act(log: Writer) -> None:
        for _ in range(5):
            await log.append(b"x" * 1000)

    with_writer(tmp_path, act, segment_bytes=1000)
    with_writer(tmp_path, act, segment_bytes=1000)
    segments = reader.sealed(tmp_path)
    assert len({segment.writer for segment in segments}) == 1  # the folder is reused
    numbers = [segment.number for segment in segments]
    assert len(numbers) == 10
    assert numbers == sorted(set(numbers))


def test_a_number_does_not_come_again_after_its_segment_was_removed(tmp_path: Path) -> None:
    async def act(log: Writer) -> None:
        await log.append(b"x")

    with_writer(tmp_path, act)
    first = reader.sealed(tmp_path)
    reader.remove(first)
    assert reader.sealed(tmp_path) == []
    with_writer(tmp_path, act)
    assert reader.sealed(tmp_path)[0].number > first[0].number


def test_two_writers_at_once_own_two_folders(tmp_path: Path) -> None:
    async def main() -> None:
        one, two = Writer(tmp_path), Writer(tmp_path)
        assert one.name != two.name
        await asyncio.gather(one.append(b"1"), two.append(b"2"))
        await one.close()
        await two.close()

    asyncio.run(main())
    assert sorted(on_disk(tmp_path)) == [b"1", b"2"]


def test_landed_at_does_not_go_back_when_the_clock_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([2_000, 1_000, 3_000])
    monkeypatch.setattr(writer, "now_us", lambda: next(clock))

    async def act(log: Writer) -> None:
        for number in range(3):
            await log.append(b"%d" % number)

    with_writer(tmp_path, act)
    (segment,) = reader.sealed(tmp_path)
    assert [frame.landed_at for frame in reader.frames(segment.path)] == [2_000, 2_000, 3_000]


def test_beyond_its_limit_the_queue_refuses_at_once_and_goes_on_after(tmp_path: Path) -> None:
    async def act(log: Writer) -> None:
        await log.append(b"x" * 600)
        with pytest.raises(WalError, match="waiting") as refused:
            log.append(b"y" * 1001)
        assert refused.value.code == "wal_busy"
        await log.append(b"z")

    with_writer(tmp_path, act, queue_bytes=1000)
    assert on_disk(tmp_path)[-1] == b"z"


def test_a_closed_writer_refuses(tmp_path: Path) -> None:
    async def main() -> None:
        log = Writer(tmp_path)
        await log.close()
        with pytest.raises(WalError) as refused:
            log.append(b"late")
        assert refused.value.code == "wal_closed"

    asyncio.run(main())


def test_a_shielded_waiter_that_is_cancelled_takes_no_other_with_it(tmp_path: Path) -> None:
    async def act(log: Writer) -> None:
        async def wait() -> None:
            await asyncio.shield(log.append(b"x"))

        tasks = [asyncio.create_task(wait()) for _ in range(3)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert results[1:] == [None, None]

    with_writer(tmp_path, act)
    assert on_disk(tmp_path) == [b"x"] * 3


def test_waiters_of_other_threads_are_told_when_their_record_is_on_disk(tmp_path: Path) -> None:
    told: list[WalError | None] = []

    async def act(log: Writer) -> None:
        def send(number: int) -> None:
            def then(error: WalError | None) -> None:
                told.append(error)
                if number == 7:
                    raise ValueError("a waiter's own defect")

            log.append_then(b"%d" % number, then)

        await asyncio.gather(*(asyncio.to_thread(send, number) for number in range(200)))
        await log.append(b"200")

    with_writer(tmp_path, act)
    assert told == [None] * 200
    assert sorted(on_disk(tmp_path), key=int) == [b"%d" % number for number in range(201)]


def test_a_closed_writer_tells_waiters_at_once(tmp_path: Path) -> None:
    async def act(log: Writer) -> None:
        await log.close()
        with pytest.raises(WalError) as refused:
            log.append_then(b"x", lambda _error: None)
        assert refused.value.code == "wal_closed"

    with_writer(tmp_path, act)


FULL_DISK = """
import asyncio, resource, sys
from pathlib import Path
from thuocdo.wal.writer import WalError, Writer

async def main():
    log = Writer(Path(sys.argv[1]), segment_seconds=60)
    told = []
    await log.append(b"before")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    for _ in range(3):
        log.append_then(b"y" * 5000, lambda error: told.append(error.code))
        try:
            await log.append(b"x" * 5000)
        except WalError as refused:
            print(refused.code)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    await log.append(b"after")
    print("told", *told)
    await log.close()

asyncio.run(main())
"""


def test_a_disk_that_refuses_fails_only_those_frames_and_service_goes_on(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, check=True
    )
    said = re.findall(r"^(?:told )?wal_write.*", done.stdout, re.MULTILINE)
    assert said == [*["wal_write"] * 3, "told wal_write wal_write wal_write"]
    assert on_disk(tmp_path) == [b"before", b"after"]
    assert not list(tmp_path.rglob("*.open"))
    assert not list(tmp_path.rglob("*.damaged"))


def test_records_that_were_not_taken_apart_are_the_same_records(tmp_path: Path) -> None:
    async def act(log: Writer) -> None:
        for size in (1, 40, 3):
            await asyncio.gather(*(log.append(b"%d" % n * (n % 7)) for n in range(size)))

    with_writer(tmp_path, act)
    (segment,) = reader.sealed(tmp_path)
    packed = reader.packed(segment.path)
    pairs = zip(packed.start, packed.end, strict=True)
    assert [packed.data[start:end] for start, end in pairs] == on_disk(tmp_path)
    moments = [frame.landed_at for frame in reader.frames(segment.path) for _ in frame.records]
    assert packed.landed_at.tolist() == moments
