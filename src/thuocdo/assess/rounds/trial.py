"""Rounds of the fixture fleet: its systems, the sheets of its two invented assessors, appeals and a correction.

Everything goes through the office's own doors; only the people are invented, and say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Final, TypeVar

import msgspec
import yaml
from django.db import transaction
from django.utils import timezone

from thuocdo.assess.criteria.model import CriteriaSet
from thuocdo.assess.demo.servers import DemoSite, Fleet
from thuocdo.assess.models import Appeal, Round
from thuocdo.assess.rounds import office
from thuocdo.assess.rounds.office import System
from thuocdo.core.settings import Settings

ASSESSORS: Final = (
    "Người đánh giá thứ nhất (mô phỏng)",
    "Người đánh giá thứ hai (mô phỏng)",
)
JUDGE: Final = "Hội đồng đánh giá (mô phỏng)"
APPEAL_DAYS: Final = 10
T = TypeVar("T", "Heard", "Corrected")
_OFFICE: Final = Path(__file__).parents[1] / "demo" / "office.yaml"
_REASON: Final = (
    "Hai người đánh giá cùng xem lại bằng chứng và thống nhất theo người thứ nhất (dữ liệu mẫu)."
)
_SEEN: Final = "Đã thử từng chức năng bằng một hồ sơ mẫu (dữ liệu mẫu)."


class Heard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One appeal and its answer; with points it was allowed."""

    system: str
    key: str
    who: str
    text: str
    answer: str
    points: Decimal | None = None


class Corrected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    system: str
    key: str
    points: Decimal
    who: str
    reason: str


class Office(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `demo/office.yaml` says happens after the scans."""

    appeals: list[Heard]
    corrections: list[Corrected]


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


def conclude(held: Round, settings: Settings) -> None:
    """From the last scan to a published round with its appeals decided and its correction; goes on where it was."""
    happens = _happens()
    if held.state == Round.State.MEASURING:
        office.announce(held, timezone.now() + timedelta(days=APPEAL_DAYS))
    if held.state == Round.State.PRELIMINARY:
        for each in _in(held, happens.appeals):
            _hear(held, each)
        office.publish(held, settings)
    if not office.corrections(held):
        for one in _in(held, happens.corrections):
            office.correct(held, one.system, one.key, one.points, one.reason, one.who)


def _hear(held: Round, heard: Heard) -> None:
    made = Appeal.objects.filter(entry__round=held, entry__code=heard.system, key=heard.key).first()
    if made is None:
        made = office.appeal(held, heard.system, heard.key, heard.text, heard.who)
    if made.verdict == Appeal.Verdict.OPEN:
        office.decide(made.pk, heard.answer, JUDGE, heard.points)


def _in(held: Round, all_of_them: Sequence[T]) -> list[T]:
    """Those about systems that the round has."""
    codes = set(held.entries.values_list("code", flat=True))
    return [each for each in all_of_them if each.system in codes]


@cache
def _happens() -> Office:
    return msgspec.convert(yaml.safe_load(_OFFICE.read_text("utf-8")), Office, strict=False)


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
                office.mark(held, site.code, assessor, key, found=found, evidence=_SEEN)
