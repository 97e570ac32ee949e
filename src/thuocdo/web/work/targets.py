"""Targets: what must be reached by when, where the series is heading, and who set it.

A change is a file more in the instance's folder (measure/targets/setting.py): the one before stays, with who,
when and why. What is public draws the targets in force from the same place.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from thuocdo.core import clock
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vietnamese import format_day
from thuocdo.measure.definitions import Source, Text
from thuocdo.measure.outlook.model import Aim, Verdict
from thuocdo.measure.outlook.outlook import look_ahead
from thuocdo.measure.targets.model import Target, targets
from thuocdo.measure.targets.setting import SetTargets, Setting, set_target, set_targets
from thuocdo.registry.people import person
from thuocdo.registry.rights import Right
from thuocdo.web import board, choosing, problems, wording
from thuocdo.web.printing import language, printed
from thuocdo.web.problems import Problem
from thuocdo.web.work import frame

_LONGEST: Final = 500
_VERDICTS: Final = {
    Verdict.REACHED: gettext_lazy("đã đạt"),
    Verdict.ON_PACE: gettext_lazy("theo đà này sẽ đạt"),
    Verdict.UNCERTAIN: gettext_lazy("có thể đạt, chưa chắc chắn"),
    Verdict.BEHIND: gettext_lazy("theo đà này không kịp đạt"),
    Verdict.MISSED: gettext_lazy("đã quá hạn, chưa đạt"),
    Verdict.NOT_MEASURABLE: gettext_lazy("chuỗi số liệu quá ngắn, chưa nhận định được"),
}
_FIELDS: Final = (
    *("indicator", "block", "agency", "value", "by", "title_vi", "title_en"),
    *("document", "place", "valid_from", "valid_to", "note"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One target, printed. `reached`, `agencies`: of its agencies, this year so far."""

    target: Target
    title: str
    indicator: str
    whose: str
    value: str
    state: str
    verdict: str
    projection: str
    reached: int
    agencies: int


