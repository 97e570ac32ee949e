"""Options that several commands about rounds, systems and sites take, each declared once."""

from __future__ import annotations

from typing import Annotated

import typer

RoundName = Annotated[str, typer.Option("--round", help="The round.")]
Lang = Annotated[str, typer.Option(help="vi or en.")]
By = Annotated[str, typer.Option(help="Who does this; default the account at the terminal.")]
Beyond = Annotated[str, typer.Option("--beyond-budget", help="Why this may ask a host for more than its budget; kept in the trail.")]  # fmt: skip
