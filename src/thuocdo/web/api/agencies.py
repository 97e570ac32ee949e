"""Agencies as organised on a day, with both forms of their codes."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from thuocdo.core.codes import old_code
from thuocdo.measure.definitions import Text
from thuocdo.web import board, choosing
from thuocdo.web.api import asking, listing, rows, shapes
from thuocdo.web.api.door import resource

router = Router(tags=["agencies"])


@resource(
    router,
    "/agencies",
    shapes.Page[shapes.Agency],
    Text(
        vi="Danh sách cơ quan theo tổ chức bộ máy của một ngày", en="Agencies as organised on a day"
    ),
    media=listing.MEDIA,
)
def agencies(request: HttpRequest, asked: Query[asking.Agencies]) -> Any:
    """Every agency that is there on the day, by code."""
    day = asked.on or choosing.today()
    found = rows.equal(rows.on("agencies", day), kind=asked.kind, parent=meant(asked.parent, day))
    found = rows.said(found, asked.q, ("name", "name_en", "code"))
    return listing.answer(
        request,
        lambda key: map(shape, rows.after(found, "agencies", key)),
        lambda row: [row.code],
        shapes.Agency,
        limit=asked.limit,
        cursor=asked.cursor,
        form=asked.format,
    )


@resource(
    router,
    "/agencies/{code}",
    shapes.AgencyPage,
    Text(vi="Một cơ quan và vị trí trong bộ máy", en="One agency and its place on the map"),
)
def agency(request: HttpRequest, code: asking.Code, asked: Query[asking.Day]) -> Any:  # noqa: ARG001
    """By its code in either form (H26, 000.00.00.H26) or its GSO number; a merged one's successor answers."""
    day = asked.on or choosing.today()
    with board.measure().reading(None) as (facts, _):
        organisation = facts.dimensions.organisation
        whose = organisation.find(code, day)
        path = organisation.path(whose.code, day)
        below = sorted(each.code for each in organisation.children(whose.code, day))
    own = {row["code"]: row for row in rows.on("agencies", day).to_pylist()}
    merged = rows.history("agencies", successor=whose.code)
    return shapes.AgencyPage(
        on=day,
        agency=shape(own[whose.code]),
        above=[each.code for each in path[1:]],
        below=[shape(own[each]) for each in dict.fromkeys(below) if each in own],
        predecessors=sorted({row["code"] for row in merged} - {whose.code}),
    )


def shape(row: dict[str, Any]) -> shapes.Agency:
    """A dated row as the API writes it."""
    return shapes.Agency(
        code=row["code"],
        old_code=old_code(row["code"]),
        gso_code=row["gso_code"] or None,
        name=row["name"],
        name_en=row["name_en"] or None,
        kind=row["kind"],
        parent=row["parent"] or None,
        successor=row["successor"] or None,
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
    )


def meant(code: str | None, day: date) -> str | None:
    """The registered code that a person means. Raises ThuocdoError `unknown_agency`."""
    if code is None:
        return None
    with board.measure().reading(None) as (facts, _):
        return str(facts.dimensions.organisation.meant(code, day))
