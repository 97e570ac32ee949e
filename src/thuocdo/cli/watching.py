"""`thuocdo assess watch` and `thuocdo assess availability`: the monitor, and the week as it saw it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer
from rich.table import Table

from thuocdo.cli.output import console, one_of
from thuocdo.core import clock, settings

if TYPE_CHECKING:
    from thuocdo.assess.watching.model import Availability, Look

_FORMATS: Final = ("table", "json", "csv")


def watch(
    once: Annotated[bool, typer.Option("--once", help="One look at everything now, then exit.")] = False,
) -> None:  # fmt: skip
    """Ask every system's front page at a steady pace, and keep what was seen; needs a contact."""
    from thuocdo.run import watching

    found = settings.load()
    found.require_initialised()
    if not once:
        from thuocdo.run.stopping import stop_on_signals

        watching.run(found, stop_on_signals())
        return
    table = Table("System", "Seen", "HTTP", "ms", "Second look")
    for look in watching.once(found):
        table.add_row(look.system, *_seen(look), "yes" if look.again else "")
    console().print(table)


def availability(
    system: Annotated[str, typer.Argument(help="The system's code; without it all that were looked at.")] = "",
    week: Annotated[str, typer.Option(help="An ISO week such as 2026-W48; without it the last seven days.")] = "",
    form: Annotated[str, typer.Option("--format", help="table, json (with every outage) or csv (by hour).")] = "table",
) -> None:  # fmt: skip
    """Availability and response time over a week, counted in intervals, with every outage."""
    from thuocdo.assess.watching import telling

    one_of("--format", form, _FORMATS)
    found, now = settings.load(), clock.now_us()
    found.require_initialised()
    codes = [system] if system else None
    told = (
        telling.of_week(found, codes, clock.parse_week(week), now)
        if week
        else telling.lately(found, codes, now)
    )
    if form == "json":
        typer.echo(msgspec.json.format(msgspec.json.encode(list(told.values())), indent=2))
    elif form == "csv":
        sys.stdout.write(telling.hours_csv(told.values()))
    else:
        _print(list(told.values()))


def add_to(assess: typer.Typer) -> None:
    assess.command("watch")(watch)
    assess.command("availability")(availability)


def _print(every: list[Availability]) -> None:
    table = Table(
        *("System", "Available %", "Answered", "Measured", "Expected", "Refused", "Ours", "Gaps"),
        *("Outages", "Down min", "p50 ms", "p95 ms"),
    )
    for each in every:
        table.add_row(
            each.system,
            "–" if each.percent is None else str(each.percent),
            *(str(count) for count in (each.answered, each.measured, each.expected)),
            *(str(count) for count in (each.refused, each.ours, each.gaps, len(each.outages))),
            str(each.down_minutes(each.until)),
            *("–" if ms is None else str(ms) for ms in (each.p50_ms, each.p95_ms)),
        )
    console().print(table)


def _seen(look: Look) -> tuple[str, str, str]:
    return (
        look.fault.value if look.fault else "answered",
        "" if look.status is None else str(look.status),
        "" if look.ttfb_ms is None else str(look.ttfb_ms),
    )
