"""Headers every answer carries, and the turning of refusals into pages."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from thuocdo.core.errors import ThuocdoError
from thuocdo.web import problems
from thuocdo.web.owner import tracked


def _public_policy(collector: str) -> str:
    """collector: its origin where our own pages are counted, else "": then nothing leaves this host."""
    own = " ".join(filter(None, ("'self'", collector)))
    return (
        f"default-src 'none'; style-src 'self'; script-src {own}; img-src {own}; connect-src {own}; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


# The admin's toolkit (Alpine.js) evaluates expressions in attributes; only signed-in staff load it.
_ADMIN_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline' "
    "'unsafe-eval'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
_ADMIN_PATHS = ("/admin/", "/en/admin/")


class SafetyHeaders:
    """Content Security Policy and its kin; a view that set its own policy keeps it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.public = _public_policy(tracked(settings.THUOCDO, settings.OWNER))

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        admin = request.path.startswith(_ADMIN_PATHS)
        response.headers.setdefault(
            "Content-Security-Policy", _ADMIN_POLICY if admin else self.public
        )
        response.headers.setdefault("Permissions-Policy", _PERMISSIONS)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            # Figures move by the second, and the theme is a cookie: ask again, each reader apart.
            response.headers.setdefault("Cache-Control", "no-cache")
            patch_vary_headers(response, ("Cookie",))
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class Refusals:
    """A refusal of a lower floor or of a view becomes a page that says what to do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, ThuocdoError):
            return problems.page(request, problems.from_error(exception))
        if isinstance(exception, problems.Problem):
            return problems.page(request, exception)
        return None
