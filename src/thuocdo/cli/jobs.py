"""`thuocdo jobs`: what the worker last did, which of it fails and why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.table import Table

from thuocdo.cli import output as shown
from thuocdo.cli.ready import ready
from thuocdo.core import clock, duties

if TYPE_CHECKING:
    from thuocdo.core.duties import Duty


def jobs(
    output: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
) -> None:
    """Tell what the worker last did; ends with 1 when it is not there or a job fails (docs/reliability.md)."""
    shown.one_of("--format", output, ("table", "json"))
    found = ready()
    is_there, known = duties.is_there(found), duties.read(found).jobs
    if output == "json":
        told = {"worker": is_there, "jobs": msgspec.to_builtins(known)}
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        _print(known)
        if not is_there:
            typer.echo("The worker is not there, or hangs.", err=True)
    if not is_there or any(duty.failures for duty in known.values()):
        raise typer.Exit(1)


def _print(known: dict[str, Duty]) -> None:
    from thuocdo.steer.policy import words
    from thuocdo.steer.telling import job_name, why_failed

    table = Table("việc", "xong gần nhất", "số lần hỏng liền", "vì sao", "chi tiết", "thử lại lúc", box=None)  # fmt: skip
    for name in words().jobs:
        duty = known.get(name, duties.Duty())
        failure = duty.failure
        table.add_row(
            job_name(name, "vi"),
            _moment(duty.done_at),
            str(duty.failures),
            why_failed(failure.why, "vi") if failure else "–",
            failure.detail if failure else "–",
            _moment(duty.again_at) if duty.failures else "–",
        )
    shown.console().print(table)


def _moment(instant: int) -> str:
    return f"{clock.to_datetime(instant).astimezone(clock.VIETNAM):%H:%M:%S %d/%m/%Y}" if instant else "–"  # fmt: skip
