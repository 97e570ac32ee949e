"""`thuocdo opendata`: the day's open data as files, and what they are."""

from __future__ import annotations

from typing import Annotated

import typer

from thuocdo.core import clock
from thuocdo.core import settings as settings_of


def opendata(
    day: Annotated[
        str | None, typer.Option("--date", help="The edition's day; today unless given.")
    ] = None,
) -> None:
    """Write the open data of a day: CSV, Parquet, schemas, checksums and metadata."""
    found = settings_of.load()
    found.require_initialised()
    from thuocdo.measure.service import Measure
    from thuocdo.web.opendata.making import make

    wanted = clock.parse_day(day) if day else clock.local_day(clock.now_us())
    edition = make(found, Measure(found), wanted)
    for file in edition.files:
        typer.echo(f"{file.sha256}  {file.bytes:>12}  {file.name}")
    typer.echo(found.opendata_dir / edition.day.isoformat())
