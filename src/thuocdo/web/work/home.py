"""Where one arrives after signing in: one's agencies, and one of them at a glance."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from thuocdo.core import clock
from thuocdo.core.clock import Period
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vocabulary import Block, RejectReason
from thuocdo.lake import rejects
from thuocdo.lake.rejects import Wanted
from thuocdo.lake.store import Lake
from thuocdo.measure import silence
from thuocdo.registry import replaying
from thuocdo.registry.desk import of_agencies
from thuocdo.registry.models import Agency, Site, SiteKey, System
from thuocdo.registry.people import Person, person
from thuocdo.registry.rights import Right
from thuocdo.steer import models as steering
from thuocdo.steer.recipients import in_agencies
from thuocdo.web import advice, board, choosing, publishing, pulse, wording
from thuocdo.web.choosing import Choice
from thuocdo.web.printing import agency_name, clock_time, count
from thuocdo.web.problems import Problem
from thuocdo.web.work import frame, questions, sources, telling, todo
from thuocdo.web.work.health import State
from thuocdo.web.work.sources import Watched
from thuocdo.web.work.todo import Situation, Task, Urgency

KEY_ENDS_DAYS: Final = 14
"""A key that ends within so many days is work: its systems must be given another in time."""


@dataclass(frozen=True, slots=True)
class Told:
    """A task in words: what is wrong, the page that mends it and what is done there."""

    urgency: str
    mark: tuple[str, str]
    text: str
    address: str
    action: str


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The agencies of the reader, each with a line of state."""
    who = person(request.user)
    mine = frame.places(who, Right.SEE_WORK)
    lines = _lines(who)
    context = {
        "title": _("Bàn làm việc"),
        "places": [(place, lines.get(place.code, (0, 0, 0))) for place in mine],
    }
    return frame.page(request, "web/work/index.html", context)


@require_safe
@frame.of_agency
def agency(request: HttpRequest, place: frame.Place) -> HttpResponse:
    """One agency at a glance: what is wrong, and what to do next."""
    now = clock.now_us()
    who = person(request.user)
    every = sources.of_place(who, place.code, now)
    running = [each for each in every if each.state is not State.CLOSED]
    midnight = clock.day_start_us(clock.local_day(now))
    refused = sources.refusals([one for each in running for one in each.counts], midnight)
    asked = questions.unexplained(who.below(place.code))
    waiting = _waiting(who, place.code) if refused else []
    situation = Situation(
        [_source(each) for system in running for each in (system, *system.ailing)],
        sum(records for _reason, records in waiting),
        waiting[0][0] if waiting else "",
        len(asked or ()),
        _expiring(who, place.code),
        _asked(who, place.code),
        _without_hosts(running, who, place.code),
    )
    states = Counter(each.state for each in running)
    landed_at = board.measure().freshness().landed_at
    context = {
        "title": agency_name(place),
        "tasks": [_told(task, place.code) for task in todo.tasks(situation)],
        "reporting": states[State.REPORTING] + states[State.HIGH] + states[State.LOW],
        "expected": len(running),
        "states": [
            (telling.MARKS[state], telling.state(state), states[state])
            for state in State
            if states[state]
        ],
        "refused": sum(each.today.refused for each in running),
        "reason": advice.refusal(refused[0].reason) if refused else "",
        "unexplained": None if asked is None else len(asked),
        "landed_at": landed_at,
        "lag": wording.lag(landed_at),
        "week": (week := choosing.last_week()),
        "figures": _figures(place, week),
        "rows": [
            (each, str(wording.SYSTEM_KINDS[each.kind]), telling.MARKS[each.state],
             telling.state(each.state))
            for each in running
        ],
    }  # fmt: skip
    return frame.page(request, "web/work/agency.html", context, place=place)


def _lines(who: Person) -> dict[str, tuple[int, int, int]]:
    """Agency → (systems that spoke of late, silent, never heard), of all below it, too."""
    codes = who.agencies(Right.SEE_WORK)
    rows = System.objects.on(who.day)
    systems = rows if codes is None else of_agencies(rows, codes)
    heard, today = pulse.heard(board.instance()), choosing.today()
    of_system: dict[str, list[int]] = defaultdict(list)
    for site, system in Site.objects.on(who.day).values_list("site_id", "system"):
        of_system[system].append(heard.sites.get(site) or 0)
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for code, owner, kind in systems.values_list("code", "agency", "kind"):
        last = max([heard.systems.get(code) or 0, *of_system[code]])
        silent = bool(last) and silence.is_silent(kind, last, today)
        outcome = 2 if not last else 1 if silent else 0
        for above in who.tree.path(owner):
            found[above][outcome] += 1
    return {code: (line[0], line[1], line[2]) for code, line in found.items()}


def _waiting(who: Person, code: str) -> list[tuple[str, int]]:
    """(reason, records) of today's refusals that no replay has taken in since, the most first."""
    theirs = replaying.whose(who.below(code))
    wanted = Wanted(since=who.day, whose=theirs, waiting=True)
    found: Counter[str] = Counter()
    for each in rejects.counts(Lake.open(board.instance()), wanted):
        if each.reason != RejectReason.REPLAYED:  # it was counted when it came first
            found[each.reason] += each.records
    return found.most_common()


def _source(each: Watched) -> todo.Source:
    refused = each.refused(sources.lately(each.now, each.numbers.refused_hours))
    reason = refused[0].reason if refused else ""
    return todo.Source(each.key, each.name, each.state, each.last, reason)


