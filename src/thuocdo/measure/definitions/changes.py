"""What changed between two versions of an indicator, and so what has to be computed again.

The idea is sqlmesh's: the kind of a change is read off the two definitions, never declared, and it
alone decides what is rebuilt.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final

from thuocdo.measure.definitions.model import Indicator, Version
from thuocdo.measure.definitions.terms import (
    Composite,
    Dossiers,
    Duration,
    FeedHours,
    Feeds,
    Interest,
    NotComputable,
    Services,
    Standing,
    Term,
    Text,
    Visits,
)


class Change(StrEnum):
    """From least to most work."""

    FIRST = "first"  # nothing was before
    WORDS = "words"  # nothing is computed again
    RULES = "rules"  # the same counts, read by other rules; nothing is read from facts
    PARTS = "parts"  # what it is made of changed: put together again
    CELLS = "cells"  # counted again from the facts there are
    FACTS = "facts"  # needs columns the facts lack: they are rebuilt from raw events first


CHANGE_TEXTS: Final[Mapping[Change, Text]] = {
    Change.FIRST: Text(vi="Phiên bản đầu tiên.", en="The first version."),
    Change.WORDS: Text(
        vi="Chỉ đổi lời văn hoặc hiệu lực: không tính lại gì.",
        en="Only words or validity: nothing is computed again.",
    ),
    Change.RULES: Text(
        vi="Chỉ đổi quy tắc làm tròn, ngưỡng hoặc điểm: không đọc lại bảng tổng hợp.",
        en="Only rounding, a threshold or points: nothing is read from the facts again.",
    ),
    Change.PARTS: Text(
        vi="Đổi chỉ số thành phần: ghép lại từ các chỉ số thành phần.",
        en="A part changed: it is put together again from its parts.",
    ),
    Change.CELLS: Text(
        vi="Đổi tử số, mẫu số hoặc cách tính hồ sơ: đếm lại từ bảng tổng hợp.",
        en="Numerator, denominator or what counts changed: counted again from the facts.",
    ),
    Change.FACTS: Text(
        vi="Cần cột mà bảng tổng hợp chưa có: dựng lại bảng tổng hợp từ sự kiện thô.",
        en="Needs columns that the facts lack: they are rebuilt from raw events.",
    ),
}

_COUNTING: Final = (
    *("numerator", "denominator"),
    *("unknown_channel", "postal", "missing_due"),
)
_READING: Final = ("zero_denominator", "marks", "rounding", "coverage_threshold")


def change(before: Version | None, after: Version, have: Mapping[str, Collection[str]]) -> Change:
    """The kind of change from one version to the next.

    have  fact table → the columns it has
    """
    needed = columns_of(after)
    if any(columns - set(have.get(table, ())) for table, columns in needed.items()):
        return Change.FACTS
    if before is None:
        return Change.FIRST
    if _differ(before, after, _COUNTING):
        is_made = isinstance(before.numerator, Composite) and isinstance(after.numerator, Composite)
        return Change.PARTS if is_made else Change.CELLS
    if before.lineage != after.lineage:
        return Change.PARTS
    return Change.RULES if _differ(before, after, _READING) else Change.WORDS


def changes(indicator: Indicator, have: Mapping[str, Collection[str]]) -> list[Change]:
    """The change that each version brought, in their order."""
    pairs = zip([None, *indicator.versions[:-1]], indicator.versions, strict=True)
    return [change(before, after, have) for before, after in pairs]


def _differ(before: Version, after: Version, fields: tuple[str, ...]) -> bool:
    return any(getattr(before, name) != getattr(after, name) for name in fields)


def columns_of(version: Version) -> dict[str, set[str]]:
    """Fact table → the columns that a version is counted from."""
    found: dict[str, set[str]] = {}
    for term in (version.numerator, version.denominator):
        for table, columns in _columns(term).items():
            found.setdefault(table, set()).update(columns)
    return found


_CUBE: Final = "dossiers_daily"
_CUBE_KEYS: Final = {"event", "day", "agency", "procedure", "scope", "dossiers", "last_landed"}
_CUBE_COLUMNS: Final[Mapping[str, Collection[str]]] = {
    "channels": ("channel",),
    "levels": ("level", "level_source"),
    "full_online": ("full_online", "level_source"),
    "timeliness": ("timeliness",),
    "outcomes": ("outcome",),
    "payments": ("payment",),
    "digitised": ("digitised",),
    "result_electronic": ("result_electronic",),
    "reused": ("reused",),
    "with_dossiers": ("channel",),
    "with_payments": ("payment",),
}
_PLAIN: Final[Mapping[type, Mapping[str, Collection[str]]]] = {
    Visits: {"visits_daily": ("day", "site_id", "visits", "visits_verified", "last_landed")},
    Standing: {
        "dossiers": (
            *("agency", "procedure", "received_day", "due_day", "completed_day", "returned_day"),
            *("refused_day", "withdrawn_day", "supplement_day", "supplement_last_day"),
            *("channel", "scope", "last_landed"),
        )
    },
    Duration: {
        "dossiers": (
            *("agency", "procedure", "received_us", "resolved_us", "resolved_day"),
            *("channel", "scope", "last_landed"),
        )
    },
    FeedHours: {"intake": ("hour", "site_id", "system", "feed", "trust", "last_landed")},
    Feeds: {"intake": ("hour", "site_id", "system", "feed", "trust", "last_landed")},
    Interest: {"steps_daily": ("day", "site_id", "procedure", "state", "steps", "last_landed")},
}


def _columns(term: Term | None) -> Mapping[str, Collection[str]]:
    if term is None or isinstance(term, (Composite, NotComputable)):
        return {}
    if isinstance(term, (Dossiers, Services)):
        asked = {name for name in _CUBE_COLUMNS if getattr(term, name, None) is not None}
        more = {column for name in asked for column in _CUBE_COLUMNS[name]}
        return {
            _CUBE: _CUBE_KEYS | more | ({"agency_top"} if isinstance(term, Services) else set())
        }
    return _PLAIN[type(term)]
