"""Figures of every level as they may be published, with their permanent names.

Ministries and provinces are shown as the pages show them (web/publishing.py). A figure below them is
never judged alone: whoever adds up its neighbours and takes them from what stands above would have it.
So all tables from the top down to it are disclosed together; and nothing is shown below a figure that a
check keeps out of print, for its parts add up to it.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from thuocdo.core import clock
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vocabulary import Block
from thuocdo.measure.disclosure import Table, disclose, policy_on
from thuocdo.measure.model import Figure, Flag, Point
from thuocdo.measure.organisation import Agency
from thuocdo.web import board, passports
from thuocdo.web import publishing as site
from thuocdo.web.api import shapes
from thuocdo.web.choosing import Choice

PASSPORTS = "/api/v1/figures/"


def ranking(code: str, choice: Choice, block: str) -> list[Figure]:
    """A whole block, ranked ones first."""
    return site.published(board.measure(), _ask(code, choice, block=block))


def of_all(code: str, choice: Choice) -> list[Figure]:
    """Both blocks, each by itself."""
    return [each for block in Block for each in ranking(code, choice, block.value)]


def of_agency(code: str, choice: Choice, agency: str) -> Figure:
    """One agency's figure. Raises ThuocdoError `unknown_agency`, `agency_not_there`."""
    path, said = _path(choice, agency)
    own, top = path[0], path[-1]
    if len(path) > 1:
        shown = next(
            (each for each in _below(code, choice, path[1:]) if each.agency == own.code), None
        )
    elif top.block:
        shown = next(each for each in ranking(code, choice, top.block) if each.agency == own.code)
    else:
        shown = _alone(code, choice, own)
    found = shown or _alone(code, choice, own)
    flags = tuple(sorted({*found.flags, *said}))
    return msgspec.structs.replace(found, flags=flags)


def of_children(code: str, choice: Choice, agency: str) -> list[Figure]:
    """Those directly below an agency, and what is its own."""
    path, _ = _path(choice, agency)
    return _below(code, choice, path)


def of_services(
    code: str, choice: Choice, *, agency: str | None, block: str | None
) -> list[Figure]:
    """Each procedure of an agency, of a block, or of the country."""
    raw = _ask(code, choice, by="service", agency=agency, block=block)
    shown = site.published_services(board.measure(), raw)
    if agency is None:
        return shown
    if site.is_withheld(of_agency(code, choice, agency)):
        return [site.hide(figure) for figure in raw]
    (total,) = _ask(code, choice, agency=agency)
    (table,) = disclose(
        [Table(tuple(raw), total)], policy_on(choice.period.last), board.measure().definition
    )
    hidden = {each.procedure for each in table.parts if Flag.SUPPRESSED in each.flags}
    return [site.hide(each) if each.procedure in hidden else each for each in shown]


def series(code: str, choice: Choice, *, agency: str | None, block: str | None) -> Sequence[Point]:
    """A line; of an agency whose whole figure is withheld no point, for they add up to it."""
    points = board.series(code, choice, agency=agency, block=block)
    if agency and site.is_withheld(of_agency(code, choice, agency)):
        return [Point(point.first, point.last, None, None, None) for point in points]
    return points


def shape(figure: Figure) -> shapes.Figure:
    """A shown figure as the API writes it, with its name."""
    name = passports.name_for(board.measure(), figure)
    coverage, interval = figure.coverage, figure.interval
    return shapes.Figure(
        figure=name,
        passport=PASSPORTS + name if name else None,
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
        coverage=shapes.Covered(coverage.reporting, coverage.expected, coverage.new)
        if coverage
        else None,
        rank=figure.rank,
        rank_low=figure.rank_low,
        rank_high=figure.rank_high,
        interval=shapes.Between(interval.low, interval.high) if interval else None,
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


def _path(choice: Choice, agency: str) -> tuple[tuple[Agency, ...], tuple[str, ...]]:
    """The agency that answers and those above it, top last; and what is to be said of that."""
    day = choice.as_organised or choice.period.last
    with board.measure().reading(None) as (facts, _):
        organisation = facts.dimensions.organisation
        code = organisation.meant(agency, day, choice.period)
        whose = organisation.at(code, day)
        path = organisation.path(whose.code, day)
    if not path:
        raise ThuocdoError("unknown_agency", f"The agency {agency!r} is not on the map of {day}.")
    return path, () if whose.code == code else (Flag.SUCCESSOR_ANSWERS.value,)


def _alone(code: str, choice: Choice, agency: Agency) -> Figure:
    """The figure of an agency that stands in no table."""
    raw = _ask(code, choice, agency=agency.code)
    (table,) = disclose(
        [Table(tuple(raw))], policy_on(choice.period.last), board.measure().definition
    )
    return table.parts[0]


def _below(code: str, choice: Choice, path: Sequence[Agency]) -> list[Figure]:
    """The children of `path[0]`, disclosed together with every table above them."""
    top, tables = path[-1], []
    if top.block:
        tables.append(Table(tuple(_ask(code, choice, block=top.block))))
    for parent in reversed(path):
        children = _ask(code, choice, by="children", agency=parent.code)
        (whole,) = _ask(code, choice, agency=parent.code)
        tables.append(Table(tuple(children), whole))
    shown = list(
        disclose(tables, policy_on(choice.period.last), board.measure().definition)[-1].parts
    )
    if top.block and site.is_withheld(of_agency(code, choice, top.code)):
        return [site.hide(figure) for figure in shown]
    return shown
