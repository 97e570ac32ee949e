"""Who may come in: the sites and keys of the registry's snapshot, always one consistent set.

The collector has no database. It reads the snapshot file at start and looks about once a second
whether the file moved; a file that cannot be read keeps the last good one.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import time
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import msgspec
import structlog

from thuocdo.collect.credentials import Nonces, Signature, shown, signed
from thuocdo.collect.pace import Pace
from thuocdo.collect.replies import Scope
from thuocdo.core import key_days
from thuocdo.core import snapshot as snapshots
from thuocdo.core.clock import local_day, now_us
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.ids import key_hash
from thuocdo.core.snapshot import KeyEntry, SiteEntry, Snapshot
from thuocdo.core.vocabulary import RejectReason
from thuocdo.wire import kept
from thuocdo.wire.events import Refused, Unreadable

_log = structlog.get_logger("thuocdo.collect")


class Opens(NamedTuple):
    """What a valid key opens; None means everything."""

    agency: str | None
    systems: frozenset[str] | None
    sites: frozenset[int] | None = None
    key_id: str = ""


class KnownKey(Unreadable, frozen=True, gc=False):
    """A refusal of a key that is registered, but does not open this, or no longer."""

    key_id: str = ""


class Gate:
    """The registry as the collector knows it now."""

    def __init__(self, path: Path, secret: bytes, used: Path | None = None) -> None:
        """used: where the day of each key's last use is noted; None: nowhere.

        Raises ThuocdoError `bad_snapshot` when there is no snapshot to begin with.
        """
        self.secret, self._used = secret, used
        self._used_on: dict[str, str] = {}
        self._nonces = Nonces(time.time())
        self.site_pace: Pace[int] = Pace()
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
        self.guarded = {str(site.site_id): site for site in fresh.sites if site.is_guarded}
        self._guards = {site.system: site for site in self.guarded.values()}
        self.snapshot = fresh

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

    def admit(
        self, scope: Scope, feed: str, body: bytes, *, in_address: bool = False
    ) -> Opens | Unreadable | None:
        """What the request's credential opens for a feed; None when it shows none.

        body        as it was sent, before any decompression: a signature covers it
        in_address  whether a key may stand in the query
        `bad_key`, `out_of_scope` or `replayed` when a credential is shown and does not open.
        """
        found = shown(scope, in_address=in_address)
        if isinstance(found, Signature):
            return self._signed(found, scope, feed, body)
        return self.open(found, feed) if isinstance(found, str) else found

    def open(self, key: str, feed: str) -> Opens | Unreadable:
        """What a key opens for a feed; `bad_key` or `out_of_scope` when it does not."""
        entry = self.snapshot.key_by_hash.get(key_hash(self.secret, key))
        if entry is None:
            return Unreadable(RejectReason.BAD_KEY, "authorization: unknown key")
        return self._noted(self._opens(entry, feed))

    def _signed(
        self, signature: Signature, scope: Scope, feed: str, body: bytes
    ) -> Opens | Unreadable:
        entry = self.snapshot.key_by_id.get(signature.key_id)
        if entry is None or not entry.signing:
            return Unreadable(RejectReason.BAD_KEY, "authorization: unknown key")
        target = f"{scope.path}?{scope.query_string}" if scope.query_string else scope.path
        expected = signed(
            bytes.fromhex(entry.signing),
            scope.method,
            target,
            signature.time,
            signature.nonce,
            body,
        )
        if not hmac.compare_digest(expected, signature.value):
            return Unreadable(RejectReason.BAD_KEY, "authorization: the signature does not fit")
        opens = self._opens(entry, feed)
        if isinstance(opens, Unreadable):
            return opens
        return self._nonces.refusal(signature, time.time()) or self._noted(opens)

    def _noted(self, opens: Opens | Unreadable) -> Opens | Unreadable:
        """The same; the first use of a key on a day is written down."""
        if self._used is None or not isinstance(opens, Opens):
            return opens
        day = local_day(now_us())
        if self._used_on.get(opens.key_id) != day.isoformat():
            self._used_on[opens.key_id] = day.isoformat()
            try:
                key_days.note(self._used, opens.key_id, day)
            except OSError as problem:  # what was sent matters more than this; tomorrow again
                _log.warning("use of a key not noted", key=opens.key_id, error=str(problem))
        return opens

    def _opens(self, entry: KeyEntry, feed: str) -> Opens | Unreadable:
        if entry.is_over(local_day(now_us()).isoformat()):
            detail = f"authorization: expired {entry.expires}"
            return KnownKey(RejectReason.BAD_KEY, detail, key_id=entry.key_id)
        if not entry.is_for(feed):
            detail = "authorization: not for this feed"
            return KnownKey(RejectReason.OUT_OF_SCOPE, detail, key_id=entry.key_id)
        sites = frozenset(entry.site_ids) or None
        return Opens(entry.agency, self.snapshot.systems_of(entry), sites, entry.key_id)

    def bars(self, system: str, address: str, *, keyed: bool) -> Unreadable | None:
        """Why a one-stop system's site does not take a message from this sender."""
        site = self._guards.get(system)
        if site is None:
            return None
        if site.networks and not _within(site.networks, address):
            return Unreadable(
                RejectReason.FOREIGN_NETWORK, "sender: not in the site's networks", site.site_id
            )
        return self.bars_site(site, keyed=keyed)

    def note(self, refused: Refused, opens: Opens | Unreadable | None, address: str) -> Refused:
        """A refused record with what is known of its sender: by that it is judged again."""
        key_id = opens.key_id if isinstance(opens, Opens | KnownKey) else ""
        site = self.guarded.get(str(refused.site_id))
        own = site is not None and bool(site.networks) and _within(site.networks, address)
        return kept.noted(refused, key_id=key_id, from_own_network=own)

    def bars_site(self, site: SiteEntry, *, keyed: bool) -> Unreadable | None:
        """Why a guarded site takes nothing from a sender just now, wherever it is."""
        if site.needs_key and not keyed:
            return Unreadable(
                RejectReason.BAD_KEY, "site: takes nothing without a key", site.site_id
            )
        if site.per_second and not self.site_pace.admits(site.site_id, site.per_second):
            return Unreadable(RejectReason.TOO_MANY, "site: over its rate", site.site_id)
        return None


