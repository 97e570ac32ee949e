"""What every answer of the API carries, whoever made it: language, compression, who may read it where.

Django makes some answers before the API is asked (an address that leads nowhere, a host that is not
ours). Here they become problem documents too, so that a program never meets a page.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from typing import Final

import zstandard
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers

from thuocdo.web.api import problems

PREFIX: Final = "/api/v1/"
_PRIVATE: Final = "/api/v1/rejects"
_SMALLEST: Final = 400
"""Bytes below which compressing gains nothing."""
_LEVEL: Final = 3
_METHODS: Final = "GET, HEAD, OPTIONS"
_DAY_SECONDS: Final = "86400"
_EXPOSED: Final = "ETag, Link, Retry-After, Content-Language"


class ApiAnswers:
    """Only addresses below /api/v1/ are touched."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith(PREFIX):
            return self.get_response(request)
        if request.method == "OPTIONS":
            return _opened(request, _preflight())
        is_head = request.method == "HEAD"
        if is_head:
            request.method = "GET"
        with translation.override(problems.language_of(request)):
            response = self.get_response(request)
        if response.status_code >= 400 and not _is_problem(response):
            told = problems.answer(request, problems.of_status(response.status_code))
            if response.has_header("Allow"):
                told["Allow"] = _METHODS
            response = told
        _opened(request, response)
        _compress(request, response)
        return _without_body(response) if is_head else response


def _is_problem(response: HttpResponseBase) -> bool:
    return response.get("Content-Type", "").startswith(problems.MEDIA_TYPE)


def _preflight() -> HttpResponse:
    """What a browser asks before it lets a page of another site read."""
    response = HttpResponse(status=204)
    response["Allow"] = _METHODS
    response["Access-Control-Allow-Methods"] = _METHODS
    response["Access-Control-Allow-Headers"] = "Accept, Accept-Language, If-None-Match"
    response["Access-Control-Max-Age"] = _DAY_SECONDS
    return response


def _opened(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """What is public may be read by pages of any site; what a key opens, by none."""
    if request.path.startswith(_PRIVATE):
        return response
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Expose-Headers"] = _EXPOSED
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _compress(request: HttpRequest, response: HttpResponseBase) -> None:
    """zstd for whoever takes it; gzip is the site's own middleware, which leaves encoded answers alone."""
    patch_vary_headers(response, ("Accept-Encoding",))
    if not _takes_zstd(request) or response.has_header("Content-Encoding"):
        return
    if response.streaming:
        pieces = response.streaming_content
        response.streaming_content = (
            _zstd_async(pieces) if response.is_async else _zstd_stream(pieces)
        )
        del response["Content-Length"]
    elif isinstance(response, HttpResponse) and len(response.content) >= _SMALLEST:
        response.content = zstandard.ZstdCompressor(level=_LEVEL).compress(response.content)
        response["Content-Length"] = str(len(response.content))
    else:
        return
    response["Content-Encoding"] = "zstd"


def _takes_zstd(request: HttpRequest) -> bool:
    for part in request.META.get("HTTP_ACCEPT_ENCODING", "").split(","):
        name, _, weight = part.replace(" ", "").partition(";q=")
        if name.lower() == "zstd":
            return weight not in ("0", "0.0", "0.00", "0.000")
    return False


def _zstd_stream(pieces: Iterable[bytes]) -> Iterator[bytes]:
    compressor = zstandard.ZstdCompressor(level=_LEVEL).compressobj()
    for piece in pieces:
        if out := compressor.compress(piece):
            yield out
    yield compressor.flush()


async def _zstd_async(pieces: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    compressor = zstandard.ZstdCompressor(level=_LEVEL).compressobj()
    async for piece in pieces:
        if out := compressor.compress(piece):
            yield out
    yield compressor.flush()


def _without_body(response: HttpResponseBase) -> HttpResponseBase:
    """The headers of the answer alone (RFC 9110 9.3.2)."""
    if response.streaming:
        response.close()
        response.streaming_content = iter(())
    elif isinstance(response, HttpResponse):
        length = str(len(response.content))
        response.content = b""
        response["Content-Length"] = length
    return response
