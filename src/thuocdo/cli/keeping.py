"""`thuocdo keeping`: how much is held, what would go now; with `--do` it goes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from thuocdo.cli import output as shown
from thuocdo.cli.ready import ready_with_registry
from thuocdo.core import clock
from thuocdo.core.console import operator

if TYPE_CHECKING:
    from thuocdo.core.settings import Settings
    from thuocdo.keeping.sweeping import Line


def keeping(
    do: Annotated[
        bool, typer.Option("--do", help="Let go what may go; without it nothing is changed.")
    ] = False,
    output: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
) -> None:
    """Tell how long each kind is kept, how much of it is held, and what would go (docs/keeping.md)."""
    shown.one_of("--format", output, ("table", "json"))
    found = ready_with_registry()
    if do:
        _sweep(found, output)
        return
    from thuocdo.keeping.sweeping import look

    lines = look(found, clock.now_us())
    if output == "json":
        typer.echo(json.dumps([_object(line) for line in lines], ensure_ascii=False))
        return
    table = Table("loại", "thời hạn", "đang giữ", "byte", "sẽ hủy", "byte sẽ hủy", "giữ tiếp quá hạn", "lần hủy kế tiếp", box=None)  # fmt: skip
    for line in lines:
        table.add_row(*_cells(line))
    shown.console().print(table)
    typer.echo("Nothing was changed. `thuocdo keeping --do` lets go what may go.")


def _sweep(found: Settings, output: str) -> None:
    from thuocdo.keeping.sweeping import sweep

    failed = False
    for gone in sweep(found, clock.now_us(), operator()):
        failed |= bool(gone.failure)
        if output == "json":
            typer.echo(json.dumps(gone._asdict(), ensure_ascii=False))
        elif gone.failure:
            typer.echo(f"{gone.code}: nothing went: {gone.failure}", err=True)
        elif gone.pieces:
            size = "" if gone.bytes is None else f", {gone.bytes} bytes"
            typer.echo(f"{gone.code}: {gone.pieces} went{size}")
    if failed:
        raise typer.Exit(1)
    if output == "table":
        typer.echo("Done; what went is in the audit trail.")


def _cells(line: Line) -> list[str]:
    days, one = line.keep.days, line.looked
    if one is None or days is None:
        told = "giữ mãi" if days is None else f"{days} ngày: {line.failure}"
        return [line.keep.name.vi, told, "–", "–", "–", "–", "–", "–"]
    day = line.next_day
    numbers = (one.held, one.held_bytes, one.due, one.due_bytes, one.bound)
    return [
        line.keep.name.vi,
        f"{days} ngày",
        *("–" if number is None else f"{number}" for number in numbers),
        f"{day:%d/%m/%Y}" if day else "–",
    ]


def _object(line: Line) -> dict[str, Any]:
    told: dict[str, Any] = line.looked._asdict() if line.looked else {}
    moments = {name: at.isoformat() for name in ("oldest", "next") if (at := told.get(name))}
    return {
        "kind": line.code.value,
        "days": line.keep.days,
        "official": line.keep.official,
        **told,
        **moments,
        "failure": line.failure,
        "next_day": line.next_day.isoformat() if line.next_day else None,
    }
