"""How a resource becomes an address: what it answers is described, tagged, cached and written in one way.

django-ninja reads the question and describes it; what a view returns is one of shapes.py and is written
by msgspec. The OpenAPI document gets the same structs' JSON Schema.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Final, Literal, get_args

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import NinjaAPI, Router
from ninja.errors import AuthenticationError, ValidationError

from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.definitions import Text
from thuocdo.web.api import caching, problems, shapes
from thuocdo.web.problems import Problem as PageProblem

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
CSV: Final = "text/csv; charset=utf-8"
_REF: Final = "#/components/schemas/{name}"
_TAGGED: Final = {"ETag": {"description": "Of this answer.", "schema": {"type": "string"}}}
_WORDS: Final[dict[int, str]] = {
    304: "You have this answer already.",
    400: "The question is not right.",
    401: "A key is needed.",
    403: "The key does not open this, or the count is too small to be published.",
    404: "There is no such thing.",
    429: "Too many requests.",
}

View = Callable[..., Any]
_shapes: list[Any] = [shapes.Problem]
"""Every shape that is answered, as views name them."""


class Door(NinjaAPI):
    """The API; its document tells the answers' shapes too."""

    def get_openapi_schema(self, **asked: Any) -> Any:
        document = super().get_openapi_schema(**asked)
        _, components = msgspec.json.schema_components(_shapes, ref_template=_REF)
        document["components"].setdefault("schemas", {}).update(components)
        return document


def resource(
    router: Router,
    path: str,
    shape: Any,
    said: Text,
    *,
    media: tuple[str, ...] = (),
    auth: Any = None,
    refusals: tuple[int, ...] = (400, 404),
    also: Callable[[], object] | None = None,
) -> Callable[[View], View]:
    """Register a view of a public resource (or, with `auth`, of one that a key opens).

    shape   what it answers as JSON (None: files); `media` are the other media types it may stream
    also    what the answer depends on beyond the facts, for its tag
    said    what it is, in both languages
    """
    if shape is not None:
        _shapes.append(shape)

    def register(view: View) -> View:
        signature = inspect.signature(view, eval_str=True)
        asking = _strict(view, _parameters(signature))
        answering = _private(asking) if auth else _public(asking, also)
        answering.__signature__ = signature  # type: ignore[attr-defined]
        router.get(
            path,
            auth=auth,
            summary=said.en,
            description=inspect.getdoc(view),
            url_name=view.__name__,
            operation_id=view.__name__,
            openapi_extra=_extra(shape, said, media, (*refusals, *((401, 429) if auth else ()))),
        )(answering)
        return view

    return register


def written(answer: Any) -> HttpResponse:
    """A shape as JSON."""
    return HttpResponse(msgspec.json.encode(answer), content_type=JSON)


def _parameters(signature: inspect.Signature) -> frozenset[str]:
    """The names of the query's parameters: the fields of the one schema that asks for them."""
    asked = signature.parameters.get("asked")
    kind = get_args(asked.annotation)[0] if asked else None
    return frozenset(kind.model_fields) if kind else frozenset()


def _strict(view: View, known: frozenset[str]) -> View:
    """A parameter nobody knows is refused: a word misspelt would ask another question."""

    @functools.wraps(view)
    def answering(request: HttpRequest, **asked: Any) -> Any:
        strange = sorted(set(request.GET) - known)
        if strange:
            listed, right = ", ".join(strange)[:200], ", ".join(sorted(known))
            raise problems.Refusal(
                "bad_parameter",
                Text(
                    vi=f"Không có tham số: {listed}. Các tham số dùng được: {right or 'không có'}.",
                    en=f"There is no parameter {listed}. Those there are: {right or 'none'}.",
                ),
                parameters=tuple(strange),
            )
        return view(request, **asked)

    return answering


def _public(view: View, also: Callable[[], object] | None) -> View:
    @functools.wraps(view)
    def answering(request: HttpRequest, **asked: Any) -> HttpResponseBase:
        current = caching.tag(request, also() if also else None)
        known = caching.unchanged(request, current)
        if known is not None:
            return known
        answer = view(request, **asked)
        response = answer if isinstance(answer, HttpResponseBase) else written(answer)
        return caching.label(response, current)

    return answering


def _private(view: View) -> View:
    @functools.wraps(view)
    def answering(request: HttpRequest, **asked: Any) -> HttpResponseBase:
        answer = view(request, **asked)
        response = answer if isinstance(answer, HttpResponseBase) else written(answer)
        response["Cache-Control"] = "no-store"
        return response

    return answering


def _extra(
    shape: Any, said: Text, media: tuple[str, ...], refusals: tuple[int, ...]
) -> dict[str, Any]:
    """What the document says of the answers; keys of statuses are numbers, as ninja's own are."""
    content: dict[str, Any] = {}
    if shape is not None:
        (schema,), _ = msgspec.json.schema_components([shape], ref_template=_REF)
        content[JSON] = {"schema": schema}
    content |= {name: {"schema": {}} for name in media if name not in content}
    problem = {problems.MEDIA_TYPE: {"schema": {"$ref": _REF.format(name="Problem")}}}
    responses: dict[int, Any] = {
        200: {"description": "The answer.", "content": content, "headers": _TAGGED},
        304: {"description": _WORDS[304]},
    }
    for status in sorted({*refusals, 400}):
        responses[status] = {"description": _WORDS[status], "content": problem}
    return {"responses": responses, "x-summary-vi": said.vi}


def handle_refusals(api: NinjaAPI) -> None:
    """Turn whatever goes wrong into problem documents."""
    handlers: dict[type[Exception], Callable[[Any], problems.Refusal]] = {
        problems.Refusal: lambda refusal: refusal,
        ThuocdoError: problems.of_error,
        PageProblem: problems.of_page,
        ValidationError: _of_validation,
        AuthenticationError: lambda _: problems.Refusal("token_needed"),
        Http404: lambda _: problems.Refusal("not_found"),
        Exception: problems.of_failure,
    }
    for kind, told in handlers.items():
        api.add_exception_handler(kind, _handler(told))


def _handler(
    told: Callable[[Any], problems.Refusal],
) -> Callable[[HttpRequest, Any], HttpResponse]:
    def handle(request: HttpRequest, error: Any) -> HttpResponse:
        return problems.answer(request, told(error))

    return handle


def _of_validation(error: ValidationError) -> problems.Refusal:
    """Which parameters are wrong; what is wrong with them in English, for it is the checker's sentence."""
    names, told = [], []
    for each in error.errors:
        name = str(each["loc"][-1]) if each.get("loc") else ""
        names.append(name)
        told.append(f"{name}: {each['msg']}")
    listed = ", ".join(dict.fromkeys(names))
    return problems.Refusal(
        "bad_parameter",
        Text(vi=f"Giá trị không hợp lệ của tham số: {listed}.", en=f"{'; '.join(told)}."),
        parameters=tuple(dict.fromkeys(names)),
    )


Format = Literal["json", "ndjson", "csv"]
