"""What an office takes out of its Matomo: visits with their actions, or the raw tables.

A visit's id becomes the visitor of each of its days, as for any view, and is forgotten. A view is
told apart by its content, so a visit that comes again, in this export or a later one that overlaps
it, adds nothing.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import duckdb
import msgspec

from thuocdo.core.clock import now_us
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.results import ImportResult
from thuocdo.core.settings import Settings
from thuocdo.core.snapshot import Snapshot
from thuocdo.core.vocabulary import Feed, RejectReason
from thuocdo.lake.enrich import Client
from thuocdo.lake.importing import matomo_tables, packed, tables
from thuocdo.lake.importing.matomo_visits import KINDS, Visit, from_json, from_table, from_xml
from thuocdo.lake.importing.rejects import RefusedRow, RejectBook
from thuocdo.lake.importing.source import Progress
from thuocdo.lake.importing.view_days import ViewDays
from thuocdo.lake.importing.view_stage import ViewStage
from thuocdo.lake.store import Lake
from thuocdo.wire import rules

_LARGEST_BYTES: Final = 1 << 30
_SECOND_US: Final = 1_000_000
_DEVICES: Final = {
    "desktop": "desktop",
    "smartphone": "mobile",
    "phablet": "mobile",
    "tablet": "tablet",
}
_OTHER_ACTION: Final = "no_look_at_a_page"
_PROGRESS_EVERY: Final = 10_000


class MatomoSites(NamedTuple):
    """Which of our sites the export is about.

    site     all of it
    by_id    Matomo's idSite → our site; asked first
    """

    site: int | None
    by_id: Mapping[str, int]

    def of(self, matomo: object) -> int | None:
        return self.by_id.get(str(matomo), self.site)


def import_visits(
    settings: Settings,
    lake: Lake,
    snapshot: Snapshot,
    engine: duckdb.DuckDBPyConnection,
    path: Path,
    scratch: Path,
    sites: MatomoSites,
    progress: Progress,
) -> ImportResult:
    """One file of visits. Raises ThuocdoError `no_file`, `not_a_file`, `too_large`,
    `unreadable_file` or `unknown_site`."""
    taking = _Taking(settings, snapshot, scratch, sites, progress)
    return taking.land(lake, engine, [path], taking.visits(_visits(path)))


def import_tables(
    settings: Settings,
    lake: Lake,
    snapshot: Snapshot,
    engine: duckdb.DuckDBPyConnection,
    found: dict[str, Path],
    scratch: Path,
    sites: MatomoSites,
    progress: Progress,
) -> ImportResult:
    """The raw tables, found by `matomo_tables.tables_of`. Raises as `import_visits`."""
    taking = _Taking(settings, snapshot, scratch, sites, progress)
    rows = taking.raw_views(matomo_tables.views(engine, found))
    try:
        return taking.land(lake, engine, [found["link"]], rows)
    except duckdb.Error as error:
        raise _unreadable(found["link"], str(error).splitlines()[0]) from error


class _Taking:
    """Views on their way to the stage; what is refused comes out."""

    def __init__(
        self,
        settings: Settings,
        snapshot: Snapshot,
        scratch: Path,
        sites: MatomoSites,
        progress: Progress,
    ) -> None:
        self._settings = settings
        self._sites = sites
        self._progress = progress
        self._folder = scratch / "staged"
        self._stage = ViewStage(self._folder, settings.secret)
        self._latest = now_us() + rules.CLOCK_SKEW_US
        self._left_out: Counter[str] = Counter()
        wanted = {*sites.by_id.values(), *(() if sites.site is None else (sites.site,))}
        for site in sorted(wanted - snapshot.site_by_id.keys()):
            raise ThuocdoError(
                "unknown_site",
                f"Site {site} is not registered.",
                "Register it first: `thuocdo import sites FILE`, or /admin/.",
            )

    def visits(self, visits: Iterator[Visit | int]) -> Iterator[RefusedRow]:
        for count, visit in enumerate(visits, 1):
            if count % _PROGRESS_EVERY == 0:
                self._progress(count, None)
            if isinstance(visit, int):
                yield RefusedRow(visit, RejectReason.MALFORMED, "visit: cannot be read", {})
                continue
            site = self._sites.of(visit.idSite)
            if site is None:
                yield _no_site(visit.number)
                continue
            yield from self._actions(visit, site)

    def raw_views(self, views: Iterator[matomo_tables.RawView]) -> Iterator[RefusedRow]:
        for count, view in enumerate(views, 1):
            if count % _PROGRESS_EVERY == 0:
                self._progress(count, None)
            site = self._sites.of(view.site)
            if view.kind is None:
                self._left_out[_OTHER_ACTION] += 1
            elif site is None:
                yield _no_site(view.row)
            elif view.instant is None or not self._possible(view.instant):
                yield RefusedRow(view.row, RejectReason.BAD_DATE, "server_time: not a time", {})
            else:
                visitor = (view.visitor or str(view.row)).lower()
                self._stage.add(
                    view.instant, site, visitor, view.kind, view.url, view.referrer, None
                )

    def land(
        self,
        lake: Lake,
        engine: duckdb.DuckDBPyConnection,
        paths: Sequence[Path],
        refused: Iterator[RefusedRow],
    ) -> ImportResult:
        name, digest = paths[0].name, packed.digest(paths[0])
        book = RejectBook(self._settings, lake, name, digest)
        book.write(refused)
        valid = self._stage.finish(engine)
        bad = book.counts.total()
        days = ViewDays(lake, engine, self._folder, self._stage.TEXTS, digest, Feed.IMPORT)
        days.land(self._stage.rows_by_day, self._progress, bad, valid + bad)
        return book.result(valid, days.accepted, left_out=self._left_out)

    def _actions(self, visit: Visit, site: int) -> Iterator[RefusedRow]:
        words = _client(visit)
        referrer = visit.referrerUrl or ""
        for action in visit.actionDetails:
            kind = KINDS.get(action.type)
            if kind is None:
                self._left_out[_OTHER_ACTION] += 1
                continue
            instant = _instant(action.timestamp)
            if instant is None or not self._possible(instant):
                why = "timestamp: not a time" if action.timestamp else "timestamp: missing"
                yield RefusedRow(visit.number, RejectReason.BAD_DATE, why, {}, site)
                continue
            visitor = (visit.visitorId or f"visit {visit.number}").lower()
            self._stage.add(instant, site, visitor, kind, action.url or "", referrer, words)
            referrer = ""

    def _possible(self, instant: int) -> bool:
        return rules.EARLIEST_US <= instant <= self._latest


def _no_site(number: int) -> RefusedRow:
    return RefusedRow(number, RejectReason.UNKNOWN_SITE, "idSite: mapped to no site of ours", {})


def _instant(timestamp: object) -> int | None:
    text = str(timestamp or "")
    return int(text) * _SECOND_US if text.isascii() and text.isdigit() and len(text) < 12 else None


def _client(visit: Visit) -> Client:
    """What Matomo worked out of the agent; it counts no bots."""
    device = _DEVICES.get((visit.deviceType or "").lower())
    return Client(device, visit.browserName, visit.operatingSystemName, None)


def _visits(path: Path) -> Iterator[Visit | int]:
    packed.require_file(path)
    with packed.unpacked(path) as file:
        data = file.read(_LARGEST_BYTES + 1)
    if len(data) > _LARGEST_BYTES:
        raise ThuocdoError(
            "too_large",
            f"{path.name} is larger than 1 GiB once unpacked.",
            "Export fewer days into one file.",
        )
    start = data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    try:
        if start.startswith((b"[", b"{")):
            yield from from_json(data)
        elif start.startswith(b"<"):
            yield from from_xml(data)
        elif data:
            yield from _from_csv(path)
    except (msgspec.DecodeError, UnicodeDecodeError, ET.ParseError) as error:
        raise _unreadable(path, str(error)) from error


def _from_csv(path: Path) -> Iterator[Visit | int]:
    table = tables.read_text(path)
    rows = table.sheets[0].rows
    if not rows or "idSite" not in rows[0].cells:
        raise _unreadable(path, "it has no column idSite")
    yield from from_table(table)


def _unreadable(path: Path, why: str) -> ThuocdoError:
    return ThuocdoError(
        "unreadable_file",
        f"{path.name} is no export of Matomo that can be read: {why}.",
        "Export Live.getLastVisitsDetails as JSON, XML or CSV, or the raw tables (docs/importing.md).",
    )
