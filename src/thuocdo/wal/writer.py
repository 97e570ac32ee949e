"""Group commit: what arrives while one fsync runs goes to disk in the next frame, as one.

Handlers append on the event loop and wait on a future that all records of a frame share; one
thread writes and syncs, then resolves it. So the cost of a sync is divided among everybody who
waited for it, and an answer is never sent before its record is on disk.

When the disk refuses, the futures of that frame fail, the segment is cut back to its last good
frame and sealed, and the next frame tries a new one: service returns when space does.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

import structlog

from thuocdo.core import files
from thuocdo.core.clock import now_us
from thuocdo.core.errors import ThuocdoError
from thuocdo.wal import frame
from thuocdo.wal.folder import (
    OwnedFolder,
    recover_segment,
    seal,
    segment_path,
    write_all,
)

SEGMENT_BYTES: Final = 64 << 20
SEGMENT_SECONDS: Final = 1.0
QUEUE_BYTES: Final = 32 << 20

_CROWD: Final = 8
_GATHER_SECONDS: Final = 0.003
"""Under load the next frame waits this long for company: fewer frames, fewer turns at the
interpreter, and everybody's answer comes sooner (bench/collect.py)."""
_COMPLAIN_SECONDS: Final = 1.0
"""How often a disk that refuses frame after frame is told of: its log may lie there too."""
_OPEN_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_DSYNC
"""O_DSYNC makes a write what write and fdatasync are together, in one call: the writer's thread
takes the interpreter back from the event loop once a frame, not twice."""

_log = structlog.get_logger("thuocdo.wal")


class WalError(ThuocdoError):
    """The record is not on disk and the sender must try again: `wal_busy`, `wal_write`, `wal_closed`."""


Waiter = Callable[[WalError | None], None]
"""Called once a record is on disk (None), or cannot be."""


