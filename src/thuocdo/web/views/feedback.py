"""The feedback form: say something, get a number, read the answer by it."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from thuocdo.core.errors import ThuocdoError
from thuocdo.web import feedback, problems
from thuocdo.web.api.problems import Refusal
from thuocdo.web.api.tokens import Limit
from thuocdo.web.models import Feedback
from thuocdo.web.signing_in import client_address

_readers: Final = Limit(3)
_everybody: Final = Limit(20)
"""A minute, of one address and of all together: a person answers each. Addresses stay in memory."""


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The form; with a number, what was said and the answer."""
    given = {name: request.POST.get(name, "") for name in ("kind", "text", "page")}
    problem = None
    if request.method == "POST":
        try:
            _not_too_fast(request)
            kept = feedback.keep(**given)
        except ThuocdoError as error:
            problem = problems.from_error(error)
        else:
            return redirect(f"{reverse('feedback')}?so={kept.code}")
    number = request.GET.get("so", "")[:40]
    context = {
        "title": _("Góp ý"),
        "given": given,
        "problem": problem,
        "kinds": Feedback.Kind.choices,
        "longest": feedback.LONGEST,
        "longest_page": feedback.LONGEST_PAGE,
        "number": number,
        "said": feedback.find(number) if number else None,
    }
    return render(request, "web/feedback.html", context, status=problem.status if problem else 200)


def _not_too_fast(request: HttpRequest) -> None:
    """Raises ThuocdoError `too_much_feedback`."""
    try:
        _readers.take(client_address(request))
        _everybody.take("")
    except Refusal as refusal:
        raise ThuocdoError("too_much_feedback", "Too much at once.", "Wait a minute.") from refusal


def forget() -> None:
    """Everybody begins anew."""
    _readers.forget()
    _everybody.forget()
