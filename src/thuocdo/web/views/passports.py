"""The passport of a figure: what it says, how it was made, how to make it again; and its downloads."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

import segno
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from thuocdo.core import clock
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vocabulary import Block
from thuocdo.measure.definitions.wording import Speaker
from thuocdo.measure.disclosure import policy_on
from thuocdo.measure.exclusions import Exclusion, Sort
from thuocdo.measure.listening import sources
from thuocdo.measure.model import Figure, SourceState
from thuocdo.measure.passport.making import left_out
from thuocdo.measure.passport.naming import Answer, Question
from thuocdo.measure.quality import Finding
from thuocdo.registry.models import Agency
from thuocdo.web import board, choosing, passports, publishing, wording
from thuocdo.web.aims import aim
from thuocdo.web.choosing import CUSTOM, Choice
from thuocdo.web.drawing import Trend, trend
from thuocdo.web.passport_files import Sheet, answer_file
from thuocdo.web.printing import (
    agency_name,
    count,
    day,
    fraction_text,
    language,
    printed,
)
from thuocdo.web.problems import Problem

_SILENT_LISTED = 10


@dataclass(frozen=True, slots=True)
class Said:
    """An answer as it is printed. `counts` is n/N, empty for plain counts."""

    value: str
    counts: str
    coverage: str
    rank: int | None


@dataclass(frozen=True, slots=True)
class Definition:
    """The words a figure was computed under, in the reader's language."""

    title: str
    text: str
    formula: str
    rules: list[str]
    source: str
    version: str
    identity: str


@require_safe
def page(request: HttpRequest, name: str) -> HttpResponse:
    found = _find(name)
    question = found.question
    choice = _choice(question)
    whom = _whom(question, found.now)
    definition = _definition(question)
    unit = board.measure().definition(question.indicator).unit
    ranked = found.now is not None and found.now.rank is not None
    block = found.now.block if ranked else question.block
    withheld = found.now is not None and publishing.is_withheld(found.now)
    drawn = None if withheld else _trend(question, choice, unit, definition.title, whom, block)
    excluded = [] if withheld else left_out(board.measure(), question)
    address = request.build_absolute_uri(request.path)
    sheet = Sheet(found, definition, whom, unit, excluded, drawn, address)
    if wanted := request.GET.get("format"):
        return answer_file(wanted, sheet)
    states = _sources(question)
    context = {
        "title": _("Hộ chiếu con số: %(title)s, %(whom)s")
        % {"title": definition.title, "whom": whom},
        "found": found,
        "question": question,
        "whom": whom,
        "who_address": reverse("agency", args=[question.agency]) if question.agency else "",
        "definition": definition,
        "unit": unit,
        "now": said(passports.answer_of(found.now), unit) if found.now and not withheld else None,
        "then": said(found.then.answer, unit) if found.then else None,
        "then_at": found.then.at if found.then else None,
        "withheld": wording.flags(found.now.flags) if withheld else "",
        "flags": wording.flags(found.now.flags) if found.now and not withheld else "",
        "figure": found.now if not withheld else None,
        "excluded": [(_worded(each), _count(each, question)) for each in excluded],
        "silent": [state for state in states if not state.reporting][:_SILENT_LISTED],
        "findings": _findings(question),
        "trend": drawn,
        "command": f"thuocdo verify {name}",
        "block_label": str(wording.BLOCKS[found.now.block])
        if found.now and found.now.block
        else "",
        "address": address,
        "cited": _cited(definition, whom, question, name),
        "qr": _qr(address),
        "kinds": ("csv", "xlsx", "json", *(("svg", "png") if drawn and not drawn.empty else ())),
    }
    return render(request, "web/passport.html", context)


def said(answer: Answer, unit: str) -> Said:
    """An answer as every page prints it."""
    coverage = "" if answer.expected is None else f"{answer.reporting}/{answer.expected}"
    value = None if answer.value is None else float(answer.value)
    counts = "" if unit == "duration" else fraction_text(answer.numerator, answer.denominator)
    return Said(printed(value, unit), counts, coverage, answer.rank)


