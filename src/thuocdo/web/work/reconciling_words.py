"""What the pages of reconciliation say, and whose systems they are about."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from thuocdo.core.clock import Period
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vocabulary import REJECT_TEXTS, RejectReason, SystemKind
from thuocdo.lake.importing import headings
from thuocdo.lake.importing.declared import WORDING, number_of
from thuocdo.measure.reconcile.matched import words
from thuocdo.measure.reconcile.model import Cause
from thuocdo.registry.models import System
from thuocdo.registry.people import Person
from thuocdo.web import problems
from thuocdo.web.printing import language
from thuocdo.web.problems import Problem
from thuocdo.web.work.frame import Place

_TEXTS: Final = {
    "not_compared": (
        gettext_lazy("Con số này không có trong bảng đối soát."),
        gettext_lazy("Mở lại trang và chọn một dòng của bảng."),
    ),
    "nothing_measured": (
        gettext_lazy("Hệ thống chưa đo được gì nên không có gì để thống nhất."),
        gettext_lazy("Ghi “Chưa thống nhất”, hoặc “Thống nhất theo số đã sửa” kèm con số."),
    ),
    "no_figure": (
        gettext_lazy("Chưa ghi con số hai bên thống nhất."),
        gettext_lazy("Ghi con số rồi gửi lại."),
    ),
    "person_named": (
        gettext_lazy("Tên đơn vị để trống, hoặc giống tên hay số của một người."),
        gettext_lazy("Ghi tên đơn vị, ví dụ “Văn phòng UBND tỉnh”; không ghi tên người."),
    ),
    "too_long": (
        gettext_lazy("Nội dung dài quá 500 ký tự."),
        gettext_lazy("Viết ngắn lại rồi gửi."),
    ),
    "not_a_list": (
        gettext_lazy("Tệp này không phải danh sách mã hồ sơ."),
        gettext_lazy("Lưu thành tệp chữ mỗi dòng một mã, CSV hoặc .xlsx."),
    ),
    "unknown_system": (
        gettext_lazy("Không có hệ thống nào mang mã này."),
        gettext_lazy("Chọn một hệ thống trong danh sách."),
    ),
    "too_large": (
        gettext_lazy("Danh sách quá lớn."),
        gettext_lazy("Tách theo kỳ, mỗi phần đối chiếu riêng."),
    ),
    "unreadable_file": (
        gettext_lazy("Tệp bị hỏng hoặc bị cắt cụt nên không đọc được."),
        gettext_lazy("Mở tệp trên máy để kiểm tra, lưu lại rồi gửi lại."),
    ),
    "password_protected": (
        gettext_lazy("Tệp có mật khẩu."),
        gettext_lazy("Lưu một bản không mật khẩu rồi gửi bản đó."),
    ),
    "missing_columns": (
        gettext_lazy("Không có cột nào mang tên bạn ghi."),
        gettext_lazy("Ghi đúng tiêu đề cột trong tệp, hoặc số thứ tự của cột."),
    ),
}


_WHYS: Final = {
    RejectReason.OUT_OF_SCOPE.value: gettext_lazy(
        "Nằm ngoài phạm vi của bạn: chỉ công bố số của cơ quan mình và cấp dưới."
    ),
    "value": gettext_lazy("Số đọc được hai cách, hoặc không phải số: ghi 2764 hoặc 88,45."),
    "indicator": gettext_lazy("Không phải mã chỉ số hoặc số đếm đã định nghĩa."),
    "period": gettext_lazy(
        "Kỳ không đọc được, hoặc chưa bắt đầu: ghi như 2026-10 hoặc Tháng 10/2026."
    ),
}
"""Reason, or the first word of a detail → what is said of a refused row."""


def problem(error: ThuocdoError) -> Problem:
    """The page's words for a refusal."""
    if error.code in _TEXTS:
        message, hint = _TEXTS[error.code]
        return Problem(str(message), str(hint))
    return problems.from_error(error)


def number(text: str) -> Any:
    """A figure somebody typed; None for nothing. Raises Problem for what reads two ways."""
    if not text.strip():
        return None
    value = number_of(text)
    if value is None or value < 0:
        raise Problem(
            _("“%(value)s” không đọc được như một con số.") % {"value": text[:40]},
            _("Ghi như 9941 hoặc 88,45."),
        )
    return int(value) if value == value.to_integral_value() else value


def verdict(cause: Cause) -> str:
    """How far a cause explains a difference."""
    code = "exact" if cause.exact else "partly" if cause.closes else ""
    parts = [code] if code else []
    parts += ["estimated"] if cause.estimated else []
    return ", ".join(str(getattr(words().headings[part], language())) for part in parts)


def refusal(reason: str, detail: str) -> tuple[str, str]:
    """(why, column) of a refused row of stated figures."""
    about = detail.partition(":")[0].partition(" ")[0]
    fields = headings.wording(WORDING).fields
    heading = fields[about].headings[0] if about in fields else ""
    column = heading if language() == "vi" or not heading else about
    for key in (reason, about):
        if key in _WHYS and (key == reason or reason != RejectReason.MISSING_FIELD):
            return str(_WHYS[key]), column
    vi, en = REJECT_TEXTS[RejectReason(reason)]
    return (vi if language() == "vi" else en), column


def systems_of(who: Person, place: Place, period: Period) -> list[tuple[str, str]]:
    """(code, name) of the one-stop systems of an agency and all below it in a period."""
    rows = System.objects.filter(kind=SystemKind.ONE_STOP.value).order_by("code")
    found = {
        row.code: row.name
        for row in rows
        if place.code in who.tree.path(row.agency)
        and (row.valid_from is None or row.valid_from <= period.last)
        and (row.valid_to is None or row.valid_to >= period.first)
    }
    return list(found.items())
