"""Refused records, looked up and judged again under the registry of today.

A record is judged by the functions that judged it when it came, as of that moment: what was wrong
with the registry then may be right now, what was wrong with the record still is. Nobody is let in by
the back door: what a site asks of its senders today holds, and a key must open today what it is
used for.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any, Final, Literal, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from thuocdo.core import codes
from thuocdo.core.clock import local_day, now_us
from thuocdo.core.snapshot import SiteEntry, Snapshot
from thuocdo.core.vocabulary import Feed, RejectReason, Trust
from thuocdo.lake.delta_files import partition_of
from thuocdo.lake.schemas import EVENT_TABLES
from thuocdo.lake.store import Lake
from thuocdo.wire import canonical, dvcqg, kept, mcdt
from thuocdo.wire.canonical import in_scope
from thuocdo.wire.events import DossierEvent, Refused, Unreadable
from thuocdo.wire.kept import Kept

IMPORT_AGAIN: Final = "import the file again"
CAME_BEFORE: Final = "it came before"
NOT_KEPT: Final = "of a page view only its address was kept"
_SENDER_UNKNOWN: Final = "who sent it was not kept"

_KEY_FIELD: Final = '"key":'
"""How the id of a key begins in a payload (wire/kept.py writes no spaces)."""
_ROWS_AT_ONCE: Final = 20_000
_DOSSIER_FEEDS: Final = frozenset((Feed.MCDT, Feed.DVCQG, Feed.CANONICAL))
_VIEW_TABLES: Final = {Feed.TRACKING.value: "page_views", Feed.TRACK_DVC.value: "service_steps"}


class Whose(msgspec.Struct, frozen=True):
    """What makes a refused record somebody's, by the registry of today.

    sites     what names one of these is theirs; what names another site is not
    agencies  what names no site is theirs when it names one of these or one below
    keys      ids of keys: what was sent under one of them is theirs, whatever it names
    """

    sites: frozenset[int]
    agencies: frozenset[str]
    keys: frozenset[str]


class Wanted(NamedTuple):
    """Which refused records; None is every one. `since`: the local day they landed, included.

    waiting  only those that did not become events in a replay
    """

    site_id: int | None = None
    agency: str | None = None  # left-to-right code: itself and those below it
    reason: str | None = None
    since: date | None = None
    feed: str | None = None
    whose: Whose | None = None
    waiting: bool = False


class Reject(NamedTuple):
    """A row of the table `rejects`; (`segment`, `event_id`) names it. `landed_at` is µs UTC."""

    segment: str
    event_id: int
    landed_at: int
    site_id: int | None
    agency: str | None
    feed: str
    trust: str
    reason: str
    detail: str
    payload: str


class Row(NamedTuple):
    """A page view or a step of a service that landing kept whole, as the row it would have been."""

    table: str
    columns: dict[str, Any]


Judged = list[DossierEvent] | Row | Unreadable | str
"""What a record is today: its events, its row, still refused, or (text) why nobody can say."""


def select(lake: Lake, wanted: Wanted, *, newest_first: bool = False) -> Iterator[Reject]:
    """The refused records, oldest first unless asked otherwise. Instants come as µs UTC."""
    order: Literal["ascending", "descending"] = "descending" if newest_first else "ascending"
    for _day, rows in _days(lake, wanted, newest_first=newest_first):
        yield from _rejects(rows.sort_by([("landed_at", order)]), wanted)


class Count(NamedTuple):
    """Refused records of one local day of landing."""

    day: date
    feed: str
    reason: str
    records: int


def counts(lake: Lake, wanted: Wanted) -> list[Count]:
    """How many there are, by day, feed and reason; newest day first."""
    found: Counter[tuple[date, str, str]] = Counter()
    for day, rows in _days(lake, wanted, newest_first=True):
        plain, others = rows, None
        if wanted.whose is not None:
            theirs = _of_sites(rows, wanted.whose)
            plain, others = rows.filter(theirs), rows.filter(pc.invert(theirs))
        if wanted.agency is not None:
            plain, others = rows.slice(0, 0), rows
        for row in plain.group_by(["feed", "reason"]).aggregate([([], "count_all")]).to_pylist():
            found[date.fromisoformat(day), row["feed"], row["reason"]] += row["count_all"]
        for reject in _rejects(others, wanted) if others is not None else ():
            found[date.fromisoformat(day), reject.feed, reject.reason] += 1
    return [Count(*key, records) for key, records in found.items()]


def _days(
    lake: Lake, wanted: Wanted, *, newest_first: bool = False
) -> Iterator[tuple[str, pa.Table]]:
    """Each local day of landing with its rows, as far as columns can tell which are wanted."""
    since = wanted.since.isoformat() if wanted.since else ""
    days = {partition_of(path) or "" for path in lake.files("rejects")}
    done = _traces(lake) if wanted.waiting else None
    for day in sorted(days, reverse=newest_first):
        if day < since:
            continue
        rows = lake.read("rejects", partitions=[day])
        for name in ("site_id", "reason", "feed"):
            if (value := getattr(wanted, name)) is not None:
                rows = rows.filter(pc.equal(rows.column(name), pa.scalar(value)))
        if wanted.whose is not None:
            rows = rows.filter(_maybe_theirs(rows, wanted.whose))
        if done is not None:
            rows = rows.join(done, ["segment", "event_id"], join_type="left anti")
        yield day, rows


def _traces(lake: Lake) -> pa.Table:
    """(segment, event_id) of what became events since."""
    done = lake.read("replays").select(["reject_segment", "reject_event_id"])
    return done.rename_columns(["segment", "event_id"])


def _of_sites(rows: pa.Table, whose: Whose) -> Any:
    return pc.is_in(rows.column("site_id"), pa.array(whose.sites, pa.int64()))


def _maybe_theirs(rows: pa.Table, whose: Whose) -> Any:
    """What names one of the sites; and what names none or a key, of which only the payload can tell."""
    unnamed: Any = pc.is_null(rows.column("site_id"))
    keyed: Any = pc.match_substring(rows.column("payload"), _KEY_FIELD)
    return pc.or_(pc.or_(_of_sites(rows, whose), unnamed), pc.fill_null(keyed, False))


def _rejects(rows: pa.Table, wanted: Wanted) -> Iterator[Reject]:
    place = rows.schema.get_field_index("landed_at")
    rows = rows.set_column(place, "landed_at", rows.column("landed_at").cast(pa.int64()))
    for batch in rows.select(Reject._fields).to_batches(_ROWS_AT_ONCE):
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            reject = Reject(*row)
            if _is_wanted(reject, wanted):
                yield reject


def _is_wanted(reject: Reject, wanted: Wanted) -> bool:
    if wanted.agency is not None and not in_scope(agency_of(reject) or "", wanted.agency):
        return False
    return wanted.whose is None or _is_theirs(reject, wanted.whose)


def _is_theirs(reject: Reject, whose: Whose) -> bool:
    if reject.site_id is not None and reject.site_id in whose.sites:
        return True
    if _object(reject.payload).get("key") in whose.keys:
        return True
    if reject.site_id is not None:
        return False
    code = agency_of(reject) or ""
    while code and code not in whose.agencies:
        code = code.rpartition(".")[0]
    return bool(code)


def agency_of(reject: Reject) -> str | None:
    """The agency a record is laid to: its site's, else the one that it names itself."""
    if reject.agency:
        return reject.agency
    told = _object(reject.payload)
    named = told.get("agency") or told.get("madonvi")
    return codes.agency_code(named) if isinstance(named, str) else None


