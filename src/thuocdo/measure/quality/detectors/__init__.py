"""The detectors: one table of what there is. Each is pure: counts and thresholds in, verdicts out."""

from __future__ import annotations

from typing import Final

from thuocdo.measure.quality.detectors import channels, levels, pace, pages, saturation, steps

DETECTORS: Final = {
    detector.id: detector
    for module in (levels, channels, steps, saturation, pace, pages)
    for detector in module.DETECTORS
}
"""Code → detector. What each is called, its thresholds and its words are in `detectors.yaml`."""

NEEDS: Final = {detector.id: detector.needs for detector in DETECTORS.values()}
"""Code → names of the thresholds its rule must give."""
