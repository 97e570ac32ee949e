"""How much of a request is read: an endless upload fills neither memory nor disk and gets a page for an answer.

Django's own handler writes any body to disk before it asks who sends it. This one keeps no more than the
policy allows (registry/data/uploads.yaml), lets the rest run past, so that the browser hears the answer,
and marks the request. Lists of dossier numbers are never written to disk, not even while they arrive.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextvars import ContextVar
from typing import IO, Any, Final

from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponse

from thuocdo.registry.uploads import limits
from thuocdo.web import problems

_AROUND: Final = 1 << 20
"""Bytes of a form beside its file."""
_MEMORY: Final = 2_621_440
"""A body up to this stays in memory, Django's own measure."""
_IN_MEMORY: Final = ("/so-ho-so/", "/dossier-numbers/")
"""Ends of addresses whose bodies must not touch the disk."""
_DROPPED: Final = "_thuocdo_dropped"
_path: ContextVar[str] = ContextVar("path", default="")


class Handler(ASGIHandler):
    """Django's handler with bounded bodies."""

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        _path.set(scope.get("path", ""))
        await super().handle(scope, receive, send)

    async def read_body(self, receive: Any) -> IO[bytes]:
        """The body, or as much as may be; raises RequestAborted when the client goes."""
        most = limits().most_bytes + _AROUND
        memory = most if _path.get().endswith(_IN_MEMORY) else _MEMORY
        body = tempfile.SpooledTemporaryFile(max_size=memory, mode="w+b")  # noqa: SIM115
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                body.close()
                raise RequestAborted
            data = message.get("body", b"")
            size += len(data)
            if size <= most:
                body.write(data)
            more = message.get("more_body", False)
        if size > most:
            body.seek(0)
            body.truncate()
            setattr(body, _DROPPED, True)
        body.seek(0)
        return body

    def create_request(self, scope: Any, body_file: Any) -> Any:
        request, refusal = super().create_request(scope, body_file)
        if request is not None and getattr(body_file, _DROPPED, False):
            setattr(request, _DROPPED, True)
        return request, refusal


class TooLarge:
    """Answers a request whose body was too large, before anything looks for a form in it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if getattr(request, _DROPPED, False):
            return problems.page(request, problems.too_large(limits().most_bytes))
        return self.get_response(request)
