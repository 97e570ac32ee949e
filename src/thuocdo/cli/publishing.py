"""`thuocdo report queue|check|sign|publish|revise|withdraw`: the desk at the command line (docs/publishing.md).

Whoever runs these commands holds the instance's key and files; `--as` says for whom, that account's
rights decide, and the record says that it was done here and by which user of the machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from thuocdo.cli import output as shown
from thuocdo.cli.proof import moment
from thuocdo.cli.ready import ready
from thuocdo.core.console import operator
from thuocdo.core.settings import Settings

if TYPE_CHECKING:
    from thuocdo.report.desk.model import Actor, Finding
    from thuocdo.report.desk.standing import Standing

Week = Annotated[str, typer.Argument(help="ISO week, for example 2026-W48.")]
As = Annotated[str, typer.Option("--as", help="The account that does it.")]
MadeBy = Annotated[
    str | None, typer.Option("--as", help="The account that makes it; default: whoever sits here.")
]
Note = Annotated[str, typer.Option(help="A word that stays on record.")]
Number = Annotated[str | None, typer.Option(help="For example 09/BC-UBQGCĐS.")]
Digest = Annotated[
    str, typer.Option(help="The draft that was looked at; default the one that is there.")
]


def actor(name: str) -> Actor:
    """An account as the desk knows it. Raises ThuocdoError `unknown_account`."""
    from thuocdo.registry.setup import setup_django

    setup_django()
    from thuocdo.registry.accounts import rights_of
    from thuocdo.report.desk.model import Actor
    from thuocdo.report.desk.working import COMMAND_LINE

    return Actor(name, rights_of(name), f"{COMMAND_LINE} ({operator()})")


def say_what_is_left(found: Settings, week: str, before: Standing) -> None:
    """After a draft was made, on standard error: what it means for a signature or a published report."""
    from thuocdo.report.desk.model import State
    from thuocdo.report.desk.working import standing

    now = standing(found, week)
    if before.draft and before.draft.state is not State.DRAFT and now.draft != before.draft:
        typer.echo("It is another draft: it has to be checked and signed anew.", err=True)
    if now.draft and now.draft.replaces and not now.draft.reason:
        typer.echo(
            f"The published report stays; `thuocdo report revise {week}` says why this replaces it.",
            err=True,
        )


def queue(form: Annotated[str, typer.Option("--format")] = "table") -> None:
    """List every week's report: its state, who did what, what is missing."""
    import msgspec

    from thuocdo.report.desk import working

    shown.one_of("--format", form, ("table", "json"))
    for found in working.queue(ready()):
        if form == "json":
            typer.echo(msgspec.json.encode(found).decode())
        else:
            typer.echo(_line(found))


def check(week: Week, name: As, note: Note = "", digest: Digest = "") -> None:
    """Look at a draft's findings and confirm the check; refused when a finding stands against it."""
    from thuocdo.report.desk import working

    found, who = ready(), actor(name)
    for one in _findings(found, week):
        typer.echo(f"{one.weight.value}: {one.text.en}")
    working.check(found, week, who, _digest(found, week, digest), note)
    typer.echo(_line(working.standing(found, week)))


def sign(week: Week, name: As, note: Note = "", digest: Digest = "") -> None:
    """Sign a checked draft; whoever made or checked it may not."""
    from thuocdo.report.desk import working

    found = ready()
    working.sign(found, week, actor(name), _digest(found, week, digest), note)
    typer.echo(_line(working.standing(found, week)))


def publish(week: Week, name: As, note: Note = "", digest: Digest = "") -> None:
    """Make a signed draft public."""
    from thuocdo.report.desk import working

    found = ready()
    working.publish(found, week, actor(name), _digest(found, week, digest), note)
    typer.echo(_line(working.standing(found, week)))


def revise(week: Week, name: As, note: Note = "", number: Number = None) -> None:
    """Make a draft that is to replace what is published; --note says why."""
    from thuocdo.measure.service import Measure
    from thuocdo.report import making
    from thuocdo.report.desk import working

    found = ready()
    making.revise(found, Measure(found), week, actor(name), note, number=number)
    typer.echo(_line(working.standing(found, week)))


def withdraw(week: Week, name: As, note: Note = "", digest: Digest = "") -> None:
    """Take the last step before publication back; --note says why."""
    from thuocdo.report.desk import working

    found = ready()
    working.withdraw(found, week, actor(name), _digest(found, week, digest), note)
    typer.echo(_line(working.standing(found, week)))


def add_to(reports: typer.Typer) -> None:
    for command in (queue, check, sign, publish, revise, withdraw):
        reports.command(command.__name__)(command)


def _digest(found: Settings, week: str, given: str) -> str:
    """The whole digest of what was named by its beginning, else of the draft that is there."""
    from thuocdo.report.desk.working import standing

    draft = standing(found, week).draft
    return draft.digest if draft and draft.digest.startswith(given) else given


def _findings(found: Settings, week: str) -> tuple[Finding, ...]:
    from thuocdo.report import archive
    from thuocdo.report.desk.checking import findings

    return findings(archive.load(found, week))


def _line(found: Standing) -> str:
    if found.problem:
        return f"{found.week}  {found.problem}"
    if found.state is None:
        return f"{found.week}  on no record: make the draft again"
    steps = found.draft.steps if found.draft else found.steps[-1:]
    done = ", ".join(f"{step.kind.value} {step.who} {moment(step.at)}" for step in steps)
    digest = found.draft.digest if found.draft else found.steps[-1].digest
    return f"{found.week}  {found.state.value}  {digest[:12]}  {done}"
