"""What all commands print alike: refusals of an option, progress on standard error, imports, refreshes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from thuocdo.core import clock
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.results import ImportResult

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


def write_file(file: Path, content: bytes) -> None:
    """Write what a command made, and say where. Raises ThuocdoError `cannot_write`."""
    try:
        file.write_bytes(content)
    except OSError as error:
        raise ThuocdoError(
            "cannot_write", f"{file} cannot be written: {error.strerror}.", "Name another file."
        ) from error
    typer.echo(file)


def console() -> Console:
    """Standard output for tables; wide when nobody's terminal bounds it."""
    terminal = Console()
    return terminal if terminal.is_terminal else Console(width=_PIPE_WIDTH)


def year_to_date() -> clock.Period:
    """1 January of this year to today (Vietnam)."""
    return clock.year_to(clock.local_day(clock.now_us()))


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
