"""The spreadsheet that an office fills in: the very columns and words the import reads.

Headings, lists and explanations come from `lake/data/dossier_sheet.yaml`, so the template and the
import cannot come to differ. It has no column for personal data, and says so.
"""

from __future__ import annotations

import io
from typing import Any, Final

import xlsxwriter

from thuocdo.lake.importing import headings
from thuocdo.lake.importing.dossier_sheets import WORDING
from thuocdo.lake.importing.headings import Field, Wording

SHEET: Final = "Hồ sơ"
_GUIDE: Final = "Hướng dẫn"
_LISTS: Final = "Danh mục"
_ROWS: Final = 20_000
"""Rows below the headings that have formats and lists."""
_FONT: Final = {"font_name": "Times New Roman", "font_size": 12, "valign": "top"}
_TEAL: Final = "#0F5E5A"
_PALE: Final = "#E3F0EF"
_WIDTHS: Final = {"dossier": 24, "status": 36, "channel": 20, "level": 20, "payment": 20}
_WIDTH: Final = 18
_INTRODUCTION: Final = (
    ("Bảng hồ sơ giải quyết thủ tục hành chính", "Dossiers of administrative procedures"),
    (
        "Mỗi hồ sơ ghi một dòng ở trang “Hồ sơ”. Dòng đầu tiên là ví dụ, xóa trước khi gửi.",
        "One dossier a row on the sheet “Hồ sơ”. The first row is an example: delete it.",
    ),
    (
        "Không ghi họ tên, số định danh cá nhân, số điện thoại, thư điện tử hay địa chỉ. "
        "Cột chứa dữ liệu cá nhân, nếu có, sẽ bị bỏ qua và không được lưu.",
        "Write no names, identity numbers, telephone numbers, e-mail or addresses. A column with "
        "personal data, should there be one, is passed over and not kept.",
    ),
    (
        "Ngày ghi theo dạng 31/12/2026, có thể kèm giờ: 31/12/2026 14:30.",
        "Dates are written 31/12/2026; a time may follow: 31/12/2026 14:30.",
    ),
    (
        "Gửi lại tệp đã gửi không làm tăng số liệu; chỉ nội dung mới được tính thêm.",
        "Sending the same file again counts nothing twice; only what is new is added.",
    ),
)


def dossier_template() -> bytes:
    """The template as .xlsx."""
    words = headings.wording(WORDING)
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    book.set_properties({"title": _INTRODUCTION[0][0], "comments": f"thuocdo {words.version}"})
    sheet = book.add_worksheet(SHEET)
    guide = book.add_worksheet(_GUIDE)
    lists = book.add_worksheet(_LISTS)
    lists.hide()
    _fill_sheet(book, sheet, lists, words)
    _fill_guide(book, guide, words)
    sheet.activate()
    book.close()
    return buffer.getvalue()


def _fill_sheet(book: Any, sheet: Any, lists: Any, words: Wording) -> None:
    heading = {**_FONT, "bold": True, "text_wrap": True, "border": 1, "align": "center"}
    needed = book.add_format({**heading, "bg_color": _TEAL, "font_color": "white"})
    optional = book.add_format({**heading, "bg_color": _PALE})
    text = book.add_format({**_FONT, "num_format": "@"})
    example = book.add_format({**_FONT, "num_format": "@", "italic": True, "font_color": "#666666"})
    for column, (name, field) in enumerate(words.fields.items()):
        sheet.set_column(column, column, _WIDTHS.get(name, _WIDTH), text)
        sheet.write(0, column, field.headings[0], needed if field.needed else optional)
        sheet.write_string(1, column, field.example, example)
        _explain(sheet, lists, column, field)
    sheet.set_row(0, 36)
    sheet.freeze_panes(1, 1)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _explain(sheet: Any, lists: Any, column: int, field: Field) -> None:
    """The list and the hint of a column."""
    hint = {"input_title": field.headings[0][:32], "input_message": field.help[:255]}
    area = (1, column, _ROWS, column)
    if field.words:
        spellings = [texts[0] for texts in field.words.values()]
        lists.write_column(0, column, spellings)
        source = f"='{_LISTS}'!${_letter(column)}$1:${_letter(column)}${len(spellings)}"
        sheet.data_validation(
            *area,
            {
                **hint,
                "validate": "list",
                "source": source,
                "error_title": "Chưa đúng",
                "error_message": "Chọn một giá trị trong danh sách.",
            },
        )
    else:
        sheet.data_validation(*area, {**hint, "validate": "any"})


def _letter(column: int) -> str:
    return str(xlsxwriter.utility.xl_col_to_name(column))


def _fill_guide(book: Any, guide: Any, words: Wording) -> None:
    plain = {**_FONT, "text_wrap": True}
    body = book.add_format(plain)
    english = book.add_format({**plain, "italic": True, "font_color": "#555555"})
    title = book.add_format({**plain, "bold": True, "font_size": 15, "font_color": _TEAL})
    head = book.add_format({**plain, "bold": True, "bg_color": _PALE, "border": 1})
    cell = book.add_format({**plain, "border": 1})
    cell_english = book.add_format({**plain, "border": 1, "italic": True, "font_color": "#555555"})
    for column, width in enumerate((26, 12, 52, 52)):
        guide.set_column(column, column, width)
    row = 0
    for vietnamese, translated in _INTRODUCTION:
        guide.merge_range(row, 0, row, 3, vietnamese, title if row == 0 else body)
        guide.merge_range(row + 1, 0, row + 1, 3, translated, english)
        guide.set_row(row, 32 if len(vietnamese) > 120 else 20)
        row += 2
    row += 1
    guide.write_row(row, 0, ("Cột", "Bắt buộc", "Cách ghi", "In English"), head)
    for field in words.fields.values():
        row += 1
        choices = "; ".join(texts[0] for texts in field.words.values())
        told = f"{field.help} {choices}." if choices else field.help
        guide.write(row, 0, field.headings[0], cell)
        guide.write(row, 1, "Có" if field.needed else "", cell)
        guide.write(row, 2, told, cell)
        guide.write(row, 3, field.help_en, cell_english)
        guide.set_row(row, 17 * (1 + max(len(told), len(field.help_en)) // 52))
    guide.set_landscape()
    guide.set_paper(9)
    guide.fit_to_pages(1, 0)
