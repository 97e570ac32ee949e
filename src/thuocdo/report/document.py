"""A report as it is read: every string the page formats print, formatted once for all of them.

HTML, DOCX and PDF are given this view and only place it on the page, so the same number is spelt
the same way in each. Plain structs of strings: Word, Jinja and Typst templates can all walk them.
"""

from __future__ import annotations

from itertools import zip_longest

import msgspec

from thuocdo.core.vietnamese import letterhead_day
from thuocdo.report.model import Entry, Section, Table, WeeklyReport
from thuocdo.report.selection import show

NATIONAL_NAME = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
NATIONAL_MOTTO = "Độc lập - Tự do - Hạnh phúc"
_LETTERHEAD_LINE = 25  # capitals that fit the left column at 12 pt
_NO_NUMBER = "…"
_ROOM_FOR_NUMBER = "\u00a0" * 8
_NO_ENTRY: Entry = ("", 0)


class LineView(msgspec.Struct, frozen=True):
    """One line of a two-sided table; a side is empty where its list is shorter."""

    top_name: str
    top_value: str
    bottom_name: str
    bottom_value: str


class TableView(msgspec.Struct, frozen=True):
    caption: str
    top_heading: str
    bottom_heading: str
    name_heading: str
    value_heading: str
    lines: list[LineView]
    remarks: list[str]


class SectionView(msgspec.Struct, frozen=True):
    heading: str
    lead: str
    tables: list[TableView]
    notes: list[str]


class Document(msgspec.Struct, frozen=True):
    """Everything on the page, from top to bottom."""

    title: str
    parent_organisation: list[str]
    organisation: list[str]
    national_name: str
    national_motto: str
    number: str
    place_and_date: str
    mark: str
    kind: str
    week_line: str
    subject: str
    purpose: str
    remark: str
    intro: str
    topic: str
    narrative: list[str]
    statistics_heading: str
    statistics: str
    footnote: str
    coverage: str
    sections: list[SectionView]
    chart_title: str
    quality_heading: str
    quality: list[str]
    methods_heading: str
    methods: list[str]
    closing: str
    signer: list[str]
    recipients: list[str]


def document(report: WeeklyReport) -> Document:
    """The printed view of a frozen report; pure."""
    texts, head = report.texts, report.letterhead
    return Document(
        title=report.report,
        parent_organisation=balanced(head.parent_organisation.upper()),
        organisation=balanced(head.organisation.upper()),
        national_name=NATIONAL_NAME,
        national_motto=NATIONAL_MOTTO,
        number=f"Số: {report.number.replace(_NO_NUMBER, _ROOM_FOR_NUMBER)}",
        place_and_date=f"{head.place}, {letterhead_day(report.date)}",
        mark=texts.mark,
        kind=texts.kind,
        week_line=texts.week_line,
        subject=texts.subject,
        purpose=texts.purpose,
        remark=report.remark,
        intro=texts.intro,
        topic=texts.topic,
        narrative=texts.narrative,
        statistics_heading=texts.statistics_heading,
        statistics=texts.statistics,
        footnote=texts.footnote,
        coverage=texts.coverage,
        sections=[_section(section, report.tables) for section in report.sections],
        chart_title=texts.chart_title,
        quality_heading=texts.quality_heading,
        quality=texts.quality,
        methods_heading=texts.methods_heading,
        methods=texts.methods,
        closing=texts.closing,
        signer=[line.upper() for line in (head.signer_prefix, head.signer_title) if line],
        recipients=head.recipients,
    )


def balanced(text: str, limit: int = _LETTERHEAD_LINE) -> list[str]:
    """Lines of at most `limit` characters, as few as possible and as even as possible.

    A word longer than the limit stands alone.
    """
    words = text.split()
    best: list[tuple[int, int, list[str]]] = [(0, 0, [])]  # (lines, raggedness, lines so far)
    for end in range(1, len(words) + 1):
        options = []
        for start in range(end):
            line = " ".join(words[start:end])
            if len(line) <= limit or end - start == 1:
                count, ragged, lines = best[start]
                options.append((count + 1, ragged + (limit - len(line)) ** 2, [*lines, line]))
        best.append(min(options))
    return best[-1][2]


def _section(section: Section, tables: dict[str, Table]) -> SectionView:
    return SectionView(
        heading=section.heading,
        lead=section.lead,
        tables=[_table(key, tables[key]) for key in section.tables],
        notes=section.notes,
    )


def _table(number: str, table: Table) -> TableView:
    pairs = zip_longest(table.top, table.bottom, fillvalue=_NO_ENTRY)
    return TableView(
        caption=f"Bảng {number} – {table.title}",
        top_heading=table.top_heading,
        bottom_heading=table.bottom_heading,
        name_heading=table.name_heading,
        value_heading=table.value_heading,
        lines=[
            LineView(*_side(top, table.measure), *_side(bottom, table.measure))
            for top, bottom in pairs
        ],
        remarks=table.remarks,
    )


def _side(entry: Entry, unit: str) -> tuple[str, str]:
    return ("", "") if entry is _NO_ENTRY else (entry[0], show(entry[1], unit))
