"""What the commands print: tables for people, JSON and CSV for machines, progress on standard error."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from thuocdo.core import clock, vietnamese
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.results import ImportResult
from thuocdo.measure.model import Figure

if TYPE_CHECKING:
    from thuocdo.lake.landing import Landed
    from thuocdo.measure.refresh import Refreshed

_PIPE_WIDTH = 200

Tick = Callable[[int, int | None], None]


def one_of(option: str, value: str, allowed: Sequence[str]) -> None:
    """Raises ThuocdoError `bad_option` naming what may be written instead."""
    if value not in allowed:
        raise ThuocdoError(
            "bad_option", f"{option} {value!r} is unknown.", f"Write one of: {', '.join(allowed)}."
        )


def console() -> Console:
    """Standard output for tables; wide when nobody's terminal bounds it."""
    terminal = Console()
    return terminal if terminal.is_terminal else Console(width=_PIPE_WIDTH)


def year_to_date() -> clock.Period:
    """1 January of this year to today (Vietnam)."""
    today = clock.local_day(clock.now_us())
    return clock.Period(date(today.year, 1, 1), today)


@contextmanager
def progress(name: str) -> Iterator[Tick]:
    """A progress bar on standard error; silent when it is not a terminal."""
    errors = Console(stderr=True)
    with Progress(
        TextColumn(name.replace("_", " ")),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=errors,
        disable=not errors.is_terminal,
    ) as bar:
        task = bar.add_task(name, total=None)

        def tick(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total)

        yield tick


def print_import(result: ImportResult) -> None:
    """How the files were read, accepted / duplicate / rejected by reason, and where the refused are."""
    for note in result.notes:
        typer.echo(note)
    typer.echo(f"accepted {result.accepted}")
    typer.echo(f"duplicates {result.duplicates}")
    typer.echo(f"rejected {sum(result.rejected.values())}")
    for reason, count in sorted(result.rejected.items()):
        typer.echo(f"  {reason} {count}")
    if result.left_out:
        typer.echo(f"left out {sum(result.left_out.values())}")
        for reason, count in sorted(result.left_out.items()):
            typer.echo(f"  {reason} {count}")
    if result.rejects_file:
        typer.echo(f"refused rows with reasons: {result.rejects_file}")


def print_refresh(landed: Landed, refreshed: Refreshed) -> None:
    rows = ", ".join(f"{table} {count}" for table, count in sorted(landed.rows.items()) if count)
    typer.echo(f"landed {rows or 'nothing new'}; facts version {refreshed.version}")


def print_figures(figures: Sequence[Figure], output: str) -> None:
    if output == "json":
        typer.echo(json.dumps([as_object(figure) for figure in figures], ensure_ascii=False))
    elif output == "csv":
        _print_csv(figures)
    else:
        _print_table(figures)


def as_object(figure: Figure) -> dict[str, Any]:
    """One figure as the JSON object of DESIGN.md §6.4; coverage is a share of 0…1 or null."""
    coverage = figure.coverage
    return {
        "agency": figure.agency,
        "name": figure.name,
        "block": figure.block,
        "procedure": figure.procedure,
        "indicator": figure.indicator,
        "version": figure.version,
        "period": [figure.period_first.isoformat(), figure.period_last.isoformat()],
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "value": figure.value,
        "unit": figure.unit,
        "rank": figure.rank,
        "coverage": coverage.share if coverage else None,
        "sources_reporting": coverage.reporting if coverage else None,
        "sources_expected": coverage.expected if coverage else None,
        "freshness": _instant(figure.freshness),
        "as_known": _instant(figure.as_known),
        "as_organised": figure.as_organised.isoformat(),
        "trust": figure.trust,
        "provenance": figure.provenance,
        "flags": list(figure.flags),
    }


def _instant(value: int | None) -> str | None:
    return None if value is None else clock.to_datetime(value).isoformat()


def _print_csv(figures: Sequence[Figure]) -> None:
    rows = [as_object(figure) for figure in figures]
    columns = [
        name for name in (rows[0] if rows else {"agency": "", "name": ""}) if name != "period"
    ]
    writer = csv.DictWriter(sys.stdout, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(row | {"flags": " ".join(row["flags"])})


def _print_table(figures: Sequence[Figure]) -> None:
    table = Table(box=None, pad_edge=False)
    for heading, justify in (
        ("hạng", "right"),
        ("mã", "left"),
        ("cơ quan", "left"),
        ("giá trị", "right"),
        ("tử số / mẫu số", "right"),
        ("nguồn", "right"),
        ("ghi chú", "left"),
    ):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for figure in figures:
        table.add_row(
            "" if figure.rank is None else str(figure.rank),
            figure.agency + (f" {figure.procedure}" if figure.procedure else ""),
            figure.name,
            _value(figure),
            _fraction(figure),
            f"{figure.coverage.reporting}/{figure.coverage.expected}" if figure.coverage else "",
            " ".join(figure.flags),
        )
    console().print(table)


def _value(figure: Figure) -> str:
    if figure.value is None:
        return "–"
    if figure.unit == "percent":
        return vietnamese.format_percent(figure.value)
    if figure.unit == "points":
        return vietnamese.format_decimal(figure.value)
    if figure.unit == "duration":
        return vietnamese.format_duration(int(figure.value))
    return vietnamese.format_count(int(figure.value))


def _fraction(figure: Figure) -> str:
    if figure.denominator is None or figure.numerator is None:
        return ""
    numerator = vietnamese.format_count(figure.numerator)
    return f"{numerator}/{vietnamese.format_count(figure.denominator)}"
