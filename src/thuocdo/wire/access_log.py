"""Web servers' access logs: one line in, what it says out, as text.

Five forms are read: common and combined of Apache and nginx, with or without the virtual host in
front; the W3C extended form of IIS and of CloudFront, whose columns `#Fields:` names; and one JSON
object a line, which nginx writes under the names its administrator chose. Whether a line is a page
load is judged in `wire/page_loads.py`. Sources: https://httpd.apache.org/docs/2.4/logs.html,
https://www.w3.org/TR/WD-logfile, "Standard log file fields" of the CloudFront Developer Guide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple
from urllib.parse import unquote

import msgspec

from thuocdo.wire import rules

_SECOND_US: Final = 1_000_000
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1
    )
}
_QUOTED: Final = r'"((?:[^"\\]|\\.)*)"'
_COMMON_LINE: Final = re.compile(
    rf"(?P<left>[^\[\]]+) \[(?P<time>[^\]]+)\] {_QUOTED} (?P<status>\d{{3}}) (?:\d+|-)(?: {_QUOTED} {_QUOTED})?.*"
)
_CLF_TIME: Final = re.compile(
    r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)", re.ASCII
)
_EPOCH_TIME: Final = re.compile(r"(\d{9,11})(?:\.(\d{1,6}))?|(\d{12,14})", re.ASCII)
_ESCAPED: Final = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|(.))")
_COMBINED_PARTS: Final = 7
_COMMON_PARTS: Final = 3
_STATUS: Final = slice(1, 4)
_NOTHING: Final = ("", "-")


class LogFormat(StrEnum):
    COMMON = "common"
    COMBINED = "combined"
    IIS = "iis"
    NGINX_JSON = "nginx-json"
    CLOUDFRONT = "cloudfront"


class LogLine(msgspec.Struct, frozen=True, gc=False):
    """One request. A text the line does not give is empty."""

    host: str
    address: str
    time: str  # what `moment` reads
    request: str  # "GET /path?query HTTP/1.1"; the version may be missing
    status: str
    referrer: str
    agent: str | None  # None: the form has no room for it; "": the client sent none
    by_script: bool = False  # the request says of itself that no reader asked for a page


class LogReader(NamedTuple):
    """Reads the lines of one file, in their order, each without its end.

    read    what a line says; None when it says nothing in this form
    glance  its request without reading the rest, "" when that takes a closer look: most lines are
            for pictures and styles, and need no more
    """

    read: Callable[[str], LogLine | None]
    glance: Callable[[str], str]


def detect(sample: Sequence[str]) -> LogFormat | None:
    """The form of a log by its first lines; None when none of them tells."""
    for line in sample:
        if line.startswith("#Fields:"):
            edge = "x-edge-location" in line or "x-edge-result-type" in line
            return LogFormat.CLOUDFRONT if edge else LogFormat.IIS
        if line.startswith("{") and _json(line) is not None:
            return LogFormat.NGINX_JSON
        found = _COMMON_LINE.fullmatch(line)
        if found:
            return LogFormat.COMBINED if found[5] is not None else LogFormat.COMMON
    return None


def reader(form: LogFormat) -> LogReader:
    """What reads the lines of a file of a form."""
    if form is LogFormat.NGINX_JSON:
        return LogReader(_json, _json_request)
    if form in (LogFormat.COMMON, LogFormat.COMBINED):
        return LogReader(_common, _common_request)
    iis = form is LogFormat.IIS
    lines = _W3cLines(" ", _plus_for_space) if iis else _W3cLines("\t", _decoded_twice)
    return LogReader(lines.read, lines.glance)


def is_comment(line: str) -> bool:
    """Whether a line is none of the log's: empty, or a directive of the W3C form."""
    return not line or line.startswith("#") or line.isspace()


def moment(text: str) -> int | None:
    """µs UTC of a line's time, None when it is none.

    `30/Apr/2022:12:00:00 +0700`, ISO 8601 (no zone: Vietnam's), or seconds or milliseconds since
    1970. Times of the W3C form come with the `Z` they mean.
    """
    if found := _CLF_TIME.fullmatch(text):
        return _clf_moment(*found.groups())
    if found := _EPOCH_TIME.fullmatch(text):
        if found[3]:
            return int(found[3]) * 1000
        return int(found[1]) * _SECOND_US + int((found[2] or "").ljust(6, "0"))
    iso = rules.moment("time", text)
    return iso if isinstance(iso, int) else None


