"""Levels and points as every page of a round prints them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from thuocdo.assess.criteria.model import CriteriaSet, Criterion, Group
from thuocdo.assess.rounds import deadline
from thuocdo.assess.rounds.publication import CheckLine
from thuocdo.assess.scoring import Grade
from thuocdo.core.vietnamese import format_decimal
from thuocdo.measure.definitions import Text
from thuocdo.web import evidence, rounds
from thuocdo.web.evidence import Piece
from thuocdo.web.printing import NOTHING, language
from thuocdo.web.rounds import Cell, Checks

register = template.Library()


@register.filter
def points(value: Decimal | None) -> str:
    """59,75; an en dash for what was not measured."""
    return NOTHING if value is None else format_decimal(value, 2, language())


@register.filter
def total(grade: Grade) -> str:
    """A grade's points; an en dash where nothing at all was measured."""
    is_blank = all(group.unmeasured == group.of for group in grade.groups)
    return NOTHING if is_blank else points(grade.points)


@register.filter
def signed(value: Decimal) -> str:
    """With its sign, for a change."""
    if not value:
        return "0"
    return f"{'+' if value > 0 else '−'}{points(abs(value))}"


@register.simple_tag
def level(letter: str | None, span: str = "") -> SafeString:
    """Letter, shape and colour; a question mark and the possible levels where it is open."""
    if letter:
        return format_html(
            '<span class="level level-{}"><span class="unseen">{} </span>{}</span>',
            letter.lower(), _("mức"), letter,
        )  # fmt: skip
    return format_html(
        '<span class="stack"><span class="level"><span class="unseen">{} </span>?</span><small>{}</small></span>',
        _("chưa rõ mức"), span,
    )  # fmt: skip


@register.simple_tag
def group_points(cell: Cell) -> SafeString | str:
    """Points, and small beneath them what the group is worth."""
    if cell.of is None:
        return NOTHING
    return format_html(
        '<span class="stack"><span>{}</span><small>/{}</small></span>',
        points(cell.points), f"{cell.of.normalize():f}".replace(".", "," if language() == "vi" else "."),
    )  # fmt: skip


@register.simple_tag
def configured(is_ours: bool) -> SafeString | str:
    """The mark of points that stand in no document."""
    if not is_ours:
        return ""
    return format_html('<abbr title="{}">*</abbr>', _("điểm do hệ thống này cấu hình, không có trong văn bản"))  # fmt: skip


@register.simple_tag
def configured_note(groups: Iterable[Checks]) -> SafeString | str:
    """What the mark means, where a page shows one."""
    if not any(each.configured for group in groups for each in group.checks):
        return ""
    return format_html('<p class="note">* {}.</p>', _("điểm do hệ thống này cấu hình, không có trong văn bản"))  # fmt: skip


@register.simple_tag
def configured_in(rules: CriteriaSet, row: Group | Criterion) -> SafeString | str:
    """The same, for a group or a criterion of some rules."""
    return configured(not rules.is_official(row))


@register.filter
def pieces(line: CheckLine) -> list[Piece]:
    """The evidence of a check, in words."""
    return evidence.pieces(line.kept)


@register.filter
def until(at: datetime | None) -> str:
    """The end of a term; "" for none."""
    return deadline.told(at) if at else ""


@register.filter
def minutes(left: timedelta) -> int:
    """Whole minutes, rounded up."""
    return -(-int(left.total_seconds()) // 60)


@register.filter
def of_key(words: dict[str, str], key: str) -> str:
    """What a table says of a key; the key itself where it says nothing."""
    return words.get(key, key)


@register.filter
def told(text: Text | None) -> str:
    """In the reader's language."""
    return rounds.told(text) if text else ""
