"""Reports: the published weekly ones, and their printed forms with digests. Drafts are none of them."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from thuocdo.core import clock
from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.definitions import Text
from thuocdo.report.desk import public, shelf
from thuocdo.report.desk.public import Printed
from thuocdo.web import board
from thuocdo.web.api import asking, shapes
from thuocdo.web.api.door import resource
from thuocdo.web.api.problems import Refusal

router = Router(tags=["reports"])
_OFFICE = "application/vnd.openxmlformats-officedocument"
_MEDIA = {
    ".json": "application/json",
    ".html": "text/html; charset=utf-8",
    ".docx": f"{_OFFICE}.wordprocessingml.document",
    ".pdf": "application/pdf",
    ".xlsx": f"{_OFFICE}.spreadsheetml.sheet",
}
_FILES = "/api/v1/reports/{week}/editions/{edition}/{name}"
_FILES_NOW = "/api/v1/reports/{week}/{name}"


def _state() -> tuple[Any, ...]:
    """Changes when a line of any book is written or an edition is laid down."""
    files = board.instance().publication_dir.glob("????-W??/*")
    return tuple(sorted((str(path), path.stat().st_mtime_ns) for path in files))


@resource(
    router,
    "/reports",
    shapes.Page[shapes.Report],
    Text(vi="Các báo cáo tuần đã công bố", en="The weekly reports that were published"),
    also=_state,
)
def reports(request: HttpRequest) -> Any:  # noqa: ARG001
    """Every one, the latest first, with its files and the editions it had."""
    return shapes.Page([_shape(each) for each in public.current(board.instance())], None)


@resource(
    router,
    "/reports/{week}",
    shapes.Report,
    Text(vi="Một báo cáo tuần", en="One weekly report"),
    also=_state,
)
def report(request: HttpRequest, week: asking.Code) -> Any:  # noqa: ARG001
    """By its week, such as 2022-W18."""
    return _shape(_kept(week))


@resource(
    router,
    "/reports/{week}/{name}",
    None,
    Text(vi="Một tệp của báo cáo", en="One file of a report"),
    media=tuple(media.partition(";")[0] for media in _MEDIA.values()),
    also=_state,
)
def report_file(
    request: HttpRequest,  # noqa: ARG001
    week: asking.Code,
    name: str,
) -> HttpResponse:
    """Of the edition that stands, as it was printed; its media type is that of its format."""
    return _answer(_kept(week), name)


@resource(
    router,
    "/reports/{week}/editions/{edition}/{name}",
    None,
    Text(vi="Một tệp của một lần công bố", en="One file of one edition of a report"),
    media=tuple(media.partition(";")[0] for media in _MEDIA.values()),
    also=_state,
)
def report_edition_file(
    request: HttpRequest,  # noqa: ARG001
    week: asking.Code,
    edition: asking.Code,
    name: str,
) -> HttpResponse:
    """Also of an edition that another has replaced: it stays where it was cited."""
    return _answer(_kept(week, edition), name)


def _answer(kept: Printed, name: str) -> HttpResponse:
    for path in kept.files:
        if path.name == name:
            return HttpResponse(
                path.read_bytes(),
                content_type=_MEDIA[path.suffix],
                headers={"Content-Disposition": f'attachment; filename="{name}"'},
            )
    raise Refusal("no_report")


def _kept(week: str, edition: str = "") -> Printed:
    try:
        kept = public.of_week(board.instance(), week, edition)
    except ThuocdoError as wrong:
        if wrong.code != "bad_week":
            raise
        kept = None
    if kept is None:
        raise Refusal("no_report")
    return kept


def _shape(kept: Printed) -> shapes.Report:
    head = kept.head
    first, last = head.period
    editions = [
        public.of_week(board.instance(), kept.week, shelf.short(each.digest))
        for each in kept.editions
    ]
    return shapes.Report(
        week=kept.week,
        title=head.report,
        number=head.number,
        dated=str(head.date),
        period=shapes.Span(first, last),
        files=[
            _file(path, _FILES_NOW.format(week=kept.week, name=path.name)) for path in kept.files
        ],
        editions=[_edition(each) for each in editions if each],
    )


def _edition(kept: Printed) -> shapes.ReportEdition:
    edition, signed = kept.edition, kept.edition.signed
    return shapes.ReportEdition(
        edition=kept.name,
        sha256=edition.digest,
        state=edition.state.value,
        published_at=_moment(edition.published.at),
        signed_by=signed.who if signed else None,
        signed_at=_moment(signed.at) if signed else None,
        signature=kept.signature,
        simulated=bool(signed and signed.simulated),
        replaces=shelf.short(edition.replaces) or None,
        replaced_by=shelf.short(edition.replaced_by) or None,
        reason=edition.reason or None,
        files=[
            _file(path, _FILES.format(week=kept.week, edition=kept.name, name=path.name))
            for path in kept.files
        ],
    )


def _moment(at: int) -> str:
    return clock.to_datetime(at).isoformat(timespec="seconds")


def _file(path: Path, url: str) -> shapes.ReportFile:
    state = path.stat()
    return shapes.ReportFile(
        format=path.suffix.removeprefix("."),
        url=url,
        bytes=state.st_size,
        sha256=_digest(path, state.st_mtime_ns),
    )


@lru_cache(maxsize=2048)
def _digest(path: Path, _changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