@dataclass(frozen=True, slots=True)
class Told:
    """One change, printed; `before` is "" for the first of its code."""

    setting: Setting
    before: str
    after: str


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Every target with where its series is heading, those to come first."""
    found, today = set_targets(board.instance().home), choosing.today()
    lines = [_line(target, today) for target in found.targets]
    lines.sort(key=lambda line: (line.target.by < today, line.target.by, line.target.code))
    context = {
        "title": _("Chỉ tiêu"),
        "lines": lines,
        "refused": found.refused,
        "may_set": person(request.user).may(Right.EDIT_TARGETS),
    }
    return frame.page(request, "web/work/targets.html", context)


@require_safe
def one(request: HttpRequest, code: str) -> HttpResponse:
    """One target: its words, its outlook, its changes, and the form to change it."""
    found = set_targets(board.instance().home)
    target = _target(found, code)
    return _form(request, found, target, _given_of(target))


@require_safe
def new(request: HttpRequest) -> HttpResponse:
    """An empty form."""
    return _form(request, set_targets(board.instance().home), None, dict.fromkeys(_FIELDS, ""))


@require_http_methods(["POST"])
def change(request: HttpRequest, code: str = "") -> HttpResponse:
    """Set a target, new or another."""
    home = board.instance().home
    found = set_targets(home)
    before = _target(found, code) if code else None
    given = {name: request.POST.get(name, "").strip()[:_LONGEST] for name in _FIELDS}
    try:
        target = _wanted(given, before, found)
        setting = Setting(
            request.user.get_username(),
            clock.to_datetime(clock.now_us()),
            "web",
            given["note"],
            target,
        )
        set_target(
            home,
            setting,
            board.measure().definition(target.indicator),
            seen=_seen(request) if before else 0,
        )
    except ThuocdoError as wrong:
        return _form(request, found, before, given, problems.from_error(wrong))
    messages.success(request, _("Đã ghi chỉ tiêu."))
    return redirect("work-target", target.code)


def _form(
    request: HttpRequest,
    found: SetTargets,
    target: Target | None,
    given: Mapping[str, str],
    problem: Problem | None = None,
) -> HttpResponse:
    changes = found.of(target.code) if target else []
    context = {
        "title": getattr(target.title, language()) if target else _("Chỉ tiêu mới"),
        "problem": problem,
        "target": target,
        "told": _line(target, choosing.today()) if target else None,
        "given": given,
        "seen": len(changes),
        "changes": [_told(one, before) for one, before in _pairs(target, changes)][::-1],
        "indicators": [each for each in board.definitions() if each.unit in ("percent", "count")],
        "blocks": wording.BLOCKS,
        "may_set": person(request.user).may(Right.EDIT_TARGETS),
        "post_to": reverse("work-target-set", args=[target.code])
        if target
        else reverse("work-target-add"),
    }
    status = HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK
    return frame.page(request, "web/work/target.html", context, status=status)


def _wanted(given: Mapping[str, str], before: Target | None, found: SetTargets) -> Target:
    """The target of a form. Raises ThuocdoError."""
    if not given["note"]:
        raise ThuocdoError("target_note", "A change needs its reason.")
    indicator = before.indicator if before else given["indicator"]
    block, agency = (
        (before.block, before.agency)
        if before
        else (given["block"] or None, given["agency"].upper() or None)
    )
    by = clock.parse_day(given["by"])
    if block not in (None, *wording.BLOCKS):
        raise ThuocdoError("target_whose", f"{block!r} is no block.")
    if agency:
        agency = _known_agency(agency)
    return Target(
        code=before.code if before else _fresh_code(found, indicator, by, block or agency or "all"),
        indicator=board.measure().definition(indicator).code,
        value=given["value"].replace(",", "."),
        by=by,
        title=Text(vi=given["title_vi"], en=given["title_en"]),
        source=Source(document=given["document"], place=given["place"]),
        block=block,
        agency=agency,
        valid_from=_day(given["valid_from"]),
        valid_to=_day(given["valid_to"]),
    )


def _known_agency(code: str) -> str:
    """The ministry or province of a code. Raises ThuocdoError `target_whose`."""
    with board.measure().reading(None) as (facts, _remember):
        found = {top.code for top in facts.dimensions.organisation.tops(choosing.today())}
    if code not in found:
        raise ThuocdoError("target_whose", f"{code!r} is no ministry or province of today.")
    return code


def _fresh_code(found: SetTargets, indicator: str, by: dt.date, whose: str) -> str:
    stem = f"{indicator}-{by}-{whose}".replace("_", "-").lower()
    taken = {target.code for target in found.targets}
    names = [stem, *(f"{stem}-{number}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)


def _line(target: Target, today: dt.date) -> Line:
    measure = board.measure()
    indicator = measure.definition(target.indicator)
    aim, step = _aim(target)
    year = choosing.preset_period("ytd", today)
    figures = measure.figures(target.indicator, year, block=target.block, agency=target.agency)
    values = [figure.value for figure in figures if figure.value is not None]
    return Line(
        target,
        getattr(target.title, language()),
        getattr(indicator.name, language()),
        _whose(target, board.agency_name(figures[0].name) if figures and target.agency else ""),
        printed(float(target.value), indicator.unit),
        _state(target, today),
        str(_VERDICTS[aim.verdict]) if aim else "",
        _projected(aim, indicator.unit, step),
        sum(value >= float(target.value) for value in values),
        len(values),
    )


def _aim(target: Target) -> tuple[Aim | None, str]:
    """What the series says of it, by months; by weeks where the months are too few."""
    aim = None
    for step in ("month", "week"):
        seen = look_ahead(
            board.measure(), target.indicator, agency=target.agency, block=target.block, step=step
        )
        aim = next((each for each in seen.aims if each.code == target.code), None)
        if aim is None or aim.verdict is not Verdict.NOT_MEASURABLE:
            return aim, step
    return aim, "month"


def _projected(aim: Aim | None, unit: str, step: str) -> str:
    if aim is None or aim.projection is None:
        return ""
    low, high = printed(aim.projection.low, unit), printed(aim.projection.high, unit)
    by = _("theo tháng") if step == "month" else _("theo tuần")
    return _("đến hạn %(value)s (từ %(low)s đến %(high)s), %(by)s") % {
        "value": printed(aim.projection.value, unit),
        "low": low,
        "high": high,
        "by": by,
    }


def _state(target: Target, today: dt.date) -> str:
    if target.valid_from and target.valid_from > today:
        return _("chưa áp dụng")
    if target.valid_to and target.valid_to < today:
        return _("không còn áp dụng")
    return _("đã đến hạn") if target.by < today else _("đang áp dụng")


def _whose(target: Target, name: str) -> str:
    if target.agency:
        return name or target.agency
    return str(wording.BLOCKS[target.block]) if target.block else _("mọi cơ quan")


def _pairs(target: Target | None, changes: list[Setting]) -> list[tuple[Setting, Target | None]]:
    """Each change with what it changed: the one before, else the packaged target."""
    if target is None:
        return []
    first = next((each for each in targets() if each.code == target.code), None)
    befores = [first, *(one.target for one in changes[:-1])]
    return list(zip(changes, befores[: len(changes)], strict=True))


def _told(setting: Setting, before: Target | None) -> Told:
    return Told(setting, _said(before) if before else "", _said(setting.target))


def _said(target: Target) -> str:
    unit = board.measure().definition(target.indicator).unit
    days = [
        _("từ %(day)s") % {"day": format_day(target.valid_from, language())}
        if target.valid_from
        else "",
        _("đến hết %(day)s") % {"day": format_day(target.valid_to, language())}
        if target.valid_to
        else "",
    ]
    parts = [
        _("%(value)s, hạn %(day)s")
        % {
            "value": printed(float(target.value), unit),
            "day": format_day(target.by, language()),
        },
        *days,
        f"{target.source.document}, {target.source.place}",
    ]
    return "; ".join(part for part in parts if part)


def _given_of(target: Target) -> dict[str, Any]:
    return {
        "indicator": target.indicator,
        "block": target.block or "",
        "agency": target.agency or "",
        "value": target.value,
        "by": target.by.isoformat(),
        "title_vi": target.title.vi,
        "title_en": target.title.en,
        "document": target.source.document,
        "place": target.source.place,
        "valid_from": target.valid_from.isoformat() if target.valid_from else "",
        "valid_to": target.valid_to.isoformat() if target.valid_to else "",
        "note": "",
    }


def _target(found: SetTargets, code: str) -> Target:
    for target in found.targets:
        if target.code == code:
            return target
    raise Problem(
        _("Không có chỉ tiêu “%(code)s”.") % {"code": code[:80]},
        _("Chọn một chỉ tiêu trong danh sách."),
        HTTPStatus.NOT_FOUND,
        way_out=(reverse("work-targets"), _("Chỉ tiêu")),
    )


def _seen(request: HttpRequest) -> int:
    text = request.POST.get("seen", "")
    return int(text) if text.isdecimal() and len(text) < 6 else -1


def _day(text: str) -> dt.date | None:
    return clock.parse_day(text) if text else None