def host_of(reject: Reject) -> str:
    """The host of the page that a refused view was of; "" where none was kept."""
    host = _object(reject.payload).get("host")
    return host if isinstance(host, str) else ""


def replayed(lake: Lake) -> set[tuple[str, int]]:
    """(segment, event_id) of every refused record that became events since."""
    done = _traces(lake)
    return set(zip(*(column.to_pylist() for column in done.columns), strict=True))


def judge(reject: Reject, snapshot: Snapshot, secret: bytes) -> Judged:
    """What a refused record is under a snapshot of the registry."""
    if reject.feed in (Feed.IMPORT, Feed.ACCESS_LOG):
        return IMPORT_AGAIN
    if reject.reason == RejectReason.REPLAYED:
        return CAME_BEFORE
    if reject.feed in _VIEW_TABLES:
        return _view(reject, snapshot)
    told = kept.read(reject.payload)
    if isinstance(told, str) or reject.feed not in _DOSSIER_FEEDS:
        return told if isinstance(told, str) else NOT_KEPT
    return _dossier(reject, told, snapshot, secret)


def _dossier(reject: Reject, told: Kept, snapshot: Snapshot, secret: bytes) -> Judged:
    opens = _opens(reject, told, snapshot)
    if isinstance(opens, Unreadable | str):
        return opens
    if reject.feed == Feed.MCDT:
        found: list[DossierEvent] | DossierEvent | Refused = mcdt.replay(
            told, reject.site_id, snapshot, secret, reject.trust
        )
    else:
        door = canonical.replay if reject.feed == Feed.CANONICAL else dvcqg.replay
        found = door(
            told, snapshot, secret, reject.trust, agency=opens.agency, systems=opens.systems
        )
    if isinstance(found, Refused):
        return Unreadable(found.reason, found.detail, found.site_id)
    events = found if isinstance(found, list) else [found]
    return _barred(events[0], told, opens, snapshot) or events


