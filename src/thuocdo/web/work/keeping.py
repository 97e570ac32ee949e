"""What the instance holds beside its figures, how long, and what goes next: for whoever runs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from thuocdo.core import clock
from thuocdo.keeping.policy import Code, Policy, policy_on
from thuocdo.keeping.sweeping import Line, look
from thuocdo.measure.definitions import Source, Text
from thuocdo.registry.models import Change
from thuocdo.web import board
from thuocdo.web.printing import language
from thuocdo.web.work import frame

_LATEST: Final = 10


@dataclass(frozen=True, slots=True)
class Told:
    """One kind in the reader's language. source: its own, None for that of the whole policy."""

    name: str
    why: str
    since: str
    source: Source | None
    line: Line


@dataclass(frozen=True, slots=True)
class Removed:
    """One line of the trail about what went."""

    name: str
    pieces: int
    bytes: int | None
    line: Change


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Every kind, what is due, what went lately; nothing can be done here."""
    here, now = board.instance(), clock.now_us()
    policy = policy_on(here, clock.local_day(now))
    lines = [_told(line) for line in look(here, now)]
    going = [each for each in lines if each.line.keep.days is not None]
    looked = [each.line.looked for each in going if each.line.looked]
    context = {
        "title": _("Lưu giữ dữ liệu"),
        "policy": policy,
        "going": going,
        "for_good": [each for each in lines if each.line.keep.days is None],
        "held_bytes": sum(one.held_bytes or 0 for one in looked),
        "due": sum(one.due for one in looked),
        "due_bytes": sum(one.due_bytes or 0 for one in looked),
        "bound": sum(one.bound for one in looked),
        "removed": _removed(policy),
    }
    return frame.page(request, "web/work/keeping.html", context)


def _told(line: Line) -> Told:
    keep = line.keep
    return Told(_in(keep.name), _in(keep.why), _in(keep.since), keep.source, line)


def _removed(policy: Policy) -> list[Removed]:
    rows = Change.objects.filter(what=Change.What.KEPT)[:_LATEST]
    return [
        Removed(
            _in(policy.kinds[Code(row.after["kind"])].name),
            row.before["pieces"],
            row.before.get("bytes"),
            row,
        )
        for row in rows
    ]


def _in(text: Text) -> str:
    return text.told(language())
