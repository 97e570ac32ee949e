"""Who may come in: the sites and keys of the registry's snapshot, always one consistent set.

The collector has no database. It reads the snapshot file at start and looks about once a second
whether the file moved; a file that cannot be read keeps the last good one.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import structlog

from thuocdo.core import snapshot as snapshots
from thuocdo.core.clock import local_day, now_us
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.ids import key_hash
from thuocdo.core.snapshot import KeyEntry, Snapshot
from thuocdo.core.vocabulary import RejectReason
from thuocdo.wire.events import Unreadable

LOOK_SECONDS: Final = 1.0

_log = structlog.get_logger("thuocdo.collect")


class Opens(NamedTuple):
    """What a valid key opens; None means everything."""

    agency: str | None
    systems: frozenset[str] | None
    sites: frozenset[int] | None = None


class Gate:
    """The registry as the collector knows it now."""

    def __init__(self, path: Path, secret: bytes) -> None:
        """Raises ThuocdoError `bad_snapshot` when there is no snapshot to begin with."""
        self.secret = secret
        self._path = path
        self._seen = _identity(path)
        try:
            self._swap(snapshots.read(path))
        except (OSError, msgspec.DecodeError) as problem:
            raise ThuocdoError(
                "bad_snapshot",
                f"The registry's snapshot {path} cannot be read: {problem}.",
                "Run `thuocdo init`, or publish the registry again.",
            ) from None

    def _swap(self, fresh: Snapshot) -> None:
        self.sites = frozenset(str(site.site_id) for site in fresh.sites)
        self.snapshot = fresh

    async def watch(self) -> None:
        """Follow the file until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Take over the file when it is another than the one last seen."""
        found = _identity(self._path)
        if found in (self._seen, None):
            return
        self._seen = found
        try:
            fresh = await asyncio.to_thread(_read_warm, self._path)
        except (OSError, msgspec.DecodeError) as problem:
            _log.error("snapshot cannot be read, the last good one stays", error=str(problem))
            return
        self._swap(fresh)
        _log.info("snapshot taken over", sites=len(fresh.sites), keys=len(fresh.keys))

    def admit(self, authorization: str, feed: str) -> Opens | Unreadable:
        """What a `Bearer` key opens for a feed; `bad_key` or `out_of_scope` when it does not."""
        scheme, _, key = authorization.partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            return Unreadable(RejectReason.BAD_KEY, "authorization: no bearer key")
        entry = self.snapshot.key_by_hash.get(key_hash(self.secret, key.strip()))
        if entry is None:
            return Unreadable(RejectReason.BAD_KEY, "authorization: unknown key")
        if entry.expires is not None and entry.expires < local_day(now_us()).isoformat():
            return Unreadable(RejectReason.BAD_KEY, f"authorization: expired {entry.expires}")
        if entry.feeds and feed not in entry.feeds:
            return Unreadable(RejectReason.OUT_OF_SCOPE, "authorization: not for this feed")
        return Opens(entry.agency, self._systems(entry), frozenset(entry.site_ids) or None)

    def _systems(self, key: KeyEntry) -> frozenset[str] | None:
        if not key.site_ids:
            return None
        by_id = self.snapshot.site_by_id
        return frozenset(by_id[site].system for site in key.site_ids if site in by_id)


def _read_warm(path: Path) -> Snapshot:
    """Read a snapshot and build its indexes here, off the event loop."""
    fresh = snapshots.read(path)
    _ = (fresh.site_by_id, fresh.key_by_hash, fresh.agency_codes, fresh.procedures)
    _ = (fresh.local_codes, fresh.one_stop_sites)
    fresh.level_on("", "", "")
    fresh.has_catalogue("")
    return fresh


def _identity(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