class _Opens(NamedTuple):
    """What the sender's key opens today; None is everything. `keyed`: there is one."""

    agency: str | None
    systems: frozenset[str] | None
    keyed: bool


def _opens(reject: Reject, told: Kept, snapshot: Snapshot) -> _Opens | Unreadable | str:
    if not told.key_id:
        if reject.trust == Trust.VERIFIED:
            return _SENDER_UNKNOWN
        if reject.reason == RejectReason.BAD_KEY and reject.detail.startswith("authorization"):
            return Unreadable(RejectReason.BAD_KEY, reject.detail, reject.site_id)
        return _Opens(None, None, keyed=False)
    key = snapshot.key_by_id.get(told.key_id)
    if key is None or key.is_over(local_day(now_us()).isoformat()):
        return Unreadable(RejectReason.BAD_KEY, f"key {told.key_id}: ended", reject.site_id)
    if not key.is_for(reject.feed):
        return Unreadable(RejectReason.OUT_OF_SCOPE, f"key {told.key_id}: not for this feed")
    return _Opens(key.agency, snapshot.systems_of(key), keyed=True)


def _barred(
    event: DossierEvent, told: Kept, opens: _Opens, snapshot: Snapshot
) -> Unreadable | None:
    """What the key's scope, or the site the event is of, has against it today."""
    in_systems = opens.systems is None or event.system in opens.systems
    if not (in_scope(event.agency, opens.agency) and in_systems):
        return Unreadable(RejectReason.OUT_OF_SCOPE, "agency or system: not this key's")
    for site in snapshot.sites:
        if site.system != event.system or not site.is_guarded:
            continue
        if site.networks and not told.from_own_network:
            detail = "sender: not known to be in the site's networks"
            return Unreadable(RejectReason.FOREIGN_NETWORK, detail, site.site_id)
        if site.needs_key and not opens.keyed:
            return _needs_key(site)
    return None


def _view(reject: Reject, snapshot: Snapshot) -> Judged:
    """A row kept whole: of a site that was in the collector's registry and not in the lander's."""
    table = _VIEW_TABLES[reject.feed]
    schema, _ = EVENT_TABLES[table]
    columns = _object(reject.payload)
    if "event_time" not in columns or not columns.keys() <= set(schema.names):
        return NOT_KEPT
    site = snapshot.site_by_id.get(columns.get("site_id", 0))
    if site is None:
        detail = "idsite: not registered"
        return Unreadable(RejectReason.UNKNOWN_SITE, detail, reject.site_id)
    if site.needs_key and reject.trust != Trust.VERIFIED:
        return _needs_key(site)
    if site.only_hosts and site.hostnames and not _is_of(site, columns.get("host") or ""):
        return Unreadable(RejectReason.FOREIGN_HOST, "url: not the site's host", site.site_id)
    return Row(table, {**columns, "day": local_day(columns["event_time"])})


def _needs_key(site: SiteEntry) -> Unreadable:
    detail = "site: takes nothing without a key"
    return Unreadable(RejectReason.BAD_KEY, detail, site.site_id)


def _is_of(site: SiteEntry, host: str) -> bool:
    return any(host == known or host.endswith(f".{known}") for known in site.hostnames)


def _object(payload: str) -> dict[str, Any]:
    try:
        found = json.loads(payload) if payload else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
