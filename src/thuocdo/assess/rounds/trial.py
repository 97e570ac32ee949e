"""A round of the fixture fleet: its systems from data, and the sheets of its two invented assessors."""

from __future__ import annotations

from django.db import transaction

from thuocdo.assess.criteria.model import CriteriaSet
from thuocdo.assess.demo.servers import DemoSite, Fleet
from thuocdo.assess.models import Round
from thuocdo.assess.rounds import office
from thuocdo.assess.rounds.office import System

ASSESSORS = ("Người đánh giá thứ nhất", "Người đánh giá thứ hai")
_REASON = (
    "Hai người đánh giá cùng xem lại bằng chứng và thống nhất theo người thứ nhất (dữ liệu mẫu)."
)


def plan(name: str, rules: CriteriaSet, fleet: Fleet) -> Round:
    """A trial of the fleet under some rules, marked, its differences settled as the first assessor says."""
    systems = [
        System(
            each.site.code,
            each.site.name,
            each.site.block,
            each.url,
            each.site.vendor,
            each.plain_url,
        )
        for each in fleet.served
    ]
    with transaction.atomic():
        held = office.plan(name, rules, systems, is_trial=True)
        for each in fleet.served:
            _mark(held, rules, each.site)
        for code, difference in office.differences(held):
            entry = office.entry_of(held, code)
            first = entry.marks.get(assessor=ASSESSORS[0], key=difference.key)
            office.settle(held, code, difference.key, first.points, _REASON, ASSESSORS[0])
    return held


def move(held: Round, fleet: Fleet) -> Round:
    """The fleet's ports are new with each start."""
    for each in fleet.served:
        held.entries.filter(code=each.site.code).update(url=each.url, plain_url=each.plain_url)
    return held


def _mark(held: Round, rules: CriteriaSet, site: DemoSite) -> None:
    for assessor, missing in zip(ASSESSORS, site.missing, strict=False):
        for group, criterion in rules.criteria():
            if criterion.method == "manual" and criterion.items:
                found = [
                    item.code
                    for item in criterion.items
                    if f"{criterion.code}.{item.code}" not in missing
                    and f"{criterion.code}.*" not in missing
                ]
                key = f"{group.code}.{criterion.code}"
                office.mark(held, site.code, assessor, key, found=found)
