"""`thuocdo account`: who has an account, and what they may do (docs/people.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from thuocdo.cli import output as shown
from thuocdo.core import clock, settings

if TYPE_CHECKING:
    from thuocdo.registry.rights import Grant, Role

accounts = typer.Typer(help="Accounts and their roles.")

Name = Annotated[str, typer.Argument(help="The account's name.")]
RoleName = Annotated[
    str,
    typer.Argument(help="viewer, officer, agency_admin, analyst, publisher or operator."),
]
AgencyCode = Annotated[
    str, typer.Option("--agency", help="This agency and all below it; default the whole country.")
]


def _prepared() -> None:
    from thuocdo.registry.setup import setup_django

    settings.load().require_initialised()
    setup_django()


def _role(text: str) -> Role:
    from thuocdo.registry.memberships import GIVEN
    from thuocdo.registry.rights import Role

    shown.one_of("ROLE", text, tuple(role.value for role in GIVEN))
    return Role(text)


@accounts.command("create")
def create(
    name: Name,
    role: Annotated[str, typer.Option(help="Its role; default operator, with every right.")] = "",
    agency: AgencyCode = "",
    password: Annotated[str, typer.Option(help="Asked for when it is not given.")] = "",
    sso: Annotated[bool, typer.Option("--sso", help="Single sign-on only: no password.")] = False,
) -> None:
    """Make an account; asks for its password. Without --role it is an operator's."""
    _prepared()
    from thuocdo.registry.accounts import create_account, create_operator

    secret = None if sso else password or _asked()
    if not role and secret is not None:
        create_operator(name, secret)
    else:
        create_account(name, secret, _role(role or "operator"), agency)
    typer.echo(f"{name} can sign in at /login.")


@accounts.command("grant")
def grant(
    name: Name,
    role: RoleName,
    agency: AgencyCode = "",
    first: Annotated[str | None, typer.Option("--from", help="First day.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last day.")] = None,
) -> None:
    """Give a role over an agency and all below it."""
    _prepared()
    from thuocdo.registry import accounts as people

    people.grant(
        name,
        _role(role),
        agency,
        valid_from=clock.parse_day(first) if first else None,
        valid_to=clock.parse_day(last) if last else None,
    )
    typer.echo(f"{name} is {role} of {agency or 'the whole country'}.")


@accounts.command("revoke")
def revoke(name: Name, role: RoleName, agency: AgencyCode = "") -> None:
    """End a role; that it was held stays on record."""
    _prepared()
    from thuocdo.registry import accounts as people

    people.revoke(name, _role(role), agency)
    typer.echo(f"{name} is no longer {role} of {agency or 'the whole country'}.")


@accounts.command("list")
def list_accounts() -> None:
    """Every account with its roles of today."""
    _prepared()
    from thuocdo.registry.accounts import listed

    for account in listed():
        notes = [
            *([] if account.active else ["barred"]),
            *(["two-step sign-in"] if account.second_factor else []),
        ]
        roles = ", ".join(map(_told, account.grants)) or "viewer"
        typer.echo(f"{account.name}: {roles}" + (f" ({'; '.join(notes)})" if notes else ""))


def _told(grant: Grant) -> str:
    return f"{grant.role.value} of {grant.agency}" if grant.agency else grant.role.value


def _asked() -> str:
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
