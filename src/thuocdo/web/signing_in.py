"""Where allauth asks this site how it wants things: nobody signs up, every word is our own."""

from __future__ import annotations

from typing import Any, Final

import qrcode
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import (
    get_authentication_records,
    record_authentication,
)
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from thuocdo.collect.addresses import Addresses
from thuocdo.core.sealing import seal, unseal
from thuocdo.registry.people import has_second_factor, person
from thuocdo.registry.rights import Right
from thuocdo.web import problems

_WRONG_CODE = gettext_lazy("Mã chưa đúng hoặc đã hết hạn. Lấy mã mới rồi nhập lại.")


_FACTORS: Final = b"factors"
_ENROLS = ("mfa_activate_totp", "mfa_add_webauthn")
"""Addresses at which a factor is turned on."""


def factor_shown(request: HttpRequest) -> bool:
    """Whether whoever is signed in showed a second factor in this session, or turned it on in it."""
    shown = get_authentication_records(request, request.user)
    return any(record["method"] == "mfa" for record in shown)


def note_enrolment(request: HttpRequest) -> None:
    """Whoever had no second factor before this request and has one after it has just shown it."""
    if request.resolver_match.view_name in _ENROLS and has_second_factor(request.user):
        record_authentication(request, request.user, "mfa")


def client_address(request: HttpRequest) -> str:
    """As the collector sees it: through our own proxies only."""
    peer = request.META.get("REMOTE_ADDR") or "0.0.0.0"  # noqa: S104 - a Unix socket has none
    addresses = Addresses(settings.THUOCDO.trusted_proxies)
    return addresses.behind(peer, [request.META.get("HTTP_X_FORWARDED_FOR", "")])


class LocalAccounts(DefaultAccountAdapter):
    """Names and passwords."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": gettext_lazy("Tài khoản này đã bị khóa. Liên hệ quản trị hệ thống."),
        "username_password_mismatch": gettext_lazy(
            "Tên đăng nhập hoặc mật khẩu chưa đúng. Kiểm tra chữ hoa, chữ thường rồi thử lại; "
            "quên mật khẩu thì liên hệ quản trị hệ thống."
        ),
        "too_many_login_attempts": gettext_lazy(
            "Đã sai quá nhiều lần. Chờ năm phút rồi thử lại, hoặc liên hệ quản trị hệ thống."
        ),
        "enter_current_password": gettext_lazy("Mật khẩu đang dùng chưa đúng."),
        "incorrect_password": gettext_lazy("Mật khẩu chưa đúng."),
        "incorrect_code": _WRONG_CODE,
        "rate_limited": gettext_lazy("Bạn đã thử quá nhiều lần trong thời gian ngắn."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """To their second factor who needs one, to the workspace who has one, else their account."""
        who = person(request.user)
        if who.must_enrol or not who.may_somewhere(Right.SEE_WORK):
            return reverse("mfa_index")
        return reverse("work")

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:  # noqa: ARG002
        return reverse("mfa_index")

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        *_template: Any,
        message: str | None = None,
        **_rest: Any,
    ) -> None:
        """Faults only; what went well shows on the page itself."""
        if message and level >= messages.ERROR:
            messages.add_message(request, level, message)

    def send_notification_mail(self, *_args: Any, **_kwargs: Any) -> None:
        """The trail has it; the site sends no mail about accounts."""


class SecondFactors(DefaultMFAAdapter):
    """Authenticator apps, passkeys and recovery codes."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "cannot_delete_authenticator": gettext_lazy("Yếu tố này không gỡ được."),
        "cannot_generate_recovery_codes": gettext_lazy(
            "Bật xác thực hai bước trước khi tạo mã dự phòng."
        ),
        "incorrect_code": _WRONG_CODE,
    }

    def build_totp_svg(self, url: str) -> str:
        """A drawing without declaration or style, to stand in the page under its strict policy."""
        code = qrcode.QRCode(border=4)
        code.add_data(url)
        matrix = code.get_matrix()
        size = len(matrix)
        dark = "".join(
            f"M{x} {y}h1v1h-1z" for y, row in enumerate(matrix) for x, on in enumerate(row) if on
        )
        return (
            f'<svg class="qr" viewBox="0 0 {size} {size}" role="img" shape-rendering="crispEdges">'
            f'<path fill="#fff" d="M0 0h{size}v{size}H0z"/><path fill="#000" d="{dark}"/></svg>'
        )

    def generate_authenticator_name(self, user: Any, type: Any) -> str:  # noqa: A002
        number = user.authenticator_set.filter(type=type).count() + 1
        return _("Khóa %(number)s") % {"number": number}

    def encrypt(self, text: str) -> str:
        return seal(settings.THUOCDO, _FACTORS, text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(settings.THUOCDO, _FACTORS, encrypted_text)

    def _get_site_name(self) -> str:
        return "Thước Đo"


class SingleSignOn(DefaultSocialAccountAdapter):
    """Lets in whom an operator has made an account for, and nobody else."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:  # noqa: ARG002
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """The first time, ties the issuer's person to the account of that name.

        Only to accounts without a password, made for single sign-on: whoever chooses names at the
        issuer must not thereby take over an account that somebody opens by other means.
        """
        if sociallogin.is_existing or request.user.is_authenticated:
            return
        claim = sociallogin.provider.app.settings["name_claim"]
        told = sociallogin.account.extra_data
        name = (told.get("userinfo") or told.get("id_token") or told).get(claim)
        user = get_user_model().objects.filter(username=name).first() if name else None
        if user is None or user.has_usable_password() or user.socialaccount_set.exists():
            refusal = problems.Problem(
                _("Chưa có tài khoản nào ở đây dành cho bạn."),
                _("Đề nghị người vận hành hệ thống tạo tài khoản đăng nhập một lần cho bạn."),
                403,
            )
            raise ImmediateHttpResponse(problems.page(request, refusal))
        sociallogin.connect(request, user)

    def send_notification_mail(self, *_args: Any, **_kwargs: Any) -> None:
        """See LocalAccounts."""
