"""Indicator definitions: dated, sourced, declared in YAML, refused when they do not validate.

`terms.py` is the vocabulary, `model.py` what a file says with it, `reading.py` reads one file,
`running.py` holds the set in force, `changes.py` tells what a new version makes compute again.
A definition's identity is the hash of what it says and of what it is made of, so a figure can name
exactly the words it was computed under (DESIGN.md §5.4).
"""

from __future__ import annotations

from collections.abc import Callable

from thuocdo.measure.definitions.model import Indicator, IndicatorSet, Vector, Version
from thuocdo.measure.definitions.reading import load
from thuocdo.measure.definitions.running import FOLDER, Definitions, Running, packaged
from thuocdo.measure.definitions.terms import (
    Composite,
    Dossiers,
    Duration,
    FeedHours,
    Feeds,
    Interest,
    NotComputable,
    Services,
    Source,
    Standing,
    Term,
    Text,
    Visits,
)

__all__ = [
    "FOLDER",
    "Composite",
    "Definitions",
    "Dossiers",
    "Duration",
    "FeedHours",
    "Feeds",
    "Find",
    "Indicator",
    "IndicatorSet",
    "Interest",
    "NotComputable",
    "Running",
    "Services",
    "Source",
    "Standing",
    "Term",
    "Text",
    "Vector",
    "Version",
    "Visits",
    "definition",
    "definitions",
    "load",
]


Find = Callable[[str], Indicator]
"""From a code to its indicator: `definition`, or `Measure.definition`, which knows the operator's own."""


def definitions() -> tuple[Indicator, ...]:
    """Every packaged indicator, by code. Raises ThuocdoError `bad_definition`."""
    return packaged().indicators


def definition(code: str) -> Indicator:
    """A packaged indicator. Raises ThuocdoError `unknown_indicator`."""
    return packaged().find(code)
