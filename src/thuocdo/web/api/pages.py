"""The pages about the data: the open data with its downloads, and how the API is used. No script in either."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import msgspec
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from thuocdo.web import board
from thuocdo.web.api import problems
from thuocdo.web.api.v1 import api
from thuocdo.web.opendata import metadata
from thuocdo.web.opendata.making import editions, path_of
from thuocdo.web.opendata.model import LICENCE, Edition, File, datasets
from thuocdo.web.printing import language
from thuocdo.web.problems import Problem

_YEAR_SECONDS = 365 * 86_400
_TEXT_ENDS = ("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")


@dataclass(frozen=True, slots=True)
class Part:
    """One dataset of an edition in the reader's language."""

    name: str
    title: str
    description: str
    rows: int
    columns: list[tuple[str, str, str]]
    files: list[File]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation, in the reader's language."""

    name: str
    place: str
    required: bool
    allowed: str
    default: str
    about: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One address of the API."""

    path: str
    summary: str
    about: str
    media: list[str]
    needs_key: bool
    parameters: list[Parameter]


@require_safe
def opendata(request: HttpRequest) -> HttpResponse:
    """The newest edition with every file and digest, and the earlier ones."""
    every = editions(board.instance())
    newest = every[0] if every else None
    context: dict[str, Any] = {
        "title": _("Dữ liệu mở"),
        "edition": newest,
        "earlier": every[1:],
        "licence": LICENCE,
    }
    if newest is not None:
        base = request.build_absolute_uri(reverse("opendata-file", args=[newest.day, "x"]))[:-1]
        context |= {
            "parts": list(_parts(newest)),
            "descriptions": [
                file
                for file in newest.files
                if file.dataset not in datasets() or ".schema." in file.name
            ],
            "search_engines": _data_block(metadata.schema_org(newest, base)),
        }
    return render(request, "web/opendata.html", context)


@require_safe
def download(_request: HttpRequest, day: str, name: str) -> HttpResponseBase:
    """One file of one edition: it never changes, and pages of any site may read it."""
    for edition in editions(board.instance()):
        path = path_of(board.instance(), edition, name) if str(edition.day) == day else None
        if path is not None:
            file = next(each for each in edition.files if each.name == name)
            return _file(path, file, edition.day)
    raise Problem(
        _("Không có tệp dữ liệu mở này."),
        _("Chọn một tệp trong danh sách ở trang Dữ liệu mở."),
        HTTPStatus.NOT_FOUND,
    )


@require_safe
def latest(_request: HttpRequest, name: str) -> HttpResponse:
    """The file of this name in the newest edition: an address that programs can keep."""
    for edition in editions(board.instance())[:1]:
        if any(file.name == name for file in edition.files):
            response = HttpResponse(status=HTTPStatus.FOUND)
            response["Location"] = reverse("opendata-file", args=[edition.day, name])
            response["Access-Control-Allow-Origin"] = "*"
            return response
    raise Problem(
        _("Không có tệp dữ liệu mở này."),
        _("Chọn một tệp trong danh sách ở trang Dữ liệu mở."),
        HTTPStatus.NOT_FOUND,
    )


@require_safe
def documentation(request: HttpRequest) -> HttpResponse:
    """Every address with its parameters, made from the OpenAPI document itself."""
    context = {
        "title": _("API dữ liệu"),
        "operations": _operations(language()),
        "problems": [
            (
                code,
                known.status,
                getattr(known.title, language()),
                getattr(known.action, language()),
            )
            for code, known in sorted(problems.known().items(), key=lambda one: one[1].status)
        ],
        "root": request.build_absolute_uri("/api/v1/"),
    }
    return render(request, "web/api.html", context)


@require_safe
def problem(_request: HttpRequest, code: str) -> HttpResponse:
    """A problem's `type` is an address: it leads to the words of that code."""
    response = HttpResponse(status=HTTPStatus.FOUND)
    response["Location"] = f"{reverse('api')}#{code}"
    return response


def _parts(edition: Edition) -> Iterator[Part]:
    for name, dataset in datasets().items():
        yield Part(
            name=name,
            title=getattr(dataset.title, language()),
            description=getattr(dataset.description, language()),
            rows=edition.rows[name],
            columns=[(each.name, each.type, getattr(each, language())) for each in dataset.fields],
            files=[
                each for each in edition.files if each.name in (f"{name}.csv", f"{name}.parquet")
            ],
        )


def _file(path: Any, file: File, day: date) -> HttpResponseBase:
    response = FileResponse(path.open("rb"), content_type=file.media)
    response["Content-Disposition"] = f'attachment; filename="thuocdo-{day}-{file.name}"'
    response["Content-Length"] = str(file.bytes)
    response["ETag"] = f'W/"{file.sha256[:32]}"'
    response["Cache-Control"] = f"public, max-age={_YEAR_SECONDS}, immutable"
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _data_block(told: dict[str, Any]) -> str:
    """JSON that may stand within a page: nothing in it can end the element it stands in."""
    text = msgspec.json.encode(told).decode()
    for letter, escaped in _TEXT_ENDS:
        text = text.replace(letter, escaped)
    return mark_safe(text)  # noqa: S308 (every letter that means something to HTML is escaped)


@lru_cache(maxsize=2)
def _operations(spoken: str) -> Sequence[Operation]:
    document = api.get_openapi_schema(path_prefix="/api/v1/")
    return [_operation(path, methods["get"], spoken) for path, methods in document["paths"].items()]


def _operation(path: str, told: dict[str, Any], spoken: str) -> Operation:
    english = spoken == "en"
    return Operation(
        path=path,
        summary=told["summary"] if english else told["x-summary-vi"],
        about=told.get("description", "") if english else "",
        media=list(told["responses"][200]["content"]),
        needs_key=bool(told.get("security")),
        parameters=[_parameter(each, english) for each in told["parameters"]],
    )


def _parameter(told: dict[str, Any], english: bool) -> Parameter:
    shapes = [told["schema"], *told["schema"].get("anyOf", ())]
    kind = next((shape for shape in shapes if shape.get("type") not in (None, "null")), {})
    allowed = kind.get("enum") or ([kind["const"]] if "const" in kind else None)
    default = told["schema"].get("default")
    return Parameter(
        name=told["name"],
        place=told["in"],
        required=told["required"],
        allowed=" · ".join(map(str, allowed))
        if allowed
        else kind.get("format", kind.get("type", "")),
        default="" if default is None else str(default),
        about=told["schema"].get("description" if english else "x-description-vi", ""),
    )
