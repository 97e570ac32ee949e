"""The front door of the API: what there is, and how old it is."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from thuocdo.core import clock
from thuocdo.measure.definitions import Text
from thuocdo.web import board
from thuocdo.web.api import shapes
from thuocdo.web.api.door import resource

router = Router(tags=["start"])
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
_ROOT = "/api/v1/"
_RESOURCES = (
    *("agencies", "sites", "services", "indicators", "figures", "rankings/{indicator}"),
    *("series/{indicator}", "reports", "assessments", "kpi/qcvn-125", "rejects"),
)


@resource(
    router,
    "/",
    shapes.Start,
    Text(vi="Điểm bắt đầu: các nguồn và độ mới của số liệu", en="Where everything is, and how old"),
    refusals=(400,),
)
def start(request: HttpRequest) -> Any:  # noqa: ARG001
    """Addresses of every resource, the licence, and what the current facts are made of."""
    measure = board.measure()
    fresh, log = measure.freshness(), measure.log()
    return shapes.Start(
        facts_version=fresh.facts_version,
        refreshed_at=_instant(fresh.refreshed_at),
        landed_at=_instant(fresh.landed_at),
        log=shapes.LogState(log.size, log.root) if log else None,
        licence=LICENCE,
        documentation="/api/",
        openapi=f"{_ROOT}openapi.json",
        resources=[_ROOT + name for name in _RESOURCES],
    )


def _instant(at: int | None) -> Any:
    return None if at is None else clock.to_datetime(at)
