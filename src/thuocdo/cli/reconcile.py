"""`thuocdo reconcile`: measured beside declared and national-portal figures, and the missing dossiers.

`thuocdo reconcile H57 …` reconciles; `match`, `tags` and `agree` are commands of their own.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
import typer
from typer.core import TyperGroup

from thuocdo.cli import output as shown
from thuocdo.cli import reconcile_output
from thuocdo.core import clock
from thuocdo.core import settings as settings_of
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vocabulary import Decision, Role

if TYPE_CHECKING:
    from thuocdo.measure.reconcile.model import Reconciliation
    from thuocdo.measure.reconcile.reconciling import Books

_SHOW: Final = "show"


class _Reconcile(TyperGroup):
    """`reconcile H57` means `reconcile show H57`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = [_SHOW, *args]
        return super().parse_args(ctx, args)


reconcile = typer.Typer(
    cls=_Reconcile,
    no_args_is_help=True,
    help="Measured beside stated figures: `thuocdo reconcile AGENCY --period P`, or a command.",
)

Period = Annotated[str, typer.Option(help="A..B, 2026-09, 2026-Q3, 2026-W40.")]
AsKnown = Annotated[str | None, typer.Option(help="As known at this time.")]
Column = Annotated[
    str | None, typer.Option(help="Heading or place of the column with the numbers.")
]
File = Annotated[Path, typer.Argument(help="Numbers: one a line, CSV or a workbook; .gz, .zst.")]
System = Annotated[str, typer.Argument(help="Code of the system, such as H57-one_stop.")]


@reconcile.command(_SHOW)
def show(
    agency: Annotated[str, typer.Argument(help="Code of the agency, for example H57.")],
    period: Period,
    as_known: AsKnown = None,
    as_organised: Annotated[str | None, typer.Option(help="As organised on this day.")] = None,
    trust: Annotated[str, typer.Option(help="any or verified.")] = "any",
    output: Annotated[str, typer.Option("--format", help="table, json, csv or xlsx.")] = "table",
    file: Annotated[Path | None, typer.Option("-o", "--output", help="File to write.")] = None,
) -> None:
    """Hold measured, declared and national-portal figures of an agency side by side."""
    shown.one_of("--format", output, ("table", "json", "csv", "xlsx"))
    shown.one_of("--trust", trust, ("any", "verified"))
    books = _books()
    found = _reconciled(books, agency, period, as_known, as_organised, trust)
    if output == "xlsx":
        from thuocdo.report.making import own_remark
        from thuocdo.report.render.reconciliation_xlsx import reconciliation_xlsx

        if file is None:
            raise ThuocdoError("bad_option", "Where to?", "Write -o doi-soat.xlsx.")
        remark = own_remark(books.settings)
        shown.write_file(file, reconciliation_xlsx(found, software=_software(), remark=remark))
    elif output == "json":
        text = msgspec.json.Encoder(decimal_format="number").encode(found).decode()
        reconcile_output.print_text(text, file)
    elif output == "csv":
        reconcile_output.print_csv(found, file)
    else:
        reconcile_output.print_table(found)


@reconcile.command("match")
def match_numbers(
    system: System,
    file: File,
    period: Period,
    column: Column = None,
    as_known: AsKnown = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Workbook with both lists.")
    ] = None,
    form: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
) -> None:
    """Find the dossiers that one side lacks: hashes a list of numbers and forgets it.

    Numbers of the list are written nowhere; the answer speaks of its lines.
    """
    from thuocdo.measure.reconcile.matching import match

    shown.one_of("--format", form, ("table", "json"))
    known = clock.parse_instant(as_known) if as_known else None
    found = match(_books(), system, file, clock.parse_period(period), column=column, as_known=known)
    if output is not None:
        from thuocdo.report.render.reconciliation_xlsx import matched_xlsx

        shown.write_file(output, matched_xlsx(found, software=_software()))
    elif form == "json":
        typer.echo(msgspec.json.encode(found).decode())
    else:
        reconcile_output.print_matched(found)


@reconcile.command("tags")
def print_tags(system: System, file: File, column: Column = None) -> None:
    """Print `line,tag` for a list of numbers: an agency pairs our dossiers with its own by them."""
    from thuocdo.measure.reconcile.matching import tags

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("line", "tag"))
    for line, tag in tags(_books(), system, file, column):
        writer.writerow((line, tag or ""))


@reconcile.command("agree")
def agree(
    agency: Annotated[str, typer.Argument(help="Code of the agency.")],
    indicator: Annotated[str, typer.Argument(help="Such as dossiers_received.")],
    period: Period,
    decision: Annotated[str, typer.Option(help="agreed, disputed or corrected.")],
    role: Annotated[str, typer.Option(help="Whose decision: agency or ministry.")],
    office: Annotated[str, typer.Option(help="The office that decided; never a person.")],
    figure: Annotated[
        str | None, typer.Option(help="Of a corrected figure: both hold to it.")
    ] = None,
    procedure: Annotated[str | None, typer.Option(help="Only of this service.")] = None,
    note: Annotated[str, typer.Option(help="Why, in a sentence.")] = "",
    as_known: AsKnown = None,
    trust: Annotated[str, typer.Option(help="any or verified.")] = "any",
) -> None:
    """Write down what a side decided on a figure; nothing written down is ever changed."""
    from thuocdo.measure.reconcile import agreements
    from thuocdo.measure.reconcile.agreements import Decided

    shown.one_of("--decision", decision, tuple(Decision))
    shown.one_of("--role", role, tuple(Role))
    books = _books()
    found = _reconciled(books, agency, period, as_known, None, trust)
    decided = Decided(
        indicator, Decision(decision), Role(role), office, note, _number(figure), procedure
    )
    written = agreements.record(books.lake, found, decided)
    typer.echo(
        f"{decision}: {indicator} {found.agency} {found.first}..{found.last}; "
        f"measured {written.measured or '–'}, declared {written.declared or '–'}, "
        f"agreed {written.agreed or '–'}"
    )


def _books() -> Books:
    from thuocdo.measure.reconcile.reconciling import Books

    found = settings_of.load()
    found.require_initialised()
    return Books.open(found)


def _reconciled(
    books: Books,
    agency: str,
    period: str,
    as_known: str | None,
    as_organised: str | None,
    trust: str,
) -> Reconciliation:
    from thuocdo.measure.reconcile.reconciling import reconcile as held

    return held(
        books,
        agency,
        clock.parse_period(period),
        as_known=clock.parse_instant(as_known) if as_known else None,
        as_organised=clock.parse_day(as_organised) if as_organised else None,
        trust=trust,
    )


def _number(text: str | None) -> Any:
    from thuocdo.lake.importing.declared import number_of

    if text is None:
        return None
    value = number_of(text)
    if value is None or value < 0:
        raise ThuocdoError(
            "bad_option",
            f"--figure {text!r} reads two ways, or as no number.",
            "Write 9941 or 88,45.",
        )
    return int(value) if value == value.to_integral_value() else value


def _software() -> str:
    from importlib.metadata import version

    return f"thuocdo {version('thuocdo')}"
