"""Records of an agency that were refused: how many and why, samples, and judging them again.

Shown is what was kept, from which everything personal was taken before it was written. Judging again
is the worker's (registry/replaying.py): a trial first, then the same for good.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Any, Final

import msgspec
from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from thuocdo.core import clock
from thuocdo.core import snapshot as snapshot_file
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.snapshot import Snapshot
from thuocdo.core.vocabulary import Feed, RejectReason
from thuocdo.lake import rejects
from thuocdo.lake.rejects import Count, Judged, Reject, Wanted
from thuocdo.lake.store import Lake
from thuocdo.registry import replaying
from thuocdo.registry.models import ReplayJob
from thuocdo.registry.people import person
from thuocdo.registry.rights import Right
from thuocdo.web import advice, problems
from thuocdo.web.api import listing
from thuocdo.web.printing import day
from thuocdo.web.problems import Problem
from thuocdo.web.work import frame, telling
from thuocdo.wire.events import Unreadable

DAYS_SHOWN: Final = 7
_SAMPLES: Final = 20
_OF_A_KIND: Final = 3
_LOOKED_AT: Final = 5_000
_JOBS_LISTED: Final = 10
_REFRESH_SECONDS: Final = 3
_LARGEST_SITE: Final = (1 << 31) - 1
_FORMATS: Final = ("csv", "ndjson")
LOST: Final = {
    rejects.IMPORT_AGAIN: gettext_lazy("nhập lại tệp"),
    rejects.CAME_BEFORE: gettext_lazy("bản ghi đã được tính từ lần gửi trước"),
    rejects.NOT_KEPT: gettext_lazy("lượt truy cập bị từ chối chỉ giữ lại địa chỉ trang"),
    "who sent it was not kept": gettext_lazy("không biết ai đã gửi"),
    "nothing was kept": gettext_lazy("không giữ lại được gì của gói tin"),
    "nothing of a dossier was kept": gettext_lazy("không giữ lại được gì của hồ sơ"),
    "no dossier number": gettext_lazy("bản ghi không có số hồ sơ"),
}
"""Why a record cannot be judged again; what is not here is told by its shape alone."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What the reader chose to see; empty is everything. `waiting`: less what a replay took in."""

    reason: str
    feed: str
    site_id: int | None
    since: date
    waiting: bool

    @property
    def query(self) -> dict[str, str]:
        return {
            "reason": self.reason,
            "feed": self.feed,
            "site": str(self.site_id or ""),
            "since": self.since.isoformat(),
            "waiting": "1" if self.waiting else "",
        }


class Row(msgspec.Struct, frozen=True):
    """A refused record as a line of a file; `today`: what it would be under the registry of today."""

    landed_at: str
    site_id: int | None
    agency: str | None
    feed: str
    trust: str
    reason: str
    detail: str
    today: str
    payload: str


@require_safe
@frame.of_agency
def page(request: HttpRequest, place: frame.Place) -> HttpResponse:
    """Counts by reason, feed and day; the newest records; what was judged again."""
    chosen = _read(request)
    who, lake = person(request.user), Lake.open(settings.THUOCDO)
    wanted = _wanted(chosen, replaying.whose(who.below(place.code)))
    found = rejects.counts(lake, wanted)
    today = clock.local_day(clock.now_us())
    days = [today - timedelta(days=n) for n in range(DAYS_SHOWN)]
    context = {
        "title": _("Bản ghi bị từ chối"),
        "chosen": chosen,
        "reasons": [(each.value, advice.refusal(each)) for each in RejectReason],
        "feeds": [(each.value, advice.feed(each)) for each in Feed],
        "days": days,
        "rows": _rows(found, days),
        "whole": sum(each.records for each in found),
        "samples": list(_samples(lake, wanted, _SAMPLES)),
        "may_replay": who.may(Right.REPLAY_REJECTS, place.code),
        "jobs": _jobs(request, place)[:_JOBS_LISTED],
        "formats": _FORMATS,
    }
    return frame.page(request, "web/work/rejects.html", context, place=place)


