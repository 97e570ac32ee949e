"""Figures and their passports: what was measured of whom, and how anybody makes it again."""

from __future__ import annotations

from importlib.metadata import version as installed_version
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from thuocdo.core import clock
from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.definitions import Text
from thuocdo.measure.model import Figure, Flag
from thuocdo.measure.passport.making import left_out, wording_of
from thuocdo.measure.passport.naming import Question
from thuocdo.web import board, choosing, passports
from thuocdo.web import publishing as site
from thuocdo.web.api import asking, listing, publishing, shapes
from thuocdo.web.api.door import resource
from thuocdo.web.api.problems import Refusal
from thuocdo.web.choosing import CUSTOM, Choice

router = Router(tags=["figures"])


@resource(
    router,
    "/figures",
    shapes.Page[shapes.Figure],
    Text(vi="Giá trị một chỉ số của các cơ quan hoặc dịch vụ", en="Values of an indicator"),
    media=listing.MEDIA,
)
def figures(request: HttpRequest, asked: Query[asking.Figures]) -> Any:
    """By agency code, then procedure. Each names itself for good and leads to its passport."""
    choice = choosing.read(request)
    found = sorted(_found(asked, choice), key=_key)
    return listing.answer(
        request,
        lambda key: (publishing.shape(each) for each in found if key is None or _key(each) > key),
        lambda row: [row.agency, row.procedure or "", Flag.DIRECTLY in row.flags],
        shapes.Figure,
        limit=asked.limit,
        cursor=asked.cursor,
        form=asked.format,
    )


@resource(
    router,
    "/figures/{name}",
    shapes.Passport,
    Text(
        vi="Hộ chiếu của một con số, theo tên cố định", en="The passport of a figure, by its name"
    ),
    refusals=(400, 403, 404),
)
def passport(request: HttpRequest, name: asking.Name) -> Any:  # noqa: ARG001
    """What the name stands for, what comes out now, the definition, what is left out, and the recipe.

    Nothing of the past is computed again here: `thuocdo verify NAME` does, for whoever has the raw lake.
    """
    measure = board.measure()
    found = passports.find(measure, name)
    question = found.question
    now = _as_shown(question, found.now)
    if now is not None and site.is_withheld(now):
        raise Refusal("too_small")
    then = found.then
    return shapes.Passport(
        name=name,
        question=question,
        now=publishing.shape(now) if now is not None else None,
        same=found.same,
        then=then.answer if then else None,
        then_at=clock.to_datetime(then.at) if then else None,
        definition=wording_of(measure, question),
        excluded=left_out(board.measure(), question),
        log=shapes.LogState(found.log.size, found.log.root) if found.log else None,
        erased=found.erased,
        software=f"thuocdo {installed_version('thuocdo')}",
        recipe=[
            f"thuocdo verify {name}",
            f"thuocdo verify {name} --lake LAKE --ledger LEDGER --key KEY.json",
        ],
    )


def _found(asked: asking.Figures, choice: Choice) -> list[Figure]:
    code = asked.indicator
    if asked.by == "service":
        return publishing.of_services(code, choice, agency=asked.agency, block=asked.block)
    if asked.by == "children":
        if asked.agency is None:
            raise ThuocdoError("agency_needed", "by=children needs the agency above them.")
        return publishing.of_children(code, choice, asked.agency)
    if asked.agency is not None:
        return [publishing.of_agency(code, choice, asked.agency)]
    if asked.block is not None:
        return publishing.ranking(code, choice, asked.block)
    return publishing.of_all(code, choice)


def _key(figure: Figure) -> list[Any]:
    return [figure.agency, figure.procedure or "", Flag.DIRECTLY in figure.flags]


def _as_shown(question: Question, now: Figure | None) -> Figure | None:
    """A figure below a ministry or province is judged with the tables above it."""
    if now is None or question.agency is None or question.procedure or question.own:
        return now
    choice = Choice(
        period=question.period,
        preset=CUSTOM,
        block=choosing.Block.PROVINCE,
        version=question.version,
        as_organised=question.organised,
        trust=question.trust,
    )
    return publishing.of_agency(question.indicator, choice, question.agency)
