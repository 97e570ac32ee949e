"""`thuocdo quality`: what looks distorted or gamed in the data, with evidence, and agencies' answers."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.table import Table

from thuocdo.cli import output as shown
from thuocdo.cli.ready import ready
from thuocdo.core import clock
from thuocdo.core.console import operator
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.findings import parse as parse_key
from thuocdo.core.vietnamese import format_count, format_day, format_decimal

if TYPE_CHECKING:
    from thuocdo.measure.quality import Finding, Row
    from thuocdo.registry.explanations import Said
    from thuocdo.run.evaluating import Tally

quality = typer.Typer(
    help="Signs of distorted or gamed data: questions to agencies, with evidence."
)

_COLUMNS: Final = (
    *("key", "detector", "version", "agency", "agency_name", "kind", "subject", "first", "last"),
    *("state", "severity", "score", "threshold", "unit", "since", "flags", "text"),
)

Period = Annotated[
    str | None, typer.Option(help="A..B, 2022-04, 2022-Q1; default: the last whole 92 days.")
]
Agency = Annotated[str | None, typer.Option(help="Only of this agency and those below it.")]


@quality.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    period: Period = None,
    agency: Agency = None,
    every: Annotated[
        bool, typer.Option("--all", help="Also what is not found or not measurable.")
    ] = False,
    as_known: Annotated[str | None, typer.Option(help="As known at this time.")] = None,
    output: Annotated[str, typer.Option("--format", help="table, json or csv.")] = "table",
) -> None:
    """Print what is found, the gravest first, with the rows that show it and what was answered."""
    if context.invoked_subcommand is not None:
        return
    from thuocdo.measure.quality import examine, inspect
    from thuocdo.measure.service import Measure
    from thuocdo.registry.setup import setup_django

    shown.one_of("--format", output, ("table", "json", "csv"))
    found = ready()
    setup_django()
    from thuocdo.registry import explanations

    look = examine if every else inspect
    known = clock.parse_instant(as_known) if as_known else None
    findings = look(Measure(found), _period(period), agency, known)
    answers = explanations.of([one.key for one in findings])
    if output == "json":
        rows = [_object(one, answers[one.key]) for one in findings]
        typer.echo(json.dumps(rows, ensure_ascii=False))
    elif output == "csv":
        sheet = csv.DictWriter(sys.stdout, _COLUMNS, extrasaction="ignore", lineterminator="\n")
        sheet.writeheader()
        for one in findings:
            row = _object(one, [])
            sheet.writerow(row | {"flags": " ".join(one.flags), "text": one.text.vi})
    else:
        for one in findings:
            _print(one, answers[one.key])
        if not findings:
            typer.echo("Không thấy dấu hiệu nào trong kỳ.")


@quality.command("explain")
def explain(
    key: Annotated[str, typer.Argument(help="The finding's key, as `thuocdo quality` prints it.")],
    text: Annotated[str, typer.Argument(help="The agency's answer.")],
    who: Annotated[
        str | None, typer.Option(help="Who answers; default: the user signed in.")
    ] = None,
) -> None:
    """Keep an agency's answer to a finding. It is shown with it; no figure and no flag changes."""
    _answer(key, text, who, "answer")


@quality.command("decide")
def decide(
    key: Annotated[str, typer.Argument(help="The finding's key.")],
    decision: Annotated[str, typer.Argument(help="accepted or refused.")],
    text: Annotated[str, typer.Argument(help="Why.")],
    who: Annotated[str | None, typer.Option(help="Who decides.")] = None,
) -> None:
    """Say whether the answers to a finding are accepted; kept beside them."""
    shown.one_of("decision", decision, ("accepted", "refused"))
    _answer(key, text, who, decision)


@quality.command("evaluate")
def evaluate(
    seeds: Annotated[int, typer.Option(help="How many simulated countries.", min=1)] = 10,
    first: Annotated[int, typer.Option(help="Seed of the first; thresholds were set on 1.")] = 1,
    scale: Annotated[float, typer.Option(help="1 is full size.")] = 0.3,
    output: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
) -> None:
    """Simulate countries with known cheats; print each detector's recall and false alarms."""
    from thuocdo.run import evaluating

    shown.one_of("--format", output, ("table", "json"))
    rounds = []
    for seed, tallies in evaluating.evaluate(range(first, first + seeds), scale=scale):
        typer.echo(f"seed {seed}: {_in_short(evaluating.total(tallies))}", err=True)
        rounds.append(tallies)
    every = evaluating.by_detector(rounds)
    if output == "json":
        typer.echo(json.dumps([_tally(one) for one in every], ensure_ascii=False))
    else:
        print_tallies(every)


