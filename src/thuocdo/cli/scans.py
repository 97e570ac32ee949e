"""`thuocdo assess appeals` and `assess rescan`: what agencies appeal against, and what a second look found."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from thuocdo.cli.assess_options import By, Lang, RoundName
from thuocdo.cli.output import console, progress
from thuocdo.cli.ready import ready_with_registry
from thuocdo.core.errors import ThuocdoError

if TYPE_CHECKING:
    from thuocdo.assess.rounds.telling import Seen
    from thuocdo.cli.assess_words import Words

_HEADS = ("appeal", "system", "criterion", "verdict", "in_round", "rescan", "found")


def add_to(assess: typer.Typer) -> None:
    """Beside the other commands about rounds."""
    assess.command("appeals")(appeals)
    assess.command("rescan")(rescan)
    assess.command("again")(again)


def appeals(name: RoundName, lang: Lang = "vi") -> None:
    """Every appeal of a round, with the round's result and what the re-scan found for that criterion."""
    ready_with_registry()
    from thuocdo.assess.models import Appeal
    from thuocdo.assess.rounds import grading, office, telling
    from thuocdo.cli.assess_words import Words

    words = Words.of(lang)

    held = office.find(name)
    rules = grading.rules_of(held)
    table = Table(*map(words, _HEADS))
    rows = Appeal.objects.filter(entry__round=held).select_related("entry", "rescan")
    for each in rows.order_by("pk"):
        found = telling.beside(each, rules)
        state = f"{each.rescan.pk} {words(each.rescan.state)}" if each.rescan else "–"
        verdict = words(f"verdict_{each.verdict}")
        seen = (_seen(words, found.then), state, _seen(words, found.now))
        table.add_row(str(each.pk), each.entry.code, each.key, verdict, *seen)
    console().print(table)


def rescan(
    number: Annotated[int, typer.Argument(help="The appeal's number.")],
    who: By = "",
    lang: Lang = "vi",
) -> None:
    """Carry out the re-scan an appeal waits for, ordering one more where the last is over."""
    found = ready_with_registry()
    from thuocdo.assess.rounds import office
    from thuocdo.assess.scans import crew, shadows
    from thuocdo.cli.assess_words import Words
    from thuocdo.core.console import operator

    words = Words.of(lang)

    scan = office.rescan(number, who or operator()).rescan
    assert scan is not None
    shadows.ring(found)
    try:
        with progress("rescan") as tick:
            crew.work(found, [shadows.Shadows(found)], 1, lambda: tick(0, None), threading.Event())
    except ThuocdoError as busy:
        if busy.code != "scanning":
            raise
        typer.echo(words("rescan_waits", n=scan.pk))
        return
    scan.refresh_from_db()
    state = words(scan.state) + (f" ({scan.failure})" if scan.failure else "")
    typer.echo(words("rescanned", n=scan.pk, system=scan.system, state=state))


def again(
    name: RoundName,
    system: Annotated[str, typer.Argument(help="The system's code in the round.")],
    because: Annotated[str, typer.Option(help="Why; kept in the trail.")],
    url: Annotated[str, typer.Option(help="Where it answers now, if it moved.")] = "",
    who: By = "",
    lang: Lang = "vi",
) -> None:
    """Have a system measured once more that kept too much from being measured, or at which we failed; `assess run` does it."""
    found = ready_with_registry()
    from django.db import transaction

    from thuocdo.assess.rounds import measuring, office
    from thuocdo.assess.scans import shadows
    from thuocdo.cli.assess_words import Words
    from thuocdo.core.console import operator
    from thuocdo.registry import trail
    from thuocdo.registry.models import Change

    words, held = Words.of(lang), office.find(name)
    with transaction.atomic():
        one = measuring.again(held, system, because, url)
        after, by = one.told(because, url), who or operator()
        trail.record(Change.Action.UPDATE, "round", who=by, key=held.code, after=after)
    shadows.ring(found)
    by_site, by_us = words.number(one.by_site), words.number(one.by_us)
    typer.echo(words("again", system=system, by_site=by_site, by_us=by_us))


def _seen(words: Words, seen: Seen | None) -> str:
    """Outcome, points of how many, what was seen or what was in the way."""
    if seen is None:
        return "–"
    from thuocdo.assess.probes.files import texts
    from thuocdo.assess.rounds.shadow import said

    check = seen.check
    told = [said(each, words.language) for each in check.remarks]
    if check.fault:
        told.append(words.of_text(texts()[check.fault]).replace("{detail}", check.detail or "–"))
    points, of = ("–" if n is None else words.number(n) for n in (check.points, check.of))
    return f"{words(f'outcome_{check.outcome}')} {points}/{of} {' '.join(told)}".strip()
