"""`thuocdo import …`: files in, what came of them out (docs/importing.md)."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from thuocdo.cli import output as shown
from thuocdo.core import clock, columns, settings
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.results import ImportResult

imports = typer.Typer(help="Load files; a second run of the same file changes nothing.")
templates = typer.Typer(help="Files to fill in.")

Files = Annotated[list[str], typer.Argument(help="Files or quoted patterns; plain, .gz or .zst.")]
Importer = Callable[[settings.Settings, list[Path], shown.Tick], ImportResult]


@imports.command("agencies", help=str(columns.AGENCIES))
def import_agencies(files: Files) -> None:
    _import_registry("import_agencies", files)


@imports.command("sites", help=str(columns.SITES))
def import_sites(files: Files) -> None:
    _import_registry("import_sites", files)


@imports.command(
    "services",
    help=f"{columns.SERVICES}; or a portal's catalogue file: {', '.join(columns.CATALOGUE.required)}.",
)
def import_services(
    files: Files,
    agency: Annotated[str | None, typer.Option(help="Whose a portal's catalogue file is.")] = None,
) -> None:
    _import_registry("import_services", files, agency=agency)


@imports.command("page-views", help=str(columns.PAGE_VIEWS))
def import_page_views(files: Files) -> None:
    _import_events("page views", "import_page_views", files)


@imports.command(
    "dossiers",
    help=f"Events, one a row: {columns.DOSSIERS}; or a spreadsheet of dossiers, one a row, "
    "as `thuocdo template dossiers` makes it.",
)
def import_dossiers(
    files: Files,
    system: Annotated[
        str | None, typer.Option(help="Of spreadsheet rows that name no system.")
    ] = None,
    agency: Annotated[
        str | None, typer.Option(help="Of spreadsheet rows that name no agency.")
    ] = None,
) -> None:
    from thuocdo.lake.importing.dossier_sheets import Whose

    whose = Whose(system, agency)
    _import_events("dossiers", "import_dossiers", files, whose)


@imports.command("access-log")
def import_access_log(
    files: Files,
    site: Annotated[int | None, typer.Option(help="The site whose log it is.")] = None,
    site_by_host: Annotated[
        bool, typer.Option("--site-by-host", help="Each line's host tells the site.")
    ] = False,
    form: Annotated[
        str,
        typer.Option("--format", help="auto, common, combined, iis, nginx-json or cloudfront."),
    ] = "auto",
    exclude: Annotated[
        list[str] | None, typer.Option(help="Beginning of paths that are no pages; repeatable.")
    ] = None,
) -> None:
    """Page loads and downloads from web servers' access logs; addresses are never stored."""
    from thuocdo.lake.importing.access_logs import LogOptions
    from thuocdo.wire.access_log import LogFormat

    shown.one_of("--format", form, ("auto", *LogFormat))
    if (site is None) != site_by_host:
        raise ThuocdoError(
            "bad_option",
            "Whose log is it?",
            "Write --site N, or --site-by-host when the lines name their host.",
        )
    options = LogOptions(
        site, None if form == "auto" else LogFormat(form), exclude=tuple(exclude or ())
    )
    _import_events("access log", "import_access_logs", files, options)


@imports.command("matomo")
def import_matomo(
    files: Files,
    site: Annotated[int | None, typer.Option(help="The site the export is about.")] = None,
    map_site: Annotated[
        list[str] | None,
        typer.Option(help="MATOMO=OURS: Matomo's idSite and our site; repeatable."),
    ] = None,
) -> None:
    """Visits of Matomo's Live.getLastVisitsDetails (JSON, XML, CSV), or its raw tables as CSV."""
    from thuocdo.lake.importing.matomo import MatomoSites

    sites = MatomoSites(site, dict(_pair(text) for text in map_site or ()))
    if site is None and not sites.by_id:
        raise ThuocdoError(
            "bad_option", "Whose visits are they?", "Write --site N, or --map-site 3=47."
        )
    _import_events("matomo", "import_matomo", files, sites)


