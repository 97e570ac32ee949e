"""The `thuocdo` command (DESIGN.md §6.4): thin; every command hands over to one room.

Rooms are imported inside the commands, so that `thuocdo --help` and a wrong argument answer at
once and the collector never loads what it does not need.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from thuocdo.cli import (
    accounts,
    advice,
    alerts,
    assess,
    checks,
    figures,
    imports,
    indicators,
    invariants,
    jobs,
    keeping,
    opendata,
    outlook,
    passports,
    proof,
    publishing,
    quality,
    reconcile,
    rejects,
    scans,
    trust,
    verifying,
    verifying_rounds,
    watching,
)
from thuocdo.cli import output as shown
from thuocdo.cli.ready import ready
from thuocdo.core import clock, settings
from thuocdo.core.errors import ThuocdoError

COLLECT_PORT = 8001
WEB_PORT = 8000

app = typer.Typer(
    name="thuocdo",
    help="Thước Đo: measures how a state's digital services are supplied and used.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
reports = typer.Typer(help="Make reports, and bring them from draft to the public.")
app.add_typer(imports.imports, name="import")
app.add_typer(imports.templates, name="template")
publishing.add_to(reports)
app.add_typer(reports, name="report")
app.add_typer(trust.keys, name="key")
app.add_typer(trust.sites, name="site")
app.add_typer(rejects.rejects, name="rejects")
app.add_typer(reconcile.reconcile, name="reconcile")
app.add_typer(quality.quality, name="quality")
app.add_typer(accounts.accounts, name="account")
scans.add_to(assess.assess)
watching.add_to(assess.assess)
verifying_rounds.add_to(assess.assess)
app.add_typer(assess.assess, name="assess")
app.add_typer(alerts.alerts, name="alerts")
app.add_typer(proof.proofs, name="proof")
app.command("check-site")(checks.check_site)
figures.add_to(app)
app.command("recommend")(advice.recommend)
app.command("invariants")(invariants.invariants)
indicators.register(app)
app.command("passport")(passports.passport)
app.command("verify")(verifying.verify)
app.command("erase")(proof.erase)
app.command("outlook")(outlook.outlook)
app.command("opendata")(opendata.opendata)
app.command("keeping")(keeping.keeping)
app.command("jobs")(jobs.jobs)

CollectPort = Annotated[int, typer.Option(help="Port of the collector.")]
WebPort = Annotated[int, typer.Option(help="Port of the site.")]


def main() -> None:
    """Entry point: any refusal is one line on standard error; exit 2 for a wrong argument, 1 else."""
    try:
        code = app(standalone_mode=False)
    except ThuocdoError as error:
        _fail(str(error), 1)
    except typer.TyperException as error:
        text = " ".join(error.format_message().split())
        if text.startswith("Usage:"):  # no argument at all: the help is the answer
            typer.echo(error.format_message())
            sys.exit(2)
        _fail(f"{text} See `thuocdo --help`.", getattr(error, "exit_code", 2))
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str, code: int) -> None:
    typer.echo(f"thuocdo: {message}", err=True)
    sys.exit(code)


# --- the instance and its roles -------------------------------------------------------------


@app.command()
def init() -> None:
    """Make an instance in THUOCDO_HOME (default ./var), with the agencies of Vietnam."""
    from thuocdo.registry.setup import initialise
    from thuocdo.report.desk.working import take_over

    found = settings.load()
    initialise(found)
    done = take_over(found)
    typer.echo(f"An instance is ready in {found.home}.")
    if done and done.weeks:
        typer.echo(
            f"Reports of before there was a desk count as published by {done.who}: "
            f"{', '.join(done.weeks)} (docs/publishing.md)."
        )


@app.command()
def serve(collect_port: CollectPort = COLLECT_PORT, web_port: WebPort = WEB_PORT) -> None:
    """Run and look after all roles: collect, pipeline, worker, scanner, web."""
    from thuocdo.run import supervisor
    from thuocdo.run.stopping import stop_on_signals

    supervisor.serve(ready(), collect_port, web_port, stop_on_signals())


@app.command()
def collect(port: CollectPort = COLLECT_PORT, workers: int = 1) -> None:
    """Run the collector: every event is on disk before it is acknowledged."""
    from thuocdo.collect.run import run

    run(ready(), port, workers)


@app.command()
def pipeline() -> None:
    """Run the pipeline: land sealed segments, refresh facts."""
    from thuocdo.run import pipeline as role
    from thuocdo.run.stopping import stop_on_signals

    role.run(ready(), stop_on_signals())


@app.command()
def web(port: WebPort = WEB_PORT) -> None:
    """Run the public site and the admin."""
    from thuocdo.web.run import run

    run(ready(), port)


@app.command()
def worker() -> None:
    """Run background work: alerts, the weekly report's draft, open data, what was asked for."""
    from thuocdo.run import worker as role
    from thuocdo.run.stopping import stop_on_signals

    role.run(ready(), stop_on_signals())


