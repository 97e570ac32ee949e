"""`thuocdo alerts`: look for incidents now and tell who is to be told; what is open; try the mail server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from thuocdo.cli import output as shown
from thuocdo.cli.ready import ready
from thuocdo.core import clock
from thuocdo.core.errors import ThuocdoError

if TYPE_CHECKING:
    from thuocdo.steer.models import Incident

alerts = typer.Typer(help="Incidents, and who is told of them (docs/alerts.md).")

Output = Annotated[str, typer.Option("--format", help="table or json.")]


@alerts.command("check")
def check(
    every: Annotated[
        bool, typer.Option("--all", help="Also kinds that were looked for a moment ago.")
    ] = False,
) -> None:
    """Look for incidents, open and close them, and send what is due; a second run changes nothing."""
    found = ready()
    from thuocdo.registry.setup import setup_django
    from thuocdo.run.alerting import watch

    setup_django()
    from thuocdo.steer.outbox import waiting

    done = watch(found, clock.now_us(), every=every)
    typer.echo(f"looked for: {', '.join(done.looked) or 'nothing that moved'}")
    typer.echo(f"opened: {done.opened} · closed: {done.closed} · sent: {done.sent}")
    for state, letters in waiting().items():
        typer.echo(f"{state}: {letters} letters; a person's page of alerts and a webhook's say why")
    for kind, reason in done.failed.items():
        typer.echo(f"could not look for {kind}: {reason}", err=True)
    if done.failed:
        raise typer.Exit(1)


@alerts.command("list")
def list_open(output: Output = "table") -> None:
    """Every open incident, the gravest first."""
    shown.one_of("--format", output, ("table", "json"))
    ready()
    from thuocdo.registry.setup import setup_django

    setup_django()
    from thuocdo.steer.letters import agency_names, told
    from thuocdo.steer.models import Incident

    rows = list(
        Incident.objects.filter(closed_at__isnull=True).order_by("-severity", "opened_at", "id")
    )
    if output == "json":
        typer.echo(json.dumps([_object(row) for row in rows], ensure_ascii=False))
        return
    names = agency_names(row.agency for row in rows)
    table = Table("mức", "loại", "sự việc", "từ", box=None)
    for row in rows:
        said = told(row, names, "vi")
        since = row.opened_at.astimezone(clock.VIETNAM)
        table.add_row(said.severity, said.kind, said.title, f"{since:%d/%m/%Y %H:%M}")
    shown.console().print(table)


@alerts.command("test-mail")
def test_mail(to: Annotated[str, typer.Argument(help="Where to send a letter to try it.")]) -> None:
    """Send one letter through THUOCDO_SMTP_URL, and say what the server said."""
    found = ready()
    from thuocdo.registry.setup import setup_django

    setup_django()
    from thuocdo.steer.letters import try_mail

    if found.smtp is None:
        raise ThuocdoError(
            "no_mail_server",
            "THUOCDO_SMTP_URL is not set, so no mail is sent.",
            "Set it and THUOCDO_MAIL_FROM; see docs/alerts.md.",
        )
    failure = try_mail(found.smtp, to)
    if failure:
        raise ThuocdoError("mail_refused", f"The letter did not go: {failure}.")
    typer.echo(f"A letter went to {to}.")


def _object(row: Incident) -> dict[str, Any]:
    from thuocdo.steer.model import Severity

    return {
        "id": row.pk,
        "kind": row.kind,
        "subject": row.subject,
        "agency": row.agency or None,
        "severity": Severity(row.severity).name.lower(),
        "opened_at": row.opened_at.isoformat(),
        "last_seen": row.last_seen.isoformat(),
        "evidence": row.evidence,
    }
