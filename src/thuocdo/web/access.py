"""Which right every address needs: one table, and the guard that asks for it before any view runs.

An address that declares nothing is refused to everybody. A new page is one line here. What a view
shows *of* its subject (own agency or all) is the view's own affair, by `registry.people.person`.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from thuocdo.registry.people import Person, person, tell_session
from thuocdo.registry.rights import Right, policy
from thuocdo.web import problems, signing_in
from thuocdo.web.printing import language

_PUBLIC: Final = (
    *("health", "robots", "favicon", "set_language", "theme"),
    *("sitemap", "sitemap-xml", "security-txt", "load-test"),
    *("help", "contact", "feedback", "privacy", "accessibility"),
    *("overview", "live", "live-page", "live-stream", "status", "quality"),
    *("quality-round", "quality-file", "quality-vendors", "quality-rules", "quality-compare"),
    *("quality-simulate", "quality-evidence", "quality-system", "badge-level"),
    *("rankings", "ranking", "maps", "map", "agencies", "agency", "services", "service"),
    "alerts-unsubscribe",  # its token says whose mails end
    *(
        "reports",
        "report",
        "report-page",
        "report-edition",
        "methods",
        "method",
        "passport",
        "search",
        "compare",
    ),
    *("connect", "sites", "site", "site-download", "advice"),
    *("api", "api-problem", "badge", "widget", "opendata", "opendata-file", "opendata-latest"),
    # signing in, by whatever way, comes before having any right
    *("invitation", "account_login", "account_logout", "account_inactive", "mfa_authenticate"),
    *("mfa_login_webauthn", "openid_connect_login", "openid_connect_callback"),
    *("socialaccount_login_cancelled", "socialaccount_login_error", "socialaccount_signup"),
)
_OWN_ACCOUNT: Final = (
    *("account_change_password", "account_set_password", "account_reauthenticate"),
    *("mfa_index", "mfa_reauthenticate", "mfa_activate_totp", "mfa_deactivate_totp"),
    *("mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_download_recovery_codes"),
    *("mfa_list_webauthn", "mfa_add_webauthn", "mfa_edit_webauthn", "mfa_remove_webauthn"),
    *("mfa_reauthenticate_webauthn", "socialaccount_connections"),
)
PUBLIC_PAGE: Final = "thuocdo.public_page"
"""Set in the scope of a request for an address that everybody may open (read by `web/kept.py`)."""
_NULL: Final = "\0"
_OWN_BODY: Final = ("work-matched",)
"""Addresses whose view says where an upload goes before anything reads it: these never touch the disk."""
_FACTORLESS: Final = "_thuocdo_factorless"
_FINDINGS: Final = ("work-findings", "work-finding", "work-country-findings")
_CATALOGUE: Final = (
    *("work-catalogue", "work-catalogue-file", "work-catalogue-template"),
    *("work-upload", "work-upload-lines"),
)
_COUNTRY: Final = (
    *("work-coverage", "work-library", "work-library-trial"),
    *("work-targets", "work-target"),
)
_TARGETS: Final = ("work-target-new", "work-target-add", "work-target-set")
_REPORTS: Final = (
    *("work-reports", "work-report", "work-report-draft", "work-report-remake"),
    *("work-report-sign", "work-report-step"),  # which of them is the desk's affair
)
_ROUNDS: Final = ("work-rounds", "work-round", "work-round-progress", "work-round-evidence")
_SCANS: Final = ("work-scans", "work-scan", "work-scan-file", "work-scan-evidence")
_CHECKS: Final = ("check-site", "check-site-result", "check-site-picture")
_AVAILABILITY: Final = ("work-availability", "work-availability-one", "work-availability-file")
_STEERED: Final = (
    *("work-inbox", "work-incidents", "work-incident", "work-agency-incidents"),
    *("work-alerts", "work-alerts-confirm"),
    *("work-tasks", "work-task", "work-agency-tasks"),  # who may do what there: work/tasks.py
)

VIEWS: Final[dict[str, Right]] = {
    **dict.fromkeys(_PUBLIC, Right.SEE_PUBLIC),
    **dict.fromkeys(_OWN_ACCOUNT, Right.OWN_ACCOUNT),
    **dict.fromkeys(_CHECKS, Right.CHECK_SITE),
    **dict.fromkeys(_FINDINGS, Right.SEE_EXPLANATIONS),
    **dict.fromkeys(_CATALOGUE, Right.EDIT_SERVICES),
    "work-reconciling": Right.SEE_RECONCILIATION,
    "work-reconciling-file": Right.SEE_RECONCILIATION,
    "work-decided": Right.SEE_RECONCILIATION,  # which side's right it takes the view asks
    "work-stated": Right.STATE_FIGURES,
    "work-matched": Right.STATE_FIGURES,
    "work-members": Right.MANAGE_MEMBERS,
    **dict.fromkeys(_REPORTS, Right.PREPARE_REPORTS),
    **dict.fromkeys(_COUNTRY, Right.SEE_COUNTRY),
    **dict.fromkeys(_TARGETS, Right.EDIT_TARGETS),
    "work": Right.OWN_ACCOUNT,
    "work-agency": Right.SEE_WORK,
    **dict.fromkeys(_STEERED, Right.SEE_INCIDENTS),
    "work-task-give": Right.STEER,
    "work-keeping": Right.SEE_KEEPING,
    "work-jobs": Right.SEE_JOBS,
    "work-webhooks": Right.EDIT_WEBHOOKS,
    "work-webhook": Right.EDIT_WEBHOOKS,
    **dict.fromkeys(("work-assessments", "work-assessment"), Right.SEE_ROUNDS),
    "work-appeal": Right.APPEAL,
    **dict.fromkeys(("work-marks", "work-mark", "work-mark-evidence"), Right.ASSESS),
    **dict.fromkeys(_ROUNDS, Right.KEEP_ROUNDS),
    **dict.fromkeys(_SCANS, Right.SEE_SCANS),
    "work-scan-ask": Right.ASK_SCANS,
    **dict.fromkeys(_AVAILABILITY, Right.SEE_WORK),
    "work-connections": Right.SEE_WORK,
    "work-connection": Right.SEE_WORK,
    "work-rejects": Right.SEE_WORK,
    "work-rejects-file": Right.SEE_WORK,
    "work-replay-ask": Right.REPLAY_REJECTS,
    "work-replay": Right.SEE_WORK,
    "work-sites": Right.SEE_WORK,
    "work-site": Right.SEE_WORK,
    "work-site-change": Right.EDIT_SITES,
    "work-keys": Right.SEE_REGISTRY,
    "work-key-make": Right.EDIT_KEYS,
    "work-key-rotate": Right.EDIT_KEYS,
    "work-key-revoke": Right.EDIT_KEYS,
}
"""Name of the address → the right it needs."""

NAMESPACES: Final[dict[str, Right]] = {
    "admin": Right.DESK,  # what of it is registry/desk.py's affair
    "api-v1": Right.SEE_PUBLIC,  # it asks for tokens itself where it needs one
}
"""The same for all addresses of a namespace."""


_SIGNING_IN: Final = ("account_", "mfa_", "openid_", "socialaccount_")


def is_plainly_public(view_name: str) -> bool:
    """Whether an address is a page for everybody, and no step of signing in."""
    return needed(view_name) is Right.SEE_PUBLIC and not view_name.startswith(_SIGNING_IN)


class Verdict(StrEnum):
    ALLOWED = "allowed"
    SIGN_IN = "sign_in"
    SECOND_FACTOR = "second_factor"
    REFUSED = "refused"
    UNDECLARED = "undeclared"


def needed(view_name: str) -> Right | None:
    """The right that an address needs, by its name with namespaces; None: it declares none."""
    namespace, _colon, _name = view_name.rpartition(":")
    return NAMESPACES.get(namespace) if namespace else VIEWS.get(view_name)


def judge(view_name: str, who: Person, *, signed_in: bool) -> Verdict:
    """Whether somebody may open an address."""
    right = needed(view_name)
    if right is None:
        return Verdict.UNDECLARED
    if who.may_somewhere(right):
        return Verdict.ALLOWED
    if not signed_in:
        return Verdict.SIGN_IN
    return Verdict.SECOND_FACTOR if who.needs_second_factor_for(right) else Verdict.REFUSED


class Guard:
    """Judges every request once its address is known."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if getattr(request, _FACTORLESS, False):
            signing_in.note_enrolment(request)
        return response

    def process_view(
        self, request: HttpRequest, view: Any, _args: Any, kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        _refuse_null(request, kwargs)
        name = request.resolver_match.view_name if request.resolver_match else ""
        if needed(name) is Right.SEE_PUBLIC:
            getattr(request, "scope", {})[PUBLIC_PAGE] = True
            return None  # and the session stays unread: public pages answer the same to everybody
        who = _who(request)
        setattr(request, _FACTORLESS, bool(who.granted) and not who.has_second_factor)
        verdict = judge(name, who, signed_in=request.user.is_authenticated)
        match verdict:
            case Verdict.ALLOWED:
                return None
            case Verdict.SIGN_IN:
                return redirect_to_login(_kept(request, view) or request.get_full_path())
        return problems.page(
            request, _refusal(verdict, needed(name), has_second_factor=who.has_second_factor)
        )


def _kept(request: HttpRequest, view: Any) -> str | None:
    """Where to come back to for what was sent by somebody who was signed out meanwhile.

    A view that can keep it says how in its attribute `keep_for_later`.
    """
    keep = getattr(view, "keep_for_later", None) if request.method == "POST" else None
    return keep(request) if keep else None


def _refuse_null(request: HttpRequest, kwargs: dict[str, Any]) -> None:
    """A null character is in no code, name or text; PostgreSQL takes none, so no view sees one."""
    if any(_NULL in value for value in kwargs.values() if isinstance(value, str)):
        raise Http404
    asked = [request.GET] if "%00" in request.META.get("QUERY_STRING", "") else []
    if request.method == "POST" and request.resolver_match.view_name not in _OWN_BODY:
        asked.append(request.POST)
    if any(
        _NULL in value for query in asked for _name, values in query.lists() for value in values
    ):
        raise BadRequest("null character")


def _who(request: HttpRequest) -> Person:
    if request.user.is_authenticated:
        tell_session(request.user, factor_shown=signing_in.factor_shown(request))
    return person(request.user)


def _refusal(verdict: Verdict, right: Right | None, *, has_second_factor: bool) -> problems.Problem:
    if right is None or verdict is Verdict.UNDECLARED:
        return problems.Problem(
            _("Địa chỉ này chưa khai báo ai được mở, nên không mở cho ai."),
            _("Báo quản trị hệ thống."),
            HTTPStatus.FORBIDDEN,
        )
    what = getattr(policy().rights[right], language())
    if verdict is Verdict.SECOND_FACTOR and has_second_factor:
        return problems.Problem(
            _(
                "Vai trò của bạn có quyền %(what)s, nhưng lần đăng nhập này chưa qua bước xác thực thứ hai."
            )
            % {"what": what},
            _("Đăng xuất, rồi đăng nhập lại bằng mã xác thực hoặc khóa truy cập."),
            HTTPStatus.FORBIDDEN,
        )
    if verdict is Verdict.SECOND_FACTOR:
        return problems.Problem(
            _("Vai trò của bạn có quyền %(what)s, nhưng chỉ dùng được khi đăng nhập hai bước.")
            % {"what": what},
            _("Bật ứng dụng xác thực hoặc khóa truy cập (passkey) ở trang Tài khoản, rồi mở lại."),
            HTTPStatus.FORBIDDEN,
            way_out=(reverse("mfa_index"), _("Bật xác thực hai bước")),
        )
    return problems.Problem(
        _("Tài khoản của bạn không có quyền %(what)s.") % {"what": what},
        _("Nếu công việc cần quyền này, đề nghị người vận hành hệ thống giao vai trò phù hợp."),
        HTTPStatus.FORBIDDEN,
        way_out=(reverse("mfa_index"), _("Xem vai trò của tôi")),
    )
