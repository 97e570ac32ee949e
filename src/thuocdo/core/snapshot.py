"""What the registry tells the collector and the lander: one small file, swapped atomically.

The collector has no database. It reads this file at start, watches its modification time and
swaps the whole in one assignment; a broken or missing file keeps the last good one.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import msgspec

from thuocdo.core import files
from thuocdo.core.codes import top_code
from thuocdo.core.vocabulary import SystemKind


class SiteEntry(msgspec.Struct, frozen=True, array_like=True):
    """One measured site. Days are ISO strings, both included; None is open."""

    site_id: int
    system: str
    agency: str
    kind: str  # SystemKind
    hostnames: tuple[str, ...] = ()
    valid_from: str | None = None
    valid_to: str | None = None
    only_hosts: bool = False  # page views of other hosts than `hostnames` are refused
    networks: tuple[str, ...] = ()  # CIDR; messages about dossiers come from here alone
    needs_key: bool = False  # what comes without a credential is refused
    per_second: int | None = None  # the most requests a second; None is no limit

    @property
    def is_guarded(self) -> bool:
        """Whether more is asked of a sender than to name the site."""
        return bool(
            (self.only_hosts and self.hostnames)
            or self.networks
            or self.needs_key
            or self.per_second
        )


class KeyEntry(msgspec.Struct, frozen=True, array_like=True):
    """One site key: what it opens. Empty tuples mean "every"."""

    key_hash: str  # core.ids.key_hash
    name: str
    agency: str | None = None  # only this agency and those below it
    site_ids: tuple[int, ...] = ()
    feeds: tuple[str, ...] = ()
    expires: str | None = None  # ISO day, included
    key_id: str = ""  # public: names the key in a signature and in a receipt
    signing: str = ""  # core.ids.signing_key, hex: checks what the key has signed

    def is_over(self, day: str) -> bool:
        """Whether the key no longer works on an ISO day."""
        return self.expires is not None and self.expires < day

    def is_for(self, feed: str) -> bool:
        return not self.feeds or feed in self.feeds


class ServiceEntry(msgspec.Struct, frozen=True, array_like=True):
    """One dated row of the catalogue of services."""

    agency: str
    procedure: str
    level: str  # Level
    local_code: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None


class Snapshot(msgspec.Struct, frozen=True, dict=True):
    """The registry as of `made_at` (µs UTC)."""

    made_at: int
    sites: tuple[SiteEntry, ...] = ()
    keys: tuple[KeyEntry, ...] = ()
    agencies: tuple[str, ...] = ()  # every code ever valid
    services: tuple[ServiceEntry, ...] = ()

    @cached_property
    def site_by_id(self) -> dict[int, SiteEntry]:
        return {site.site_id: site for site in self.sites}

    @cached_property
    def one_stop_sites(self) -> dict[str, list[SiteEntry]]:
        """Agency → sites of its one-stop systems, by number: how packets without a site id find one."""
        found: dict[str, list[SiteEntry]] = {}
        for site in sorted(self.sites, key=lambda site: site.site_id):
            if site.kind == SystemKind.ONE_STOP:
                found.setdefault(site.agency, []).append(site)
        return found

    @cached_property
    def site_of_system(self) -> dict[str, SiteEntry]:
        """System → its site; of several the one with the smallest number."""
        return {
            site.system: site
            for site in sorted(self.sites, key=lambda site: site.site_id, reverse=True)
        }

    @cached_property
    def key_by_hash(self) -> dict[str, KeyEntry]:
        return {key.key_hash: key for key in self.keys}

    @cached_property
    def key_by_id(self) -> dict[str, KeyEntry]:
        return {key.key_id: key for key in self.keys if key.key_id}

    def systems_of(self, key: KeyEntry) -> frozenset[str] | None:
        """The systems whose sites a key opens; None is every system."""
        if not key.site_ids:
            return None
        by_id = self.site_by_id
        return frozenset(by_id[site].system for site in key.site_ids if site in by_id)

    @cached_property
    def agency_codes(self) -> frozenset[str]:
        return frozenset(self.agencies)

    @cached_property
    def procedures(self) -> frozenset[str]:
        """Every procedure in anybody's catalogue."""
        return frozenset(service.procedure for service in self.services)

    @cached_property
    def local_codes(self) -> dict[tuple[str, str], str]:
        """(agency, local code) → national procedure code."""
        return {
            (service.agency, service.local_code): service.procedure
            for service in self.services
            if service.local_code
        }

    @cached_property
    def _levels(self) -> dict[tuple[str, str], list[ServiceEntry]]:
        rows: dict[tuple[str, str], list[ServiceEntry]] = {}
        for service in self.services:
            rows.setdefault((service.agency, service.procedure), []).append(service)
        return rows

    @cached_property
    def _catalogued(self) -> frozenset[str]:
        return frozenset(service.agency for service in self.services)

    def knows_agency(self, code: str) -> bool:
        """A code is known when it or the ministry or province at its head is registered."""
        return code in self.agency_codes or top_code(code) in self.agency_codes

    def has_catalogue(self, agency: str) -> bool:
        """Whether the agency (or its head) ever sent a catalogue to check procedures against."""
        return agency in self._catalogued or top_code(agency) in self._catalogued

    def level_on(self, agency: str, procedure: str, day: str) -> str | None:
        """The catalogue's level of a service on an ISO day; None when it has none.

        Of several rows covering the day the one that began last holds: a service that was given
        a new level is a new row, and nobody has to close the old one.
        """
        for owner in (agency, top_code(agency)):
            covering = [
                row
                for row in self._levels.get((owner, procedure), ())
                if (row.valid_from or "") <= day <= (row.valid_to or "9999")
            ]
            if covering:
                return max(covering, key=lambda row: row.valid_from or "").level
        return None


def write(path: Path, snapshot: Snapshot) -> None:
    """Replace the file in one step: readers see the old or the new one, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    files.replace(path, msgspec.msgpack.encode(snapshot))


def read(path: Path) -> Snapshot:
    """Raises FileNotFoundError, or msgspec.DecodeError when the file is not a snapshot."""
    return msgspec.msgpack.decode(path.read_bytes(), type=Snapshot)
