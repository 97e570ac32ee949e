"""What `thuocdo reconcile` prints: tables for people, rows for machines."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer
from rich.table import Table

from thuocdo.cli import output as shown
from thuocdo.core.vietnamese import format_count, format_day, format_decimal

if TYPE_CHECKING:
    from thuocdo.measure.reconcile.matched import Matched
    from thuocdo.measure.reconcile.model import Comparison, Reconciliation

_SHOWN: Final = 15
"""Lines of a list that a table shows; the other formats give all."""


def print_text(text: str, file: Path | None) -> None:
    """To a file, or to standard output."""
    if file is None:
        typer.echo(text)
    else:
        shown.write_file(file, text.encode())


# --- csv ------------------------------------------------------------------------------------------

_COLUMNS: Final = (
    "list", "indicator", "procedure", "name", "day", "measured", "declared", "national",
    "difference", "relative", "state", "gap", "national_difference", "national_state",
)  # fmt: skip


def _rows(found: Reconciliation) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for one in found.comparisons:
        declared = one.declared.value if one.declared else None
        national = one.national.value if one.national else None
        rows.append(("total", one.code, None, one.name.vi, None, *_cells(one, declared, national)))
        for name in ("services", "days", "cells"):
            for line in getattr(one, name):
                rest = "rest" if line.rest else line.procedure
                keys = (name, one.code, rest, line.name, line.day)
                rows.append((*keys, *_cells(line, line.declared, line.national)))
    return rows


def _cells(one: Any, declared: object, national: object) -> tuple[object, ...]:
    ours, theirs = one.to_declared, one.to_national
    return (
        *(one.measured, declared, national),
        *(ours.difference, ours.relative, ours.state.value, ours.gap),
        *(theirs.difference, theirs.state.value),
    )


def print_csv(found: Reconciliation, file: Path | None) -> None:
    """Every line of every list; a file gets a byte order mark, for spreadsheet programs."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(_rows(found))
    if file is None:
        sys.stdout.write(text.getvalue())
    else:
        shown.write_file(file, text.getvalue().encode("utf-8-sig"))


# --- tables ---------------------------------------------------------------------------------------


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        right = heading in _NUMBERS
        table.add_column(heading, justify="right" if right else "left")
    return table


_NUMBERS: Final = frozenset(
    ("số đo", "cơ quan báo cáo", "Cổng DVCQG", "lệch", "lệch %", "lệch Cổng", "hồ sơ", "nếu đúng", "dòng")
)  # fmt: skip


def print_table(found: Reconciliation) -> None:
    """Totals, the largest gaps, what may explain them, and what was decided."""
    from thuocdo.measure.reconcile.matched import words
    from thuocdo.report.render.reconciliation_xlsx import verdict

    console, texts = shown.console(), words()
    console.print(f"{found.name} ({found.agency}), {found.first}..{found.last}")
    sides = ("số đo", "cơ quan báo cáo", "lệch", "lệch %", "kết quả", "Cổng DVCQG", "lệch Cổng")
    table = _table("chỉ tiêu", *sides)
    for one in found.comparisons:
        declared = one.declared.value if one.declared else None
        national = one.national.value if one.national else None
        table.add_row(one.name.vi, *_texts(one, declared, national, texts.states))
    console.print(table)
    for one in found.comparisons:
        _print_lists(one, console, sides, texts)
        if one.causes:
            causes = _table(f"{one.name.vi}: nguyên nhân có thể", "hồ sơ", "nếu đúng", "giải thích")
            for cause in one.causes:
                causes.add_row(
                    cause.text.vi,
                    format_count(cause.dossiers),
                    format_count(cause.would_be),
                    verdict(cause),
                )
            console.print(causes)
        for decision in one.agreements:
            holds = texts.outdated[decision.outdated].vi if decision.outdated else ""
            console.print(
                f"{one.name.vi}: {texts.decisions[decision.decision].vi} "
                f"({decision.office}) {decision.agreed or ''} {holds}".rstrip()
            )
    if found.silent_days:
        days = ", ".join(format_day(day) for day in found.silent_days[:_SHOWN])
        console.print(f"Ngày làm việc không có dữ liệu ({len(found.silent_days)}): {days}")
    for note in found.notes:
        console.print(note.vi)


def _print_lists(one: Comparison, console: Any, sides: tuple[str, ...], texts: Any) -> None:
    """The largest gaps by service and by day, where anybody states figures that fine."""
    from thuocdo.measure.reconcile.comparing import stating

    for name, lines in (("dịch vụ", one.services), ("ngày", one.days)):
        differing = [
            line
            for line in lines
            if any(getattr(line, f"to_{side}").gap for side in stating(lines))
        ]
        if not differing:
            continue
        table = _table(f"{one.name.vi}: theo {name}", *sides)
        for line in differing[:_SHOWN]:
            head = format_day(line.day) if line.day else f"{line.procedure} {line.name}"
            head = texts.headings["rest"].vi if line.rest else head
            table.add_row(head, *_texts(line, line.declared, line.national, texts.states))
        console.print(table)
        if len(differing) > _SHOWN:
            console.print(f"… và {len(differing) - _SHOWN} dòng nữa (--format csv, xlsx)")


def _texts(one: Any, declared: object, national: object, states: Any) -> tuple[str, ...]:
    ours, theirs = one.to_declared, one.to_national
    return (
        *(_said(one.measured), _said(declared), _said(ours.difference), _said(ours.relative)),
        *(states[ours.state].vi, _said(national), _said(theirs.difference)),
    )


def _said(value: Any) -> str:
    """A number as Vietnam writes it; an en dash where nobody says one."""
    if value is None:
        return "–"
    text = format_count(abs(value)) if isinstance(value, int) else format_decimal(abs(value))
    return f"−{text}" if value < 0 else text


def print_matched(found: Matched) -> None:
    """Both lists of a comparison of numbers."""
    from thuocdo.measure.reconcile.matched import words
    from thuocdo.report.render.reconciliation_xlsx import missing_cells

    console, texts = shown.console(), words()
    console.print(
        f"{format_count(found.lines)} dòng, khớp {format_count(found.matched)}; "
        f"hệ thống đo thiếu {format_count(len(found.missing))}, "
        f"danh sách thiếu {format_count(len(found.extra))}"
    )
    if found.missing:
        table = _table("dòng", "lý do", "ngày", "chi tiết", "việc cần làm")
        for missing in found.missing:
            line, why, day, detail, todo = missing_cells(missing)
            when = format_day(missing.day) if day and missing.day else ""
            table.add_row(str(line), str(why), when, str(detail), str(todo))
        console.print(table)
    if found.extra:
        table = _table("mã ghép", "tiếp nhận", "mã TTHC", "hình thức", "trạng thái", "ghi chú")
        for extra in found.extra:
            twin = extra.double_of_line
            table.add_row(
                extra.tag,
                format_day(extra.day),
                extra.procedure,
                texts.channels[extra.channel].vi if extra.channel else "–",
                texts.statuses[extra.last_status].vi,
                texts.double.vi.format(line=twin) if twin else "",
            )
        console.print(table)
