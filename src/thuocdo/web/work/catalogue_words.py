"""What is said of a catalogue file: of the whole, of each line, in the reader's language."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from typing import Any, Final

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from thuocdo.core.columns import SERVICES
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vocabulary import REJECT_TEXTS, RejectReason
from thuocdo.lake.importing import headings
from thuocdo.registry import catalogue
from thuocdo.registry.catalogue import Line, Plan
from thuocdo.registry.uploads import limits
from thuocdo.web import problems, wording
from thuocdo.web.printing import count, language
from thuocdo.web.problems import Problem
from thuocdo.web.spreadsheets import inert

VERDICTS: Final = {
    catalogue.ADDED: gettext_lazy("thêm mới"),
    catalogue.CHANGED: gettext_lazy("có thay đổi"),
    catalogue.CLOSED: gettext_lazy("kết thúc"),
    catalogue.SAME: gettext_lazy("giữ nguyên"),
    catalogue.REFUSED: gettext_lazy("bị từ chối"),
}
_SAVE_AS: Final = gettext_lazy("Mở bằng Excel rồi lưu dạng .xlsx hoặc CSV, và gửi lại.")
_KINDS: Final = {
    "pdf": (gettext_lazy("Đây là tệp PDF, không phải bảng."), _SAVE_AS),
    "word": (
        gettext_lazy("Đây là tài liệu Word, không phải bảng."),
        gettext_lazy("Chép bảng sang Excel, lưu dạng .xlsx và gửi lại."),
    ),
    "old_office": (
        gettext_lazy("Đây là tệp Office đời cũ (.xls) hoặc tệp có mật khẩu."),
        gettext_lazy("Bỏ mật khẩu nếu có, lưu dạng .xlsx và gửi lại."),
    ),
    "other_sheet": (gettext_lazy("Bảng tính dạng .ods hoặc .xlsb không nhận ở đây."), _SAVE_AS),
    "image": (gettext_lazy("Đây là tệp ảnh, không phải bảng."), _SAVE_AS),
    "program": (gettext_lazy("Đây là chương trình, không phải bảng."), ""),
    "archive": (
        gettext_lazy("Đây là tệp nén chứa tệp khác."),
        gettext_lazy("Giải nén và gửi từng tệp bảng."),
    ),
    "web_page": (
        gettext_lazy("Đây là trang web được lưu lại, không phải bảng."),
        gettext_lazy("Tải tệp dữ liệu gốc, hoặc chép bảng sang Excel rồi gửi."),
    ),
    "named_otherwise": (
        gettext_lazy("Đuôi tên tệp không đúng với nội dung của tệp."),
        gettext_lazy("Đặt lại đuôi cho đúng: .csv, .xlsx, .ndjson hoặc .parquet."),
    ),
    "unknown": (
        gettext_lazy("Không nhận ra đây là bảng gì."),
        gettext_lazy("Gửi CSV, .xlsx, .ndjson hoặc .parquet; CSV và NDJSON có thể nén .gz, .zst."),
    ),
}
_TEXTS: Final = {
    "empty_file": (gettext_lazy("Tệp rỗng."), gettext_lazy("Kiểm tra tệp rồi gửi lại.")),
    "too_many_uploads": (
        gettext_lazy("Cơ quan đang có quá nhiều tệp chờ xác nhận."),
        gettext_lazy("Xác nhận hoặc bỏ bớt các tệp đang chờ, rồi gửi lại."),
    ),
    "bomb": (
        gettext_lazy("Tệp nén này khi mở ra lớn quá mức cho phép nên không được mở."),
        gettext_lazy("Xóa các trang, hình và định dạng thừa, hoặc tách theo cơ quan, rồi gửi lại."),
    ),
    "too_many_cells": (
        gettext_lazy("Trang tính kéo dài quá xa: có ô ở rất xa bảng."),
        gettext_lazy("Xóa các hàng và cột trống phía dưới và bên phải bảng, lưu lại rồi gửi."),
    ),
    "password_protected": (
        gettext_lazy("Tệp có mật khẩu."),
        gettext_lazy("Lưu một bản không mật khẩu rồi gửi bản đó."),
    ),
    "unreadable_file": (
        gettext_lazy("Tệp bị hỏng hoặc bị cắt cụt nên không đọc được."),
        gettext_lazy("Mở tệp trên máy để kiểm tra, lưu lại rồi gửi lại."),
    ),
    "bad_file": (
        gettext_lazy("Tệp bị hỏng hoặc bị cắt cụt nên không đọc được."),
        gettext_lazy("Mở tệp trên máy để kiểm tra, lưu lại rồi gửi lại."),
    ),
    "bad_format": _KINDS["unknown"],
    "plan_moved": (
        gettext_lazy("Danh mục đã thay đổi từ lúc bạn xem trước, nên chưa áp dụng gì."),
        gettext_lazy("Đọc lại bản xem trước dưới đây rồi xác nhận."),
    ),
}
_ANY: Final = "*"
_NO_CODE: Final = gettext_lazy("“%(value)s” không đọc được như một mã.")
_WHYS: Final = {
    (RejectReason.MISSING_FIELD, _ANY): gettext_lazy("Ô này để trống."),
    (RejectReason.MALFORMED, _ANY): gettext_lazy(
        "Dòng có số ô khác với dòng tiêu đề, hoặc dấu nháy mở ra mà không đóng."
    ),
    (RejectReason.UNKNOWN_AGENCY, _ANY): gettext_lazy(
        "Mã cơ quan “%(value)s” chưa có trong sổ đăng ký."
    ),
    (RejectReason.OUT_OF_SCOPE, _ANY): gettext_lazy(
        "Cơ quan “%(value)s” nằm ngoài phạm vi của bạn."
    ),
    (RejectReason.BAD_VALUE, "level"): gettext_lazy(
        "“%(value)s” không phải mức độ: ghi Toàn trình, Một phần hoặc Cung cấp thông tin."
    ),
    (RejectReason.BAD_VALUE, "procedure"): _NO_CODE,
    (RejectReason.BAD_VALUE, "agency"): _NO_CODE,
    (RejectReason.BAD_VALUE, ""): gettext_lazy(
        "Một dòng phía trên đã nói khác về cùng thủ tục và cùng ngày bắt đầu."
    ),
    (RejectReason.BAD_VALUE, _ANY): gettext_lazy("Nội dung quá dài hoặc có ký tự không dùng được."),
    (RejectReason.BAD_DATE, "valid_to"): gettext_lazy(
        "Ngày kết thúc “%(value)s” không đọc được, hoặc trước ngày bắt đầu."
    ),
    (RejectReason.BAD_DATE, _ANY): gettext_lazy(
        "“%(value)s” không phải ngày: ghi như 01/07/2026 hoặc 2026-07-01."
    ),
}
"""(reason, column) → what is said of a refused line."""
_NAMED: Final = re.compile(r"“([^”]+)”")


def problem(error: ThuocdoError) -> Problem:
    """The page's words for what is wrong with a whole file."""
    code = error.code
    if code == "wrong_kind":
        found: tuple[Any, Any] = _KINDS.get(error.message, _KINDS["unknown"])
    elif code in _TEXTS:
        found = _TEXTS[code]
    elif code in ("missing_columns", "double_column"):
        return _columns(error)
    elif code == "too_large":
        return problems.too_large(limits().most_bytes)
    elif code == "too_many_rows":
        text = _("Tệp có hơn %(most)s dòng.") % {"most": count(limits().most_rows)}
        return Problem(text, _("Tách tệp theo cơ quan; mỗi phần xử lý riêng."))
    else:
        return problems.from_error(error)
    return Problem(str(found[0]), str(found[1]))


