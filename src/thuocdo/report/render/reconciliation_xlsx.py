"""The minutes of a reconciliation as a workbook an agency is sent: what differs, where, and why perhaps."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from datetime import datetime, time
from typing import Any, Final

import xlsxwriter

from thuocdo.core.clock import VIETNAM, local_day, to_datetime
from thuocdo.core.vietnamese import format_count, format_day, format_decimal
from thuocdo.core.vocabulary import REJECT_TEXTS, RejectReason
from thuocdo.measure.reconcile.matched import Matched, Missing, words
from thuocdo.measure.reconcile.model import (
    Agreement,
    Cause,
    Comparison,
    Detail,
    Line,
    Reconciliation,
    Said,
    State,
)
from thuocdo.report.render.sheets import Cell, Column, notes_of, sheet_of
from thuocdo.report.render.xlsx import FONT, STYLES

_STYLES: Final[dict[str, dict[str, Any]]] = {
    **STYLES,
    "cell": {"border": 1, "text_wrap": True, "indent": 1},
    "day": {"border": 1, "num_format": "dd/mm/yyyy", "align": "center"},
    "marked": {"bold": True, "bg_color": "#FBE5D6"},
}
_SIDES: Final = (
    Column("Số đo", 12),
    Column("Cơ quan báo cáo", 13),
    Column("Chênh lệch", 12),
    Column("Chênh lệch (%)", 12),
    Column("Kết quả", 19),
    Column("Cổng DVC quốc gia", 14),
    Column("Chênh lệch với Cổng", 13),
    Column("Kết quả với Cổng", 19),
)
_METHOD: Final = (
    "Chênh lệch = số đo − số công bố. Ô trống nghĩa là bên đó chưa có số liệu, không phải bằng 0. "
    "Các bảng theo dịch vụ và theo ngày cộng lại đúng bằng chênh lệch của tổng số; phần số công bố "
    "không chia được theo dịch vụ hoặc ngày đứng thành một dòng riêng."
)
_CIRCULATION: Final = "Dùng giữa cơ quan và đơn vị vận hành để đối soát; không công bố (có số đếm nhỏ theo dịch vụ và ngày)."
_CAUSE_NOTE: Final = "Nguyên nhân dưới đây do phần mềm tìm trong dữ liệu đo, chỉ để gợi ý; hai bên xem xét và quyết định."


def reconciliation_xlsx(found: Reconciliation, *, software: str, remark: str = "") -> bytes:
    """A workbook with a sheet for the totals, the services, the days, the causes and the decisions."""
    made = io.BytesIO()
    workbook, styles = _workbook(made, f"Đối soát số liệu – {found.name}", found.made_at, software)
    _summary(workbook.add_worksheet("Thông tin chung"), found, styles, software, remark)
    below, differs = _below(found), words().states[State.DIFFERS].vi
    sheet_of(
        workbook.add_worksheet("Tổng hợp"),
        styles,
        f"Đối soát số liệu của {found.name}",
        below,
        (Column("Chỉ tiêu", 42), *_SIDES, Column("Nguồn công bố", 44)),
        (_total_row(one) for one in found.comparisons),
        marked=differs,
    )
    lists: tuple[tuple[str, str, tuple[Column, ...], Iterator[list[Cell]]], ...] = (
        (
            "Theo dịch vụ",
            "Chênh lệch theo dịch vụ, lớn nhất trước",
            (Column("Chỉ tiêu", 26), Column("Mã TTHC", 12), Column("Tên thủ tục", 44), *_SIDES),
            _lines(found, "services"),
        ),
        (
            "Theo ngày",
            "Chênh lệch theo ngày, lớn nhất trước",
            (Column("Chỉ tiêu", 26), Column("Ngày", 13), *_SIDES),
            _lines(found, "days"),
        ),
        (
            "Theo dịch vụ và ngày",
            "Các dịch vụ, các ngày còn lệch",
            (
                *(Column("Chỉ tiêu", 26), Column("Mã TTHC", 12), Column("Tên thủ tục", 44)),
                *(Column("Ngày", 13), *_SIDES),
            ),
            _lines(found, "cells"),
        ),
        (
            "Nguyên nhân",
            "Nguyên nhân có thể của chênh lệch",
            (
                *(Column("Chỉ tiêu", 30), Column("Nguyên nhân có thể", 60)),
                *(Column("Số hồ sơ", 10), Column("Số đo nếu đúng", 12), Column("Kết luận", 20)),
                *(Column("Lý do", 40), Column("Ngày", 13), Column("Mã TTHC", 12)),
                Column("Trong đó", 10),
            ),
            _causes(found),
        ),
        (
            "Ý kiến hai bên",
            "Ghi nhận ý kiến của cơ quan và của bộ",
            (
                *(Column("Chỉ tiêu", 34), Column("Mã TTHC", 12), Column("Ngày ghi", 13)),
                *(Column("Bên", 10), Column("Đơn vị", 34), Column("Ý kiến", 22)),
                *(Column("Số đo khi đó", 13), Column("Số thống nhất", 13)),
                *(Column("Hiệu lực", 30), Column("Ghi chú", 40)),
            ),
            _decisions(found),
        ),
    )
    for name, title, columns, rows in lists:
        held = list(rows)
        if held:
            under = _CAUSE_NOTE if name == "Nguyên nhân" else below
            sheet = workbook.add_worksheet(name)
            sheet_of(sheet, styles, title, under, columns, held, freeze=2, marked=differs)
    workbook.close()
    return made.getvalue()


def matched_xlsx(found: Matched, *, software: str) -> bytes:
    """The two lists of a comparison of numbers; no number is in them."""
    made = io.BytesIO()
    now = found.as_known
    workbook, styles = _workbook(made, f"Đối chiếu hồ sơ – {found.system}", now, software)
    below = (
        f"Hệ thống {found.system}; tiếp nhận từ {format_day(found.first)} đến "
        f"{format_day(found.last)}; {format_count(found.lines)} dòng, khớp "
        f"{format_count(found.matched)}"
    )
    sheet_of(
        workbook.add_worksheet("Danh sách của đơn vị"),
        styles,
        "Dòng trong danh sách của đơn vị mà hệ thống đo chưa có",
        below,
        (
            *(Column("Dòng", 9), Column("Lý do", 40), Column("Ngày", 13)),
            *(Column("Chi tiết", 60), Column("Việc cần làm", 60)),
        ),
        (missing_cells(one) for one in found.missing),
    )
    texts = words()
    sheet_of(
        workbook.add_worksheet("Hồ sơ đã nhận"),
        styles,
        "Hồ sơ hệ thống đo đã nhận mà danh sách không có",
        below,
        (
            *(Column("Mã ghép", 17), Column("Ngày tiếp nhận", 14), Column("Mã TTHC", 13)),
            *(Column("Hình thức nộp", 20), Column("Trạng thái cuối", 20), Column("Ghi chú", 56)),
        ),
        (
            [
                one.tag,
                one.day,
                one.procedure,
                texts.channels[one.channel].vi if one.channel else None,
                texts.statuses[one.last_status].vi,
                texts.double.vi.format(line=one.double_of_line) if one.double_of_line else None,
            ]
            for one in found.extra
        ),
    )
    workbook.close()
    return made.getvalue()


def missing_cells(one: Missing) -> list[Cell]:
    """Line, reason, day, detail and what to do."""
    texts = words()
    details = []
    if one.reason:
        details.append(reason_text(one.reason))
    if one.system:
        details.append(f"hệ thống {one.system}")
    if one.other_line:
        details.append(f"dòng {one.other_line}")
    if one.perhaps:
        details.append(f"có thể là hồ sơ mang mã ghép {one.perhaps}")
    return [one.line, texts.why[one.why].vi, one.day, "; ".join(details), texts.advice[one.why].vi]


def reason_text(reason: str) -> str:
    """What a reason of refusal says in Vietnamese; the code where there is no text."""
    return REJECT_TEXTS[RejectReason(reason)][0] if reason in set(RejectReason) else reason


def verdict(cause: Cause) -> str:
    """Whether a cause explains a difference, in words; "" when it does not."""
    texts = words().headings
    said = texts["exact"].vi if cause.exact else texts["partly"].vi if cause.closes else ""
    if cause.estimated:
        said = f"{said} ({texts['estimated'].vi})" if said else texts["estimated"].vi
    return said


def _workbook(
    made: io.BytesIO, title: str, moment: int, software: str
) -> tuple[Any, dict[str, Any]]:
    workbook = xlsxwriter.Workbook(made, {"in_memory": True})
    created = datetime.combine(local_day(moment), time())
    workbook.set_properties({"title": title, "comments": software, "created": created})
    return workbook, {
        name: workbook.add_format(one if name == "marked" else FONT | one)
        for name, one in _STYLES.items()
    }


def _below(found: Reconciliation) -> str:
    return (
        f"{found.name} ({found.agency}); số liệu từ {format_day(found.first)} đến "
        f"{format_day(found.last)}"
    )


def _summary(
    sheet: Any, found: Reconciliation, styles: dict[str, Any], software: str, remark: str
) -> None:
    silent = ", ".join(f"{day:%d/%m}" for day in found.silent_days)
    rows = [
        ("Cơ quan", f"{found.name} ({found.agency})"),
        ("Kỳ đối soát", f"{format_day(found.first)} – {format_day(found.last)}"),
        ("Chốt số liệu lúc", _moment(found.as_known)),
        ("Tổ chức bộ máy ngày", format_day(found.as_organised)),
        ("Sự kiện được tính", "đã xác thực" if found.trust == "verified" else "tất cả"),
        *(("Kết quả", _sentence(one)) for one in found.comparisons),
        ("Ngày làm việc không có dữ liệu", silent or "không có"),
        *(("Lưu ý", note.vi) for note in found.notes),
        ("Cách đọc", _METHOD),
        ("Phạm vi sử dụng", _CIRCULATION),
        ("Ghi chú chung", remark),
        ("Phần mềm", f"{software}; chính sách đối soát {found.policy}"),
    ]
    notes_of(sheet, styles, f"ĐỐI SOÁT SỐ LIỆU – {found.name.upper()}", 32, rows)


def _sentence(one: Comparison) -> str:
    """`Hồ sơ tiếp nhận: số đo 195, cơ quan báo cáo 200, lệch −5 (−2,50%).`"""
    said = [f"số đo {_figure(one.measured, one.unit) or 'chưa có'}"]
    for label, side, against in (
        ("cơ quan báo cáo", one.declared, one.to_declared),
        ("Cổng Dịch vụ công quốc gia", one.national, one.to_national),
    ):
        if side is None:
            continue
        text = f"{label} {_figure(side.value, one.unit)}"
        if against.difference:
            share = f" ({_signed(against.relative)}%)" if against.relative is not None else ""
            text += f", lệch {_signed(against.difference)}{share}"
        elif against.difference is not None:
            text += ", khớp"
        said.append(text)
    return f"{one.name.vi}: {'; '.join(said)}."


def _figure(value: Any, unit: str) -> str:
    if value is None:
        return ""
    return format_count(int(value)) if unit == "count" else f"{format_decimal(value)}%"


def _signed(value: Any) -> str:
    text = format_count(abs(value)) if isinstance(value, int) else format_decimal(abs(value))
    return f"−{text}" if value < 0 else f"+{text}"


def _total_row(one: Comparison) -> list[Cell]:
    return [
        one.name.vi + (" (%)" if one.unit == "percent" else ""),
        *_sides(one, _value(one.declared), _value(one.national)),
        _sources(one),
    ]


def _value(said: Said | None) -> Any:
    return None if said is None else said.value


def _sources(one: Comparison) -> str:
    sides = (("Cơ quan", one.declared), ("Cổng DVC quốc gia", one.national))
    return "; ".join(f"{name}: {said.source}" for name, said in sides if said is not None)


def _sides(one: Comparison | Line, declared: Any, national: Any) -> list[Cell]:
    states = words().states
    return [
        one.measured,
        declared,
        one.to_declared.difference,
        one.to_declared.relative,
        states[one.to_declared.state].vi if one.to_declared.state != State.NOTHING else None,
        national,
        one.to_national.difference,
        states[one.to_national.state].vi if national is not None else None,
    ]


def _lines(found: Reconciliation, which: str) -> Iterator[list[Cell]]:
    rest = words().headings["rest"].vi
    stated = [one for one in found.comparisons if one.declared or one.national]
    for one in stated or found.comparisons:
        for line in getattr(one, which):
            keys: list[Cell] = [] if which == "days" else [line.procedure, line.name]
            if which != "services":
                keys.append(line.day)
            if line.rest:
                keys = [rest] if which == "days" else [None, rest]
            yield [one.name.vi, *keys, *_sides(line, line.declared, line.national)]


def _causes(found: Reconciliation) -> Iterator[list[Cell]]:
    for one in found.comparisons:
        for cause in one.causes:
            head: list[Cell] = [one.name.vi, cause.text.vi, cause.dossiers, cause.would_be]
            details: Iterable[Detail | None] = cause.details or (None,)
            for place, detail in enumerate(details):
                shown = head if place == 0 else [one.name.vi, cause.text.vi, None, None]
                yield [*shown, verdict(cause) if place == 0 else None, *_detail(detail)]


def _detail(detail: Detail | None) -> list[Cell]:
    if detail is None:
        return [None, None, None, None]
    return [
        reason_text(detail.reason) if detail.reason else None,
        detail.day,
        detail.procedure,
        detail.dossiers,
    ]


def _decisions(found: Reconciliation) -> Iterator[list[Cell]]:
    for one in found.comparisons:
        for decision in one.agreements:
            yield _decision(one, decision)


def _decision(one: Comparison, decision: Agreement) -> list[Cell]:
    texts = words()
    holds = texts.outdated[decision.outdated].vi if decision.outdated else "Còn hiệu lực"
    return [
        one.name.vi,
        decision.procedure,
        local_day(decision.at),
        texts.roles[decision.role].vi,
        decision.office,
        texts.decisions[decision.decision].vi,
        decision.measured,
        decision.agreed,
        holds,
        decision.note,
    ]


def _moment(instant: int) -> str:
    return f"{to_datetime(instant).astimezone(VIETNAM):%H:%M ngày %d/%m/%Y}"
