"""Evidence of results that are not published: in the workspace, to whoever may open the page that names it."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse

from thuocdo.assess.results import Result
from thuocdo.web import evidence
from thuocdo.web.evidence import Shown, Use
from thuocdo.web.work import frame
from thuocdo.web.work.frame import Place


def answer(
    request: HttpRequest,
    sha256: str,
    results: Sequence[Result],
    back: tuple[str, str],
    *,
    place: Place | None = None,
) -> HttpResponse:
    """A piece that some results name, or a page about it. back: address and words of where it was found.

    Raises Problem as `evidence.answer` does.
    """

    def page(shown: Shown) -> HttpResponse:
        context = {
            "title": shown.title,
            "shown": shown,
            "uses": [Use("", "", evidence.checks_on(results, sha256))],
            "back": back,
        }
        return frame.page(request, "web/work/evidence.html", context, place=place)

    return evidence.answer(request, sha256, evidence.of_results(results), page)
