"""Rankings: a whole block side by side."""

from __future__ import annotations

from typing import Any

import msgspec
from django.http import HttpRequest
from ninja import Query, Router

from thuocdo.measure.definitions import Text
from thuocdo.web import board, choosing
from thuocdo.web.api import asking, publishing, shapes
from thuocdo.web.api.door import resource
from thuocdo.web.choosing import Choice

router = Router(tags=["rankings"])


@resource(
    router,
    "/rankings/{indicator}",
    shapes.Ranking,
    Text(vi="Xếp hạng đầy đủ của một khối", en="The whole ranking of a block"),
)
def ranking(request: HttpRequest, indicator: asking.Code, asked: Query[asking.Blocks]) -> Any:
    """Best first, those without a rank last with the reason in `flags`; both national values by name."""
    choice = choosing.read(request)
    found = publishing.ranking(indicator, choice, asked.block)
    national = board.measure().national(found, asked.block)
    return shapes.Ranking(
        indicator=indicator,
        version=version_of(indicator, choice),
        block=asked.block,
        period=shapes.Span(choice.period.first, choice.period.last),
        as_organised=choice.as_organised or choice.period.last,
        trust=asked.trust,
        national=msgspec.convert(national, shapes.National, from_attributes=True),
        rows=[publishing.shape(each) for each in found],
    )


def version_of(indicator: str, choice: Choice) -> str:
    """The version of the definition that a choice comes to."""
    definition = board.measure().definition(indicator)
    return definition.version_for(choice.period.last, choice.version).version