@app.command()
def scanner() -> None:
    """Run the scanner: rounds that were started on the web, what agencies and appeals ask for."""
    from thuocdo.run import scanner as role
    from thuocdo.run.stopping import stop_on_signals

    role.run(ready(), stop_on_signals())


@app.command()
def demo(
    collect_port: CollectPort = COLLECT_PORT,
    web_port: WebPort = WEB_PORT,
    rate: Annotated[float, typer.Option(help="Live events a second.")] = 20.0,
) -> None:
    """Make an instance with a simulated country, start every role, keep live events coming."""
    from thuocdo.run.demo import demo as run_demo
    from thuocdo.run.stopping import stop_on_signals

    run_demo(settings.load(), collect_port, web_port, rate, stop_on_signals())


@app.command("demo-rounds", hidden=True)
def demo_rounds(collect_port: CollectPort = COLLECT_PORT) -> None:
    """The demonstration's own rounds of assessment: a role of `thuocdo demo`."""
    from thuocdo.run.demo_rounds import run as hold
    from thuocdo.run.stopping import stop_on_signals

    hold(ready(), collect_port, stop_on_signals())


# --- lake and facts ------------------------------------------------------------------------------


@app.command()
def refresh() -> None:
    """Land what is sealed and refresh the facts now, then exit."""
    from thuocdo.run.once import refresh_now

    landed, refreshed = refresh_now(ready())
    shown.print_refresh(landed, refreshed)


@app.command()
def rebuild() -> None:
    """Make all facts again from the raw lake."""
    from thuocdo.run.once import rebuild_now

    result = rebuild_now(ready())
    typer.echo(f"Facts version {result.version} made from the raw lake.")


@app.command()
def compact() -> None:
    """Merge small files of the lake and drop what nobody refers to any more."""
    from thuocdo.lake.compaction import compact as compact_lake
    from thuocdo.lake.store import Lake

    compact_lake(Lake.open(ready()))
    typer.echo("The lake is compact.")


@reports.command("weekly")
def report_weekly(
    week: Annotated[str, typer.Argument(help="ISO week, for example 2022-W18.")],
    period: Annotated[str | None, typer.Option(help="A..B, both days included.")] = None,
    number: Annotated[str | None, typer.Option(help="For example 09/BC-UBQGCĐS.")] = None,
    date: Annotated[str | None, typer.Option(help="Date of the report; default Friday.")] = None,
    as_known: Annotated[str | None, typer.Option(help="As known at this time.")] = None,
    as_organised: Annotated[str | None, typer.Option(help="As organised on this day.")] = None,
    formats: Annotated[str, typer.Option("--format")] = "json,docx,pdf,html,xlsx",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Folder.")] = None,
    name: publishing.MadeBy = None,
) -> None:
    """Make the draft of the weekly report in the formats asked for and keep its frozen data."""
    from thuocdo.measure.service import Measure
    from thuocdo.report.desk.working import standing
    from thuocdo.report.making import make_weekly
    from thuocdo.report.render import Format

    found = ready()
    wanted = [part.strip() for part in formats.split(",")]
    for part in wanted:
        shown.one_of("--format", part, ("json", "docx", "pdf", "html", "xlsx"))
    before = standing(found, week)
    paths = make_weekly(
        found,
        Measure(found),
        week,
        period=clock.parse_period(period) if period else None,
        number=number,
        date=clock.parse_day(date) if date else None,
        as_known=clock.parse_instant(as_known) if as_known else None,
        as_organised=clock.parse_day(as_organised) if as_organised else None,
        formats=[Format(part) for part in wanted],
        out=output,
        actor=publishing.actor(name) if name else None,
    )
    for path in paths:
        typer.echo(path)
    publishing.say_what_is_left(found, week, before)


# --- simulation -----------------------------------------------------------------------------------


@app.command()
def simulate(
    seed: Annotated[int, typer.Option(help="Same seed, same country.")] = 1,
    scale: Annotated[float, typer.Option(help="1 is full size.")] = 1.0,
    period: Annotated[str | None, typer.Option(help="A..B; default the last 90 days.")] = None,
    golden: Annotated[str | None, typer.Option(help="2022-W18 or 2022-W40.")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Only write the raw files here.")
    ] = None,
    stream: Annotated[
        str | None, typer.Option(help="Send live messages to this collector's address.")
    ] = None,
    rate: Annotated[float, typer.Option(help="Live messages a second.")] = 20.0,
) -> None:
    """Simulate a country with known truth, as files or as live protocol messages."""
    from thuocdo.run import simulation
    from thuocdo.run.stopping import stop_on_signals

    if stream is not None:
        simulation.stream_live(ready(), stream, rate, seed, stop_on_signals())
        return
    chosen = clock.parse_period(period) if period else None
    found = settings.load() if output else ready()
    for line in simulation.simulate(
        found, seed=seed, scale=scale, period=chosen, golden=golden, output=output
    ):
        typer.echo(line)
