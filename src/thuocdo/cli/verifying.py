"""`thuocdo verify`: the raw lake, a figure or a report, made again and held against what was published."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from thuocdo.cli import output as shown
from thuocdo.cli import signatures
from thuocdo.cli.proof import KeyFile, moment, public_key
from thuocdo.core import settings as settings_of
from thuocdo.core.settings import Settings
from thuocdo.core.signing import PublicKey

if TYPE_CHECKING:
    from thuocdo.measure.service import Measure
    from thuocdo.report.model import WeeklyReport

_FINDINGS_SHOWN = 50
_DIFFERENCES_SHOWN = 20
_WEEK = re.compile(r"\d{4}-W\d{2}")

What = Annotated[
    str | None,
    typer.Argument(help="A figure's name, a report (JSON file, or its week); nothing: the lake."),
]
LakeCopy = Annotated[Path | None, typer.Option(help="A copy of the lake's folder.")]
LedgerCopy = Annotated[Path | None, typer.Option(help="A copy of the ledger's folder.")]
SignatureFile = Annotated[
    Path | None, typer.Option(help="The report's signature (JWS), where there is no instance.")
]
Before = Annotated[
    Path | None, typer.Option(help="The report before (JSON), which took part in the checks.")
]


def verify(
    what: What = None,
    lake: LakeCopy = None,
    ledger: LedgerCopy = None,
    key: KeyFile = None,
    before: Before = None,
    signature: SignatureFile = None,
) -> int:
    """Verify by recomputing: the raw lake by its ledger, a figure or a report from raw events; exit 1 when something is wrong.

    Of a report it also tells who signed it, and whether the signature is of this very report.
    """
    if what is None:
        return verify_lake(lake, ledger, key)
    with _raw(lake, ledger, key) as (measure, home):
        if Path(what).is_file() or _WEEK.fullmatch(what):
            told = signatures.told(home, what, signature, key)
            return max(_verify_report(measure, home, what, before), told)
        return _verify_figure(measure, what)


def verify_lake(lake: Path | None, ledger: Path | None, key: Path | None) -> int:
    """Verify every file and every row of this instance's lake, or of a copy; the exit code."""
    from thuocdo.lake.ledger.verify import verify as verified
    from thuocdo.lake.store import Lake

    found = None if lake and ledger and key else settings_of.load()
    public = public_key(key, found)
    places = (lake or (found and Lake.open(found).root), ledger or (found and found.ledger_dir))
    with tempfile.TemporaryDirectory() as spill, shown.progress("verify") as tick:
        result = verified(
            Path(places[0] or ""),
            Path(places[1] or ""),
            public,
            Path(spill),
            lambda _what, done, total: tick(done, total),
        )
    typer.echo(
        f"{result.files} files, {result.rows} rows ({result.erased} erased), {result.heads} kept heads; "
        f"log of {result.size} leaves, root {result.root}, as of {moment(result.at)}."
    )
    for finding in result.findings[:_FINDINGS_SHOWN]:
        typer.echo(f"{finding.wrong.value}: {finding.where}: {finding.detail}")
    more = len(result.findings) - _FINDINGS_SHOWN
    if more > 0:
        typer.echo(f"… and {more} more.")
    wrong = len(result.findings)
    if found is not None and not (lake or ledger):
        wrong += _verify_looks(found, public)
    typer.echo(f"{wrong} things are wrong." if wrong else "Nothing is wrong.")
    return 1 if wrong else 0


def _verify_looks(found: Settings, public: PublicKey) -> int:
    """Verify what the monitor of availability kept, where there is any; how many things are wrong."""
    from datetime import timedelta

    from thuocdo.assess.watching import kept
    from thuocdo.assess.watching.policy import policy_on
    from thuocdo.core import clock

    if not found.watching_dir.exists():
        return 0
    today = clock.local_day(clock.now_us())
    oldest = today - timedelta(days=policy_on(today).keep_days)
    days, looks, wrong = kept.verify(found.watching_dir, public, oldest)
    typer.echo(f"{days} days watched, {looks} looks.")
    for each in wrong[:_FINDINGS_SHOWN]:
        typer.echo(each)
    return len(wrong)


@contextmanager
def _raw(
    lake: Path | None, ledger: Path | None, key: Path | None
) -> Iterator[tuple[Measure, Settings | None]]:
    """What measures from raw events alone: of this instance, or of copies that are left as they are."""
    from thuocdo.measure.service import Measure

    if not (lake and ledger and key):
        found = settings_of.load()
        found.require_initialised()
        yield Measure(found, only_raw=True), found
        return
    public: PublicKey = public_key(key, None)
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "ledger").symlink_to(ledger.resolve(), target_is_directory=True)
        copy = settings_of.load({"THUOCDO_HOME": place, "THUOCDO_LAKE_URL": str(lake.resolve())})
        copy.make_folders()
        yield Measure(copy, only_raw=True, public=public), None


def _verify_figure(measure: Measure, name: str) -> int:
    from thuocdo.measure.passport.asking import verify as verified
    from thuocdo.measure.passport.naming import parse

    size = parse(name).question.log_size
    with shown.progress("recompute"):
        verdict = verified(measure, name)
    with measure.ledger() as reader:
        root, erased = reader.root_at(size), reader.erased_after(size)
    figure = verdict.figure
    if figure is not None:
        fraction = f"{figure.numerator}/{figure.denominator}"
        typer.echo(f"{figure.name}: {fraction} = {figure.value} ({figure.unit})")
    typer.echo(f"log of {size} leaves, root {root}")
    if verdict.same:
        typer.echo("The same, to the last digit.")
        return 0
    typer.echo(f"Not the same. Named: {name}\nhere:  {verdict.here or 'no such figure'}")
    _say_erased(erased)
    return 1


def _verify_report(measure: Measure, home: Settings | None, what: str, before: Path | None) -> int:
    from thuocdo.report.verifying import verify_report

    report, earlier = _reports(home, what, before)
    with shown.progress("recompute"):
        verdict = verify_report(measure, report, earlier)
    typer.echo(f"{report.report}: log of {report.log_size} leaves, root {report.log_root}")
    if verdict.root_here != report.log_root:
        typer.echo(
            f"The log here has another root at that size: {verdict.root_here or 'too short'}"
        )
    for one in verdict.differences[:_DIFFERENCES_SHOWN]:
        typer.echo(f"{one.place}: published {one.published}; here {one.here}")
    if verdict.checks_left_out and report.checks:
        typer.echo(
            "The report before is not at hand: the checks were not compared (--before FILE)."
        )
    if verdict.is_same:
        typer.echo("The same, to the last digit.")
        return 0
    typer.echo(f"{len(verdict.differences)} places differ.")
    _say_erased(verdict.erased)
    return 1


def _reports(
    home: Settings | None, what: str, before: Path | None
) -> tuple[WeeklyReport, WeeklyReport | None]:
    """The report asked for, and the one before it where it is at hand."""
    from thuocdo.report import archive
    from thuocdo.report.desk import working

    if Path(what).is_file():
        report = archive.read(Path(what))
    else:
        here = home or settings_of.load()
        found = working.in_print(here, working.standing(here, what))
        report = found or archive.load(here, what)
    if before is not None:
        return report, archive.read(before)
    return report, working.last_before(home, report.week) if home else None


def _say_erased(erased: int) -> None:
    if erased:
        typer.echo(f"{erased} rows were erased by law since: figures that counted them differ.")
