"""The last 60 minutes, moving: drawn here, sent to whoever watches; a reload shows the same."""

from __future__ import annotations

import json
import time
from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from thuocdo.core import clock
from thuocdo.measure.minutes import Minute
from thuocdo.web import board, charts, columns, streams, wording
from thuocdo.web.intake import Tally
from thuocdo.web.printing import clock_time, count, language
from thuocdo.web.views.overview import today

MINUTES = 60
_SLOT_S = 5


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    context = {
        "title": _("Trực tiếp"),
        "today": today(),
        "fragment": _fragment(language(), str(board.instance().home), _slot()),
        "stream": reverse("live-stream"),
        "live": reverse("live"),
    }
    return render(request, "web/live.html", context)


@require_safe
async def stream(request: HttpRequest) -> HttpResponse:
    """The same part of the page again and again, as server-sent events."""
    spoken = "en" if request.path.startswith("/en/") else "vi"
    home = str(board.instance().home)

    def tell() -> str:
        return json.dumps({"html": _fragment(spoken, home, _slot())})

    return streams.stream(tell)


def _slot() -> int:
    return int(time.monotonic() / _SLOT_S)


@lru_cache(maxsize=4)
def _fragment(spoken: str, _home: str, _now: int) -> str:
    """Chart, sums and table of the last minutes; made once for all readers of a language."""
    with translation.override(spoken):
        minutes = board.measure().minutes(clock.now_us(), MINUTES)
        landed_at = board.measure().freshness().landed_at
        context = {
            "chart": _chart(minutes),
            "views": sum(minute.views for minute in minutes),
            "steps": sum(minute.steps for minute in minutes),
            "last": minutes[-1],
            "minutes": [(_clock(minute.start), minute) for minute in reversed(minutes)],
            "until": clock_time(landed_at),
            "lag": wording.lag(landed_at),
        }
        return render_to_string("web/parts/minutes.html", context)


def _chart(minutes: list[Minute]) -> str:
    top = charts.ceiling(max(1.0, *(minute.views for minute in minutes)))
    said = _(
        "Lượt xem trang mỗi phút trong %(n)s phút qua; nhiều nhất %(most)s. Số liệu ở bảng kèm theo."
    )
    return columns.columns(
        [Tally(accepted=minute.views) for minute in minutes],
        _("Lượt xem trang mỗi phút"),
        said % {"n": MINUTES, "most": count(max(minute.views for minute in minutes))},
        ends=(_clock(minutes[0].start), _clock(minutes[-1].start)),
        ticks=[(0.0, "0"), (top, count(round(top)))],
    )


def _clock(start: int) -> str:
    return f"{clock.to_datetime(start).astimezone(clock.VIETNAM):%H:%M}"