def _clf_moment(
    day: str, month: str, year: str, hour: str, minute: str, second: str, sign: str, *zone: str
) -> int | None:
    try:
        days = date(int(year), _MONTHS[month], int(day)).toordinal() - _EPOCH_ORDINAL
    except (KeyError, ValueError):
        return None
    if int(hour) > 23 or int(minute) > 59 or int(second) > 60:
        return None
    offset = (int(zone[0]) * 60 + int(zone[1])) * 60
    wall = ((days * 24 + int(hour)) * 60 + int(minute)) * 60 + int(second)
    return (wall + offset if sign == "-" else wall - offset) * _SECOND_US


def _common(line: str) -> LogLine | None:
    """Common or combined. Nearly every line splits at its quotes; one with an escape does not."""
    parts = line.split('"')
    count = len(parts)
    if (count != _COMMON_PARTS and count < _COMBINED_PARTS) or "\\" in line:
        return _common_with_escapes(line)
    left, bracket, time = parts[0].partition(" [")
    status = parts[2][_STATUS]
    if not bracket or time[-2:] != "] " or not (status.isascii() and status.isdigit()):
        return _common_with_escapes(line)
    host, address = _who(left)
    if count == _COMMON_PARTS:
        return LogLine(host, address, time[:-2], parts[1], status, "", None)
    return LogLine(host, address, time[:-2], parts[1], status, _said(parts[3]), _said(parts[5]))


def _common_request(line: str) -> str:
    """One that holds an escaped quote ends at it, and is then no request that ends in `HTTP/…`."""
    return line.partition('"')[2].partition('"')[0]


def _common_with_escapes(line: str) -> LogLine | None:
    found = _COMMON_LINE.fullmatch(line)
    if not found:
        return None
    host, address = _who(found["left"])
    request, referrer = _unescaped(found[3]), _said(_unescaped(found[5] or ""))
    agent = None if found[6] is None else _said(_unescaped(found[6]))
    return LogLine(host, address, found["time"], request, found["status"], referrer, agent)


def _who(left: str) -> tuple[str, str]:
    """(virtual host, address) before the time: `[host] address identity user`."""
    first, _, rest = left.partition(" ")
    second = rest.partition(" ")[0]
    if second == "-" or not ("." in second or ":" in second):
        return "", first
    return first, second


def _said(text: str) -> str:
    return "" if text == "-" else text


def _unescaped(text: str) -> str:
    """`\\"` of Apache and `\\x22` of nginx."""
    if "\\" not in text:
        return text
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[2], text)


class _W3cLines:
    """The extended form: `#Fields:` names the columns, and may name others further down."""

    _COLUMNS: Final = (
        ("x-host-header", "cs-host", "cs(Host)"),
        ("c-ip",),
        ("date",),
        ("time",),
        ("cs-method",),
        ("cs-uri-stem",),
        ("cs-uri-query",),
        ("sc-status",),
        ("cs(Referer)", "cs(Referrer)"),
        ("cs(User-Agent)",),
    )

    def __init__(self, separator: str, readable: Callable[[str], str]) -> None:
        self._separator = separator
        self._readable = readable
        self._count = 0
        self._places: list[int] = []
        self._request: tuple[int, int, int, int] = (0, 0, 0, 0)

    def read(self, line: str) -> LogLine | None:
        if line.startswith("#"):
            self._directive(line)
            return None
        cells = line.split(self._separator)
        if len(cells) != self._count:
            return None
        cells.append("-")
        host, address, day, time, method, stem, query, status, referrer, agent = [
            cells[place] for place in self._places
        ]
        if "-" in (day, time, status):
            return None
        target = stem if query in _NOTHING else f"{stem}?{query}"
        return LogLine(
            _said(host),
            _said(address),
            f"{day} {time}Z",
            f"{method} {target}",
            status,
            _said(referrer),
            None if self._places[-1] == self._count else self._readable(_said(agent)),
        )

    def glance(self, line: str) -> str:
        last, method, stem, query = self._request
        cells = line.split(self._separator, last + 1)
        if not last or len(cells) <= last:
            return ""
        if cells[query] in _NOTHING:
            return f"{cells[method]} {cells[stem]}"
        return f"{cells[method]} {cells[stem]}?{cells[query]}"

    def _directive(self, line: str) -> None:
        name, _, rest = line.partition(":")
        if name == "#Fields":
            fields = rest.split()
            self._count = len(fields)
            self._places = [
                next((fields.index(name) for name in names if name in fields), self._count)
                for names in self._COLUMNS
            ]
            method, stem, query = self._places[4:7]
            last = max(method, stem, query)
            self._request = (last if last < self._count else 0, method, stem, query)