class Barred:
    """What guarded sites have against one sender, asked once for each system of its request."""

    def __init__(self, gate: Gate, address: str, *, keyed: bool) -> None:
        self._ask = partial(gate.bars, address=address, keyed=keyed)
        self._known: dict[str, Unreadable | None] = {}

    def why(self, system: str) -> Unreadable | None:
        if system not in self._known:
            self._known[system] = self._ask(system)
        return self._known[system]


def _read_warm(path: Path) -> Snapshot:
    """Read a snapshot and build its indexes here, off the event loop."""
    fresh = snapshots.read(path)
    _ = (fresh.site_by_id, fresh.key_by_hash, fresh.agency_codes, fresh.procedures)
    _ = (fresh.local_codes, fresh.one_stop_sites, fresh.key_by_id)
    fresh.level_on("", "", "")
    fresh.has_catalogue("")
    return fresh


@lru_cache(1 << 12)
def _within(networks: tuple[str, ...], address: str) -> bool:
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None) or found
    return any(mapped in ipaddress.ip_network(network) for network in networks)


def host_is_of(site: SiteEntry, host: str) -> bool:
    """Whether a page's host is one the site was registered for, or below one.

    host  as in an address: letters in any case, perhaps with a port
    """
    clean = host.rpartition("@")[2].partition(":")[0].rstrip(".").lower()
    return any(clean == known or clean.endswith(f".{known}") for known in site.hostnames)


def _identity(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
