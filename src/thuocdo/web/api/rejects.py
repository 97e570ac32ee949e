"""Refused records, for whoever sent them: only with a key, and only what its scope opens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from thuocdo.core import clock
from thuocdo.core.vocabulary import REJECT_TEXTS, RejectReason
from thuocdo.lake import rejects as lake_rejects
from thuocdo.lake.rejects import Reject, Wanted
from thuocdo.lake.store import Lake
from thuocdo.measure.definitions import Text
from thuocdo.web import board, choosing
from thuocdo.web.api import asking, listing, shapes
from thuocdo.web.api.agencies import meant
from thuocdo.web.api.door import resource
from thuocdo.web.api.problems import Refusal
from thuocdo.web.api.tokens import Key, Scope
from thuocdo.wire.canonical import in_scope

router = Router(tags=["rejects"])


@resource(
    router,
    "/rejects",
    shapes.Page[shapes.Reject],
    Text(vi="Bản ghi bị từ chối, kèm lý do", en="Refused records and why"),
    media=listing.MEDIA,
    auth=Key(),
    refusals=(400, 403, 404),
)
def rejects(request: HttpRequest, asked: Query[asking.Rejects]) -> Any:
    """The oldest first. Payloads are as they were kept: codes and dates, nothing personal."""
    scope: Scope = request.auth
    wanted = Wanted(asked.site_id, _agency(asked, scope), asked.reason, asked.since)
    if scope.site_ids and asked.site_id is not None and asked.site_id not in scope.site_ids:
        raise Refusal("out_of_scope", parameters=("site_id",))
    return listing.answer(
        request,
        lambda key: map(_shape, _after(wanted, scope, key)),
        lambda row: [clock.from_datetime(row.landed_at), row.segment, row.event_id],
        shapes.Reject,
        limit=asked.limit,
        cursor=asked.cursor,
        form=asked.format,
    )


def _agency(asked: asking.Rejects, scope: Scope) -> str | None:
    """Whose records: what is asked within the scope, else all of the scope."""
    wanted = meant(asked.agency, choosing.today())
    if wanted is None:
        return scope.agency
    if not in_scope(wanted, scope.agency):
        raise Refusal("out_of_scope", parameters=("agency",))
    return wanted


def _after(wanted: Wanted, scope: Scope, key: list[Any] | None) -> Iterator[Reject]:
    """Behind a key, a day at a time: of one day the order is that of the keys."""
    if key is not None:
        since = clock.local_day(key[0])
        wanted = wanted._replace(since=max(since, wanted.since or date.min))
    found = lake_rejects.select(Lake.open(board.instance()), wanted)
    for _, of_day in groupby(found, key=lambda each: clock.local_day(each.landed_at)):
        for each in sorted(of_day, key=_key):
            if (key is None or _key(each) > key) and _is_open(each, scope):
                yield each


def _key(reject: Reject) -> list[Any]:
    return [reject.landed_at, reject.segment, reject.event_id]


def _is_open(reject: Reject, scope: Scope) -> bool:
    in_sites = not scope.site_ids or reject.site_id in scope.site_ids
    return in_sites and (not scope.feeds or reject.feed in scope.feeds)


def _shape(reject: Reject) -> shapes.Reject:
    return shapes.Reject(
        segment=reject.segment,
        event_id=reject.event_id,
        landed_at=clock.to_datetime(reject.landed_at),
        site_id=reject.site_id,
        agency=reject.agency,
        feed=reject.feed,
        trust=reject.trust,
        reason=reject.reason,
        reason_text=_text(reject.reason),
        detail=reject.detail,
        payload=reject.payload,
    )


def _text(reason: str) -> Text:
    return Text(*REJECT_TEXTS[RejectReason(reason)])
