"""The page a link of an invitation opens: the new person chooses a password, once.

Opening the page uses nothing up: programs that look at links before people do must not spend them.
"""

from __future__ import annotations

from http import HTTPStatus

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from thuocdo.registry import members
from thuocdo.registry.trail import acting
from thuocdo.web.problems import Problem


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponse:
    """A form for the first password; afterwards one signs in with it.

    Raises Problem 404 for a link that opens nothing (any more).
    """
    user = members.invited(token)
    if user is None:
        raise Problem(
            _("Liên kết này không còn dùng được."),
            _("Liên kết chỉ dùng một lần và có hạn. Đề nghị quản trị cơ quan mời lại."),
            HTTPStatus.NOT_FOUND,
            way_out=(reverse("account_login"), _("Đăng nhập")),
        )
    faults: list[str] = []
    if request.method == "POST":
        password = request.POST.get("password1", "")
        if password != request.POST.get("password2", ""):
            faults = [_("Hai lần nhập mật khẩu không giống nhau.")]
        else:
            try:
                with acting(user.get_username):
                    members.accept(token, password)
            except ValidationError as weak:
                faults = list(weak.messages)
            else:
                return redirect("account_login")
    # Not a 400: those are logged with their address, which opens the account.
    return render(request, "web/invitation.html", {"name": user.get_username(), "faults": faults})