def _find(name: str) -> passports.Found:
    try:
        question = passports.named(board.measure(), name).question
        choosing.check_span(question.period)
        found = passports.find(board.measure(), name)
    except ThuocdoError as error:
        if error.code in {"bad_figure_name", "unknown_indicator", "unknown_version"}:
            raise Problem(
                _("“%(name)s” không phải tên của một con số.") % {"name": name[:80]},
                _("Chép lại trọn tên, từ mã chỉ số đến mười sáu chữ số cuối cùng."),
                HTTPStatus.NOT_FOUND,
            ) from error
        raise
    if found.now is None and found.then is None:
        raise Problem(
            _("Không có con số nào trả lời cho tên này."),
            _("Chép lại tên như khi công bố, hoặc tìm cơ quan và chỉ số ở trang Tìm kiếm."),
            HTTPStatus.NOT_FOUND,
        )
    return found


def _choice(question: Question) -> Choice:
    block = Block(question.block) if question.block else Block.PROVINCE
    return Choice(
        question.period, CUSTOM, block, question.version, question.organised, question.trust
    )


def _whom(question: Question, figure: Figure | None) -> str:
    """Whose figure it is: an agency, with what is its own, or a service of it or of a block."""
    parts = []
    if question.procedure:
        parts.append(figure.name if figure else question.procedure)
    if question.agency:
        row = Agency.objects.filter(code=question.agency).order_by("-valid_from").first()
        whole = agency_name(row) if row else question.agency
        parts.append(_("%(whom)s (phần trực tiếp)") % {"whom": whole} if question.own else whole)
    else:
        parts.append(str(wording.BLOCKS.get(question.block or "", _("cả nước"))))
    return ", ".join(parts)


def _definition(question: Question) -> Definition:
    indicator = board.measure().definition(question.indicator)
    version = indicator.version_for(question.last, question.version)
    speaker = Speaker(language())
    return Definition(
        title=speaker.text(indicator.name),
        text=speaker.text(version.description),
        formula=speaker.formula(version),
        rules=speaker.rules(indicator, version),
        source=f"{version.source.document}, {version.source.place}",
        version=version.version,
        identity=version.identity,
    )


def _worded(excluded: Exclusion) -> str:
    return str(getattr(excluded, language()))


def _count(excluded: Exclusion, question: Question) -> str:
    """Dossiers left out are people's: few of them are not counted aloud."""
    smallest = policy_on(question.last).smallest
    if excluded.sort is Sort.DOSSIER and 0 < excluded.count < smallest:
        return _("dưới %(n)s") % {"n": smallest}
    return count(excluded.count)


def _sources(question: Question) -> list[SourceState]:
    if question.agency is None:
        return []
    return sources(
        board.measure(),
        question.indicator,
        question.period,
        agency=question.agency,
        version=question.version,
        as_organised=question.organised,
        trust=question.trust,
    )


def _findings(question: Question) -> list[tuple[str, str]] | None:
    """(what is found, in words) of the data behind the figure, as the detectors see it now.

    None while they are looking.
    """
    found = publishing.findings_if_ready(board.measure(), question.period)
    if found is None:
        return None
    mine: list[Finding] = [
        one
        for one in found
        if question.indicator in one.indicators
        and question.agency is not None
        and (one.agency == question.agency or one.agency.startswith(f"{question.agency}."))
    ]
    return [(getattr(one.name, language()), getattr(one.text, language())) for one in mine]


def _trend(
    question: Question, choice: Choice, unit: str, title: str, whom: str, block: str | None
) -> Trend | None:
    if question.procedure or question.own:
        return None
    points = board.series(question.indicator, choice, agency=question.agency, block=question.block)
    target = (
        aim(question.indicator, question.last, block=block, agency=question.agency)
        if block
        else None
    )
    return trend(points, unit, title, whom, target)


def _cited(definition: Definition, whom: str, question: Question, name: str) -> str:
    return _(
        "“%(title)s, %(whom)s, %(first)s – %(last)s”, định nghĩa %(version)s. "
        "Con số %(name)s. Truy cập ngày %(today)s."
    ) % {
        "title": definition.title,
        "whom": whom,
        "first": day(question.first),
        "last": day(question.last),
        "version": definition.version,
        "name": name,
        "today": day(clock.local_day(clock.now_us())),
    }


def _qr(address: str) -> SafeString:
    """The address as a code that a phone reads from paper."""
    made = segno.make(address, error="m", micro=False).svg_inline(
        scale=3, border=2, svgclass="qr", lineclass=None, omitsize=True,
        title=_("Mã QR của địa chỉ này"),
    )  # fmt: skip
    return mark_safe(made)  # noqa: S308 - made of an address alone, by segno
