"""An assessor's desk: what is left to mark, one system at a time; of the others' marks nothing is shown."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from thuocdo.assess.criteria.model import CriteriaSet, Criterion
from thuocdo.assess.models import Entry, Mark, Round
from thuocdo.assess.probes.files import texts
from thuocdo.assess.results import Remark, Result
from thuocdo.assess.rounds import grading, interests, office
from thuocdo.assess.rounds.proposing import Proposal, found_whole, proposals
from thuocdo.assess.rounds.shadow import said
from thuocdo.core.errors import ThuocdoError
from thuocdo.web import problems
from thuocdo.web.evidence import pieces
from thuocdo.web.problems import Problem
from thuocdo.web.rounds import told
from thuocdo.web.templatetags.yearbook import language
from thuocdo.web.work import evidence as kept
from thuocdo.web.work import frame
from thuocdo.web.work.rounds import points_in

_LONGEST = 2000


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The systems of the rounds that are being measured, with how many criteria are left to mark."""
    who = request.user.get_username()
    found = []
    for held in Round.objects.filter(state=Round.State.MEASURING).order_by("planned_at"):
        rules = grading.rules_of(held)
        if not grading.by_people(rules):
            continue
        mine: dict[str, int] = {}
        for mark in office.marks_shown_to(held, who):
            mine[mark.entry.code] = mine.get(mark.entry.code, 0) + 1
        entries = [
            (each, mine.get(each.code, 0), len(grading.to_mark(each, rules)))
            for each in held.entries.order_by("name")
        ]
        found.append((held, entries))
    return frame.page(request, "web/work/marks.html", {"title": _("Chấm điểm"), "rounds": found})


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, number: str, system: str) -> HttpResponse:
    """One system: each criterion that people judge, to be marked once."""
    held, entry = _entry(request, number, system)
    problem = None
    if request.method == "POST":
        try:
            _mark(request, held, entry)
        except ThuocdoError as error:
            problem = problems.from_error(error)
        else:
            messages.success(request, _("Đã giữ điểm của bạn; điểm không sửa được nữa."))
            address = reverse("work-mark", args=(held.code, entry.code))
            return redirect(f"{address}#{_anchor(request.POST.get('key', ''))}")
    mine = {
        each.key: each
        for each in office.marks_shown_to(held, request.user.get_username())
        if each.entry_id == entry.pk and each.assessor == request.user.get_username()
    }
    rules, results = grading.rules_of(held), grading.results_of(entry)
    proposed = proposals(rules, results)
    names = {f"{group.code}.{each.code}": told(each.name) for group, each in rules.criteria()}
    context = {
        "title": entry.name,
        "held": held,
        "entry": entry,
        "rules": rules,
        "problem": problem,
        "groups": _groups(rules, set(grading.to_mark(entry, rules)), mine, proposed),
        "found": [
            (names[key], _seen(result), _evidence(result))
            for key, result in found_whole(rules, results).items()
        ],
        "waits": not results and bool(grading.worth(rules, "found")),
        "proposes": any(each.has_signs for each in proposed.values()),
        "longest": _LONGEST,
    }
    status = HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK
    return frame.page(request, "web/work/mark.html", context, status=status)


@require_safe
def evidence(request: HttpRequest, number: str, system: str, sha256: str) -> HttpResponse:
    """A piece of what the machine kept of this system: what a proposal stands on."""
    held, entry = _entry(request, number, system)
    back = (reverse("work-mark", args=[held.code, entry.code]), entry.name)
    return kept.answer(request, sha256, grading.results_of(entry), back)


def _groups(
    rules: CriteriaSet, due: set[str], mine: dict[str, Mark], proposed: Mapping[str, Proposal]
) -> list[tuple[str, list[dict[str, object]], int]]:
    """(name of the group, its criteria that people judge, how many of them I have marked)."""
    groups: dict[str, list[dict[str, object]]] = {}
    for group, each in rules.criteria():
        key = f"{group.code}.{each.code}"
        if key in due:
            asked = _criterion(key, each, mine.get(key), proposed.get(key))
            asked |= {
                "configured": not rules.is_official(each),
                "is_whole": each.points == rules.step,
            }
            groups.setdefault(told(group.name), []).append(asked)
    return [
        (name, asked, sum(each["mark"] is not None for each in asked))
        for name, asked in groups.items()
    ]