def _columns(error: ThuocdoError) -> Problem:
    lacking = error.message.partition(" lacks ")[2]
    names = _NAMED.findall(error.message) or [
        heading(name) for name in SERVICES.required if name in lacking
    ]
    said = ", ".join(f"“{name}”" for name in names)
    if error.code == "double_column":
        return Problem(
            _("Bảng có hai cột %(names)s.") % {"names": said}, _("Giữ một cột, xóa cột kia.")
        )
    return Problem(
        _("Bảng thiếu cột %(names)s.") % {"names": said},
        _("Dùng tệp mẫu, hoặc thêm cột và đặt tên ở dòng tiêu đề."),
    )


def heading(name: str) -> str:
    """A column's name in Vietnamese tables; in English its own."""
    fields = headings.wording("service_sheet").fields
    return fields[name].headings[0] if language() == "vi" and name in fields else name


def note(text: str) -> str:
    """How a file was read; the reader's own notes are English sentences of the import."""
    _file, _colon, told = text.partition(": ")
    if told.startswith("read as "):
        return _("Tệp được đọc theo bảng mã %(name)s.") % {"name": told.removeprefix("read as ")}
    if told.startswith("columns not used: "):
        return _("Cột không dùng: %(names)s.") % {"names": told.removeprefix("columns not used: ")}
    if told.startswith("personal data"):
        return _("Cột có dữ liệu cá nhân được bỏ qua: %(names)s.") % {
            "names": told.partition("nowhere: ")[2]
        }
    return text


def tell(line: Line) -> dict[str, Any]:
    """One line as the page shows it."""
    return {
        "line": line,
        "old": wording.LEVELS.get(line.old or "", ""),
        "new": wording.LEVELS.get(line.new or "", ""),
        "column": heading(line.column) if line.column else "",
        "why": _why(line) if line.reason else "",
        "columns": ", ".join(heading(name) for name in line.columns),
    }


def _why(line: Line) -> str:
    """A sentence on a refused line."""
    reason = RejectReason(line.reason)
    for key in ((reason, line.column), (reason, _ANY)):
        if key in _WHYS:
            return str(_WHYS[key]) % {"value": line.value}
    vi, en = REJECT_TEXTS[reason]
    return vi if language() == "vi" else en


def as_csv(plan: Plan, name: str) -> HttpResponse:
    """Every line of a plan, for a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    head = (_("Dòng"), _("Kết quả"), heading("agency"), heading("procedure"), _("Mức cũ"))
    more = (_("Mức mới"), heading("valid_from"), heading("valid_to"), _("Cột"), _("Lý do"))
    writer.writerow([*head, *more])
    for line in plan.lines:
        told = tell(line)
        cells = (
            *(line.line, str(VERDICTS[line.verdict]), line.agency, line.procedure),
            *(str(told["old"]), str(told["new"]), _iso(line.first), _iso(line.last)),
            *(told["column"], told["why"]),
        )
        writer.writerow([inert(cell) for cell in cells])
    answer = HttpResponse(
        text.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _iso(value: date | None) -> str:
    return value.isoformat() if value else ""
