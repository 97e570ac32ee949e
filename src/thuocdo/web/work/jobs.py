"""What the worker does in the background, which of it fails and why: for whoever runs the instance."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from thuocdo.core import duties
from thuocdo.core.duties import Duty
from thuocdo.steer.policy import words
from thuocdo.steer.telling import job_name, why_failed
from thuocdo.web import board
from thuocdo.web.printing import language
from thuocdo.web.work import frame


@dataclass(frozen=True, slots=True)
class Told:
    """One job in the reader's language. why: of its last failure, "" where there was none."""

    name: str
    duty: Duty
    why: str


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Every job, those that fail first; nothing can be done here."""
    here, tongue = board.instance(), language()
    found = duties.read(here).jobs
    jobs = [
        Told(
            job_name(name, tongue),
            duty := found.get(name, Duty()),
            why_failed(duty.failure.why, tongue) if duty.failure else "",
        )
        for name in words().jobs
    ]
    context = {
        "title": _("Việc chạy nền"),
        "jobs": sorted(jobs, key=lambda job: not job.duty.failures),  # keeps the order of equals
        "is_there": duties.is_there(here),
        "failing": sum(bool(job.duty.failures) for job in jobs),
    }
    return frame.page(request, "web/work/jobs.html", context)