@imports.command("opencps")
def import_opencps(
    url: Annotated[str, typer.Option(help="The server's address, https://…")],
    system: Annotated[str, typer.Option(help="Code of the one-stop system it is.")],
    agency: Annotated[str, typer.Option(help="Whose dossiers without a national agency code are.")],
    group: Annotated[str | None, typer.Option(help="The server's site: header groupId.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Read changes since this day; default: since the last pull.")
    ] = None,
    credentials: Annotated[
        Path | None,
        typer.Option(help="File with user:password; default $THUOCDO_OPENCPS_CREDENTIALS."),
    ] = None,
) -> None:
    """Pull changed dossiers from an OpenCPS server; a stopped pull goes on where it was."""
    from thuocdo.lake import imports as event_imports
    from thuocdo.lake.importing import opencps_client
    from thuocdo.lake.importing.opencps_pull import Place
    from thuocdo.lake.store import Lake

    secret = opencps_client.credentials(os.environ, credentials)
    client = opencps_client.Client(opencps_client.Account(url, group, secret))
    start = clock.day_start_us(clock.parse_day(since)) if since else None
    found = settings.load()
    found.require_initialised()
    with shown.progress("opencps") as tick:
        result = event_imports.pull_opencps(
            found, Lake.open(found), client, Place(url, group, system, agency), tick, start
        )
    shown.print_import(result)


@imports.command(
    "declared", help=f"{columns.DECLARED}: what agencies, or the national portal, state."
)
def import_declared(files: Files) -> None:
    from thuocdo.measure.definitions import definitions
    from thuocdo.measure.reconcile.policy import count_codes

    codes = {indicator.code for indicator in definitions()} | count_codes()
    _import_events("declared", "import_declared", files, codes)


@imports.command("networks")
def import_networks(
    file: Annotated[
        Path, typer.Argument(help="The provider's list: JSON, geofeed, or one network a line.")
    ],
    provider: Annotated[str, typer.Option(help="A short name, such as aws.")],
) -> None:
    """Datacentres' networks: what comes from them is a robot's; replaces what was known of a provider."""
    from thuocdo.lake.networks import install

    found = settings.load()
    found.require_initialised()
    typer.echo(f"{provider}: {install(found, file, provider)} networks")


def _pair(text: str) -> tuple[str, int]:
    matomo, equals, ours = text.partition("=")
    if not (equals and matomo.strip() and ours.strip().isdigit()):
        raise ThuocdoError("bad_option", f"--map-site {text!r} is no pair.", "Write 3=47.")
    return matomo.strip(), int(ours)


@templates.command("dossiers")
def template_dossiers(
    output: Annotated[Path, typer.Option("-o", "--output", help="The .xlsx file to write.")],
) -> None:
    """The spreadsheet `thuocdo import dossiers` reads, with instructions and lists."""
    from thuocdo.lake.importing.dossier_template import dossier_template

    shown.write_file(output, dossier_template())


def _import_events(name: str, importer: str, files: list[str], *options: object) -> None:
    from thuocdo.lake import imports as event_imports
    from thuocdo.lake.store import Lake

    def load(found: settings.Settings, paths: list[Path], tick: shown.Tick) -> ImportResult:
        result: ImportResult = getattr(event_imports, importer)(
            found, Lake.open(found), paths, tick, *options
        )
        return result

    _run(name, files, load)


def _import_registry(loader: str, files: list[str], **options: str | None) -> None:
    from thuocdo.registry.setup import setup_django

    def load(found: settings.Settings, paths: list[Path], tick: shown.Tick) -> ImportResult:
        setup_django()
        from thuocdo.registry import loaders

        result: ImportResult = getattr(loaders, loader)(found, paths, tick, **options)
        return result

    _run(loader, files, load)


def _run(name: str, files: list[str], importer: Importer) -> None:
    found = settings.load()
    found.require_initialised()
    with shown.progress(name) as tick:
        result = importer(found, _expanded(files), tick)
    shown.print_import(result)


def _expanded(files: list[str]) -> list[Path]:
    """The files that arguments name; a pattern that a shell left alone is ours to match."""
    paths: list[Path] = []
    for text in files:
        if not Path(text).exists() and glob.has_magic(text):
            matched = sorted(glob.glob(text, recursive=True))  # noqa: PTH207 - absolute patterns too
            if not matched:
                raise ThuocdoError("no_file", f"No file matches {text}.", "Check the pattern.")
            paths += [path for match in matched if (path := Path(match)).is_file()]
        else:
            paths.append(Path(text))
    return paths