@require_safe
@frame.of_agency
def download(request: HttpRequest, place: frame.Place, kind: str) -> HttpResponseBase:
    """Every record that the page counts, as it comes; nothing is gathered first."""
    if kind not in _FORMATS:
        raise Http404
    theirs = replaying.whose(person(request.user).below(place.code))
    wanted = _wanted(_read(request), theirs)
    lake = Lake.open(settings.THUOCDO)
    response = listing.stream(request, _lines(lake, wanted), Row, kind)
    name = f"bi-tu-choi_{place.code}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@frame.of_agency
def replay(request: HttpRequest, place: frame.Place) -> HttpResponse:
    """Ask for a trial, or for the same for good."""
    chosen = _read(request)
    job = ReplayJob(
        agency=place.code,
        reason=chosen.reason,
        feed=chosen.feed,
        site_id=chosen.site_id,
        since=chosen.since,
        is_trial=request.POST.get("trial") == "1",
    )
    job = replaying.ask(settings.THUOCDO, request.user, job)
    return redirect("work-replay", place.code, job.pk)


@require_safe
@frame.of_agency
def result(request: HttpRequest, place: frame.Place, number: int) -> HttpResponse:
    """One replay: how far it is, what became of the records, and the way on from a trial."""
    job = get_object_or_404(_jobs(request, place), pk=number)
    done = job.replayed
    context = {
        "title": _("Xét thử") if job.is_trial else _("Xét lại bản ghi bị từ chối"),
        "job": job,
        "filters": _in_words_of(job),
        "done": done,
        "accepted": sum(done.accepted.values()) if done else 0,
        "accepted_of": _named(done.accepted) if done else [],
        "refused": sum(done.refused.values()) if done else 0,
        "refused_of": _named(done.refused) if done else [],
        "lost": sum(done.lost.values()) if done else 0,
        "lost_of": _lost_of(done.lost) if done else [],
        "refresh": _REFRESH_SECONDS if job.is_open else 0,
        "failure": problems.from_error(ThuocdoError(job.failure, "")) if job.failure else None,
        "may_replay": person(request.user).may(Right.REPLAY_REJECTS, place.code),
    }
    return frame.page(request, "web/work/replay.html", context, place=place)


def _in_words_of(job: ReplayJob) -> list[str]:
    """What a replay was asked about."""
    return [
        advice.refusal(job.reason) if job.reason else _("mọi lý do"),
        advice.feed(job.feed) if job.feed else _("mọi nguồn"),
        *([_("mã giám sát %(id)s") % {"id": job.site_id}] if job.site_id else []),
        *([_("đến từ %(since)s") % {"since": day(job.since)}] if job.since else []),
    ]


def _read(request: HttpRequest) -> Filters:
    """The filters of the address or of the form. Raises Problem on anything impossible."""
    given = request.POST if request.method == "POST" else request.GET
    text = {name: given.get(name, "").strip()[:40] for name in ("reason", "feed", "site", "since")}
    today = clock.local_day(clock.now_us())
    if text["reason"] not in ("", *RejectReason) or text["feed"] not in ("", *Feed):
        raise Problem(
            _("Không có lý do hay nguồn như vậy."), _("Chọn lại trong các ô chọn trên trang.")
        )
    site = text["site"]
    if site and not (site.isascii() and site.isdigit() and 0 < int(site) <= _LARGEST_SITE):
        raise Problem(
            _("Mã giám sát phải là một số nguyên dương."), _("Để trống để xem mọi trang.")
        )
    since = clock.parse_day(text["since"]) if text["since"] else today - timedelta(DAYS_SHOWN - 1)
    waiting = given.get("waiting") == "1"
    return Filters(text["reason"], text["feed"], int(site) if site else None, since, waiting)


def _wanted(chosen: Filters, theirs: rejects.Whose) -> Wanted:
    return Wanted(
        site_id=chosen.site_id,
        reason=chosen.reason or None,
        since=chosen.since,
        feed=chosen.feed or None,
        whose=theirs,
        waiting=chosen.waiting,
    )


