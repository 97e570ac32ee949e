"""Assessments: the criteria sets that systems are graded by, and the rounds that were published."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from thuocdo.assess.criteria.model import CriteriaSet, criteria_set, criteria_sets
from thuocdo.measure.definitions import Text
from thuocdo.web.api import asking, shapes
from thuocdo.web.api.door import resource

router = Router(tags=["assessments"])


@resource(
    router,
    "/assessments",
    shapes.Assessments,
    Text(vi="Bộ tiêu chí đánh giá và các đợt đã công bố", en="Criteria sets and published rounds"),
)
def assessments(request: HttpRequest) -> Any:  # noqa: ARG001
    """Groups, criteria, points and level bounds of every set; no round has been published yet."""
    return shapes.Assessments(criteria=list(criteria_sets()), rounds=[])


@resource(
    router,
    "/assessments/{code}",
    CriteriaSet,
    Text(vi="Một bộ tiêu chí", en="One criteria set"),
)
def criteria(request: HttpRequest, code: asking.Code) -> Any:  # noqa: ARG001
    """With its levels, best first."""
    return criteria_set(code)
