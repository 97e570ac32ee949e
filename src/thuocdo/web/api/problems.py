"""Everything that goes wrong, as a problem document (RFC 9457) in the language of who asks.

Codes, statuses and words are data (problems.yaml). A refusal of a lower floor is told in English by its
own sentence, which names what was given; in Vietnamese by the words of its code.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import msgspec
import structlog
import yaml
from django.http import HttpRequest, HttpResponse
from django.utils.translation.trans_real import parse_accept_lang_header

from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.definitions import Text
from thuocdo.web.api import shapes
from thuocdo.web.problems import Problem as PageProblem

MEDIA_TYPE: Final = "application/problem+json"
_OF_STATUS: Final = {
    400: "bad_request",
    401: "token_needed",
    403: "out_of_scope",
    404: "not_found",
    405: "method_not_allowed",
    429: "too_many_requests",
}
_LONGEST: Final = 400

log = structlog.get_logger("thuocdo.api")


class Known(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of problem."""

    status: int
    title: Text
    action: Text
    detail: Text | None = None


class Refusal(Exception):  # noqa: N818 (it names what the reader is told)
    """A request that cannot be served: a code of problems.yaml, and what is to be said beyond it."""

    def __init__(
        self,
        code: str,
        detail: Text | None = None,
        *,
        parameters: tuple[str, ...] = (),
        retry_after: int | None = None,
    ) -> None:
        self.code = code
        self.detail = detail
        self.parameters = parameters
        self.retry_after = retry_after
        super().__init__(code)


@cache
def known() -> dict[str, Known]:
    """Every kind of problem, by its code."""
    text = (Path(__file__).parent / "problems.yaml").read_text("utf-8")
    return msgspec.convert(yaml.safe_load(text), dict[str, Known])


def language_of(request: HttpRequest) -> str:
    """`vi` or `en`, whichever the reader would rather have; Vietnamese when neither is named."""
    header = request.META.get("HTTP_ACCEPT_LANGUAGE", "")
    for wanted, weight in parse_accept_lang_header(header):
        if weight > 0 and wanted.split("-")[0] in ("vi", "en"):
            return str(wanted.split("-")[0])
    return "vi"


def answer(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The problem document of a refusal."""
    language = language_of(request)
    kind = known()[refusal.code]
    title = str(getattr(kind.title, language))
    told = refusal.detail or kind.detail
    problem = shapes.Problem(
        type=f"/api/v1/problems/{refusal.code}",
        title=title,
        status=kind.status,
        detail=(str(getattr(told, language)) if told else f"{title}.")[:_LONGEST],
        code=refusal.code,
        action=str(getattr(kind.action, language)),
        instance=request.path[:_LONGEST],
        parameters=list(refusal.parameters),
    )
    response = HttpResponse(
        msgspec.json.encode(problem), content_type=MEDIA_TYPE, status=kind.status
    )
    response["Content-Language"] = language
    response["Vary"] = "Accept-Language"
    response["Cache-Control"] = "no-store"
    if kind.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="thuocdo"'
    if refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    return response


def of_status(status: int) -> Refusal:
    """For an answer that something below made without a word for programs."""
    return Refusal(_OF_STATUS.get(status, "bad_request" if status < 500 else "internal"))


def of_error(error: ThuocdoError) -> Refusal:
    """A refusal of a lower floor; one without a code here is written down as our own fault."""
    if error.code not in known():
        log.error("unnamed problem", code=error.code, message=error.message)
        return Refusal("internal")
    vietnamese = known()[error.code]
    said = vietnamese.detail.vi if vietnamese.detail else f"{vietnamese.title.vi}."
    return Refusal(error.code, Text(vi=said, en=error.message))


def of_page(problem: PageProblem) -> Refusal:
    """A refusal of the choices that pages and programs share, said in the language in force."""
    return Refusal("bad_parameter", Text(vi=problem.message, en=problem.message))


def of_failure(error: Exception) -> Refusal:
    """Our own fault: its trace goes to the log and nowhere else."""
    log.error("failed", exc_info=error)
    return Refusal("internal")