def _plus_for_space(text: str) -> str:
    return text.replace("+", " ")


def _decoded_twice(text: str) -> str:
    """CloudFront encodes what came encoded: a space is `%2520` in older files, `%20` in newer."""
    return unquote(unquote(text)) if "%" in text else text


Scalar = str | int | float | bool | None


class _JsonLine(msgspec.Struct, gc=False):
    """The names administrators give to what nginx can say; what they are for stands at `_json`."""

    http_host: Scalar = None
    host: Scalar = None
    vhost: Scalar = None
    server_name: Scalar = None
    remote_addr: Scalar = None
    client_ip: Scalar = None
    clientip: Scalar = None
    remote_ip: Scalar = None
    ip: Scalar = None
    time_iso8601: Scalar = None
    time_local: Scalar = None
    msec: Scalar = None
    at_timestamp: Scalar = msgspec.field(name="@timestamp", default=None)
    timestamp: Scalar = None
    time: Scalar = None
    ts: Scalar = None
    request: Scalar = None
    request_method: Scalar = None
    method: Scalar = None
    request_uri: Scalar = None
    uri: Scalar = None
    url: Scalar = None
    path: Scalar = None
    status: Scalar = None
    status_code: Scalar = None
    response: Scalar = None
    http_referer: Scalar = None
    http_referrer: Scalar = None
    referer: Scalar = None
    referrer: Scalar = None
    http_user_agent: Scalar = None
    user_agent: Scalar = None
    agent: Scalar = None
    http_x_requested_with: Scalar = None
    http_sec_fetch_dest: Scalar = None


_decode: Final = msgspec.json.Decoder(_JsonLine)
_SHOWN_PAGES: Final = ("", "document", "iframe", "frame", "embed", "object")
"""Sec-Fetch-Dest of what a reader looks at (https://www.w3.org/TR/fetch-metadata/)."""


def _json(line: str) -> LogLine | None:
    """One object a line. Of several names for one thing the first that says something counts."""
    try:
        it = _decode.decode(line)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None
    time = _first(
        it.time_iso8601, it.time_local, it.msec, it.at_timestamp, it.timestamp, it.time, it.ts
    )
    status = _first(it.status, it.status_code, it.response)
    if not time or not status:
        return None
    request = _first(it.request)
    if not request:
        method = _first(it.request_method, it.method)
        request = f"{method} {_first(it.request_uri, it.uri, it.url, it.path)}"
    agents = (it.http_user_agent, it.user_agent, it.agent)
    return LogLine(
        _first(it.http_host, it.host, it.vhost, it.server_name),
        _first(it.remote_addr, it.client_ip, it.clientip, it.remote_ip, it.ip),
        time,
        request,
        status,
        _first(it.http_referer, it.http_referrer, it.referer, it.referrer),
        None if agents == (None, None, None) else _first(*agents),
        _first(it.http_x_requested_with).lower() == "xmlhttprequest"
        or _first(it.http_sec_fetch_dest) not in _SHOWN_PAGES,
    )


def _json_request(line: str) -> str:
    return line.partition('"request":"')[2].partition('"')[0]


def _first(*values: Scalar) -> str:
    for value in values:
        if value is not None and value not in _NOTHING:
            return str(value)
    return ""
