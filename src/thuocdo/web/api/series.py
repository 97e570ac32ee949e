"""Lines: one agency, one block or the whole country through time."""

from __future__ import annotations

from typing import Any

import msgspec
from django.http import HttpRequest
from ninja import Query, Router

from thuocdo.measure.definitions import Text
from thuocdo.web import board, choosing
from thuocdo.web.api import asking, publishing, shapes
from thuocdo.web.api.door import resource
from thuocdo.web.api.rankings import version_of

router = Router(tags=["series"])


@resource(
    router,
    "/series/{indicator}",
    shapes.Series,
    Text(vi="Chuỗi thời gian của một cơ quan, một khối hoặc cả nước", en="A line through time"),
)
def series(request: HttpRequest, indicator: asking.Code, asked: Query[asking.Lines]) -> Any:
    """Under one definition and one map; null where nothing was measured or nothing may be published."""
    choice = choosing.read(request)
    points = publishing.series(indicator, choice, agency=asked.agency, block=asked.block)
    return shapes.Series(
        indicator=indicator,
        version=version_of(indicator, choice),
        agency=asked.agency,
        block=asked.block,
        unit=board.measure().definition(indicator).unit,
        period=shapes.Span(choice.period.first, choice.period.last),
        as_organised=choice.as_organised or choice.period.last,
        trust=asked.trust,
        points=[msgspec.convert(each, shapes.Point, from_attributes=True) for each in points],
    )
