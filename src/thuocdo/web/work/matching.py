"""The dossiers one side lacks, found from a list of numbers that is hashed in memory and forgotten.

The list never touches the disk: not while it arrives (`web/bodies.py`), not while it is read
(`web/memory_uploads.py`), and nothing is kept of it. What comes back speaks of its lines.
"""

from __future__ import annotations

import csv
import io
from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from thuocdo.core.clock import Period
from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.reconcile.matched import Extra, Matched, Missing, words
from thuocdo.measure.reconcile.matching import match, tags
from thuocdo.registry.people import person
from thuocdo.report.render.reconciliation_xlsx import matched_xlsx, reason_text
from thuocdo.web.memory_uploads import InMemory, lent
from thuocdo.web.printing import language
from thuocdo.web.problems import Problem
from thuocdo.web.work import frame, reconciling, reconciling_words

_SHOWN: Final = 200


@csrf_exempt  # the inner view asks for the token, once it is said where the file goes
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, code: str) -> HttpResponse:
    """Compare a list; a reader who comes by GET is sent to the form."""
    if request.method != "POST":
        return redirect("work-reconciling", code)
    request.upload_handlers = [InMemory(request)]
    return _matched(request, code=code)


@csrf_protect
@frame.of_agency
def _matched(request: HttpRequest, place: frame.Place) -> HttpResponse:
    period = reconciling.period_of(request)
    try:
        system, file = _given(request, place, period)
        column = request.POST.get("column", "").strip() or None
        with lent(file) as path:
            if request.POST.get("do") == "tags":
                return _tags(tags(reconciling.books(), system, path, column))
            found = match(reconciling.books(), system, path, period, column=column)
    except ThuocdoError as error:
        return reconciling.shown(request, place, period, reconciling_words.problem(error))
    except Problem as problem:
        return reconciling.shown(request, place, period, problem)
    if request.POST.get("do") == "xlsx":
        return _file(
            matched_xlsx(found, software=reconciling.software()),
            reconciling.XLSX,
            f"doi-chieu-{system}-{period.first}-{period.last}.xlsx",
        )
    context = {
        "title": _("Đối chiếu danh sách hồ sơ"),
        "found": found,
        "missing": [_missing(one) for one in found.missing[:_SHOWN]],
        "extra": [_extra(one) for one in found.extra[:_SHOWN]],
        "reasons": _reasons(found),
        "shown": _SHOWN,
        "back": reconciling.address(place, period),
    }
    return frame.page(request, "web/work/matched.html", context, place=place)


def _given(request: HttpRequest, place: frame.Place, period: Period) -> tuple[str, UploadedFile]:
    """The system and the list. Raises Problem, also for a system of somebody else."""
    system, file = request.POST.get("system", ""), request.FILES.get("file")
    known = dict(reconciling_words.systems_of(person(request.user), place, period))
    if system not in known:
        raise Problem(
            _("Hệ thống này không thuộc cơ quan."), _("Chọn một hệ thống trong danh sách."), 403
        )
    if file is None:
        raise Problem(_("Chưa chọn tệp nào."), _("Chọn tệp rồi gửi lại."))
    return system, file


def _missing(one: Missing) -> dict[str, Any]:
    detail = reason_text(one.reason) if one.reason else one.system or one.perhaps
    if one.other_line:
        detail = _("dòng %(line)s") % {"line": one.other_line}
    return {
        "one": one,
        "why": _in(words().why[one.why]),
        "detail": detail,
        "advice": _in(words().advice[one.why]),
    }


def _extra(one: Extra) -> dict[str, Any]:
    return {
        "one": one,
        "channel": _in(words().channels[one.channel]) if one.channel else "",
        "status": _in(words().statuses[one.last_status]),
        "double": _in(words().double).format(line=one.double_of_line) if one.double_of_line else "",
    }


def _reasons(found: Matched) -> list[tuple[str, int]]:
    counts: dict[Any, int] = {}
    for one in found.missing:
        counts[one.why] = counts.get(one.why, 0) + 1
    return [(_in(words().why[why]), n) for why, n in counts.items()]


def _in(text: Any) -> str:
    return str(getattr(text, language()))


def _tags(pairs: Any) -> HttpResponse:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(("line", "tag"))
    writer.writerows((line, tag or "") for line, tag in pairs)
    return _file(text.getvalue().encode(), "text/csv; charset=utf-8", "ma-ghep.csv")


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    return HttpResponse(
        content,
        content_type=kind,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )
