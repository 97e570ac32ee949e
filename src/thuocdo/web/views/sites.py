"""Sites: what each sent, what was refused and why; and the list in which a webmaster finds his.

Everybody may see it, so it tells counts and reasons and no content of what was sent; of what a site
asks of its senders, only whether it asks.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from http import HTTPStatus
from typing import NamedTuple

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from thuocdo.core import clock
from thuocdo.core.vietnamese import collation_key, fold_accents
from thuocdo.core.vocabulary import BotReason, Intake, SystemKind
from thuocdo.measure import silence
from thuocdo.measure.model import IntakeCount
from thuocdo.registry.models import Agency, Site, System
from thuocdo.web import advice, board, choosing, intake, intake_charts, pulse, states, wording
from thuocdo.web.intake import SiteIntake
from thuocdo.web.printing import agency_name, clock_time, count
from thuocdo.web.problems import Problem

_LISTED = 200
"""Sites a page lists: more, and the search is the way."""
_STRANGERS_LISTED = 50
_LARGEST_ID = (1 << 31) - 1
_COLUMNS = (
    "site_id", "hour", "feed", "trust", "outcome", "reason", "text", "records", "last_landed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of the list; `heard` is µs UTC."""

    site: Site
    agency: Agency | None
    heard: int | None


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Sites of the day, to be searched by id, name, host or agency, with or without accents."""
    wanted = request.GET.get("q", "").strip()[:100]
    found = [one for one in _in_order(choosing.today(), states.registry()) if one.fits(wanted)]
    heard = pulse.heard(board.instance())
    context = {
        "title": _("Trang được giám sát"),
        "wanted": wanted,
        "sites": [
            Listed(
                one.site,
                one.agency,
                heard.sites.get(one.site.site_id) or heard.systems.get(one.site.system),
            )
            for one in found[:_LISTED]
        ],
        "found": len(found),
        "strangers": _strangers(wanted),
        "days": intake.DAYS_SHOWN,
    }
    return render(request, "web/sites.html", context)


@require_safe
def page(request: HttpRequest, site_id: int) -> HttpResponse:
    now = clock.now_us()
    site = _site(site_id, now)
    told = intake.shaped(_counts(site_id, now), now)
    heard = _heard(site, told)
    system = System.objects.filter(code=site.system).order_by("-valid_from").first()
    agency = _agency_of(system)
    context = {
        "title": site.name,
        "site": site,
        "hosts": site.host_list,
        "system": system,
        "kind": str(wording.SYSTEM_KINDS.get(system.kind, system.kind)) if system else "",
        "agency": agency,
        "told": told,
        "heard": heard,
        "is_silent": _is_silent(site, system, now),
        "lag": wording.lag(heard),
        "landed_at": board.measure().freshness().landed_at,
        "hours": intake_charts.of_hours(told.hours, site.name, _("48 giờ qua")),
        "days": intake_charts.of_days(told.days, site.name, _("30 ngày qua")),
        "sources": [
            (advice.feed(source.feed), advice.trust(source.trust), source)
            for source in told.sources
        ],
        "largest_source": max((source.tally.total for source in told.sources), default=0),
        "loops": board.measure().loop_views(site_id, _days(now)),
        "loop_text": advice.bot(BotReason.REFRESH_LOOP),
        "bots": [(advice.bot(reason.code), reason) for reason in told.bots],
        "refusals": [
            (advice.refusal(reason.code), advice.to_do(reason.code), reason)
            for reason in told.refusals
        ],
        "asks": _asks(site),
    }
    return render(request, "web/site.html", context)


@require_safe
def download(request: HttpRequest, site_id: int, kind: str) -> HttpResponse:  # noqa: ARG001
    """The counts of a site's page, hour by hour, as CSV or JSON."""
    now = clock.now_us()
    site = _site(site_id, now)
    makers = {
        "csv": (_csv, "text/csv; charset=utf-8"),
        "json": (_json, "application/json; charset=utf-8"),
    }
    if kind not in makers:
        raise Problem(
            _("Không có định dạng “%(format)s”.") % {"format": kind[:20]},
            _("Tải bảng này ở định dạng csv hoặc json."),
            HTTPStatus.NOT_FOUND,
        )
    make, content_type = makers[kind]
    rows = [_record(site_id, one) for one in sorted(_counts(site_id, now), key=_order)]
    name = f"site_{site_id}_{clock.local_day(now)}.{kind}"
    return HttpResponse(
        make(site, rows),
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


class _Entry(NamedTuple):
    """A site of the list; `text` is what a search looks at, without accents."""

    site: Site
    agency: Agency | None
    text: str

    def fits(self, wanted: str) -> bool:
        if not wanted:
            return True
        if wanted.isdigit():
            return wanted in str(self.site.site_id)
        return fold_accents(wanted) in self.text


@lru_cache(maxsize=1)
def _in_order(day: date, _registry: object) -> list[_Entry]:
    """Every site of a day by name: thousands, put in order once for each state of the registry."""
    owners = dict(System.objects.on(day).values_list("code", "agency"))
    agencies = {agency.code: agency for agency in Agency.objects.order_by("valid_from")}
    found = []
    for site in Site.objects.on(day):
        agency = agencies.get(owners.get(site.system, ""))
        owner = f"{agency.name} {agency.name_en} {agency.code}" if agency else ""
        text = fold_accents(f"{site.name} {site.hostnames} {owner}")
        found.append(_Entry(site, agency, text))
    return sorted(found, key=lambda one: (collation_key(one.site.name), one.site.site_id))


def _site(site_id: int, now: int) -> Site:
    """The site as it is today, else its latest row. Raises Problem (404), with what was seen of it."""
    if site_id > _LARGEST_ID:
        raise Problem(
            _("%(id)s không phải là mã giám sát.") % {"id": str(site_id)[:20]},
            _("Mã giám sát là số có không quá mười chữ số."),
            HTTPStatus.NOT_FOUND,
        )
    rows = Site.objects.filter(site_id=site_id)
    site = rows.on(choosing.today()).first() or rows.order_by("-valid_from").first()
    if site is not None:
        return site
    counts = _counts(site_id, now)
    message = _("Mã giám sát %(id)s chưa được đăng ký.") % {"id": site_id}
    if counts:
        message += " " + _(
            "Trong %(days)s ngày qua đã có %(n)s bản ghi mang mã này bị từ chối, lần cuối lúc %(at)s."
        ) % {
            "days": intake.DAYS_SHOWN,
            "n": count(sum(one.records for one in counts)),
            "at": clock_time(max(one.last_landed for one in counts)),
        }
    raise Problem(
        message,
        _(
            "Kiểm tra siteId trong mã nhúng hoặc cấu hình gửi, tìm trang theo tên hay tên miền ở danh "
            "sách trang được giám sát, hoặc đề nghị đơn vị vận hành đăng ký mã này."
        ),
        HTTPStatus.NOT_FOUND,
    )


def _counts(site_id: int, now: int) -> list[IntakeCount]:
    since, until = intake.span(now)
    return board.measure().intake(since, until, site_id=site_id)


def _days(now: int) -> clock.Period:
    since, _until = intake.span(now)
    return clock.Period(clock.local_day(since), clock.local_day(now))


def _heard(site: Site, told: SiteIntake) -> int | None:
    """When the last thing that counts came, however long ago; µs UTC."""
    heard = pulse.heard(board.instance())
    known = (told.last_accepted, heard.sites.get(site.site_id), heard.systems.get(site.system))
    return max((at for at in known if at is not None), default=None)


def _is_silent(site: Site, system: System | None, now: int) -> bool:
    """As incidents have it: expected today, heard before, and not for days."""
    day, kind = clock.local_day(now), system.kind if system else None
    known = pulse.heard(board.instance())
    sites, systems = known.sites.get(site.site_id), known.systems.get(site.system)
    last = systems if kind == SystemKind.ONE_STOP else sites
    return last is not None and site.covers(day) and silence.is_silent(kind, last, day)


def _agency_of(system: System | None) -> Agency | None:
    code = system.agency if system else ""
    return Agency.objects.filter(code=code).order_by("-valid_from").first() if code else None


def _strangers(wanted: str) -> list[tuple[int, int, int]]:
    """(id, records refused, last landed) of ids that nobody has registered to this day."""
    since, until = intake.span(clock.now_us())
    registered = set(Site.objects.values_list("site_id", flat=True))
    return [
        (one.site_id, one.records, one.last_landed)
        for one in board.measure().strangers(since, until)
        if one.site_id not in registered and (not wanted or wanted in str(one.site_id))
    ][:_STRANGERS_LISTED]


def _asks(site: Site) -> list[tuple[str, bool]]:
    """What a site asks of its senders, and whether it does."""
    return [
        (_("Khóa kết nối"), site.needs_key),
        (_("Chỉ các tên miền đã khai"), bool(site.only_hosts and site.host_list)),
        (_("Chỉ các mạng đã khai (bản tin hồ sơ)"), bool(site.networks)),
        (_("Giới hạn số yêu cầu mỗi giây"), site.per_second is not None),
    ]


def _order(one: IntakeCount) -> tuple[object, ...]:
    return one.hour, one.feed, one.trust, one.outcome, one.reason or ""


def _record(site_id: int, one: IntakeCount) -> dict[str, object]:
    words = {Intake.BOT: advice.bot, Intake.REFUSED: advice.refusal}
    said = words.get(Intake(one.outcome))
    values = (
        site_id, _iso(one.hour), one.feed, one.trust, one.outcome, one.reason,
        said(one.reason) if said and one.reason else None, one.records, _iso(one.last_landed),
    )  # fmt: skip
    return dict(zip(_COLUMNS, values, strict=True))


def _iso(instant: int) -> str:
    return clock.to_datetime(instant).astimezone(clock.VIETNAM).isoformat(timespec="seconds")


def _csv(_site: Site, rows: Sequence[dict[str, object]]) -> bytes:
    """UTF-8 with a byte order mark, so that a spreadsheet opens Vietnamese rightly."""
    out = io.StringIO()
    writer = csv.DictWriter(out, _COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def _json(site: Site, rows: Sequence[dict[str, object]]) -> bytes:
    system = System.objects.filter(code=site.system).order_by("-valid_from").first()
    agency = _agency_of(system)
    found = {
        "site_id": site.site_id,
        "name": site.name,
        "hosts": site.host_list,
        "system": site.system,
        "agency": agency.code if agency else None,
        "agency_name": agency_name(agency) if agency else None,
        "rows": rows,
    }
    return msgspec.json.format(msgspec.json.encode(found), indent=1)
