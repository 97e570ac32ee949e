"""Refused messages, brought back to the dossiers they spoke of: by keyed hashes alone.

A refusal keeps the keyed hash of the dossier's number (wire/kept.py). With the system that sent it,
that hash gives the dossier's key, and so tells whether the dossier came in order some other time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from thuocdo.core import codes
from thuocdo.core.clock import Period, local_day
from thuocdo.core.ids import dossier_key
from thuocdo.core.vocabulary import Feed
from thuocdo.lake.delta_files import partition_of
from thuocdo.lake.store import Lake
from thuocdo.measure.dimensions import Dimensions
from thuocdo.wire import rules

_FEEDS: Final = (Feed.MCDT.value, Feed.DVCQG.value, Feed.CANONICAL.value)
_COLUMNS: Final = ["site_id", "agency", "reason", "payload", "landed_at"]
_DATES: Final = ("received_at", "NgayTiepNhan", "NgayNopHoSo", "event_time", "ThoiDiemXuLy")
_ROWS_AT_ONCE: Final = 20_000


class Refusal(NamedTuple):
    """A refused message about a dossier.

    number   `core.ids.number_key` of its number; None: it named none
    system   that it came from, as far as the registry of today tells
    agency   left-to-right code of whose it is, as far as anything tells
    day      of receipt as it says, else of the event, else when it landed (Vietnamese)
    landed_at  µs UTC
    """

    number: bytes | None
    system: str | None
    agency: str | None
    procedure: str | None
    reason: str
    day: date
    landed_at: int


def of_days(
    lake: Lake, dimensions: Dimensions, as_known: int, since: date | None = None
) -> Iterator[Refusal]:
    """The refused dossier messages that had landed by an instant, of these landing days, in order."""
    days = sorted({partition_of(path) or "" for path in lake.files("rejects")})
    for day in days:
        if since and day < since.isoformat():
            continue
        rows = lake.read("rejects", partitions=[day]).select([*_COLUMNS, "feed"])
        rows = rows.filter(pc.is_in(rows["feed"], pa.array(_FEEDS))).drop_columns(["feed"])
        rows = rows.set_column(4, "landed_at", rows["landed_at"].cast(pa.int64()))
        rows = rows.sort_by("landed_at")
        for batch in rows.to_batches(_ROWS_AT_ONCE):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                if row[4] <= as_known:
                    yield _refusal(dimensions, *row)


def _refusal(
    dimensions: Dimensions,
    site_id: int | None,
    agency: str | None,
    reason: str,
    payload: str | None,
    landed_at: int,
) -> Refusal:
    told = _fields(payload)
    day = local_day(landed_at)
    site = dimensions.sites.on(site_id, day) if site_id is not None else None
    named = told.get("agency") or told.get("madonvi") or ""
    system = dimensions.system_of_site.get(site_id) if site_id is not None else None
    code = told.get("codeTTHC") or told.get("MaTTHC") or told.get("procedure") or ""
    procedure = codes.procedure_code(code)
    return Refusal(
        number=_number(told.get("number_key", "")),
        system=told.get("system") or system,
        agency=agency or (site.agency if site else codes.agency_code(named)),
        procedure=procedure.national if procedure else None,
        reason=reason,
        day=_day(told) or day,
        landed_at=landed_at,
    )


def never_landed(
    found: Iterable[Refusal],
    period: Period,
    mine: Callable[[str], bool],
    systems: Collection[str],
    secret: bytes,
    is_known: Callable[[tuple[int, int]], bool],
) -> list[Refusal]:
    """The first refusal of each dossier of an agency and period that came in order no other time.

    mine      whether a code counts for the agency
    systems   the agency's, tried in turn where a refusal tells none
    is_known  whether a dossier's key is in the lake
    Refusals that name no dossier are left out.
    """
    first: dict[bytes, Refusal] = {}
    for refusal in found:
        known = first.get(refusal.number) if refusal.number is not None else None
        if refusal.number is None or (known is not None and known.day <= refusal.day):
            continue
        if not ((refusal.agency and mine(refusal.agency)) or refusal.system in systems):
            continue
        tried = [refusal.system] if refusal.system else sorted(systems)
        if not any(is_known(dossier_key(secret, system, refusal.number)) for system in tried):
            first[refusal.number] = refusal
    return [one for one in first.values() if period.first <= one.day <= period.last]


def _fields(payload: str | None) -> dict[str, str]:
    """The texts a payload holds; none when it is no object."""
    try:
        found = json.loads(payload) if payload else {}
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _day(told: dict[str, str]) -> date | None:
    """The day a message dates its dossier by."""
    for name in _DATES:
        moment = rules.moment(name, told[name]) if told.get(name) else None
        if isinstance(moment, int):
            return local_day(moment)
    return None


def _number(text: str) -> bytes | None:
    try:
        return bytes.fromhex(text) or None
    except ValueError:
        return None