def _anchor(key: str) -> str:
    """Where a criterion stands on the page."""
    return f"c-{key.replace('.', '-')}"


def _criterion(
    key: str, criterion: Criterion, mark: Mark | None, proposal: Proposal | None
) -> dict[str, object]:
    return {
        "anchor": _anchor(key),
        "signs": _signs(proposal),
        "key": key,
        "name": told(criterion.name),
        "asks": told(criterion.asks) if criterion.asks else "",
        "of": criterion.points,
        "items": [(item.code, told(item.name)) for item in criterion.items],
        "mark": mark,
    }


def _signs(proposal: Proposal | None) -> dict[str, object] | None:
    """What the machine says of a criterion, in the reader's language."""
    if proposal is None:
        return None
    fault = proposal.result.fault
    unseen = _("Máy không thấy chưa có nghĩa là không có.")
    note = told(texts()[fault.value]).replace("{detail}", proposal.result.detail) if fault else unseen  # fmt: skip
    return {
        "has_signs": proposal.has_signs,
        "note": note,
        "seen": _seen(proposal.result),
        "beware": told(proposal.beware) if proposal.beware else "",
        "evidence": _evidence(proposal.result),
    }


def _seen(result: Result) -> list[tuple[str, str]]:
    """Each sign in words, with the address to open: what a link leads to, else the page; "" for none."""
    return [(said(each, language()), _to_open(each)) for each in result.remarks]


def _to_open(remark: Remark) -> str:
    """A hostile page may have written it: nothing but an address of the web is made a link."""
    for name in ("href", "url"):
        if remark.facts.get(name, "").startswith(("https://", "http://")):
            return remark.facts[name]
    return ""


def _evidence(result: Result) -> list[tuple[str, str]]:
    """What an assessor can look at: what it is in words, and its name."""
    kinds = ("screenshot", "screenshot_320", "page")
    named = {each.sha256: each.kind for each in result.evidence if each.kind in kinds}
    return [(piece.words, piece.sha256) for piece in pieces(named)]


def _mark(request: HttpRequest, held: Round, entry: Entry) -> None:
    """Raises ThuocdoError `bad_mark` or `round_closed`; a mark is a trail of its own."""
    key, evidence = request.POST.get("key", ""), request.POST.get("evidence", "").strip()
    if not evidence or len(evidence) > _LONGEST:
        raise ThuocdoError("no_evidence_given", "A mark needs its evidence in words.")
    listed = {
        f"{group.code}.{each.code}"
        for group, each in grading.rules_of(held).criteria()
        if each.items
    }
    has_list = key in listed
    with transaction.atomic():
        office.mark(
            held,
            entry.code,
            request.user.get_username(),
            key,
            found=request.POST.getlist("found") if has_list else None,
            points=None if has_list else points_in(request.POST.get("points", "")),
            evidence=evidence,
        )


def _entry(request: HttpRequest, code: str, system: str) -> tuple[Round, Entry]:
    found = Entry.objects.filter(round__code=code, code=system).select_related("round").first()
    if found is None or found.round.state != Round.State.MEASURING:
        raise Problem(
            _("Hệ thống này không có trong đợt nào đang chấm điểm."),
            _("Chọn một hệ thống trong danh sách."),
            HTTPStatus.NOT_FOUND,
        )
    if interests.employer(request.user.get_username(), found):
        raise Problem(
            _(
                "Hệ thống này của cơ quan bạn hoặc cùng ngành dọc với cơ quan bạn, nên người khác chấm."
            ),
            _("Chọn một hệ thống khác trong danh sách."),
            HTTPStatus.FORBIDDEN,
        )
    return found.round, found
