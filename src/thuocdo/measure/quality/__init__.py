"""Quality of the data itself: detectors of distorted feeds and of gamed numbers.

    inspect(measure, period, agency=None, as_known=None) -> list[Finding]      what is found
    examine(...)                                                               what is not, too
    flags_for(findings, figure) -> ("quality:constant_level", ...)
    rules() -> Rules                                                           detectors.yaml

Nothing here corrects anything. See docs/quality.md.
"""

from thuocdo.measure.quality.inspection import examine, flags_for, inspect, rules
from thuocdo.measure.quality.model import Finding, Row, State

__all__ = [
    "Finding",
    "Row",
    "State",
    "examine",
    "flags_for",
    "inspect",
    "rules",
]
