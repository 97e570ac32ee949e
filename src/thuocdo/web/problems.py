"""What a page says when it cannot do what the address asks: what is wrong, and what to do.

Refusals of the lower floors come as ThuocdoError with an English sentence and a stable code;
readers get the sentence of that code in their own language.
"""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from thuocdo.core.errors import ThuocdoError


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


_ABSENT = (
    gettext_lazy("Cơ quan này không có trong sổ đăng ký vào ngày đã chọn."),
    gettext_lazy("Chọn kỳ hoặc ngày tổ chức bộ máy khác, hoặc tìm cơ quan ở trang Cơ quan."),
)
_TEXTS = {
    "bad_period": (
        gettext_lazy("Kỳ báo cáo không hợp lệ."),
        gettext_lazy("Chọn ngày đầu trước ngày cuối, ví dụ từ 2022-01-01 đến 2022-04-30."),
    ),
    "bad_date": (
        gettext_lazy("Ngày không hợp lệ."),
        gettext_lazy("Viết ngày theo dạng năm-tháng-ngày, ví dụ 2022-04-30."),
    ),
    "bad_week": (
        gettext_lazy("Tuần không hợp lệ."),
        gettext_lazy("Viết tuần theo dạng 2022-W18."),
    ),
    "bad_time": (
        gettext_lazy("Thời điểm không hợp lệ."),
        gettext_lazy("Viết thời điểm theo dạng 2022-05-06 hoặc 2022-05-06T17:00:00+07:00."),
    ),
    "unknown_agency": _ABSENT,
    "agency_not_there": _ABSENT,
    "bad_url": (
        gettext_lazy("Địa chỉ này không phải địa chỉ web kiểm tra được."),
        gettext_lazy("Viết như https://congthongtin.gov.vn/, không kèm tên và mật khẩu."),
    ),
    "bad_number": (
        gettext_lazy("Mã giám sát và số trang phải là số."),
        gettext_lazy("Để trống mã giám sát nếu chưa biết."),
    ),
    "bad_pages": (
        gettext_lazy("Không kiểm tra được từng ấy trang một lần."),
        gettext_lazy("Chọn từ 1 đến 20 trang."),
    ),
    "unknown_site": (
        gettext_lazy("Mã giám sát này chưa được đăng ký."),
        gettext_lazy("Kiểm tra lại số, hoặc để trống để đối chiếu theo tên miền."),
    ),
    "too_many_checks": (
        gettext_lazy("Bạn đang có quá nhiều yêu cầu kiểm tra chờ xử lý."),
        gettext_lazy("Chờ một yêu cầu xong rồi gửi tiếp."),
    ),
    "no_browser": (
        gettext_lazy("Máy chủ chưa có trình duyệt để kiểm tra."),
        gettext_lazy("Báo quản trị hệ thống cài Chromium hoặc đặt THUOCDO_CHROMIUM."),
    ),
    "interrupted": (
        gettext_lazy("Lần kiểm tra bị gián đoạn hai lần nên đã dừng."),
        gettext_lazy("Gửi lại yêu cầu; nếu vẫn vậy, báo quản trị hệ thống."),
    ),
    "internal": (
        gettext_lazy("Lần kiểm tra gặp lỗi bên trong. Lỗi đã được ghi lại."),
        gettext_lazy("Gửi lại yêu cầu; nếu vẫn vậy, báo quản trị hệ thống."),
    ),
    "bad_explanation": (
        gettext_lazy("Chưa có nội dung, hoặc nội dung dài quá 4.000 ký tự."),
        gettext_lazy("Viết ngắn gọn nguyên nhân và việc đã làm, rồi gửi lại."),
    ),
    "nothing_to_judge": (
        gettext_lazy("Dấu hiệu này chưa có giải trình nào."),
        gettext_lazy("Chờ cơ quan giải trình rồi mới quyết định."),
    ),
    "own_answer": (
        gettext_lazy("Bạn đã giải trình dấu hiệu này nên không quyết định được."),
        gettext_lazy("Người khác có quyền xem xét phải quyết định."),
    ),
    "target_value": (
        gettext_lazy("Giá trị phải đạt không hợp lệ."),
        gettext_lazy("Viết một số không âm; tỷ lệ thì từ 0 đến 100."),
    ),
    "target_direction": (
        gettext_lazy("Chỉ số này càng nhỏ càng tốt nên chưa đặt chỉ tiêu được."),
        gettext_lazy("Chọn chỉ số càng lớn càng tốt."),
    ),
    "target_whose": (
        gettext_lazy("Chỉ tiêu phải của một khối hoặc của một bộ, tỉnh đang có."),
        gettext_lazy("Chọn khối, hoặc viết mã một bộ, tỉnh; không cả hai."),
    ),
    "target_days": (
        gettext_lazy("Ngày thôi áp dụng trước ngày bắt đầu áp dụng."),
        gettext_lazy("Sửa một trong hai ngày, hoặc để trống."),
    ),
    "target_words": (
        gettext_lazy("Chỉ tiêu thiếu tên hoặc căn cứ."),
        gettext_lazy("Viết tên bằng cả hai ngôn ngữ, văn bản và chỗ nêu chỉ tiêu trong văn bản."),
    ),
    "target_note": (
        gettext_lazy("Thay đổi cần ghi lý do."),
        gettext_lazy("Ghi lý do trong một câu."),
    ),
    "target_changed": (
        gettext_lazy("Có người vừa sửa chỉ tiêu này."),
        gettext_lazy("Mở lại chỉ tiêu, xem bản mới rồi sửa."),
    ),
    "unknown_indicator": (
        gettext_lazy("Không có chỉ số này."),
        gettext_lazy("Chọn một chỉ số trong danh sách."),
    ),
    "unknown_version": (
        gettext_lazy("Không có phiên bản định nghĩa này."),
        gettext_lazy("Chọn một phiên bản trong danh sách ở trang Phương pháp."),
    ),
}


def too_large(most: int) -> Problem:
    """For a file or form larger than `most` bytes."""
    return Problem(
        _("Tệp lớn quá %(most)s MiB nên không được nhận.") % {"most": most >> 20},
        _("Tách tệp theo cơ quan hoặc theo kỳ rồi gửi từng phần."),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    )


def from_error(error: ThuocdoError) -> Problem:
    """The page's words for a refusal of a lower floor."""
    if error.code in _TEXTS:
        message, hint = _TEXTS[error.code]
        return Problem(str(message), str(hint))
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
