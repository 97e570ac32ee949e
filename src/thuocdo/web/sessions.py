"""How long somebody stays signed in: a while after the last request, and never past the working day.

Both are policy (registry/data/rights.yaml). Only pages that need an account count as requests: an
open live page that asks for figures every few seconds keeps nobody signed in.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

from thuocdo.registry.rights import Right, policy
from thuocdo.registry.trail import acting
from thuocdo.web.access import needed

_BEGAN = "began"
_SEEN = "seen"
_WRITE_SECONDS = 60
"""How stale the noted time may be, so that not every request writes the session."""


class Acting:
    """Tells the trail who does what a request does."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        def name() -> str:
            return str(request.user.get_username())  # not before it is needed: it reads the session

        with acting(name):
            return self.get_response(request)


class Idle:
    """Signs out who was away too long; the guard then asks them to sign in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> None:
        name = request.resolver_match.view_name if request.resolver_match else ""
        if needed(name) is Right.SEE_PUBLIC or not request.user.is_authenticated:
            return
        rules, now = policy().sessions, int(time.time())
        began = request.session.setdefault(_BEGAN, now)
        seen = request.session.get(_SEEN, now)
        if now - seen > rules.idle_minutes * 60 or now - began > rules.longest_hours * 3600:
            logout(request)
        elif now - seen >= _WRITE_SECONDS or _SEEN not in request.session:
            request.session[_SEEN] = now
