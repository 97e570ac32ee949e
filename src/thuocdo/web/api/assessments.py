"""Assessments: the criteria sets that systems are graded by, and the rounds that were published."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import translation
from ninja import Router

from thuocdo.assess.criteria.model import CriteriaSet, criteria_set, criteria_sets
from thuocdo.assess.models import Round
from thuocdo.core.clock import to_datetime
from thuocdo.measure.definitions import Text
from thuocdo.web import rounds
from thuocdo.web.api import asking, shapes
from thuocdo.web.api.door import resource
from thuocdo.web.rounds import Published

router = Router(tags=["assessments"])


def _state() -> tuple[Any, ...]:
    return tuple(Round.objects.order_by("pk").values_list("code", "published_at"))


@resource(
    router,
    "/assessments",
    shapes.Assessments,
    Text(vi="Bộ tiêu chí đánh giá và các đợt đã công bố", en="Criteria sets and published rounds"),
    also=_state,
)
def assessments(request: HttpRequest) -> Any:  # noqa: ARG001
    """Groups, criteria, points and level bounds of every set, and every published round."""
    found = [_shape(rounds.opened(held)) for held in rounds.listed()]
    return shapes.Assessments(criteria=list(criteria_sets()), rounds=found)


def _shape(found: Published) -> shapes.PublishedRound:
    with translation.override("vi"):
        page = reverse("quality-round", args=[found.code])
        files = {kind: reverse("quality-file", args=[found.code, kind]) for kind in rounds.KINDS}
    return shapes.PublishedRound(
        code=found.code,
        title=found.made.title,
        published_at=to_datetime(found.made.published_at),
        rules=found.made.rules,
        rules_sha256=found.made.rules_sha256,
        trial=found.made.is_trial,
        systems=len(found.made.systems),
        page=page,
        files=files,
    )


@resource(
    router,
    "/assessments/{code}",
    CriteriaSet,
    Text(vi="Một bộ tiêu chí", en="One criteria set"),
)
def criteria(request: HttpRequest, code: asking.Code) -> Any:  # noqa: ARG001
    """With its levels, best first."""
    return criteria_set(code)
