"""The Matomo Tracking HTTP API as the collector wrote it down: one `Hit` in, its events out.

The deployed trackers are Matomo's with another name (facts/emc.md 1A), so its parameters are read as
Matomo reads them: https://developer.matomo.org/api-reference/tracking-api. Ours are `dvc` and
`dvc_state`, the first two arguments of trackDVC.

What counts is a page, a download, an outlink and a site search. Matomo's other actions (events,
goals, orders, seen contents, custom actions, heartbeats) are read and leave no row: they are no
views, and none of the figures asks for them. Titles, search words, user ids, dimensions, custom
variables and client hints are not even looked at. Two things are ours: a hit that says nothing of
`rec` counts (Matomo passes it over without a word), and a time of its own needs a key however
recent it is.

The lander reads millions of hits, so for the ordinary page view there is a short way beside
`parse_hit`: `wire/matomo_plain.py`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_plus

import msgspec

from thuocdo.core import codes
from thuocdo.core.clock import from_datetime
from thuocdo.core.vocabulary import RejectReason, Trust, ViewKind
from thuocdo.wire import rules
from thuocdo.wire.content import content
from thuocdo.wire.events import Hit, PageView, ServiceStep, Unreadable

Parsed = PageView | ServiceStep | Unreadable
Timings = tuple[int | None, int | None, int | None]
_UNTIMED: Final[Timings] = (None, None, None)

MAX_URL: Final = 4096
MAX_TIMING_MS: Final = 600_000  # ten minutes: a longer load is a sleeping laptop, not a page
MAX_SITE: Final = codes.MAX_SITE_ID
_CACHED: Final = 1 << 14
_CACHED_LENGTH: Final = 512  # of a value worth remembering: long ones are nobody else's

_WANTED: Final = frozenset(
    (
        *("idsite", "rec", "url", "urlref", "_id", "cid", "link", "download", "search", "ping"),
        *("cdt", "cdo", "dvc", "dvc_state", "ca", "c_n", "e_a", "e_c", "idgoal"),
        *("pf_net", "pf_srv", "pf_tfr", "pf_dm1", "pf_dm2", "pf_onl"),
    )
)
_CLIENT: Final = re.compile(r"[0-9a-fA-F]{16}")
_LONG_CLIENT: Final = re.compile(r"[0-9a-fA-F]{16,64}")
_CLIENT_DIGITS: Final = 16
_GOAL: Final = re.compile(r"[0-9]{1,10}")
_SITE: Final = re.compile(r"[0-9]{1,10}")
_STATE: Final = re.compile(r"-?[0-9]{1,3}|[A-Za-z_]{1,16}")
_CDT: Final = re.compile(r"[0-9]{1,12}")
_OFFSET: Final = re.compile(r"-?[0-9]{1,10}")
_WEB: Final = re.compile(r"https?://[^\s\x00-\x1f]", re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def parse_hit(hit: Hit) -> list[Parsed]:
    """The event of one request; none for what is no view.

    Never raises on data: what cannot be read comes back as `Unreadable`. Where the query and a form
    name the same parameter the query counts, as in Matomo.
    """
    text = b"&".join((hit.body, hit.query)) if hit.body else hit.query
    return _parameters(_split(text.decode("utf-8", "replace")), hit, content(text))


def _split(text: str) -> dict[str, str]:
    """The parameters of a query string, decoded when they are wanted and need it."""
    given: dict[str, str] = {}
    for pair in text.lstrip("?").split("&"):
        name, _, value = pair.partition("=")
        if name in _WANTED:
            given[name] = _decoded(value) if "%" in value or "+" in value else value
    return given


def _decoded(value: str) -> str:
    if len(value) > _CACHED_LENGTH:
        return unquote_plus(value, errors="replace")
    return _remembered(value)


@lru_cache(_CACHED)
def _remembered(value: str) -> str:
    return unquote_plus(value, errors="replace")


def _parameters(given: dict[str, str], hit: Hit, own: bytes | None) -> list[Parsed]:
    get = given.get
    site = get("idsite", "")
    site_id = int(site) if _SITE.fullmatch(site) else 0
    if not 0 < site_id <= MAX_SITE:
        return [_no_site(site)]
    if get("rec", "1") != "1":
        return [Unreadable(RejectReason.BAD_VALUE, "rec: not 1", site_id)]
    when = _time(get("cdt", ""), get("cdo", ""), hit)
    if isinstance(when, Unreadable):
        return [msgspec.structs.replace(when, site_id=site_id)]
    client = _client(get("cid", ""), get("_id", ""))
    event: Parsed
    if "dvc" in given:
        event = _step(given, site_id, when, client)
    elif (kind := _kind(given)) is not None:
        event = _view(given, kind, hit, site_id, when, client)
    else:
        return []
    if isinstance(event, Unreadable):
        return [event]
    return [msgspec.structs.replace(event, content=own, dated=bool(given.get("cdt")))]


def _client(forced: str, sent: str) -> str | None:
    """The first-party id: a forced one before the cookie's, of which Matomo takes 16 digits."""
    if _CLIENT.fullmatch(forced):
        return forced
    return sent[:_CLIENT_DIGITS] if _LONG_CLIENT.fullmatch(sent) else None