def _rows(found: Sequence[Count], days: Sequence[date]) -> list[dict[str, Any]]:
    """One row for each reason and feed, the most frequent first."""
    grouped: dict[tuple[str, str], dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for each in found:
        grouped[each.reason, each.feed][each.day] += each.records
    rows = [
        {
            "reason": reason,
            "words": advice.refusal(reason),
            "to_do": advice.to_do(reason),
            "feed": advice.feed(feed),
            "of_days": [by_day.get(one, 0) for one in days],
            "whole": sum(by_day.values()),
        }
        for (reason, feed), by_day in grouped.items()
    ]
    return sorted(rows, key=lambda row: (-int(row["whole"]), str(row["reason"])))


def _samples(lake: Lake, wanted: Wanted, most: int) -> Iterator[dict[str, Any]]:
    """The newest, a few of each kind: hundreds for one reason must not hide the others."""
    snapshot, done = _snapshot(), rejects.replayed(lake)
    shown: Counter[tuple[str, str, str]] = Counter()
    for reject in islice(rejects.select(lake, wanted, newest_first=True), _LOOKED_AT):
        kind = (reject.reason, reject.feed, reject.detail)
        if shown[kind] == _OF_A_KIND:
            continue
        shown[kind] += 1
        if shown.total() > most:
            return
        judged = _judged(reject, snapshot, done)
        yield {
            "reject": reject,
            "payload": telling.payload(reject.payload),
            "agency": rejects.agency_of(reject),
            "reason": advice.refusal(reject.reason),
            "feed": advice.feed(reject.feed),
            "trust": advice.trust(reject.trust),
            "today": _in_words(judged),
            "mark": _mark(judged),
        }


def _lines(lake: Lake, wanted: Wanted) -> Iterator[Row]:
    snapshot, done = _snapshot(), rejects.replayed(lake)
    for reject in rejects.select(lake, wanted):
        landed = clock.to_datetime(reject.landed_at).astimezone(clock.VIETNAM)
        yield Row(
            landed.isoformat(timespec="seconds"),
            reject.site_id,
            rejects.agency_of(reject),
            reject.feed,
            reject.trust,
            reject.reason,
            reject.detail,
            _coded(_judged(reject, snapshot, done)),
            reject.payload,
        )


def _snapshot() -> Snapshot:
    return snapshot_file.read(settings.THUOCDO.snapshot_path)


def _judged(reject: Reject, snapshot: Snapshot, done: set[tuple[str, int]]) -> Judged | None:
    """What a record is today; None: it became events already."""
    if (reject.segment, reject.event_id) in done:
        return None
    return rejects.judge(reject, snapshot, settings.THUOCDO.secret)


def _in_words(judged: Judged | None) -> str:
    if judged is None:
        return _("đã được tính sau một lần xét lại")
    if isinstance(judged, Unreadable):
        return _("vẫn bị từ chối: %(why)s") % {"why": advice.refusal(judged.reason)}
    if isinstance(judged, str):
        return _("không xét lại được: %(why)s") % {"why": _lost(judged)}
    return _("được nhận nếu xét lại")


def _mark(judged: Judged | None) -> tuple[str, str]:
    if judged is None:
        return "ok", "✓"
    if isinstance(judged, Unreadable | str):
        return ("", "–") if isinstance(judged, str) else ("error", "✗")
    return "ok", "↻"


def _coded(judged: Judged | None) -> str:
    """For a file: as `thuocdo rejects list` says it."""
    if judged is None:
        return "replayed"
    if isinstance(judged, Unreadable):
        return f"refused: {judged.reason}"
    return f"lost: {judged}" if isinstance(judged, str) else "accepted"


def _lost(why: str) -> str:
    """Why a record is lost, in words."""
    if why.startswith("redacted: "):
        fields = why.removeprefix("redacted: ")
        return _("trường %(fields)s chỉ còn hình dạng, vì có thể chứa dữ liệu cá nhân") % {
            "fields": fields
        }
    return str(LOST[why]) if why in LOST else why


def _named(counts: dict[str, int]) -> list[tuple[str, str, int]]:
    """(words, code, records), the most frequent first."""
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(advice.refusal(code), code, records) for code, records in ordered]


def _lost_of(counts: dict[str, int]) -> list[tuple[str, str, int]]:
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(_lost(why), "", records) for why, records in ordered]


def _jobs(request: HttpRequest, place: frame.Place) -> QuerySet[ReplayJob]:
    codes = person(request.user).below(place.code)
    return ReplayJob.objects.filter(agency__in=codes).select_related("asked_by")
