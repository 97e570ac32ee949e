"""What a change of the catalogue does to figures: services by level, indicators that look at them, reports.

Services are counted by the catalogue of a period's last day, so figures of the past move with a row that
reaches back. A dossier keeps the level its service had when it came in: only later ones see a new level.
A saved report is frozen; what would move is one made again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

from thuocdo.measure.definitions import Version
from thuocdo.measure.definitions.terms import Dossiers, Services
from thuocdo.registry.catalogue import Levels, Plan
from thuocdo.report.desk import public
from thuocdo.web import board, wording
from thuocdo.web.printing import language

Row = tuple[str, int, int, int]


def counted(levels: Iterable[str]) -> list[tuple[str, int]]:
    """Services by level in words, and all of them."""
    found = Counter(levels)
    return [(str(words), found[code]) for code, words in wording.LEVELS.items()]


def compared(plan: Plan) -> list[Row]:
    """(level, before, after, difference), the whole last."""
    rows = [(str(words), *_pair(plan, code)) for code, words in wording.LEVELS.items()]
    return [(label, before, after, after - before) for label, before, after in rows]


def _pair(plan: Plan, code: str) -> tuple[int, int]:
    return getattr(plan.before, code), getattr(plan.after, code)


def full_share(levels: Levels) -> str:
    return wording.share(levels.full, levels.total)


def effect(plan: Plan) -> dict[str, Any]:
    """Which indicators look at the catalogue, and which saved reports are of days that change."""
    since = plan.since
    if not plan.changes or since is None:
        return {}
    every = board.measure().definitions()
    day = plan.day
    return {
        "since": None if since == date.min else since,
        "services": [_name(one) for one in every if _counts(one.version_for(day, None), Services)],
        "dossiers": [_name(one) for one in every if _counts(one.version_for(day, None), Dossiers)],
        "reports": [
            printed.head
            for printed in public.current(board.instance())
            if printed.head.period[1] >= since
        ],
        "share_before": full_share(plan.before),
        "share_after": full_share(plan.after),
    }


def _counts(version: Version, kind: type[Services] | type[Dossiers]) -> bool:
    """Whether an indicator counts services by the catalogue, or dossiers by their level."""
    terms = (version.numerator, version.denominator)
    return any(isinstance(term, kind) and (kind is Services or term.levels) for term in terms)


def _name(indicator: Any) -> str:
    return str(getattr(indicator.name, language()))
