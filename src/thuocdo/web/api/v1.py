"""Version 1 of the API, put together."""

from __future__ import annotations

from thuocdo import __version__
from thuocdo.web.api import (
    agencies,
    assessments,
    export,
    figures,
    indicators,
    rankings,
    rejects,
    reports,
    series,
    services,
    sites,
    start,
)
from thuocdo.web.api.door import Door, handle_refusals

api = Door(
    title="Thước Đo",
    version=__version__,
    description="Measures how a state's digital services are supplied and used. Figures, rankings, "
    "lines, definitions and passports as data; licence CC BY 4.0. Answers are the same in every "
    "language; problems (RFC 9457) are told in Vietnamese or English by Accept-Language.",
    urls_namespace="api-v1",
    docs_url=None,
    openapi_url="/openapi.json",
    openapi_extra={
        "info": {
            "license": {"name": "CC BY 4.0", "url": start.LICENCE},
        }
    },
)
for room in (
    *(start, agencies, sites, services, indicators, figures, rankings, series),
    *(reports, assessments, export, rejects),
):
    api.add_router("", room.router)
handle_refusals(api)