class _Batch:
    """Records on their way into one frame."""

    __slots__ = ("future", "records", "size", "waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        # A plain future: tasks wait on exactly this class by a shorter way than on any other.
        self.future: asyncio.Future[int] = asyncio.Future(loop=loop)
        self.records: list[bytes] = []
        self.waiting: list[Waiter] = []
        self.size = 0


class _OpenSegment:
    """The file being written. `good` is where the last synced frame ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.good = 0
        self.landed_at = 0
        self.born = time.monotonic()
        self._descriptor = os.open(path, _OPEN_FLAGS, 0o640)
        try:
            files.sync(path.parent)
        except OSError:
            os.close(self._descriptor)
            path.unlink(missing_ok=True)
            raise

    def write(self, records: Sequence[bytes]) -> None:
        """Write one frame; on disk when this returns (O_DSYNC). `landed_at` never goes back."""
        self.landed_at = max(self.landed_at, now_us())
        data = frame.encode(self.landed_at, records)
        write_all(self._descriptor, data)
        self.good += len(data)

    def close(self) -> None:
        """Cut off what was not synced, and seal."""
        try:
            if os.fstat(self._descriptor).st_size != self.good:
                os.ftruncate(self._descriptor, self.good)
                os.fsync(self._descriptor)
        finally:
            os.close(self._descriptor)
        seal(self.path)


class Writer:
    """The one writer of a WAL folder; append from the event loop it was made on."""

    def __init__(
        self,
        wal_dir: Path,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        segment_seconds: float = SEGMENT_SECONDS,
        queue_bytes: int = QUEUE_BYTES,
    ) -> None:
        """Takes a folder below `wal_dir`; must be called on a running event loop.

        queue_bytes bounds what may wait for the disk; twice that is the most memory it holds.
        """
        self._loop = asyncio.get_running_loop()
        self._folder = OwnedFolder.take(wal_dir)
        self._segment_bytes = segment_bytes
        self._segment_seconds = segment_seconds
        self._queue_bytes = queue_bytes
        self._segment: _OpenSegment | None = None
        self._number = 0
        self._left_open: list[Path] = []
        self._lock = threading.Lock()
        self._batch = _Batch(self._loop)
        self._idle = True
        self._closing = False
        self._wake: SimpleQueue[None] = SimpleQueue()
        self.frames = 0
        self.bytes = 0
        self.failures = 0
        self._complained = -_COMPLAIN_SECONDS
        self._thread = threading.Thread(target=self._run, name="wal-writer", daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        """The folder's name: the writer in the lander's app transactions."""
        return self._folder.path.name

    @property
    def waiting_bytes(self) -> int:
        return self._batch.size

    @property
    def has_room(self) -> bool:
        """Whether the queue is below half its limit."""
        return self._batch.size * 2 < self._queue_bytes

    def append(self, record: bytes) -> asyncio.Future[int]:
        """Queue one record; await the future: when it is done the record is on disk.

        Its result is the number of the segment that holds the record.
        All records of a frame share the future, so a waiter that may be cancelled has to wait for
        `asyncio.shield` of it: cancelling the future itself ends everybody's wait, not the write.
        Raises WalError at once when the queue is full or the writer closed; so does the
        future when the disk refused.
        """
        with self._lock:
            batch = self._batch
            size = batch.size + len(record)
            if size > self._queue_bytes or self._closing:
                raise self._refusal()
            batch.size = size
            batch.records.append(record)
            if self._idle:
                self._idle = False
                self._wake.put(None)
        return batch.future

    def append_then(self, record: bytes, then: Waiter) -> None:
        """Queue one record, from any thread; `then` is called on the writer's when it is on disk.

        What is called may not wait for anything: the next frame waits for it. Raises WalError as
        `append` does.
        """
        with self._lock:
            batch = self._batch
            size = batch.size + len(record)
            if size > self._queue_bytes or self._closing:
                raise self._refusal()
            batch.size = size
            batch.records.append(record)
            batch.waiting.append(then)
            if self._idle:
                self._idle = False
                self._wake.put(None)

    def append_many(self, records: Sequence[bytes]) -> asyncio.Future[int]:
        """Queue records that stand or fall together: all go into one frame, or none does.

        The future's result is the number of the segment that holds them; of no records it is done
        at once, and says 0.
        """
        if not records:
            nothing: asyncio.Future[int] = asyncio.Future(loop=self._loop)
            nothing.set_result(0)
            return nothing
        added = sum(map(len, records))
        with self._lock:
            batch = self._batch
            if batch.size + added > self._queue_bytes or self._closing:
                raise self._refusal()
            batch.size += added
            batch.records.extend(records)
            if self._idle:
                self._idle = False
                self._wake.put(None)
        return batch.future

    async def close(self) -> None:
        """Write what waits, seal the segment, give the folder back."""
        with self._lock:
            if not self._closing:
                self._closing = True
                self._wake.put(None)
        await asyncio.to_thread(self._thread.join)

    def _refusal(self) -> WalError:
        if self._closing:
            return WalError("wal_closed", "The collector is stopping.", "Send again.")
        return WalError(
            "wal_busy", "More is waiting for the disk than may wait.", "Send again later."
        )

    def _run(self) -> None:
        """The writer thread: frame after frame, sealing by age in between."""
        while True:
            batch = self._take()
            if batch is not None:
                self._commit(batch)
                if len(batch.records) >= _CROWD:
                    time.sleep(_GATHER_SECONDS)
            elif self._closing:
                break
            else:
                self._wait()
            if self._segment is not None and self._is_old(self._segment):
                self._seal()
        self._seal()
        self._folder.release()

    def _take(self) -> _Batch | None:
        with self._lock:
            batch = self._batch
            if not batch.records:
                self._idle = True
                return None
            self._batch = _Batch(self._loop)
            return batch

    def _wait(self) -> None:
        """Sleep until a record comes or the open segment is due to be sealed."""
        timeout = None
        if self._segment is not None:
            timeout = max(0.0, self._segment.born + self._segment_seconds - time.monotonic())
        try:
            self._wake.get(timeout=timeout)
        except Empty:
            return  # the segment's time is up

    def _is_old(self, segment: _OpenSegment) -> bool:
        return (
            segment.good >= self._segment_bytes
            or time.monotonic() >= segment.born + self._segment_seconds
        )

    def _commit(self, batch: _Batch) -> None:
        error: WalError | None = None
        try:
            if self._segment is None:
                self._number = self._folder.next_number()
                self._segment = _OpenSegment(segment_path(self._folder.path, self._number))
            self._segment.write(batch.records)
        except (
            Exception
        ) as problem:  # whatever it is, those who wait must hear, and the thread live
            self.failures += 1
            self._complain_of_disk(problem)
            error = WalError(
                "wal_write", f"The log cannot be written: {problem}.", "Free disk space."
            )
            self._seal()
        else:
            self.frames += 1
            self.bytes += batch.size
        if len(batch.waiting) < len(batch.records):
            self._loop.call_soon_threadsafe(_resolve, batch.future, self._number, error)
        for then in batch.waiting:
            _tell(then, error)

    def _complain_of_disk(self, problem: Exception) -> None:
        now = time.monotonic()
        if now - self._complained >= _COMPLAIN_SECONDS:
            self._complained = now
            _complain("write-ahead log cannot be written", problem)

    def _seal(self) -> None:
        """Seal the open segment, and those that an earlier attempt could not."""
        segment, self._segment = self._segment, None
        if segment is not None:
            try:
                segment.close()
            except OSError as problem:
                self._leave_open(segment.path, problem)
        left, self._left_open = self._left_open, []
        for path in left:
            try:
                if path.exists():
                    recover_segment(path)
            except OSError as problem:
                self._leave_open(path, problem)

    def _leave_open(self, path: Path, problem: OSError) -> None:
        _complain(f"segment {path} cannot be sealed yet", problem)
        self._left_open.append(path)


def _complain(what: str, problem: Exception) -> None:
    """Say what went wrong; where even the message finds no room on disk, the futures still tell."""
    with contextlib.suppress(OSError):
        _log.error(what, error=str(problem))


def _tell(then: Waiter, error: WalError | None) -> None:
    try:
        then(error)
    except Exception as problem:  # one waiter's defect is not the others'
        _complain("waiter of the write-ahead log failed", problem)


def _resolve(future: asyncio.Future[int], number: int, error: WalError | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(number)
    else:
        future.set_exception(error)
        future.exception()  # the waiters get it; with none left there is nobody to warn
