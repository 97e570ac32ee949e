"""How far the making of a draft is: a small page that looks again by itself, so that the report's can be read in peace."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from thuocdo.core import clock
from thuocdo.core.errors import ThuocdoError
from thuocdo.registry.models import RemakeJob
from thuocdo.report.desk.model import Kind, Refused, Rules, rules_on, words
from thuocdo.report.desk.standing import no
from thuocdo.web import board
from thuocdo.web.printing import language
from thuocdo.web.problem_words import TEXTS
from thuocdo.web.problems import Problem, from_error
from thuocdo.web.work import frame, remaking

_REFRESH_SECONDS = 5


@require_safe
def page(request: HttpRequest, week: str) -> HttpResponse:
    """The latest making of a week's draft."""
    job = remaking.latest(week)
    if job is None:
        raise Problem(
            _("Bản dự thảo của tuần “%(week)s” chưa được lập lại lần nào.") % {"week": week[:20]},
            _("Chọn một tuần trong danh sách."),
            HTTPStatus.NOT_FOUND,
            way_out=(reverse("work-reports"), _("Công bố báo cáo")),
        )
    context = {
        "title": _("Lập lại bản dự thảo tuần %(week)s") % {"week": week},
        "job": job,
        "week": week,
        "refresh": _REFRESH_SECONDS if job.is_open else 0,
        "failure": failure(job, rules_on(board.instance(), clock.now_us())),
    }
    return frame.page(request, "web/work/report_remake.html", context)


def failure(job: RemakeJob, rules: Rules) -> Problem | None:
    """Why a draft could not be made again; None when it could, or is being made."""
    if not job.failure:
        return None
    if job.failure in words().refusals:
        return problem_of(no(job.failure, rules.steps[Kind.DRAFT]))
    return from_error(ThuocdoError(job.failure, ""))


def problem_of(refusal: ThuocdoError) -> Problem:
    """A refusal of the desk in the reader's words."""
    if isinstance(refusal, Refused):
        text, way_out = refusal.text.told(language()), refusal.way_out.told(language())
        return Problem(text, way_out, HTTPStatus.CONFLICT)
    if refusal.code in TEXTS:
        told = from_error(refusal)
        return Problem(told.message, told.hint, HTTPStatus.CONFLICT)
    return Problem(_("Không làm được việc này."), str(refusal), HTTPStatus.CONFLICT)
