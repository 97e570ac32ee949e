"""`thuocdo indicators`, `thuocdo docs indicators`, `thuocdo funnel`: what is measured, and how."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.table import Table

from thuocdo.cli import output as shown
from thuocdo.core import clock, settings, vietnamese

if TYPE_CHECKING:
    from thuocdo.measure.definitions import Definitions, Indicator

docs = typer.Typer(help="Make pages of documentation.")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("indicators")(list_indicators)
    app.add_typer(docs, name="docs")
    app.command("funnel")(count_funnel)


def list_indicators(
    output: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
) -> None:
    """List the definitions in force: those that come with the program and the instance's own.

    Files of <home>/indicators that are refused are named on standard error; then the exit code is 1.
    """
    from thuocdo.measure.definitions import Running

    shown.one_of("--format", output, ("table", "json"))
    running = Running(settings.load().home)
    known = running.current()
    if output == "json":
        typer.echo(json.dumps(_objects(known), ensure_ascii=False))
    else:
        shown.console().print(_table(known.indicators))
    for refused in running.refused:
        typer.echo(f"thuocdo: {refused}", err=True)
    if running.refused:
        raise typer.Exit(1)


@docs.command("indicators")
def docs_indicators(
    folder: Annotated[Path, typer.Option("-o", "--output", help="Folder of the pages.")] = Path(
        "docs/indicators"
    ),
) -> None:
    """Write a page of every indicator, in Vietnamese and English, and an index."""
    from thuocdo.measure.definitions import Running, documents
    from thuocdo.measure.facts.schemas import FACTS

    have = {table: schema.names for table, schema in FACTS.items()}
    known = Running(settings.load().home).current()
    written = documents.write(documents.pages(known, have), folder)
    typer.echo(f"{len(written)} pages are in {folder}.")


def count_funnel(
    code: Annotated[str, typer.Argument(help="dich_vu for any service, or a campaign's code.")],
    period: Annotated[str | None, typer.Option(help="A..B, 2022-04, 2022-Q1, 2022-W18.")] = None,
    procedure: Annotated[str | None, typer.Option(help="Only this procedure.")] = None,
    agency: Annotated[str | None, typer.Option(help="Only this agency, with all below it.")] = None,
    as_known: Annotated[str | None, typer.Option(help="As known at this time.")] = None,
    as_organised: Annotated[str | None, typer.Option(help="As organised on this day.")] = None,
    trust: Annotated[str, typer.Option(help="any or verified.")] = "any",
    output: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
) -> None:
    """Count the steps of a service or a campaign: register, submit, pay, confirm."""
    from thuocdo.measure import funnels
    from thuocdo.measure.service import Measure

    shown.one_of("--format", output, ("table", "json"))
    shown.one_of("--trust", trust, ("any", "verified"))
    found = settings.load()
    found.require_initialised()
    steps = funnels.counted(
        Measure(found),
        funnels.find(code, found.home),
        period=clock.parse_period(period) if period else None,
        procedure=procedure,
        agency=agency,
        as_known=clock.parse_instant(as_known) if as_known else None,
        as_organised=clock.parse_day(as_organised) if as_organised else None,
        trust=trust,
    )
    if output == "json":
        typer.echo(msgspec.json.encode(steps).decode())
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("bước", "từ", "đến", "số lượng", "so với bước đầu", "so với bước trước"):
        table.add_column(heading)
    for step in steps:
        table.add_row(
            step.name.vi,
            *(vietnamese.format_day(day) for day in (step.first, step.last)),
            "–" if step.count is None else vietnamese.format_count(step.count),
            *(vietnamese.format_percent(share) for share in (step.of_first, step.of_before)),
        )
    shown.console().print(table)


def _objects(known: Definitions) -> list[dict[str, Any]]:
    from thuocdo.measure.definitions.changes import changes
    from thuocdo.measure.definitions.wording import Speaker
    from thuocdo.measure.facts.schemas import FACTS

    have = {table: schema.names for table, schema in FACTS.items()}
    said = {language: Speaker(language) for language in ("vi", "en")}
    return [
        {
            "code": indicator.code,
            "name": {"vi": indicator.name.vi, "en": indicator.name.en},
            "unit": indicator.unit,
            "better": indicator.better,
            "metric": indicator.metric,
            "versions": [
                {
                    "version": version.version,
                    "valid_from": version.valid_from.isoformat(),
                    "valid_to": version.valid_to.isoformat() if version.valid_to else None,
                    "identity": version.identity,
                    "change": kind.value,
                    "computable": version.is_computable,
                    "formula": {lang: each.formula(version) for lang, each in said.items()},
                    "source": f"{version.source.document}, {version.source.place}",
                }
                for version, kind in zip(indicator.versions, changes(indicator, have), strict=True)
            ],
        }
        for indicator in known.indicators
    ]


def _table(indicators: Sequence[Indicator]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("mã", "tên", "đơn vị", "phiên bản", "tính được"):
        table.add_column(heading)
    for indicator in indicators:
        table.add_row(
            indicator.code,
            indicator.name.vi,
            indicator.unit,
            ", ".join(version.version for version in indicator.versions),
            "có" if indicator.versions[-1].is_computable else "chưa",
        )
    return table
