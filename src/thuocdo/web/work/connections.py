"""Connections of an agency: what each system sends by the hour, what is wrong with it, what to do.

An engineer works here at night without help: every page says in words what was seen and what to
change, and gives the command that proves it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus
from itertools import islice
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from thuocdo.collect.tracker.snippet import snippet
from thuocdo.core import clock
from thuocdo.core.vocabulary import Feed, RejectReason, SystemKind
from thuocdo.lake import rejects
from thuocdo.lake.rejects import Reject, Wanted, Whose
from thuocdo.lake.store import Lake
from thuocdo.registry.models import Site
from thuocdo.registry.people import person
from thuocdo.registry.rights import Right
from thuocdo.web import advice, board, intake, intake_charts, wording
from thuocdo.web.intake import SiteIntake
from thuocdo.web.printing import language
from thuocdo.web.problems import Problem
from thuocdo.web.work import frame, health, questions, sources, telling
from thuocdo.web.work.diagnosis import Known, Refused, diagnose
from thuocdo.web.work.health import HOUR_US, State
from thuocdo.web.work.sources import Watched

DAYS_SHOWN: Final = 14
_SPEAKING_NAMED: Final = 3
_STRANGERS_LOOKED_AT: Final = 5_000
_STRANGERS_NAMED: Final = 5
_NAMES_OF_KEY: Final = "KHOA_KET_NOI"


@require_safe
@frame.of_agency
def index(request: HttpRequest, place: frame.Place) -> HttpResponse:
    """Every system of the agency and below, what needs somebody first."""
    now = clock.now_us()
    found = sources.of_place(person(request.user), place.code, now)
    numbers = health.policy(now)
    here = health.hour_of(now)
    rows = [
        {
            "watched": each,
            "kind": str(wording.SYSTEM_KINDS[each.kind]) if each is system else _("Trang"),
            "state": telling.state(each.state),
            "mark": telling.MARKS[each.state],
            "usual": health.usual(each.heard, here, numbers),
            "this_hour": each.heard.tally(here, here + HOUR_US).accepted,
        }
        for system in found
        for each in (system, *system.ailing)
    ]
    context = {
        "title": _("Kết nối"),
        "running": [row for row in rows if row["watched"].state is not State.CLOSED],
        "closed": [row for row in rows if row["watched"].state is State.CLOSED],
        "landed_at": board.measure().freshness().landed_at,
    }
    return frame.page(request, "web/work/connections.html", context, place=place)


@require_safe
@frame.of_agency
def one(request: HttpRequest, place: frame.Place, source: str) -> HttpResponse:
    """One system by its code, or one site by its number."""
    now = clock.now_us()
    who = person(request.user)
    every = sources.of_place(who, place.code, now)
    watched = find(every, source)
    numbers = health.policy(now)
    known, example = _known(watched, every, now)
    told = intake.shaped(watched.counts, now)
    drawn = intake.shaped(watched.alive, now, days_shown=DAYS_SHOWN)
    here = health.hour_of(now)
    whole = told.whole
    context = {
        "title": watched.name,
        "watched": watched,
        "kind": str(wording.SYSTEM_KINDS[watched.kind]),
        "state": telling.state(watched.state),
        "mark": telling.MARKS[watched.state],
        "findings": [telling.finding(each, example) for each in diagnose(known, now, numbers)],
        "questions": [
            each for each in questions.unexplained({watched.agency}) or () if _is_of(each, watched)
        ],
        "told": told,
        "lately": drawn.lately,
        "hours": intake_charts.of_hours(drawn.hours, watched.name, _("48 giờ qua")),
        "days": intake_charts.of_days(drawn.days, watched.name, _("14 ngày qua")),
        "usual": health.usual(watched.heard, here, numbers),
        "this_hour": watched.heard.tally(here, here + HOUR_US).accepted,
        "lag": wording.lag(watched.last),
        "lags": [telling.span(each) for each in known.lags[1:]] if known.lags else [],
        "verified": _verified(drawn),
        "largest_source": max((each.tally.total for each in told.sources), default=0),
        "feeds": [
            (advice.feed(each.feed), advice.trust(each.trust), each) for each in told.sources
        ],
        "refusals": [
            (advice.refusal(each.code), advice.to_do(each.code), each) for each in told.refusals
        ],
        "whole": whole,
        "is_system": watched.key == watched.system,
        "ailing": [
            (each, telling.MARKS[each.state], telling.state(each.state)) for each in watched.ailing
        ],
        "tests": _tests(watched),
        "may_refused": who.may(Right.SEE_WORK, place.code),
    }
    return frame.page(request, "web/work/connection.html", context, place=place)


def find(every: Sequence[Watched], key: str) -> Watched:
    """The system or the site of an address. Raises Problem (404) for what is not the agency's."""
    for each in every:
        if each.key == key:
            return each
        if key.isascii() and key.isdigit() and (site := sources.one_site(each, int(key[:10]))):
            return site
    raise Problem(
        _("Cơ quan này không có hệ thống hay trang nào mang mã “%(key)s”.") % {"key": key[:40]},
        _("Chọn một hệ thống trong danh sách kết nối."),
        HTTPStatus.NOT_FOUND,
    )


