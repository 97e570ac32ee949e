"""Coverage of the country: who should be heard, who is, who has fallen silent and since when."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from thuocdo.core import clock
from thuocdo.core.clock import Period
from thuocdo.core.vietnamese import collation_key, format_day, format_percent, percent
from thuocdo.measure.roll_call import HEARD_BY, Call, Week, roll_call
from thuocdo.registry.people import person
from thuocdo.registry.rights import Right
from thuocdo.web import board, charts, choosing, wording
from thuocdo.web.printing import NOTHING, language, moment
from thuocdo.web.problems import Problem
from thuocdo.web.spreadsheets import inert
from thuocdo.web.work import frame

_WEEKS: Final = 8
_DAYS: Final = 7
_SILENT_LISTED: Final = 5
_STATES: Final = {
    "": gettext_lazy("mọi trạng thái"),
    "silent": gettext_lazy("im lặng hoàn toàn"),
    "partly": gettext_lazy("có nguồn im lặng"),
    "full": gettext_lazy("đủ nguồn"),
    "closed": gettext_lazy("không còn nguồn nào phải gửi"),
}
_COLUMNS: Final = (
    *("agency", "name", "block", "kind", "week_first", "week_last"),
    *("expected", "reporting", "share_percent", "silent_sources", "silent_since"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of source of one agency, printed. `address`: "" where the reader may not open it."""

    call: Call
    name: str
    kind: str
    state: str
    state_words: str
    share: str
    silent: str
    since: str
    trend: SafeString
    opens: bool


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The table, or the same as CSV with every week of it (`format=csv`)."""
    block, kind, state = (
        _chosen(request, "block", ("", "province", "ministry")),
        _chosen(request, "kind", ("", *HEARD_BY)),
        _chosen(request, "state", tuple(_STATES)),
    )
    weeks = _weeks()
    kinds = (kind,) if kind else tuple(HEARD_BY)
    calls = [
        call
        for call in roll_call(board.measure(), weeks, kinds=kinds)
        if block in ("", call.block) and state in ("", _state(call.now))
    ]
    calls.sort(key=lambda call: (_share(call.now), collation_key(call.name), call.kind))
    if request.GET.get("format") == "csv":
        return _csv(calls)
    may = person(request.user)
    rows = [_row(call, opens=may.may(Right.SEE_WORK, call.agency)) for call in calls]
    context = {
        "title": _("Độ phủ cả nước"),
        "rows": rows,
        "chosen": {"block": block, "kind": kind, "state": state},
        "kinds": wording.SYSTEM_KINDS,
        "states": _STATES,
        "week": weeks[-1],
        "sums": _sums(calls),
        "weeks": _WEEKS,
    }
    return frame.page(request, "web/work/coverage.html", context)


def _weeks() -> list[Period]:
    """Eight stretches of seven days, the last one ending today; oldest first."""
    today = choosing.today()
    ends = [today - timedelta(days=_DAYS * back) for back in reversed(range(_WEEKS))]
    return [Period(end - timedelta(days=_DAYS - 1), end) for end in ends]


def _state(week: Week) -> str:
    if week.expected == 0:
        return "closed"
    if week.reporting == 0:
        return "silent"
    return "full" if week.reporting == week.expected else "partly"


def _share(week: Week) -> float:
    """What to sort by: the worst first, what is closed last."""
    return week.reporting / week.expected if week.expected else 2.0


def _printed(week: Week) -> str:
    share = percent(week.reporting, week.expected)
    return NOTHING if share is None else format_percent(share, language())


def _row(call: Call, *, opens: bool) -> Row:
    more = len(call.silent) - _SILENT_LISTED
    listed = ", ".join(call.silent[:_SILENT_LISTED]) + (f" … +{more}" if more > 0 else "")
    marks = [
        charts.Mark(
            format_day(week.period.last, language()),
            charts.FULL_PERCENT * week.reporting / week.expected if week.expected else None,
            f"{week.reporting}/{week.expected}",
        )
        for week in call.weeks
    ]
    title = _("Độ phủ 8 tuần: %(weeks)s") % {"weeks": ", ".join(mark.printed for mark in marks)}
    state = _state(call.now)
    since = moment(call.silent_since) if call.silent_since else _("chưa gửi lần nào")
    return Row(
        call,
        board.agency_name(call.name),
        str(wording.SYSTEM_KINDS[call.kind]),
        state,
        str(_STATES[state]),
        _printed(call.now),
        listed,
        since if call.silent else "",
        charts.sparkline(marks, title, charts.FULL_PERCENT),
        opens,
    )


def _sums(calls: list[Call]) -> list[tuple[str, int, int, str]]:
    """(kind, reporting, expected, share) of all that is listed."""
    found = []
    for kind, label in wording.SYSTEM_KINDS.items():
        own = [call.now for call in calls if call.kind == kind]
        if own:
            total = Week(own[0].period, sum(w.expected for w in own), sum(w.reporting for w in own))
            found.append((str(label), total.reporting, total.expected, _printed(total)))
    return found


def _csv(calls: list[Call]) -> HttpResponse:
    """Every week of every row; UTF-8 with a byte order mark, so that a spreadsheet opens it rightly."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for call in calls:
        for week in call.weeks:
            is_now = week is call.now
            since = clock.to_datetime(call.silent_since) if call.silent_since else None
            row = (
                *(call.agency, call.name, call.block, call.kind),
                *(week.period.first, week.period.last, week.expected, week.reporting),
                percent(week.reporting, week.expected),
                " ".join(call.silent) if is_now else None,
                since.isoformat(timespec="seconds") if since and is_now else None,
            )
            writer.writerow([inert(value) for value in row])
    name = f"do-phu-{calls[0].now.period.last if calls else 'trong'}.csv"
    return HttpResponse(
        out.getvalue().encode("utf-8-sig"),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _chosen(request: HttpRequest, name: str, allowed: tuple[str, ...]) -> str:
    text = request.GET.get(name, "")
    if text not in allowed:
        raise Problem(
            _("“%(value)s” không phải là giá trị của tham số “%(name)s”.")
            % {"value": text[:20], "name": name},
            _("Chọn bằng các ô chọn trên trang."),
        )
    return text
