"""Lists: a page of JSON with a cursor, or every row at once as a stream of NDJSON or CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

import msgspec
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase

from thuocdo.web.api import door, paging
from thuocdo.web.api.shapes import Page

T = TypeVar("T", bound=msgspec.Struct)
_ROWS_A_PIECE: Final = 500
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
MEDIA: Final = (door.NDJSON, "text/csv")


def answer(
    request: HttpRequest,
    rows_after: Callable[[list[Any] | None], Iterable[T]],
    key: Callable[[T], Sequence[Any]],
    shape: type[T],
    *,
    limit: int,
    cursor: str | None,
    form: str,
) -> HttpResponseBase | Page[T]:
    """A page of rows, or all of them.

    rows_after  the rows that come after a key (None: from the start), in the order of their keys
    key         what orders a row and names it; JSON values
    """
    if form != "json":
        return stream(request, rows_after(None), shape, form)
    found = list(islice(rows_after(paging.after(request, cursor)), limit + 1))
    more = len(found) > limit
    shown = found[:limit]
    return Page(shown, paging.following(request, key(shown[-1])) if more else None)


def stream(
    request: HttpRequest, rows: Iterable[Any], shape: type[Any], form: str
) -> HttpResponseBase:
    """Every row, as it comes; nothing is gathered first."""
    pieces = _ndjson(rows) if form == "ndjson" else _csv(rows, shape)
    media = door.NDJSON if form == "ndjson" else door.CSV
    is_async = isinstance(request, ASGIRequest)
    response = StreamingHttpResponse(
        _from_thread(pieces) if is_async else pieces, content_type=media
    )
    name = request.path.strip("/").rsplit("/", 1)[-1]
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return response


async def _from_thread(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """An asynchronous server would gather a plain iterator before it sends the first byte."""
    while (piece := await sync_to_async(next)(pieces, None)) is not None:
        yield piece


def flat(row: Any) -> dict[str, Any]:
    """A row as one line of a sheet: `period.first` becomes `period_first`, lists are joined by spaces."""
    found: dict[str, Any] = {}
    for name, value in msgspec.structs.asdict(row).items():
        if isinstance(value, msgspec.Struct):
            inner = msgspec.structs.asdict(value)
            found |= {f"{name}_{field}": part for field, part in inner.items()}
        elif isinstance(value, list | tuple):
            found[name] = " ".join(str(part) for part in value)
        else:
            found[name] = value
    return found


def columns(shape: type[Any]) -> list[str]:
    """The columns of `flat`, from the shape alone: an empty list has a heading too."""
    found: list[str] = []
    for field in msgspec.structs.fields(shape):
        inner = _struct_in(field.type)
        found += (
            [f"{field.name}_{part.name}" for part in msgspec.structs.fields(inner)]
            if inner
            else [field.name]
        )
    return found


def _struct_in(kind: Any) -> type[msgspec.Struct] | None:
    """The struct that a field is, or may be."""
    for part in (kind, *getattr(kind, "__args__", ())):
        if isinstance(part, type) and issubclass(part, msgspec.Struct):
            return part
    return None


def _ndjson(rows: Iterable[Any]) -> Iterator[bytes]:
    encoder, iterator = msgspec.json.Encoder(), iter(rows)
    while some := list(islice(iterator, _ROWS_A_PIECE)):
        yield encoder.encode_lines(some)


def _csv(rows: Iterable[Any], shape: type[Any]) -> Iterator[bytes]:
    """UTF-8 with a byte order mark, so that a spreadsheet opens Vietnamese rightly."""
    out = io.StringIO()
    sheet = csv.DictWriter(out, columns(shape), extrasaction="ignore", lineterminator="\n")
    out.write("\ufeff")
    sheet.writeheader()
    iterator = iter(rows)
    while True:
        for row in (some := list(islice(iterator, _ROWS_A_PIECE))):
            sheet.writerow({name: _inert(value) for name, value in flat(row).items()})
        yield out.getvalue().encode()
        out.seek(0)
        out.truncate()
        if len(some) < _ROWS_A_PIECE:
            return


def _inert(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula gets a leading apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value
