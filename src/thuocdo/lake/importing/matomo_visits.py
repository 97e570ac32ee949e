"""Visits as Matomo's `Live.getLastVisitsDetails` gives them out: JSON, XML or CSV, one reading.

Only what a page view needs is looked at; a visitor's address, place and name are never read.
Source: https://developer.matomo.org/api-reference/reporting-api (module Live); the CSV form writes
`actionDetails_0_url` for what is nested, in UTF-16.
"""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from thuocdo.core.vocabulary import ViewKind
from thuocdo.lake.importing.tables import Row, Table

KINDS: Final[Mapping[str, ViewKind]] = {
    "action": ViewKind.VIEW,
    "download": ViewKind.DOWNLOAD,
    "outlink": ViewKind.OUTLINK,
    "search": ViewKind.SEARCH,
}
"""Actions that are looks at something; events, goals and orders are none."""
_NESTED: Final = re.compile(r"actionDetails_(\d+)_(type|url|timestamp)")
_WORDS: Final = (
    "idSite",
    "visitorId",
    "referrerUrl",
    "browserName",
    "operatingSystemName",
    "deviceType",
)

Scalar = str | int | float | None


class Action(msgspec.Struct, frozen=True):
    type: str = ""
    url: str | None = None
    timestamp: Scalar = None  # seconds since 1970


class Visit(msgspec.Struct, frozen=True):
    """One visit; `number` is its place in the file, from 1."""

    number: int = 0
    idSite: Scalar = None  # noqa: N815 - Matomo's name
    visitorId: str | None = None  # noqa: N815
    referrerUrl: str | None = None  # noqa: N815
    browserName: str | None = None  # noqa: N815
    operatingSystemName: str | None = None  # noqa: N815
    deviceType: str | None = None  # noqa: N815
    actionDetails: list[Action] = []  # noqa: N815


_many: Final = msgspec.json.Decoder(list[msgspec.Raw])
_one: Final = msgspec.json.Decoder(Visit)


def from_json(data: bytes) -> Iterator[Visit | int]:
    """The visits of a JSON list, or of one visit a line; a number is a place that holds none."""
    clean = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    pieces: Iterable[bytes | msgspec.Raw] = clean.split(b"\n")
    if clean.startswith(b"["):
        pieces = _many.decode(clean)
    for number, piece in enumerate(pieces, 1):
        if not bytes(piece).strip():
            continue
        try:
            yield msgspec.structs.replace(_one.decode(piece), number=number)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            yield number


def from_xml(data: bytes) -> Iterator[Visit | int]:
    """The rows of `<result>`. Raises ET.ParseError; a document type is none of Matomo's."""
    if b"<!DOCTYPE" in data[:4096] or b"<!ENTITY" in data:
        raise ET.ParseError("it declares a document type")
    number = depth = 0
    for event, element in ET.iterparse(io.BytesIO(data), ("start", "end")):  # noqa: S314 - no DTD, above
        depth += 1 if event == "start" else -1
        if event == "end" and depth == 1:
            number += 1
            yield _element_visit(element, number)
            element.clear()


def _element_visit(element: ET.Element, number: int) -> Visit:
    words = {name: element.findtext(name) or None for name in _WORDS}
    actions = [
        Action(row.findtext("type") or "", row.findtext("url") or None, row.findtext("timestamp"))
        for row in element.iterfind("actionDetails/row")
    ]
    return Visit(number=number, actionDetails=actions, **words)


def from_table(table: Table) -> Iterator[Visit | int]:
    """The rows of the CSV form; numbers are those of its lines."""
    rows = table.sheets[0].rows
    names = [str(cell) for cell in rows[0].cells]
    nested = [(place, _NESTED.fullmatch(name)) for place, name in enumerate(names)]
    for row in rows[1:]:
        if row.fault or len(row.cells) > len(names):
            yield row.number
            continue
        yield _row_visit(row, names, nested)


def _row_visit(row: Row, names: list[str], nested: list[tuple[int, re.Match[str] | None]]) -> Visit:
    cells = [str(cell) for cell in row.cells]
    said = dict(zip(names, cells, strict=False))
    actions: dict[int, dict[str, str]] = {}
    for place, found in nested:
        if found and place < len(cells) and cells[place]:
            actions.setdefault(int(found[1]), {})[found[2]] = cells[place]
    return Visit(
        number=row.number,
        actionDetails=[
            Action(told.get("type", ""), told.get("url"), told.get("timestamp"))
            for _, told in sorted(actions.items())
        ],
        **{name: said.get(name) or None for name in _WORDS},
    )
