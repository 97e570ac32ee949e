"""Words for the closed sets the figures speak in: blocks, flags, kinds, levels, provenance."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from thuocdo.core import clock
from thuocdo.core.vietnamese import format_decimal
from thuocdo.measure.definitions.wording import Speaker
from thuocdo.measure.invariants.model import rule
from thuocdo.measure.model import BLOCKED

BLOCKS = {
    "ministry": gettext_lazy("Khối bộ, ngành"),
    "province": gettext_lazy("Khối tỉnh, thành phố"),
}
BLOCK_MEMBERS = {"ministry": gettext_lazy("bộ, ngành"), "province": gettext_lazy("địa phương")}
AGENCY_KINDS = {
    "ministry": gettext_lazy("Bộ, cơ quan ngang bộ"),
    "province": gettext_lazy("Tỉnh, thành phố trực thuộc trung ương"),
    "department": gettext_lazy("Sở, ban, ngành"),
    "commune": gettext_lazy("Xã, phường, đặc khu"),
    "unit": gettext_lazy("Đơn vị trực thuộc"),
}
SYSTEM_KINDS = {
    "portal": gettext_lazy("Cổng thông tin điện tử"),
    "service_portal": gettext_lazy("Cổng dịch vụ công"),
    "one_stop": gettext_lazy("Hệ thống một cửa (giải quyết TTHC)"),
}
LEVELS = {
    "full": gettext_lazy("Toàn trình"),
    "partial": gettext_lazy("Một phần"),
    "information": gettext_lazy("Cung cấp thông tin"),
}
UNITS = {
    "percent": gettext_lazy("phần trăm"),
    "count": gettext_lazy("số đếm"),
    "duration": gettext_lazy("thời gian"),
    "points": gettext_lazy("điểm"),
}
_FLAGS = {
    "coverage_below_threshold": gettext_lazy("độ phủ nguồn dưới ngưỡng xếp hạng"),
    "zero_denominator": gettext_lazy("mẫu số bằng 0"),
    "no_data": gettext_lazy("chưa có số liệu trong kỳ"),
    "no_catalogue": gettext_lazy("cơ quan chưa gửi danh mục dịch vụ"),
    "level_declared_used": gettext_lazy("mức độ dịch vụ lấy theo gói tin, danh mục chưa có"),
    "numerator_exceeds_denominator": gettext_lazy("tử số lớn hơn mẫu số"),
    "definition_later_than_period": gettext_lazy("định nghĩa có hiệu lực sau kỳ này"),
    "not_ranked": gettext_lazy("cấp này không xếp hạng"),
    "merged_in_period": gettext_lazy("cơ quan sáp nhập trong kỳ"),
    "successor_answers": gettext_lazy("số liệu của cơ quan kế thừa"),
    "directly": gettext_lazy("phần trực tiếp, không tính đơn vị trực thuộc"),
    "suppressed": gettext_lazy("không công bố vì số hồ sơ quá nhỏ"),
    "not_computable": gettext_lazy("chưa đủ dữ liệu để tính chỉ số này"),
    "zero_denominator_by_rule": gettext_lazy("mẫu số bằng 0, giá trị theo quy định của chỉ số"),
    "partial_points": gettext_lazy("điểm chưa gồm các thành phần không tính được"),
    "no_due_date_left_out": gettext_lazy("không xét hồ sơ không có hạn trả kết quả"),
}
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_US = 1_000_000


def flag(code: str) -> str:
    """A flag in words; one without words yet is shown by its code rather than hidden."""
    if code in _FLAGS:
        return str(_FLAGS[code])
    language = "en" if (get_language() or "vi").startswith("en") else "vi"
    if code.startswith(BLOCKED):
        title = getattr(rule(code.removeprefix(BLOCKED)).title, language)
        return _("bị chặn do không đạt kiểm tra “%(title)s”") % {"title": title}
    return Speaker(language).flag(code) or _("ghi chú mã %(code)s") % {"code": code}


def flags(codes: Iterable[str]) -> str:
    """Several flags in words, in their order."""
    return "; ".join(flag(code) for code in codes)


def lag(instant: int | None) -> str:
    """How long ago an instant (µs UTC) was: `trễ 2 giây`."""
    if instant is None:
        return ""
    seconds = max(0, (clock.now_us() - instant) // _US)
    if seconds < _MINUTE:
        return _("trễ %(n)s giây") % {"n": seconds}
    if seconds < _HOUR:
        return _("trễ %(n)s phút") % {"n": seconds // _MINUTE}
    if seconds < _DAY:
        return _("trễ %(n)s giờ") % {"n": seconds // _HOUR}
    return _("trễ %(n)s ngày") % {"n": seconds // _DAY}


def share(part: int, whole: int) -> str:
    """`98,33%` of two counts; empty when the whole is 0."""
    if not whole:
        return ""
    language = "en" if (get_language() or "vi").startswith("en") else "vi"
    return f"{format_decimal(100 * part / whole, 2, language)}%"