def _known(watched: Watched, every: Sequence[Watched], now: int) -> tuple[Known, str]:
    """What a diagnosis stands on, and the latest record refused for the most frequent reason."""
    numbers = watched.numbers
    refused = watched.refused(sources.lately(now, numbers.refused_hours))
    example = ""
    if refused:
        latest = _latest(watched, refused[0].reason, now)
        if latest is not None:
            refused = [_with(refused[0], latest), *refused[1:]]
            example = telling.payload(latest.payload)
    since = health.hour_of(now - numbers.unverified_days * 24 * HOUR_US)
    is_one_stop = watched.kind == SystemKind.ONE_STOP
    speaking = [
        each.name
        for each in every
        if each.state is State.REPORTING and each.system != watched.system
    ]
    known = Known(
        watched.heard,
        refused,
        watched.dossiers(since),
        speaking[:_SPEAKING_NAMED],
        _strangers(watched, now),
        board.measure().lags(watched.system, since) if is_one_stop else None,
        board.measure().channels(watched.system, since) if is_one_stop else {},
    )
    return known, example


def _latest(watched: Watched, reason: str, now: int) -> Reject | None:
    whose = Whose(frozenset(site.site_id for site in watched.sites), frozenset(), frozenset())
    wanted = Wanted(reason=reason, since=clock.local_day(now) - timedelta(days=1), whose=whose)
    return next(rejects.select(Lake.open(board.instance()), wanted, newest_first=True), None)


def _with(refused: Refused, latest: Reject) -> Refused:
    return Refused(refused.reason, refused.records, refused.last, latest.detail, latest.payload)


def _strangers(watched: Watched, now: int) -> list[int]:
    """Ids that nobody registered, in views of the last two days from the source's own hosts."""
    hosts = {host for site in watched.sites for host in site.host_list}
    if not hosts:
        return []
    wanted = Wanted(
        reason=RejectReason.UNKNOWN_SITE.value,
        since=clock.local_day(now) - timedelta(days=1),
        feed=Feed.TRACKING.value,
    )
    found: set[int] = set()
    some = rejects.select(Lake.open(board.instance()), wanted, newest_first=True)
    for reject in islice(some, _STRANGERS_LOOKED_AT):
        if reject.site_id is not None and rejects.host_of(reject) in hosts:
            found.add(reject.site_id)
    known = Site.objects.filter(site_id__in=found).values_list("site_id", flat=True)
    return sorted(found - set(known))[:_STRANGERS_NAMED]


def _is_of(question: questions.Question, watched: Watched) -> bool:
    subjects = {watched.system, *(str(site.site_id) for site in watched.sites)}
    return question.subject in subjects


def _verified(told: SiteIntake) -> str:
    """The share of accepted records of the days shown that a key vouches for."""
    accepted = sum(each.tally.accepted for each in told.sources)
    vouched = sum(each.tally.accepted for each in told.sources if each.trust == "verified")
    return wording.share(vouched, accepted)


def _tests(watched: Watched) -> list[dict[str, Any]]:
    """What an engineer runs or pastes for each site."""
    collector = settings.THUOCDO.collector_url
    found = []
    for site in watched.sites:
        host = site.host_list[0] if site.host_list else ""
        check = reverse("check-site") + f"?site={site.site_id}"
        if host:
            check += f"&url=https://{host}/"
        is_one_stop = watched.kind == SystemKind.ONE_STOP
        found.append(
            {
                "site": site,
                "check": "" if is_one_stop else check,
                "paste": "" if is_one_stop else snippet(site.site_id, collector),
                "line": _line(collector) if is_one_stop else "",
                "message": _message(site.site_id, collector) if is_one_stop else "",
                "mine": site.pk,
            }
        )
    return found


def _line(collector: str) -> str:
    """Proves the way and the key, and counts nothing: a batch without records."""
    key = _NAMES_OF_KEY if language() == "vi" else "YOUR_KEY"
    return (
        f"curl -sS -i -X POST {collector}/v1/dossiers \\\n"
        f"  -H 'Authorization: Bearer {key}' --data-binary ''"
    )


def _message(site_id: int, collector: str) -> str:
    """A real message, which counts: for the first dossier there is."""
    key, number = (
        (_NAMES_OF_KEY, "SO_HO_SO_THAT") if language() == "vi" else ("YOUR_KEY", "A_REAL_DOSSIER")
    )
    return (
        f"curl -sS -i '{collector}/TrackingMCDT?key={key}' \\\n"
        f"  --data-urlencode siteId={site_id} --data-urlencode codeProfile={number} \\\n"
        "  --data-urlencode codeTTHC=1.004194 --data-urlencode status=1 \\\n"
        "  --data-urlencode formsReception=1 --data-urlencode formsPayments=0 \\\n"
        "  --data-urlencode level=4 --data-urlencode isFromDVCQG=0 --data-urlencode isDVCBC=0"
    )
