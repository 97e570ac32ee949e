"""`thuocdo indicator` and what stands behind its figures: `sources` and `exclusions`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from thuocdo.cli import figure_output as printed
from thuocdo.cli import output as shown
from thuocdo.core import clock
from thuocdo.core import settings as settings_of
from thuocdo.core.periods import Against

if TYPE_CHECKING:
    from thuocdo.measure.service import Measure

_FORMATS: Final = ("table", "json", "csv")
_BY: Final = ("ministry", "province", "agency", "service", "children")

Code = Annotated[str, typer.Argument(help="For example online_dossier_rate.")]
Asked = Annotated[
    str | None, typer.Option("--period", help="A..B, 2022-04, 2022-Q1, 2022-W18, 2022-04-30-YTD.")
]
Agency = Annotated[
    str | None,
    typer.Option(help="H26, H26.01, 000.00.01.H26 or a GSO number: it and all below it."),
]
Known = Annotated[str | None, typer.Option("--as-known", help="As known at this time.")]
Organised = Annotated[str | None, typer.Option("--as-organised", help="As organised on this day.")]
Trusted = Annotated[str, typer.Option("--trust", help="any or verified.")]
Format = Annotated[str, typer.Option("--format", help="table, json or csv.")]


def add_to(app: typer.Typer) -> None:
    """The commands of this page."""
    app.command("indicator")(indicator)
    app.command("sources")(sources)
    app.command("exclusions")(exclusions)


def indicator(
    code: Code,
    version: Annotated[str | None, typer.Option(help="For example 2022-05.")] = None,
    by: Annotated[
        str, typer.Option(help="ministry, province, agency, service, children.")
    ] = "agency",
    period: Asked = None,
    agency: Agency = None,
    compare: Annotated[str | None, typer.Option(help="previous, last-year, or both: a,b.")] = None,
    as_known: Known = None,
    as_organised: Organised = None,
    trust: Trusted = "any",
    public: Annotated[
        bool, typer.Option("--public", help="As published: no small counts.")
    ] = False,
    output: Format = "table",
) -> None:
    """Print an indicator for every agency of a period."""
    shown.one_of("--format", output, _FORMATS)
    shown.one_of("--by", by, _BY)
    against = [part.strip() for part in compare.split(",")] if compare else []
    for part in against:
        shown.one_of("--compare", part, tuple(Against))
    asked = _asked(as_known, as_organised, trust) | {"by": by, "agency": agency, "version": version}
    measure, chosen = _measure(), _period(period)
    if against:
        from thuocdo.measure.comparing import compare as compare_figures

        ways = [Against(part) for part in against]
        found = compare_figures(measure, code, chosen, against=ways, public=public, **asked)
        printed.print_comparisons(found, output)
        return
    from thuocdo.measure.passport.asking import figure_name

    figures = measure.figures(code, chosen, **asked)
    if public:
        from thuocdo.measure.disclosure import disclose_ranking, policy_on

        figures = disclose_ranking(figures, policy_on(chosen.last), measure.definition)
    printed.print_figures(figures, output, partial(figure_name, measure))


def sources(
    code: Code,
    period: Asked = None,
    agency: Agency = None,
    as_known: Known = None,
    as_organised: Organised = None,
    trust: Trusted = "any",
    output: Format = "table",
) -> None:
    """List the sources an indicator should hear from: the silent first, and since when."""
    from thuocdo.measure.listening import sources as listed

    shown.one_of("--format", output, _FORMATS)
    asked = _asked(as_known, as_organised, trust)
    printed.print_sources(listed(_measure(), code, _period(period), agency=agency, **asked), output)


def exclusions(
    code: Code,
    version: Annotated[str | None, typer.Option(help="For example 2022-05.")] = None,
    period: Asked = None,
    agency: Agency = None,
    as_known: Known = None,
    as_organised: Organised = None,
    trust: Trusted = "any",
    output: Format = "table",
) -> None:
    """List what a figure leaves out: robots, refusals, dossiers that say too little."""
    from thuocdo.measure.exclusions import exclusions as listed

    shown.one_of("--format", output, _FORMATS)
    asked = _asked(as_known, as_organised, trust) | {"agency": agency, "version": version}
    printed.print_exclusions(listed(_measure(), code, _period(period), **asked), output)


def _measure() -> Measure:
    from thuocdo.measure.service import Measure

    found = settings_of.load()
    found.require_initialised()
    return Measure(found)


def _period(text: str | None) -> clock.Period:
    return clock.parse_period(text) if text else shown.year_to_date()


def _asked(as_known: str | None, as_organised: str | None, trust: str) -> dict[str, Any]:
    shown.one_of("--trust", trust, ("any", "verified"))
    return {
        "as_known": clock.parse_instant(as_known) if as_known else None,
        "as_organised": clock.parse_day(as_organised) if as_organised else None,
        "trust": trust,
    }
