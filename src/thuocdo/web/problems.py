"""What a page says when it cannot do what the address asks: what is wrong, and what to do.

Refusals of the lower floors come as ThuocdoError with an English sentence and a stable code;
readers get the sentence of that code in their own language.
"""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from thuocdo.assess.hosts.budget import Spent
from thuocdo.core import clock
from thuocdo.core.errors import ThuocdoError
from thuocdo.web.printing import moment
from thuocdo.web.problem_words import TEXTS


class Problem(Exception):  # noqa: N818 (it names what a page shows)
    """A request that cannot be served, in the reader's words.

    status   the HTTP status
    way_out  address and text of the link to where something can be done about it
    """

    def __init__(
        self,
        message: str,
        hint: str = "",
        status: int = HTTPStatus.BAD_REQUEST,
        *,
        way_out: tuple[str, str] | None = None,
    ) -> None:
        self.way_out = way_out
        self.message = message
        self.hint = hint
        self.status = status
        super().__init__(message)


def too_large(most: int) -> Problem:
    """For a file or form larger than `most` bytes."""
    return Problem(
        _("Tệp lớn quá %(most)s MiB nên không được nhận.") % {"most": most >> 20},
        _("Tách tệp theo cơ quan hoặc theo kỳ rồi gửi từng phần."),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    )


def from_error(error: ThuocdoError) -> Problem:
    """The page's words for a refusal of a lower floor."""
    if error.code in TEXTS:
        message, hint = map(str, TEXTS[error.code])
        if isinstance(error, Spent):
            at = moment(clock.from_datetime(error.free_at))
            hint = f"{_('Có thể yêu cầu tiếp từ %(at)s.') % {'at': at}} {hint}"
        return Problem(message, hint)
    return Problem(
        _("Không thể trả lời yêu cầu này (mã: %(code)s).") % {"code": error.code},
        _("Kiểm tra lại địa chỉ và các lựa chọn, hoặc quay về trang Tổng quan."),
    )


def page(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The page for a problem, with its status."""
    titles = {
        HTTPStatus.NOT_FOUND: _("Không tìm thấy"),
        HTTPStatus.BAD_REQUEST: _("Yêu cầu chưa đúng"),
        HTTPStatus.FORBIDDEN: _("Chưa được phép"),
        HTTPStatus.TOO_MANY_REQUESTS: _("Quá nhiều lần"),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: _("Tệp quá lớn"),
    }
    context = {
        "title": titles.get(HTTPStatus(problem.status), _("Có trục trặc")),
        "problem": problem,
    }
    return render(request, "web/problem.html", context, status=problem.status)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Django's handler for an address that leads nowhere."""
    return page(
        request,
        Problem(
            _("Địa chỉ này không dẫn tới trang nào."),
            _("Kiểm tra lại địa chỉ, hoặc bắt đầu từ trang Tổng quan."),
            HTTPStatus.NOT_FOUND,
        ),
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Django's handler for a request it refuses, such as one for a foreign host name."""
    return page(
        request,
        Problem(
            _("Máy chủ không đọc được yêu cầu này."),
            _("Kiểm tra lại địa chỉ, hoặc bắt đầu từ trang Tổng quan."),
        ),
    )


def too_many(request: HttpRequest) -> HttpResponse:
    """For who tries to sign in too often."""
    return page(
        request,
        Problem(
            _("Bạn đã thử quá nhiều lần trong thời gian ngắn."),
            _("Chờ vài phút rồi thử lại; quên mật khẩu thì liên hệ quản trị hệ thống."),
            HTTPStatus.TOO_MANY_REQUESTS,
        ),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """Django's view for a form that does not prove it came from our own page."""
    return page(
        request,
        Problem(
            _("Biểu mẫu này đã quá hạn hoặc không được gửi từ trang của hệ thống."),
            _("Mở lại trang, cho phép cookie, rồi gửi lại."),
            HTTPStatus.FORBIDDEN,
        ),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler for our own faults: no database, no figures, only words."""
    return page(
        request,
        Problem(
            _("Hệ thống gặp lỗi khi dựng trang này. Lỗi đã được ghi lại."),
            _("Thử tải lại sau ít phút; số liệu không bị ảnh hưởng."),
            HTTPStatus.INTERNAL_SERVER_ERROR,
        ),
    )
