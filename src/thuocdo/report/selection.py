"""From the figures of one block to the lists a table prints: pure, no measuring here.

Only agencies with a rank are listed; an agency without one is named apart with the reason
(DESIGN.md §5.5). The two lists never share an agency.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from thuocdo.core.vietnamese import collation_key, format_count, format_percent, round_half_up
from thuocdo.measure.definitions.wording import Speaker
from thuocdo.measure.model import BLOCKED, Figure
from thuocdo.report.checks import blocked_words
from thuocdo.report.model import COUNT, Entry, Row

# Flags of measuring in words. The first five take the rank away (measure/ranking.py).
_REASONS = {
    "no_data": "chưa có số liệu trong kỳ",
    "zero_denominator": "mẫu số bằng 0",
    "coverage_below_threshold": "độ bao phủ nguồn số liệu dưới ngưỡng xếp hạng",
    "not_ranked": "không thuộc diện xếp hạng",
    "not_computable": "chưa đủ dữ liệu để tính chỉ số này",
}
_REMARKS = {
    "no_catalogue": "chưa có danh mục dịch vụ",
    "level_declared_used": "có hồ sơ dùng mức độ do gói tin khai",
    "numerator_exceeds_denominator": "tử số lớn hơn mẫu số, cần kiểm tra",
    "definition_later_than_period": "định nghĩa có hiệu lực sau kỳ số liệu",
    "merged_in_period": "cơ quan sáp nhập trong kỳ",
    "successor_answers": "số liệu của cơ quan kế thừa",
    "directly": "phần trực tiếp, không tính đơn vị trực thuộc",
    "suppressed": "không công bố vì số hồ sơ quá nhỏ",
    "zero_denominator_by_rule": "mẫu số bằng 0, giá trị theo quy định của chỉ số",
    "partial_points": "điểm chưa gồm các thành phần không tính được",
    "no_due_date_left_out": "không xét hồ sơ không có hạn trả kết quả",
}


def words_of(flags: Iterable[str]) -> str:
    """Flags as one Vietnamese phrase, the reasons for having no rank first; a new flag by its code."""
    known = _REASONS | _REMARKS
    blocked = blocked_words(flags := list(flags))
    given = {flag for flag in flags if not flag.startswith(BLOCKED)}
    said = Speaker("vi")
    others = [said.flag(flag) or flag for flag in sorted(given - set(known))]
    told = [known[flag] for flag in known if flag in given] + others
    return "; ".join([blocked, *told] if blocked else told)


def printed(value: float | None, unit: str) -> int | float | None:
    """The value as it is published: whole for counts, two decimals for percentages."""
    if value is None:
        return None
    return round(value) if unit == COUNT else round(value, 2)


def show(value: float | None, unit: str) -> str:
    """`9.941.921`, `88,45%`, or an en dash for what was not measured."""
    if unit == COUNT and value is not None:
        return format_count(round(value))
    return format_percent(value)


def rows(figures: Sequence[Figure]) -> tuple[list[Row], list[Row]]:
    """(ranked by rank then name, unranked by name), both in Vietnamese order."""
    ranked = [f for f in figures if f.rank is not None and f.value is not None]
    ranked.sort(key=lambda f: (f.rank, collation_key(f.name)))
    unranked = [f for f in figures if f.rank is None or f.value is None]
    unranked.sort(key=lambda f: collation_key(f.name))
    return [_row(f) for f in ranked], [_row(f) for f in unranked]


def mean_of_printed(figures: Iterable[Figure]) -> float | None:
    """The mean of the ranked agencies' values as they are printed: a reader can check it by hand."""
    shown = [
        Decimal(str(printed(figure.value, figure.unit)))
        for figure in figures
        if figure.rank is not None
    ]
    return float(round_half_up(sum(shown, Decimal()) / len(shown))) if shown else None


def cut(ranking: Sequence[Row], top_n: int) -> tuple[list[Entry], list[Entry], list[str]]:
    """(top, bottom, remarks): the first and last `top_n` of a ranking.

    With fewer than 2·top_n agencies the lists are shortened instead of repeating an agency, the
    upper one keeps the odd one, and a remark says so.
    """
    size = len(ranking)
    first = min(top_n, (size + 1) // 2)
    last = min(top_n, size - first)
    entries = [(row.name, row.value) for row in ranking if row.value is not None]
    top, bottom = entries[:first], entries[size - last :]
    remarks = []
    if size < 2 * top_n:
        remarks.append(
            f"Chỉ có {size} cơ quan có số liệu được xếp hạng nên danh sách ngắn hơn thường lệ."
            if size
            else "Chưa có cơ quan nào có số liệu được xếp hạng trong kỳ."
        )
    return top, bottom, remarks + _ties(entries[first : size - last], top, bottom)


def _ties(middle: Sequence[Entry], top: Sequence[Entry], bottom: Sequence[Entry]) -> list[str]:
    """Agencies that equal the edge of a list but did not fit are counted, not hidden."""
    remarks = []
    for edge, listed in ((top[-1:], "cao nhất"), (bottom[:1], "thấp nhất")):
        equal = sum(1 for _, value in middle if edge and value == edge[0][1])
        if equal:
            remarks.append(
                f"Còn {equal} cơ quan khác có giá trị bằng {edge[0][0]} trong nhóm {listed}."
            )
    return remarks


def _row(figure: Figure) -> Row:
    coverage = figure.coverage
    return Row(
        rank=figure.rank,
        agency=figure.agency,
        name=figure.name,
        value=printed(figure.value, figure.unit),
        numerator=figure.numerator,
        denominator=figure.denominator,
        reporting=coverage.reporting if coverage else None,
        expected=coverage.expected if coverage else None,
        flags=figure.flags,
        remark=words_of(figure.flags),
    )
