"""Services: procedures as agencies offer them, with the level of a day."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from thuocdo.measure.definitions import Text
from thuocdo.web import choosing
from thuocdo.web.api import asking, listing, rows, shapes
from thuocdo.web.api.agencies import meant
from thuocdo.web.api.door import resource

router = Router(tags=["services"])
_FIELDS = shapes.Service.__struct_fields__
_NEEDED = ("agency", "procedure", "level")


@resource(
    router,
    "/services",
    shapes.Page[shapes.Service],
    Text(vi="Danh mục dịch vụ công và mức độ cung cấp", en="Services and their levels"),
    media=listing.MEDIA,
)
def services(request: HttpRequest, asked: Query[asking.Services]) -> Any:
    """The catalogue of the day, by agency and procedure; all of it with format=ndjson or csv."""
    day = asked.on or choosing.today()
    found = rows.equal(rows.on("services", day), procedure=asked.procedure, level=asked.level)
    found = rows.within(found, meant(asked.agency, day))
    return listing.answer(
        request,
        lambda key: map(shape, rows.after(found, "services", key)),
        lambda row: [row.agency, row.procedure],
        shapes.Service,
        limit=asked.limit,
        cursor=asked.cursor,
        form=asked.format,
    )


def shape(row: dict[str, Any]) -> shapes.Service:
    """A dated row as the API writes it; an empty text is none."""
    return shapes.Service(
        **{name: row[name] if name in _NEEDED else row[name] or None for name in _FIELDS}
    )
