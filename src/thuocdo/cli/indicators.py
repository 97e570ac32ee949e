"""`thuocdo indicators`, `thuocdo docs indicators`, `thuocdo funnel`: what is measured, and how."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from thuocdo.cli import output as shown
from thuocdo.core import settings

if TYPE_CHECKING:
    from thuocdo.measure.definitions import Definitions, Indicator

docs = typer.Typer(help="Make pages of documentation.")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("indicators")(list_indicators)
    app.add_typer(docs, name="docs")


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
