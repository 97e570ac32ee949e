"""Figures as they may be published, with the names by which they are found again.

Small counts are hidden here for every door of the API, the badges and the widgets. A figure below a
ministry or a province is never judged alone: whoever adds up its neighbours and takes them from what
stands above would have it. So all tables from the top down to it are published, and hidden, together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from thuocdo.core import clock
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vocabulary import Block
from thuocdo.measure.disclosure import Table, disclose, disclose_points, disclose_ranking, policy_on
from thuocdo.measure.model import Figure, Flag, Point
from thuocdo.measure.organisation import Organisation
from thuocdo.measure.passport.asking import figure_name
from thuocdo.web import board, choosing
from thuocdo.web.api import shapes
from thuocdo.web.api.asking import Chosen
from thuocdo.web.choosing import Choice

PASSPORTS = "/api/v1/figures/"


@dataclass(frozen=True, slots=True)
class Published:
    """A figure as it may be shown, and its permanent name where that tells nothing more."""

    figure: Figure
    name: str | None


def choice_of(asked: Chosen, block: str | None = None) -> Choice:
    """The choice of the pages that a question comes to. Raises Problem or ThuocdoError."""
    return choosing.of(
        period=asked.period,
        block=block or Block.PROVINCE.value,
        version=asked.version,
        as_organised=asked.as_organised,
        trust=asked.trust,
    )


def ranking(code: str, choice: Choice, block: str) -> list[Published]:
    """A whole block, ranked ones first."""
    raw = _ask(code, choice, block=block)
    shown = disclose_ranking(raw, policy_on(choice.period.last))
    before = {figure.agency: figure for figure in raw}
    return [_named(figure, before.get(figure.agency)) for figure in shown]


def of_all(code: str, choice: Choice) -> list[Published]:
    """Both blocks, each by itself."""
    return [each for block in Block for each in ranking(code, choice, block.value)]


def of_agency(code: str, choice: Choice, agency: str) -> Published:
    """One agency's figure. Raises ThuocdoError `unknown_agency`, `agency_not_there`."""
    path, said = _path(choice, agency)
    top = path[-1]
    if len(path) == 1 and top.block:
        found = ranking(code, choice, top.block)
        return _saying(next(each for each in found if each.figure.agency == top.code), said)
    raw = _ask(code, choice, agency=path[0].code)
    if len(path) == 1:
        (table,) = disclose([Table(tuple(raw))], policy_on(choice.period.last))
        return _saying(_named(table.parts[0], raw[0]), said)
    tables = _tables(code, choice, [each.code for each in path[1:]], top.block)
    shown = disclose(tables, policy_on(choice.period.last))[-1]
    part = next((each for each in shown.parts if each.agency == path[0].code), None)
    hidden = part is None or Flag.SUPPRESSED in part.flags
    return _saying(_named(part if hidden and part else raw[0], raw[0]), said)


def of_children(code: str, choice: Choice, agency: str) -> list[Published]:
    """Those directly below an agency, and what is its own."""
    path, _ = _path(choice, agency)
    tables = _tables(code, choice, [each.code for each in path], path[-1].block)
    shown = disclose(tables, policy_on(choice.period.last))[-1]
    return [
        _named(figure, raw) for figure, raw in zip(shown.parts, tables[-1].parts, strict=True)
    ]


def of_services(
    code: str, choice: Choice, *, agency: str | None, block: str | None
) -> list[Published]:
    """Each procedure of an agency, of a block, or of the country."""
    raw = _ask(code, choice, by="service", agency=agency, block=block)
    total = _ask(code, choice, agency=agency)[0] if agency else None
    (table,) = disclose([Table(tuple(raw), total)], policy_on(choice.period.last))
    return [_named(figure, before) for figure, before in zip(table.parts, raw, strict=True)]


def series(
    code: str, choice: Choice, *, agency: str | None, block: str | None
) -> Sequence[Point]:
    """A line; of an agency whose whole figure is hidden no point is shown, for they add up to it."""
    points = board.series(code, choice, agency=agency, block=block)
    if agency and Flag.SUPPRESSED in of_agency(code, choice, agency).figure.flags:
        return [Point(point.first, point.last, None, None, None) for point in points]
    version = board.measure().definition(code).version_for(choice.period.last, choice.version)
    return disclose_points(points, version, policy_on(choice.period.last))


def shape(published: Published) -> shapes.Figure:
    """A figure as the API writes it."""
    figure = published.figure
    coverage, interval = figure.coverage, figure.interval
    return shapes.Figure(
        figure=published.name,
        passport=PASSPORTS + published.name if published.name else None,
        indicator=figure.indicator,
        version=figure.version,
        agency=figure.agency,
        name=figure.name,
        block=figure.block,
        procedure=figure.procedure,
        period=shapes.Span(figure.period_first, figure.period_last),
        as_organised=figure.as_organised,
        trust="verified" if figure.trust == "verified" else "any",
        unit=figure.unit,
        numerator=figure.numerator,
        denominator=figure.denominator,
        value=figure.value,
        coverage=coverage and shapes.Covered(coverage.reporting, coverage.expected, coverage.new),
        rank=figure.rank,
        rank_low=figure.rank_low,
        rank_high=figure.rank_high,
        interval=interval and shapes.Between(interval.low, interval.high),
        no_interval=figure.no_interval,
        flags=list(figure.flags),
        provenance=figure.provenance,
        fresh_at=None if figure.freshness is None else clock.to_datetime(figure.freshness),
    )


def _ask(
    code: str,
    choice: Choice,
    *,
    by: str = "agency",
    block: str | None = None,
    agency: str | None = None,
) -> list[Figure]:
    return board.measure().figures(
        code,
        choice.period,
        version=choice.version,
        by=by,
        block=block,
        agency=agency,
        as_organised=choice.as_organised,
        trust=choice.trust,
    )


def _path(choice: Choice, agency: str) -> tuple[tuple, tuple[str, ...]]:
    """The agency that answers and those above it, top last; and what is to be said of that."""
    day = choice.as_organised or choice.period.last
    with board.measure().reading(None) as (facts, _):
        organisation: Organisation = facts.dimensions.organisation
        code = organisation.meant(agency, day, choice.period)
        whose = organisation.at(code, day)
        path = organisation.path(whose.code, day)
    if not path:
        raise ThuocdoError("unknown_agency", f"The agency {agency!r} is not on the map of {day}.")
    return path, () if whose.code == code else (Flag.SUCCESSOR_ANSWERS.value,)


def _tables(code: str, choice: Choice, above: list[str], block: str | None) -> list[Table]:
    """The tables from the block down to the children of `above[0]`, each with what it adds up to."""
    tables = []
    if block:
        tables.append(Table(tuple(_ask(code, choice, block=block))))
    for parent in reversed(above):
        children = _ask(code, choice, by="children", agency=parent)
        (whole,) = _ask(code, choice, agency=parent)
        tables.append(Table(tuple(children), whole))
    return tables


def _saying(published: Published, said: tuple[str, ...]) -> Published:
    """With what is to be said beyond the figure's own flags."""
    if not said:
        return published
    flags = tuple(sorted({*published.figure.flags, *said}))
    return Published(msgspec.structs.replace(published.figure, flags=flags), published.name)


def _named(figure: Figure, raw: Figure | None) -> Published:
    """With its name; none where the name's check could be used to find out what is hidden."""
    if raw is None or Flag.SUPPRESSED in figure.flags or figure.rank != raw.rank:
        return Published(figure, None)
    return Published(figure, figure_name(board.measure(), raw))
