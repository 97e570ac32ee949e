"""`thuocdo key` and `thuocdo site`: credentials, and what a site asks of who sends in its name."""

from __future__ import annotations

from datetime import date
from ipaddress import ip_network
from typing import Annotated, Any

import typer

from thuocdo.core import clock, key_days
from thuocdo.core import settings as settings_of
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings

keys = typer.Typer(help="Keys of connecting systems: make, list, replace, revoke.")
sites = typer.Typer(help="What a site asks of who sends in its name.")

_Named = Annotated[str, typer.Argument(help="The key's id, or its name.")]


def _registry() -> Settings:
    """The instance's settings, with its registry at hand."""
    from thuocdo.registry.setup import setup_django

    found = settings_of.load()
    found.require_initialised()
    setup_django()
    return found


@keys.command("create")
def key_create(
    name: Annotated[str, typer.Argument(help="Whose key it is, for people.")],
    agency: Annotated[str | None, typer.Option(help="Only this agency and those below.")] = None,
    site: Annotated[list[int] | None, typer.Option(help="Only these sites.")] = None,
    feed: Annotated[list[str] | None, typer.Option(help="Only these feeds.")] = None,
    expires: Annotated[str | None, typer.Option(help="The last day it works.")] = None,
) -> None:
    """Make a key; it is shown once and stored only as hashes."""
    found = _registry()
    from thuocdo.registry.keys import create_key

    key = create_key(
        found,
        name,
        agency=agency,
        site_ids=tuple(site or ()),
        feeds=tuple(feed or ()),
        expires=clock.parse_day(expires) if expires else None,
    )
    typer.echo(key)


@keys.command("list")
def key_list() -> None:
    """List the keys: id, name, what they open, until when they work, when they were last used."""
    used = key_days.read(_registry().key_days_dir)
    from thuocdo.registry.models import SiteKey

    for key in SiteKey.objects.all():
        scope = ", ".join([key.agency or "every agency", *(f"site {id_}" for id_ in key.site_ids)])
        feeds = ", ".join(key.feeds) or "every feed"
        typer.echo(
            f"{key.key_id or '-':12}  {key.name}  ({scope}; {feeds})  {_state(key)}, {_used(key, used)}"
        )


def _used(key: Any, days: dict[str, date]) -> str:
    day = days.get(key.key_id)
    return f"last used {day}" if day else "no use seen"


def _state(key: Any) -> str:
    if key.revoked_at:
        return f"revoked {key.revoked_at:%Y-%m-%d}"
    if key.expires is None:
        return "in use"
    today = clock.local_day(clock.now_us())
    return f"{'expired' if key.expires < today else 'in use until'} {key.expires}"


@keys.command("rotate")
def key_rotate(
    named: _Named,
    keep: Annotated[int, typer.Option(help="Days the old key goes on working.", min=0)] = 14,
) -> None:
    """Make a key that opens what an old one does; the old one ends some days later."""
    found = _registry()
    from thuocdo.registry import keys as registry_keys

    typer.echo(registry_keys.rotate(found, registry_keys.find(named), keep_days=keep))


@keys.command("revoke")
def key_revoke(named: _Named) -> None:
    """End a key now."""
    found = _registry()
    from thuocdo.registry import keys as registry_keys

    registry_keys.revoke(found, registry_keys.find(named))


@sites.command("ask")
def site_ask(
    site_id: Annotated[int, typer.Argument(help="The site's number.")],
    only_hosts: Annotated[
        bool | None, typer.Option(help="Take page views of its registered hosts alone.")
    ] = None,
    needs_key: Annotated[bool | None, typer.Option(help="Take nothing without a key.")] = None,
    network: Annotated[
        list[str] | None,
        typer.Option(help='Take dossier messages from these networks alone; "" from everywhere.'),
    ] = None,
    per_second: Annotated[
        int | None, typer.Option(help="The most requests a second; 0 is no limit.", min=0)
    ] = None,
) -> None:
    """Change what a site asks of its senders, and show it."""
    found = _registry()
    from thuocdo.registry.policy import ask

    changed: dict[str, Any] = {"only_hosts": only_hosts, "needs_key": needs_key}
    if network is not None:
        changed["networks"] = "\n".join(_network(part) for part in network if part)
    if per_second is not None:
        changed["per_second"] = per_second or None
    asked = ask(
        found, site_id, {k: v for k, v in changed.items() if v is not None or k == "per_second"}
    )
    for name, value in asked.items():
        typer.echo(f"{name}: {value}")


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError as problem:
        raise ThuocdoError(
            "bad_network",
            f"{text} is no network: {problem}.",
            "Write an address or CIDR, for example 203.0.113.0/24.",
        ) from None
