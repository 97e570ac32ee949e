"""PDF by Typst: fonts embedded, tagged, the same bytes for the same report."""

from __future__ import annotations

from datetime import UTC, datetime, time

import msgspec
import typst

from thuocdo.report.document import document
from thuocdo.report.editions import FONTS, TEMPLATES
from thuocdo.report.model import WeeklyReport
from thuocdo.report.render import chart

_TEMPLATE = TEMPLATES / "weekly.typ"


def pdf(report: WeeklyReport) -> bytes:
    """A PDF dated with the report's own date, not with the clock."""
    inputs = {"document": msgspec.json.encode(document(report)).decode()}
    if picture := chart.svg(report):
        inputs["chart"] = picture
    made: bytes = typst.compile(
        _TEMPLATE,
        font_paths=[FONTS],
        ignore_system_fonts=True,
        sys_inputs=inputs,
        timestamp=datetime.combine(report.date, time(), UTC),
        pdf_standards=["1.7"],
    )
    return made