def print_tallies(tallies: Iterable[Tally]) -> None:
    """The table of an evaluation, and below it every pair that was missed or falsely found."""
    table = Table(box=None, pad_edge=False)
    for heading in (
        *("detector", "planted", "found", "recall", "of them not measurable"),
        *("honest", "false alarms", "rate", "honest, not measurable"),
    ):
        table.add_column(heading, justify="left" if heading == "detector" else "right")
    every = list(tallies)
    for one in every:
        table.add_row(
            one.detector,
            *(str(one.planted), str(one.found), _share(one.recall), str(one.not_measurable)),
            *(str(one.honest), str(one.false_alarms), _share(one.false_alarm_rate)),
            str(one.honest_not_measurable),
        )
    shown.console().print(table)
    for one in every[:-1]:
        for pair in one.missed:
            typer.echo(f"missed {one.detector}: seed, subject, records touched, why: {pair}")
        for pair in one.alarms:
            typer.echo(f"false alarm {one.detector}: seed, subject: {pair}")


def _in_short(tally: Tally) -> str:
    return (
        f"found {tally.found} of {tally.planted}, "
        f"{tally.false_alarms} false alarms of {tally.honest} honest"
    )


def _tally(one: Tally) -> dict[str, Any]:
    import msgspec

    rates = {"recall": one.recall, "false_alarm_rate": one.false_alarm_rate}
    return {**msgspec.to_builtins(one), **rates}


def _share(share: float | None) -> str:
    return "–" if share is None else f"{format_decimal(100 * share, 2, 'en')} %"


def _period(text: str | None) -> clock.Period:
    """The period asked for, or the 92 days before today: a quarter's worth, three months' ends."""
    if text:
        return clock.parse_period(text)
    from datetime import timedelta

    today = clock.local_day(clock.now_us())
    return clock.Period(today - timedelta(days=92), today - timedelta(days=1))


def _answer(text_of_key: str, text: str, who: str | None, kind: str) -> None:
    from thuocdo.measure.quality import inspect
    from thuocdo.measure.service import Measure
    from thuocdo.registry.setup import setup_django

    key = parse_key(text_of_key)
    found = ready()
    setup_django()
    from thuocdo.registry import explanations

    there = inspect(Measure(found), clock.Period(key.first, key.last))
    if key not in {one.key for one in there}:
        raise ThuocdoError(
            "unknown_finding",
            f"Nothing is found under {key}.",
            f"See `thuocdo quality --period {key.first}..{key.last}`.",
        )
    said = explanations.explain(
        key, text, who=who or operator(), kind=explanations.Explanation.Kind(kind)
    )
    typer.echo(f"kept: {said.kind} by {said.who}; figures and flags stay as they are")


def _object(one: Finding, answers: Iterable[Said]) -> dict[str, Any]:
    """One finding as a JSON object; days are ISO 8601, shares thousandths."""
    import msgspec

    plain: dict[str, Any] = msgspec.to_builtins(one)
    said = [
        {
            "kind": answer.kind,
            "text": answer.text,
            "who": answer.who,
            "at": _moment(answer.at),
            "about": str(answer.key),
        }
        for answer in answers
    ]
    return {"key": str(one.key), **plain, "explanations": said}


def _moment(instant: int) -> str:
    return clock.to_datetime(instant).astimezone(clock.VIETNAM).isoformat(timespec="minutes")


_ROWS: Final = 8
_SEVERITIES: Final = {"high": "cao", "medium": "vừa", "low": "thấp"}


def _print(one: Finding, answers: Iterable[Said]) -> None:
    """A finding for people: what, who, in words, the first rows of evidence, what was answered."""
    since = f", từ {format_day(one.since)}" if one.since else ""
    typer.echo(
        f"■ {one.name.vi} · {one.agency} {one.agency_name} · mức {_SEVERITIES[one.severity]}"
    )
    typer.echo(f"  {one.key}{since}")
    typer.echo(f"  {' '.join(one.text.vi.split())}")
    typer.echo(f"  → {' '.join(one.advice.vi.split())}")
    for row in one.evidence[:_ROWS]:
        typer.echo(f"    {_row(row)}")
    more = len(one.evidence) - _ROWS
    if more > 0:
        typer.echo(f"    … {more} dòng nữa: --format json")
    for answer in answers:
        typer.echo(f"  ✎ {answer.kind} · {answer.who} · {_moment(answer.at)}: {answer.text}")
    typer.echo("")


def _row(row: Row) -> str:
    from thuocdo.measure.quality import rules

    when = format_day(row.first) if row.first else "cả kỳ"
    of = f" / {format_count(row.of)}" if row.of is not None else ""
    expected = f" (đối chiếu: {format_count(row.expected)})" if row.expected is not None else ""
    return f"{when:<11}{rules().word(row.what).vi}: {format_count(row.seen)}{of}{expected}"
