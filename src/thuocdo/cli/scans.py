"""`thuocdo assess appeals` and `assess rescan`: what agencies appeal against, and what a second look found."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from thuocdo.cli.output import console, one_of, progress
from thuocdo.core import settings
from thuocdo.core.errors import ThuocdoError

if TYPE_CHECKING:
    from thuocdo.assess.models import ShadowScan
    from thuocdo.assess.rounds.telling import Seen

RoundName = Annotated[str, typer.Option("--round", help="The round.")]
Language = Annotated[str, typer.Option(help="vi or en.")]


def add_to(assess: typer.Typer) -> None:
    """Beside the other commands about rounds."""
    assess.command("appeals")(appeals)
    assess.command("rescan")(rescan)


def appeals(name: RoundName, lang: Language = "vi") -> None:
    """Every appeal of a round, with the round's result and what the re-scan found for that criterion."""
    one_of("--lang", lang, ("vi", "en"))
    _ready()
    from thuocdo.assess.models import Appeal
    from thuocdo.assess.rounds import grading, office, telling

    held = office.find(name)
    rules = grading.rules_of(held)
    table = Table("No.", "System", "Criterion", "Verdict", "Round", "Re-scan", "Found")
    rows = Appeal.objects.filter(entry__round=held).select_related("entry", "rescan")
    for each in rows.order_by("pk"):
        found = telling.beside(each, rules)
        state = f"{each.rescan.pk} {each.rescan.state}" if each.rescan else "–"
        table.add_row(
            str(each.pk), each.entry.code, each.key, each.verdict,
            _seen(found.then, lang), state, _seen(found.now, lang),
        )  # fmt: skip
    console().print(table)


def rescan(
    number: Annotated[int, typer.Argument(help="The appeal's number.")],
    who: Annotated[
        str, typer.Option(help="Who does this; default the account at the terminal.")
    ] = "",
) -> None:
    """Carry out the re-scan an appeal waits for, ordering one more where the last is over."""
    found = _ready()
    from thuocdo.assess.rounds import office
    from thuocdo.assess.scans import crew, shadows
    from thuocdo.core.console import operator

    scan = office.rescan(number, who or operator()).rescan
    assert scan is not None
    shadows.ring(found)
    try:
        with progress("rescan") as tick:
            crew.work(found, [shadows.Shadows(found)], 1, lambda: tick(0, None), threading.Event())
    except ThuocdoError as busy:
        if busy.code != "scanning":
            raise
        typer.echo(f"Re-scan {scan.pk} waits its turn: another scanner is at work.")
        return
    scan.refresh_from_db()
    typer.echo(f"Re-scan {scan.pk} of {scan.system}: {_ended(scan)}.")


def _ended(scan: ShadowScan) -> str:
    return f"{scan.state} ({scan.failure})" if scan.failure else scan.state


def _seen(seen: Seen | None, lang: str) -> str:
    """Outcome, points of how many, what was seen."""
    if seen is None:
        return "–"
    from thuocdo.assess.rounds.shadow import said

    check = seen.check
    words = [said(each, "en" if lang == "en" else "vi") for each in check.remarks]
    why = f" ({check.fault})" if check.fault else ""
    points = "–" if check.points is None else str(check.points)
    return f"{check.outcome}{why} {points}/{check.of} {' '.join(words)}".strip()


def _ready() -> settings.Settings:
    from thuocdo.registry.setup import setup_django

    found = settings.load()
    found.require_initialised()
    setup_django()
    return found
