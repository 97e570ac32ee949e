"""What the collector writes and the lander reads: the records inside a WAL frame.

A page view is written as it came (`Hit`) and parsed at landing, in bulk. A message about a
dossier is parsed, validated and stripped of personal data first, so only `DossierEvent` or
`Refused` reaches the disk. Instants are µs UTC.
"""

from __future__ import annotations

import msgspec


class Hit(msgspec.Struct, frozen=True, array_like=True, tag="h", gc=False):
    """One request at a page-view endpoint. The address lives here and nowhere else."""

    received: int
    address: str
    agent: str  # User-Agent header
    referrer: str  # Referer header
    query: bytes  # the query string as it came
    body: bytes  # the body as it came, b"" for GET
    content_type: str
    trust: str  # Trust
    refused: str = ""  # RejectReason when the gate already answered no


class DossierEvent(msgspec.Struct, frozen=True, array_like=True, tag="d", gc=False):
    """One thing that happened to one dossier, free of personal data."""

    received: int
    dossier_hi: int  # core.ids.dossier_key
    dossier_lo: int
    system: str
    site_id: int | None
    agency: str  # left-to-right code
    procedure: str  # national code, or the agency's local one
    status: str  # Status
    event_time: int
    received_at: int | None  # receipt date the packet carries
    due_at: int | None
    channel: str  # Channel
    level_declared: str | None  # Level
    level_catalogue: str | None  # the catalogue's word on arrival: evidence, not the figure's level
    payment: str  # Payment
    returned_by_post: bool | None
    digitised: bool | None
    applicant_kind: str  # ApplicantKind
    from_national_portal: bool | None
    quality: tuple[str, ...]  # flags
    feed: str  # Feed
    trust: str  # Trust
    # Last, and with a default: segments written before they were known are read as they are.
    result_electronic: bool | None = None  # the result is a file as well
    reused: bool | None = None  # some part was taken from data the state had already


class Refused(msgspec.Struct, frozen=True, array_like=True, tag="r", gc=False):
    """What the gate refused, with personal data already taken out of `payload`."""

    received: int
    feed: str
    site_id: int | None
    reason: str  # RejectReason
    detail: str  # which field, what was wrong; English, stable
    payload: str
    trust: str


Record = Hit | DossierEvent | Refused
"""One record of a WAL frame; msgpack, told apart by tag."""


class PageView(msgspec.Struct, frozen=True, gc=False):
    """One load, download, outlink or search as a protocol described it, before enrichment."""

    site_id: int
    event_time: int
    kind: str  # ViewKind
    url: str
    referrer: str
    client: str | None  # first-party id, when sent
    procedure: str | None
    t_server_ms: int | None = None
    t_dom_ms: int | None = None
    t_load_ms: int | None = None
    content: bytes | None = None  # what tells the request from any other (wire/content.py)
    dated: bool = False  # a key vouches for `event_time`


class ServiceStep(msgspec.Struct, frozen=True, gc=False):
    """A browser's trackDVC call: interest in a procedure, never a dossier."""

    site_id: int
    event_time: int
    procedure: str
    state: str
    client: str | None
    content: bytes | None = None
    dated: bool = False


class Unreadable(msgspec.Struct, frozen=True, gc=False):
    """What a parser says instead of an event: reason from the closed list, and where."""

    reason: str  # RejectReason
    detail: str
    site_id: int | None = None
