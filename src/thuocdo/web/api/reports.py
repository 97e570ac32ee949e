"""Reports: the frozen weekly ones, and their printed forms with digests."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from thuocdo.measure.definitions import Text
from thuocdo.report.archive import Archived, archived
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
_FILES = "/api/v1/reports/{week}/{name}"


def _state() -> tuple[Any, ...]:
    """Changes when any report's file does."""
    files = board.instance().reports_dir.glob("????-W??/*")
    return tuple(sorted((str(path), path.stat().st_mtime_ns) for path in files))


@resource(
    router,
    "/reports",
    shapes.Page[shapes.Report],
    Text(vi="Các báo cáo tuần đã lập", en="The weekly reports that were made"),
    also=_state,
)
def reports(request: HttpRequest) -> Any:  # noqa: ARG001
    """Every one, the latest first, with its files."""
    return shapes.Page([_shape(each) for each in archived(board.instance())], None)


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
    """As it was printed; its media type is that of its format."""
    for path in _kept(week).files:
        if path.name == name:
            return HttpResponse(
                path.read_bytes(),
                content_type=_MEDIA[path.suffix],
                headers={"Content-Disposition": f'attachment; filename="{name}"'},
            )
    raise Refusal("no_report")


def _kept(week: str) -> Archived:
    for each in archived(board.instance()):
        if each.week == week:
            return each
    raise Refusal("no_report")


def _shape(kept: Archived) -> shapes.Report:
    told = kept.report
    first, last = told.period
    return shapes.Report(
        week=kept.week,
        title=told.report,
        number=str(told.number),
        dated=str(told.date),
        period=shapes.Span(first, last),
        files=[_file(kept.week, path) for path in kept.files],
    )


def _file(week: str, path: Path) -> shapes.ReportFile:
    state = path.stat()
    return shapes.ReportFile(
        format=path.suffix.removeprefix("."),
        url=_FILES.format(week=week, name=path.name),
        bytes=state.st_size,
        sha256=_digest(path, state.st_mtime_ns),
    )


@lru_cache(maxsize=2048)
def _digest(path: Path, _changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
