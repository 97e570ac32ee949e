"""`thuocdo invariants`: what is checked before figures are published, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer
from rich.table import Table

from thuocdo.cli import output as shown
from thuocdo.core import clock
from thuocdo.core import settings as settings_of

if TYPE_CHECKING:
    from thuocdo.measure.invariants.model import Outcome

_STATES: Final = {"holds": "đạt", "broken": "KHÔNG ĐẠT", "not_measurable": "không đo được"}
_EVIDENCE_SHOWN: Final = 5


def invariants(
    period: Annotated[str | None, typer.Option(help="A..B, 2026-W47; default this year.")] = None,
    indicator: Annotated[
        list[str] | None, typer.Option(help="Only of this indicator; may be given again.")
    ] = None,
    version: Annotated[str | None, typer.Option(help="Of every indicator asked for.")] = None,
    output: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
    as_known: Annotated[str | None, typer.Option(help="As known at this time.")] = None,
    as_organised: Annotated[str | None, typer.Option(help="As organised on this day.")] = None,
    trust: Annotated[str, typer.Option(help="any or verified.")] = "any",
) -> None:
    """Check the figures of a period as a report would; exit 1 when one must not be published."""
    from thuocdo.measure.invariants.check import check
    from thuocdo.measure.service import Measure

    shown.one_of("--format", output, ("table", "json"))
    shown.one_of("--trust", trust, ("any", "verified"))
    found = settings_of.load()
    found.require_initialised()
    outcomes = check(
        Measure(found),
        clock.parse_period(period) if period else shown.year_to_date(),
        [(code, version) for code in indicator] if indicator else None,
        as_known=clock.parse_instant(as_known) if as_known else None,
        as_organised=clock.parse_day(as_organised) if as_organised else None,
        trust=trust,
    )
    if output == "json":
        typer.echo(msgspec.json.encode(outcomes).decode())
    else:
        _print_table(outcomes)
    if any(outcome.is_blocking for outcome in outcomes):
        raise typer.Exit(1)


def _print_table(outcomes: list[Outcome]) -> None:
    from thuocdo.measure.invariants.model import rule, told

    table = Table(box=None, pad_edge=False)
    for heading in ("kiểm tra", "chỉ số", "khối", "cơ quan", "kết quả", "chi tiết"):
        table.add_column(heading)
    for one in outcomes:
        state = _STATES[one.state]
        if one.state == "broken" and not one.is_blocking:
            state = "lưu ý"
        table.add_row(
            rule(one.rule).title.vi,
            f"{one.indicator}@{one.version}" if one.indicator else "",
            one.block or "",
            one.name or (f"{one.checked} cơ quan" if one.checked else ""),
            state,
            told(one),
        )
        for row in one.evidence[1 : 1 + _EVIDENCE_SHOWN]:
            counts = ", ".join(f"{name} {n}" for name, n in row.counts)
            detail = "  ".join(part for part in (row.procedure, counts, row.note) if part)
            table.add_row("", "", "", row.name, "", detail)
    shown.console().print(table)
    blocking = sum(outcome.is_blocking for outcome in outcomes)
    typer.echo(f"{len(outcomes)} kết quả kiểm tra, {blocking} kết quả chặn công bố")
