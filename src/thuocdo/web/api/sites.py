"""Sites that are measured."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from thuocdo.measure.definitions import Text
from thuocdo.web import choosing
from thuocdo.web.api import asking, listing, rows, shapes
from thuocdo.web.api.agencies import meant
from thuocdo.web.api.door import resource
from thuocdo.web.api.problems import Refusal

router = Router(tags=["sites"])
_LARGEST_ID = (1 << 31) - 1


@resource(
    router,
    "/sites",
    shapes.Page[shapes.Site],
    Text(vi="Danh sách trang được giám sát", en="Sites that are measured"),
    media=listing.MEDIA,
)
def sites(request: HttpRequest, asked: Query[asking.Sites]) -> Any:
    """Every site that is there on the day, by its number."""
    day = asked.on or choosing.today()
    found = rows.equal(rows.on("sites", day), kind=asked.kind)
    found = rows.within(found, meant(asked.agency, day))
    found = rows.said(found, asked.q, ("name", "hostnames", "site_id"))
    return listing.answer(
        request,
        lambda key: map(shape, rows.after(found, "sites", key)),
        lambda row: [row.site_id],
        shapes.Site,
        limit=asked.limit,
        cursor=asked.cursor,
        form=asked.format,
    )


@resource(
    router,
    "/sites/{site_id}",
    shapes.Site,
    Text(vi="Một trang được giám sát", en="One site"),
)
def site(request: HttpRequest, site_id: int) -> Any:  # noqa: ARG001
    """As it is today, else its latest row."""
    today = choosing.today()
    history = rows.history("sites", site_id=site_id) if 0 <= site_id <= _LARGEST_ID else []
    if not history:
        raise Refusal("unknown_site")
    begun = [row for row in history if (row["valid_from"] or today) <= today]
    return shape((begun or history)[-1])


def shape(row: dict[str, Any]) -> shapes.Site:
    """A dated row as the API writes it."""
    return shapes.Site(
        site_id=row["site_id"],
        name=row["name"],
        agency=row["agency"],
        system=row["system"],
        kind=row["kind"],
        hostnames=list(row["hostnames"] or ()),
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
    )
