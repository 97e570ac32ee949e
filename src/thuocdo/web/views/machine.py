"""Answers for machines, and the choice of light or dark that needs no script."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

THEME_COOKIE = "theme"
THEMES = ("light", "dark")
_YEAR_SECONDS = 365 * 86_400


@require_safe
def health(_request: HttpRequest) -> JsonResponse:
    """The supervisor asks whether this process answers; it does."""
    return JsonResponse({"status": "ok", "role": "web"}, headers={"Cache-Control": "no-store"})


@require_safe
def favicon(_request: HttpRequest) -> HttpResponseRedirect:
    """Browsers that ask for the old name get the drawn mark."""
    return HttpResponseRedirect(static("web/mark.svg"))


@csrf_exempt
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the reader's choice of light or dark; anything else returns to the system's own.

    A forged change of colours harms nobody, so the form carries no token: public pages set no
    cookie until a reader asks for one.
    """
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}):
        target = reverse("overview")
    response = HttpResponseRedirect(target)
    wanted = request.POST.get("theme", "")
    if wanted in THEMES:
        response.set_cookie(
            THEME_COOKIE, wanted, max_age=_YEAR_SECONDS, samesite="Lax", httponly=True
        )
    else:
        response.delete_cookie(THEME_COOKIE)
    return response


def appearance(request: HttpRequest) -> dict[str, str]:
    """Context of every page: the chosen theme, empty when the system decides."""
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return {"theme": chosen if chosen in THEMES else ""}