def _kind(given: dict[str, str]) -> ViewKind | None:
    """What of Matomo's actions a hit is; None for those that are no views.

    In Matomo's order: a click on a link that shows a content is a click, and a custom action is
    what only no other name fits.
    """
    get = given.get
    if _is_on(get("ping")) or _GOAL.fullmatch(get("idgoal", "")):
        return None
    if get("e_c", "").strip() and get("e_a", "").strip():
        return None
    if get("download"):
        return ViewKind.DOWNLOAD
    if get("link"):
        return ViewKind.OUTLINK
    if get("search"):
        return ViewKind.SEARCH
    return None if get("c_n") or _is_on(get("ca")) else ViewKind.VIEW


def _is_on(flag: str | None) -> bool:
    return flag not in (None, "", "0")


def _no_site(text: str) -> Unreadable:
    if not text:
        return Unreadable(RejectReason.MISSING_FIELD, "idsite: missing")
    return Unreadable(RejectReason.BAD_VALUE, "idsite: not a site number")


def _view(
    given: dict[str, str], kind: ViewKind, hit: Hit, site_id: int, when: int, client: str | None
) -> PageView | Unreadable:
    get = given.get
    page = get("url") or hit.referrer
    if kind is ViewKind.DOWNLOAD:
        url, referrer = given["download"], page
    elif kind is ViewKind.OUTLINK:
        url, referrer = given["link"], page
    else:
        url, referrer = page, get("urlref", "")
    if not url:
        return Unreadable(RejectReason.MISSING_FIELD, "url: missing", site_id)
    url = url[:MAX_URL]  # as Matomo does: where it ends does not change what was seen
    fault = page_fault(url)
    if fault is not None:
        return Unreadable(RejectReason.BAD_VALUE, fault, site_id)
    referrer = web_address(referrer)
    server, dom, load = _timings(given)
    return PageView(site_id, when, kind, url, referrer, client, None, server, dom, load)


def page_fault(url: str) -> str | None:
    """What keeps a text from being a page's address; None: nothing."""
    if len(url) > MAX_URL:
        return "url: too long"
    if not _WEB.match(url) or _CONTROL.search(url):
        return "url: not a web address"
    return None


def web_address(url: str) -> str:
    """A referrer as it counts: "" when it is no web address."""
    return url if _WEB.match(url) and len(url) <= MAX_URL else ""


def _step(
    given: dict[str, str], site_id: int, when: int, client: str | None
) -> ServiceStep | Unreadable:
    procedure = codes.procedure_code(given["dvc"])
    if procedure is None:
        return Unreadable(RejectReason.BAD_VALUE, "dvc: not a procedure code", site_id)
    state = given.get("dvc_state", "")
    if not _STATE.fullmatch(state):
        return Unreadable(RejectReason.BAD_VALUE, "dvc_state: not a state", site_id)
    return ServiceStep(site_id, when, procedure.national, state, client)


def _time(cdt: str, cdo: str, hit: Hit) -> int | Unreadable:
    """The server's time, or the one a client claims, if somebody vouches for the client.

    cdt  unix seconds, or `YYYY-MM-DD HH:MM:SS` in UTC, as Matomo has it
    cdo  how many seconds before `cdt`, or before now: what was sent again after a time offline
    """
    if not cdt and not cdo:
        return hit.received
    if hit.trust != Trust.VERIFIED:
        name = "cdt" if cdt else "cdo"
        return Unreadable(RejectReason.FORGED_TIME, f"{name}: needs a key")
    instant = _claimed(cdt) if cdt else hit.received
    if instant is None:
        return Unreadable(RejectReason.BAD_DATE, "cdt: not a time")
    if cdo:
        if not _OFFSET.fullmatch(cdo):
            return Unreadable(RejectReason.BAD_DATE, "cdo: not a number of seconds")
        instant -= abs(int(cdo)) * 1_000_000
    return rules.viewed("cdt", instant, hit.received)


def _claimed(cdt: str) -> int | None:
    """µs UTC, None for what names no instant."""
    if _CDT.fullmatch(cdt):
        return int(cdt) * 1_000_000
    try:
        moment = datetime.fromisoformat(cdt)
        return from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None


def _timings(given: dict[str, str]) -> Timings:
    """(server, until DOM ready, until loaded) in ms, from Matomo's successive stages.

    A stage that is missing, negative or absurd leaves unmeasured all that is made of it; only
    the connection's share may be missing, for older trackers do not send it.
    """
    get = given.get
    if "pf_srv" not in given and "pf_dm1" not in given:
        return _UNTIMED
    server = _milliseconds(get("pf_srv"))
    network, transfer = _milliseconds(get("pf_net", "0")), _milliseconds(get("pf_tfr"))
    parsing = _milliseconds(get("pf_dm1"))
    if server is None or network is None or transfer is None or parsing is None:
        return server, None, None
    dom = network + server + transfer + parsing
    rest, handlers = _milliseconds(get("pf_dm2")), _milliseconds(get("pf_onl"))
    return server, dom, None if rest is None or handlers is None else dom + rest + handlers


def _milliseconds(text: str | None) -> int | None:
    if text is None or len(text) > 6 or not text.isascii() or not text.isdigit():
        return None
    value = int(text)
    return value if value <= MAX_TIMING_MS else None
