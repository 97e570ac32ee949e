"""The state of the system itself: what it has heard, how old its figures are, where its log stands."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from thuocdo.core import clock, duties
from thuocdo.lake.ledger.records import Head
from thuocdo.registry.models import Site, System
from thuocdo.report.desk.working import published
from thuocdo.wal.reader import sealed
from thuocdo.web import board, choosing, pulse, wording
from thuocdo.web.printing import clock_time, count

_LATE_US = 5 * 60 * 1_000_000
_WAITING = 20
"""Sealed segments; a pipeline that keeps up leaves two or three."""
_DAY_US = 86_400 * 1_000_000
STATES = {
    "good": gettext_lazy("bình thường"),
    "late": gettext_lazy("chậm"),
    "none": gettext_lazy("chưa có số liệu"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One stage of the way an event goes. `state` is a key of STATES."""

    name: str
    state: str
    told: str
    detail: str

    @property
    def words(self) -> str:
        return str(STATES[self.state])


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    measure = board.measure()
    fresh, log = measure.freshness(), measure.log()
    with measure.ledger() as ledger:
        head = ledger.head()
    parts = [_landing(), _facts(fresh), _ledger(head, log.size if log else None), *_jobs()]
    context = {
        "title": _("Tình trạng hệ thống"),
        "parts": parts,
        "good": all(part.state == "good" for part in parts),
        "head": head,
        "log": log,
        "fresh": fresh,
        "sources": _sources(),
        "reports": [found for found, _edition in islice(published(board.instance()), 1)],
        "refused": measure.refused_definitions(),
        "indicators": len(measure.definitions()),
    }
    return render(request, "web/status.html", context)


def _landing() -> Part:
    waiting = len(sealed(board.instance().wal_dir))
    state = "late" if waiting > _WAITING else "good"
    told = _("%(n)s đoạn nhật ký đang chờ ghi vào kho") % {"n": count(waiting)}
    return Part(_("Thu nhận và ghi kho"), state, told, "")


def _facts(fresh) -> Part:
    if fresh.landed_at is None:
        return Part(_("Bảng số liệu"), "none", _("chưa tính lần nào"), "")
    late = clock.now_us() - fresh.landed_at > _LATE_US
    told = _("có sự kiện đến %(at)s, %(lag)s") % {
        "at": clock_time(fresh.landed_at),
        "lag": wording.lag(fresh.landed_at),
    }
    detail = _("bản %(n)s, tính lúc %(at)s") % {
        "n": count(fresh.facts_version),
        "at": clock_time(fresh.refreshed_at),
    }
    return Part(_("Bảng số liệu"), "late" if late else "good", told, detail)


def _ledger(head: Head | None, told_size: int | None) -> Part:
    if head is None:
        return Part(_("Sổ cái dữ liệu gốc"), "none", _("chưa có lá nào"), "")
    behind = head.size - (told_size or 0)
    told = _("%(n)s lá, ký lúc %(at)s") % {"n": count(head.size), "at": clock_time(head.at)}
    detail = _("bảng số liệu còn thiếu %(n)s lá") % {"n": count(behind)} if behind > 0 else ""
    return Part(_("Sổ cái dữ liệu gốc"), "good", told, detail)


def _jobs() -> list[Part]:
    """The worker's regular jobs, where one has ever worked here; which of them fail is for whoever runs it."""
    here = board.instance()
    found = duties.read(here).jobs
    if not found:
        return []
    name, failing = _("Việc chạy nền"), sum(bool(duty.failures) for duty in found.values())
    if not duties.is_there(here):
        return [Part(name, "late", _("không nghe thấy tiến trình làm các việc này"), "")]
    if failing:
        told = _("%(n)s việc chưa làm được, máy đang thử lại") % {"n": count(failing)}
        return [Part(name, "late", told, "")]
    return [Part(name, "good", _("báo cáo, dữ liệu mở, cảnh báo: không việc nào hỏng"), "")]


def _sources() -> list[tuple[str, int, int]]:
    """(kind, heard in the last 24 hours, registered today)."""
    heard, today = pulse.heard(board.instance()), choosing.today()
    since = clock.now_us() - _DAY_US
    systems = list(System.objects.on(today).values_list("code", "kind"))
    of_system: dict[str, list[int]] = {}
    for site, system in Site.objects.on(today).values_list("site_id", "system"):
        of_system.setdefault(system, []).append(heard.sites.get(site) or 0)
    rows = []
    for kind, label in wording.SYSTEM_KINDS.items():
        own = [code for code, its in systems if its == kind]
        alive = sum(
            max([heard.systems.get(code) or 0, *of_system.get(code, ())]) >= since for code in own
        )
        if own:
            rows.append((str(label), alive, len(own)))
    return rows