def _expiring(who: Person, code: str) -> list[todo.Key]:
    """Keys that end soon, or ended lately; told to those who can make others."""
    if not who.may(Right.EDIT_KEYS, code):
        return []
    near = Q(
        expires__gte=who.day - timedelta(days=KEY_ENDS_DAYS),
        expires__lte=who.day + timedelta(days=KEY_ENDS_DAYS),
    )
    mine = of_agencies(SiteKey.objects.exclude(agency=""), who.below(code))
    rows = mine.filter(near, revoked_at__isnull=True).order_by("expires")
    living = set(
        mine.filter(revoked_at__isnull=True)
        .exclude(near)
        .filter(Q(expires__isnull=True) | Q(expires__gt=who.day))
        .values_list("name", flat=True)
    )
    return [
        todo.Key(row.name, (row.expires - who.day).days) for row in rows if row.name not in living
    ]


def _asked(who: Person, code: str) -> list[todo.Asked]:
    """What was asked of the agency and of those below it, and is open still."""
    if not who.may(Right.SEE_INCIDENTS, code):
        return []
    rows = steering.Task.objects.filter(
        in_agencies(who.below(code)), state=steering.Task.State.OPEN
    )
    return [todo.Asked(row.pk, row.title, (row.due - who.day).days) for row in rows.order_by("due")]


def _without_hosts(running: list[Watched], who: Person, code: str) -> int:
    if not who.may(Right.EDIT_SITES, code):
        return 0
    return sum(not site.host_list for each in running for site in each.sites)


def _told(task: Task, code: str) -> Told:
    """A task in the reader's language."""
    marks = {
        Urgency.NOW: (_("làm ngay"), ("error", "✗")),
        Urgency.TODAY: (_("trong ngày"), ("warning", "!")),
        Urgency.WEEK: (_("trong tuần"), ("", "–")),
    }
    urgency, mark = marks[task.urgency]
    text, address, action = _words(task, code)
    return Told(urgency, mark, text, address, action)


def _words(task: Task, code: str) -> tuple[str, str, str]:
    if task.source is not None:
        address = reverse("work-connection", args=[code, task.source.key])
        return _of_source(task.source), address, _("Xem chẩn đoán")
    if task.key is not None:
        return _of_key(task.key), reverse("work-keys", args=[code]), _("Thay khóa")
    if task.asked is not None:
        return _of_asked(task.asked), reverse("work-task", args=[task.asked.number]), _("Trả lời")
    if task.kind == "refused_today":
        facts = {"n": count(task.count), "why": advice.refusal(task.reason)}
        text = _("%(n)s bản ghi bị từ chối hôm nay; nhiều nhất: %(why)s.") % facts
        return text, reverse("work-rejects", args=[code]) + "?waiting=1", _("Xem bản ghi")
    if task.kind == "unexplained":
        text = _("%(n)s dấu hiệu bất thường chưa được giải trình.") % {"n": count(task.count)}
        return text, reverse("work-findings", args=[code]) + "?standing=open", _("Giải trình")
    text = _("%(n)s trang chưa khai tên miền, nên không biết lượt truy cập đến từ đâu.") % {
        "n": count(task.count)
    }
    return text, reverse("work-sites", args=[code]), _("Khai tên miền")


def _of_source(source: todo.Source) -> str:
    facts = {
        "name": source.name,
        "at": clock_time(source.last),
        "why": advice.refusal(source.reason) if source.reason else "",
    }
    texts = {
        State.REFUSED: _("%(name)s: mọi bản ghi đều bị từ chối, nhiều nhất vì %(why)s."),
        State.SILENT: _("%(name)s: im lặng từ %(at)s."),
        State.INTERRUPTED: _("%(name)s: gián đoạn từ %(at)s."),
        State.NEVER: _("%(name)s: chưa gửi gì."),
        State.FILES_ONLY: _("%(name)s: chỉ có số liệu nhập từ tệp, chưa gửi trực tiếp."),
        State.LOW: _("%(name)s: gửi ít hơn hẳn bình thường."),
        State.HIGH: _("%(name)s: gửi nhiều hơn hẳn bình thường."),
    }
    return texts[source.state] % facts


def _of_asked(asked: todo.Asked) -> str:
    facts = {"title": asked.title, "n": count(abs(asked.days))}
    if asked.days < 0:
        return _("Nhiệm vụ “%(title)s” quá hạn %(n)s ngày.") % facts
    return _("Nhiệm vụ “%(title)s” còn %(n)s ngày.") % facts


def _of_key(key: todo.Key) -> str:
    if key.days < 0:
        return _("Khóa “%(name)s” đã hết hạn.") % {"name": key.name}
    return _("Khóa “%(name)s” hết hạn sau %(n)s ngày.") % {"name": key.name, "n": key.days}


def _figures(place: frame.Place, week: Period) -> list[dict[str, Any]]:
    """The headline indicators of the agency; none where it was not there in that week."""
    rows = Agency.objects.filter(code=place.code).order_by(F("valid_from").asc(nulls_first=True))
    row = list(rows)[-1] if rows else None
    choice = Choice(week, choosing.CUSTOM, Block.PROVINCE, None, None, "any")
    found = []
    for described in board.headline():
        try:
            figures = board.figures_around(described.code, choice, row) if row else []
        except (ThuocdoError, Problem):  # an agency of another time: its public page says more
            continue
        figure = next((each for each in figures if each.agency == place.code), None)
        if figure is not None:
            found.append(
                {
                    "definition": described,
                    "figure": figure,
                    "ranked": len(board.by_rank(figures)),
                    "withheld": publishing.is_withheld(figure),
                }
            )
    return found
