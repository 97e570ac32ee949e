"""Findings of the detectors about an agency's sources, and which of them nobody has answered."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from thuocdo.measure.quality import Finding
from thuocdo.registry import explanations
from thuocdo.web import board, choosing, publishing
from thuocdo.web.printing import language


@dataclass(frozen=True, slots=True)
class Question:
    """One finding in the reader's language."""

    finding: Finding
    key: str
    subject: str
    name: str
    text: str
    advice: str


def unexplained(agencies: Collection[str]) -> list[Question] | None:
    """What the detectors find of these agencies' sources and nobody has answered, in the period that
    the quality page shows; None while they are still looking."""
    period = choosing.preset_period(choosing.DEFAULT_PRESET, choosing.today())
    every = publishing.findings_if_ready(board.measure(), period)
    if every is None:
        return None
    found = [each for each in every if each.agency in agencies]
    said = explanations.of(each.key for each in found)
    return [
        Question(
            each,
            str(each.key),
            each.subject,
            getattr(each.name, language()),
            getattr(each.text, language()),
            getattr(each.advice, language()),
        )
        for each in found
        if not said.get(each.key)
    ]
