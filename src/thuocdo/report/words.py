"""The sentences a report computes from its figures: nothing here claims what was not measured.

Pure functions from figures to Vietnamese text. Months and days are written as NĐ 30/2020 and the
published reports write them: `tháng 4/2022`, `27/9/2022`, `30/04/2022`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from thuocdo.core.clock import VIETNAM, Period, month_end
from thuocdo.core.vietnamese import format_count, format_day, format_decimal, format_percent
from thuocdo.measure.model import Log, NationalFigure
from thuocdo.report.model import COUNT, Definition, Row, Table
from thuocdo.report.selection import show

_NAMES_LISTED = 8
_BLOCK_WORDS = {"ministry": "khối bộ, ngành", "province": "khối địa phương"}


def until(period: Period) -> str:
    """`tháng 4/2022` when the period closes a month, else `ngày 27/9/2022`."""
    last = period.last
    if last == month_end(last.year, last.month):
        return f"tháng {last.month}/{last.year}"
    return f"ngày {last.day:02d}/{last.month}/{last.year}"


def narrative(period: Period, national: NationalFigure, tables: Iterable[Table]) -> list[str]:
    """The national values and the span of each block, for the headline's tables."""
    if national.mean_of_agencies is None:
        return [
            f"Tính đến {until(period)}, chưa có bộ, ngành, địa phương nào đủ số liệu "
            "để tính tỷ lệ hồ sơ trực tuyến trung bình."
        ]
    sentences = [
        f"Tính đến {until(period)}, tỷ lệ hồ sơ trực tuyến trung bình đạt "
        f"{format_percent(national.mean_of_agencies)} (trung bình cộng tỷ lệ của {national.agencies} "
        "bộ, ngành, địa phương được xếp hạng)."
    ]
    if national.ratio_of_sums is not None and national.numerator is not None:
        sentences.append(
            f"Tính gộp hồ sơ của các cơ quan này, tỷ lệ đạt {format_percent(national.ratio_of_sums)} "
            f"({format_count(national.numerator)}/{format_count(national.denominator or 0)} hồ sơ)."
        )
    spans = [span for table in tables if (span := _span(table))]
    if spans:
        told = "; ".join(spans)
        sentences.append(f"{told[0].upper()}{told[1:]}.")
    return [" ".join(sentences[:2]), *sentences[2:]]


def _span(table: Table) -> str:
    if not table.top or not table.bottom:
        return ""
    (best, high), (worst, low) = table.top[0], table.bottom[-1]
    block = _BLOCK_WORDS[table.block]
    return (
        f"{block} cao nhất là {best} ({show(high, table.measure)}), "
        f"thấp nhất là {worst} ({show(low, table.measure)})"
    )


def coverage(tables: Iterable[Table], definitions: Mapping[str, Definition]) -> str:
    """How complete the sources were, the sentence that follows the footnote's.

    Indicators fed by the same kinds of systems hear the same sources: those are counted once.
    """
    first = {tuple(one.source_kinds): code for code, one in reversed(list(definitions.items()))}
    reporting, expected = _sources(table for table in tables if table.code in first.values())
    if not expected:
        return "Báo cáo này không có thông tin về độ bao phủ của các nguồn số liệu."
    share = format_decimal(100 * reporting / expected)
    count = f"{format_count(reporting)}/{format_count(expected)}"
    if reporting == expected:
        return f"Trong kỳ báo cáo, toàn bộ {format_count(expected)} nguồn số liệu đã kết nối đều gửi số liệu."
    return (
        f"Trong kỳ báo cáo, {count} nguồn số liệu ({share}%) đã gửi số liệu; việc kết nối chưa đầy đủ, "
        "kết quả trong báo cáo này phản ánh một cách tương đối thực trạng."
    )


def quality(
    tables: Mapping[str, Table],
    as_known: datetime | None,
    as_organised: date,
    log: Log | None,
) -> list[str]:
    """Coverage per indicator, who is not ranked and why, and on what knowledge the figures stand."""
    lines = []
    if as_known is not None:
        local = as_known.astimezone(VIETNAM)
        lines.append(
            f"Số liệu tính theo các sự kiện Hệ thống đã nhận đến {local:%H} giờ {local:%M} ngày "
            f"{format_day(local.date())}, theo tổ chức bộ máy ngày {format_day(as_organised)}."
        )
    counts = [_counts(number, table) for number, table in tables.items()]
    lines.append(f"Số cơ quan được xếp hạng và nguồn số liệu đã gửi: {'; '.join(counts)}.")
    for number, table in tables.items():
        lines.extend(_unranked(number, table))
    if log:
        lines.append(f"Mã gốc của nhật ký dữ liệu thô ({format_count(log.size)} mục): {log.root}.")
    return lines


def methods(definitions: Iterable[Definition], legal_basis: Iterable[str]) -> list[str]:
    """The law of the report's date, then per indicator its version, rules of counting and source.

    What a ratio divides stands under its tables already and is not said twice.
    """
    laws = "; ".join(legal_basis)
    lines = [f"Cơ sở pháp lý tại ngày ra báo cáo: {laws}."] if laws else []
    for one in definitions:
        rules = [one.text, *one.notes] if one.unit == COUNT else one.notes
        told = " ".join(f"{rule.rstrip('.')}." for rule in rules)
        lines.append(
            f"{one.title} (mã {one.indicator}, phiên bản {one.version}): {told} "
            f"Nguồn định nghĩa: {one.source.rstrip('.')}."
        )
    return lines


def _counts(number: str, table: Table) -> str:
    reporting, expected = _sources([table])
    sources = f", {format_count(reporting)}/{format_count(expected)} nguồn" if expected else ""
    return f"Bảng {number}: {len(table.ranking)} cơ quan{sources}"


def _unranked(number: str, table: Table) -> list[str]:
    lines = []
    reasons: dict[str, list[Row]] = {}
    for row in table.unranked:
        reasons.setdefault(row.remark, []).append(row)
    for reason, unranked in reasons.items():
        names = ", ".join(row.name for row in unranked[:_NAMES_LISTED])
        more = len(unranked) - _NAMES_LISTED
        tail = f" và {more} cơ quan khác" if more > 0 else ""
        lines.append(f"Bảng {number}: không xếp hạng {names}{tail} ({reason}).")
    return lines


def _sources(tables: Iterable[Table]) -> tuple[int, int]:
    """(reporting, expected), of the tables of one kind of source."""
    rows = [row for table in tables for row in (*table.ranking, *table.unranked)]
    return sum(row.reporting or 0 for row in rows), sum(row.expected or 0 for row in rows)
