"""Findings of the detectors about an agency's sources, and which of them nobody has answered."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from thuocdo.measure.quality import Finding
from thuocdo.registry import explanations
from thuocdo.web import board, choosing, publishing
from thuocdo.web.templatetags.yearbook import language


@dataclass(frozen=True, slots=True)
class Question:
    """One finding in the reader's language; `answered` once somebody has explained it."""

    finding: Finding
    subject: str
    name: str
    text: str
    advice: str
    answered: bool


def of(agencies: Collection[str]) -> list[Question]:
    """What the detectors find of these agencies' sources in the period the quality page shows."""
    period = choosing.preset_period(choosing.DEFAULT_PRESET, choosing.today())
    found = [
        each for each in publishing.findings(board.measure(), period) if each.agency in agencies
    ]
    said = explanations.of(each.key for each in found)
    return [
        Question(
            each,
            each.subject,
            getattr(each.name, language()),
            getattr(each.text, language()),
            getattr(each.advice, language()),
            bool(said.get(each.key)),
        )
        for each in found
    ]


def unexplained(questions: list[Question]) -> list[Question]:
    return [each for each in questions if not each.answered]
