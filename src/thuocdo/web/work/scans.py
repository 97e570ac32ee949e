"""Shadow scans in the workspace: ask for one of one's own systems, wait minutes, read what to mend.

Results are the agency's and the round keeper's (`see_scans`), and are never published.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final

import msgspec
from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from thuocdo.assess.criteria.model import CriteriaSet, criteria_set, criteria_sets
from thuocdo.assess.hosts import budget
from thuocdo.assess.hosts.budget import Lately
from thuocdo.assess.hosts.policy import policy
from thuocdo.assess.models import Appeal, Round, ShadowScan
from thuocdo.assess.rounds import telling
from thuocdo.assess.rounds.comparing import WHY, Change
from thuocdo.assess.rounds.publication import CheckLine
from thuocdo.assess.rounds.telling import Moved, Told
from thuocdo.assess.scans import addresses, crew, shadows
from thuocdo.assess.scans.addresses import Choice
from thuocdo.assess.scoring import NEWEST
from thuocdo.core.errors import ThuocdoError
from thuocdo.registry import queues
from thuocdo.registry.models import System
from thuocdo.registry.people import person
from thuocdo.registry.rights import Right
from thuocdo.web import problems, rounds
from thuocdo.web.problems import Problem
from thuocdo.web.rounds import Checked, told
from thuocdo.web.spreadsheets import inert
from thuocdo.web.work import evidence as kept
from thuocdo.web.work import frame
from thuocdo.web.work.frame import Place

REFRESH_SECONDS: Final = 5
KINDS: Final = ("csv", "json")
_LISTED: Final = 50
_HEADINGS: Final = (
    *("group", "criterion", "outcome", "points", "of", "fault", "who_mends"),
    *("seen", "element", "how_to_mend", "evidence"),
)


@dataclass(frozen=True, slots=True)
class MovedLine:
    """One criterion that moved: what was seen then, and what is seen now."""

    change: Change
    name: str
    why: str
    then: Checked | None
    now: Checked | None


@require_safe
@frame.of_agency
def index(request: HttpRequest, place: Place) -> HttpResponse:
    """The systems that may be scanned, and the scans asked for before."""
    return _index(request, place)


@require_POST
@frame.of_agency
def ask(request: HttpRequest, place: Place) -> HttpResponse:
    """Put a scan in the queue; one that is open for the system already is shown instead."""
    try:
        among = addresses.choices(person(request.user).below(place.code))
        wanted = addresses.chosen(
            among, request.POST.get("system", ""), request.POST.get("url", "")
        )
        scan = shadows.ask(settings.THUOCDO, place.code, wanted, request.user.get_username())
    except ThuocdoError as error:
        return _index(request, place, problems.from_error(error))
    shadows.ring(settings.THUOCDO)
    messages.success(request, _("Yêu cầu quét thử số %(n)s đã vào hàng chờ.") % {"n": scan.pk})
    return redirect("work-scan", place.code, scan.pk)


def _index(request: HttpRequest, place: Place, problem: Problem | None = None) -> HttpResponse:
    rows = _visible(request, place).defer("results")[:_LISTED]
    lately, choices = budget.lately(), addresses.choices(person(request.user).below(place.code))
    context = {
        "title": _("Quét thử hệ thống"),
        "choices": choices,
        "late": _late(lately, place, choices),
        "rows": [(each, shadows.position(each)) for each in rows],
        "may_ask": person(request.user).may(Right.ASK_SCANS, place.code),
        "left": lately.left(place.code),
        "most": policy().budgets.agency[-1].most,
        "hours": policy().budgets.agency[-1].hours,
        "given": request.POST if problem else request.GET,
        "problem": problem,
        "refresh": REFRESH_SECONDS * 2 if any(each.is_open for each in rows) else 0,
    }
    status = HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK
    return frame.page(request, "web/work/scans.html", context, place=place, status=status)


def _late(lately: Lately, place: Place, choices: list[Choice]) -> list[tuple[datetime, str]]:
    """(from when on, names) of the systems that may not be scanned now, as far as budgets go."""
    found: dict[datetime, list[str]] = {}
    for each in choices:
        late = lately.scan_free_at(place.code, each.system, each.url) if each.url else None
        if late is not None:
            found.setdefault(late[1], []).append(each.name)
    return [(free_at, "; ".join(names)) for free_at, names in sorted(found.items())]


@require_safe
@frame.of_agency
def page(request: HttpRequest, place: Place, number: int) -> HttpResponse:
    """One scan: where it stands in the queue, or what it found under the chosen rules."""
    scan = _scan(request, place, number)
    context: dict[str, object] = {
        "title": scan.name,
        "scan": scan,
        "refresh": REFRESH_SECONDS if scan.is_open else 0,
        "ahead": shadows.position(scan),
        "host_is_busy": shadows.waits_for_host(settings.THUOCDO, scan),
        "scanner_there": crew.is_there(settings.THUOCDO),
        "fleet_at_work": Round.objects.filter(
            state=Round.State.MEASURING, scanning=Round.Scanning.ON
        ).exists(),
        "failure": problems.from_error(ThuocdoError(scan.failure, "")) if scan.failure else None,
        "appeals": Appeal.objects.filter(rescan=scan).select_related("entry__round"),
    }
    if scan.state == queues.State.DONE:
        rules = _rules(request)
        context |= _found_context(telling.told(scan, rules), rules)
    return frame.page(request, "web/work/scan.html", context, place=place)


def _found_context(found: Told, rules: CriteriaSet) -> dict[str, object]:
    checks = found.line.checks
    return {
        "told_of": found,
        "rules": rules,
        "rules_name": told(rules.name),
        "sets": [(each.code, told(each.name)) for each in criteria_sets()],
        "groups": rounds.by_group(rules, found.line),
        "counts": {
            outcome: sum(each.outcome == outcome for each in checks if each.of is not None)
            for outcome in ("pass", "fail", "unmeasured")
        },
        "moved": [
            (heading, each, _moved_lines(each))
            for heading, each in (
                (_("So với lần quét trước"), found.since_scan),
                (_("So với đợt công bố gần nhất"), found.since_round),
            )
            if each is not None
        ],
        "kinds": KINDS,
    }


def _moved_lines(moved: Moved) -> list[MovedLine]:
    return [
        MovedLine(
            change,
            told(change.name),
            told(WHY[change.why]),
            rounds.checked(then) if then else None,
            rounds.checked(now) if now else None,
        )
        for change, then, now in zip(moved.compared.changes, moved.then, moved.now, strict=True)
    ]


@require_safe
@frame.of_agency
def download(request: HttpRequest, place: Place, number: int, kind: str) -> HttpResponse:
    """The result as a file: lines for a spreadsheet, or everything for a program."""
    scan = _scan(request, place, number)
    if kind not in KINDS or scan.state != queues.State.DONE:
        raise Problem(_("Lần quét này không có tệp ấy."), status=HTTPStatus.NOT_FOUND)
    rules = _rules(request)
    found = telling.told(scan, rules)
    if kind == "json":
        response = HttpResponse(
            msgspec.json.format(msgspec.json.encode(found)), content_type="application/json"
        )
    else:
        response = HttpResponse(_csv(found, rules), content_type="text/csv; charset=utf-8")
    name = f"quet-thu-{scan.pk}-{rules.code}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _csv(found: Told, rules: CriteriaSet) -> bytes:
    """One line a criterion, as a spreadsheet of officials opens it."""
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    lines.writerow(_HEADINGS)
    for group in rounds.by_group(rules, found.line):
        for each in group.checks:
            lines.writerow([inert(value) for value in _row(group.name, each)])
    return text.getvalue().encode("utf-8-sig")


def _row(group: str, each: Checked) -> tuple[object, ...]:
    line: CheckLine = each.line
    return (
        group,
        each.name,
        line.outcome,
        "" if line.points is None else line.points,
        "" if line.of is None else line.of,
        line.fault,
        each.blame,
        "; ".join(words for words, _element in each.seen),
        "; ".join(element for _words, element in each.seen if element),
        each.fix,
        " ".join(line.evidence),
    )


@require_safe
@frame.of_agency
def evidence(request: HttpRequest, place: Place, number: int, sha256: str) -> HttpResponse:
    """A piece of evidence of this very scan."""
    scan = _scan(request, place, number)
    back = (reverse("work-scan", args=[place.code, scan.pk]), scan.name)
    return kept.answer(request, sha256, shadows.results_of(scan), back, place=place)


def _rules(request: HttpRequest) -> CriteriaSet:
    """The set that was chosen, else the newest. Raises Problem 404 for one that there is not."""
    try:
        return criteria_set(request.GET.get("bo", "") or NEWEST)
    except ThuocdoError as error:
        if error.code != "unknown_criteria":
            raise
        problem = problems.from_error(error)
        raise Problem(problem.message, problem.hint, HTTPStatus.NOT_FOUND) from None


def _visible(request: HttpRequest, place: Place) -> QuerySet[ShadowScan]:
    """Scans of the systems of the agency and of those below it."""
    below = person(request.user).below(place.code)
    systems = System.objects.filter(agency__in=below).values("code")
    return ShadowScan.objects.filter(system__in=systems)


def _scan(request: HttpRequest, place: Place, number: int) -> ShadowScan:
    found = _visible(request, place).filter(pk=number).first()
    if found is None:
        raise Problem(
            _("Cơ quan này không có lần quét thử số %(n)s.") % {"n": number},
            _("Chọn một lần quét trong danh sách."),
            HTTPStatus.NOT_FOUND,
        )
    return found
