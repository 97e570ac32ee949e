"""DOCX from the Word template, so an official can both edit the template and edit the result."""

from __future__ import annotations

import io
from typing import Any

import msgspec
from docx.shared import Mm
from docxtpl import DocxTemplate, InlineImage

from thuocdo.report.document import document
from thuocdo.report.editions import TEMPLATES
from thuocdo.report.model import WeeklyReport
from thuocdo.report.render import chart
from thuocdo.report.render.packing import dated

TEMPLATE = TEMPLATES / "weekly.docx"
_CHART_WIDTH = Mm(158)


def docx(report: WeeklyReport) -> bytes:
    """A Word document dated with the report's own date, not with the clock."""
    template = DocxTemplate(TEMPLATE)
    view = document(report)
    context: dict[str, Any] = msgspec.to_builtins(view)
    picture = chart.png(report)
    context["chart"] = picture and InlineImage(template, io.BytesIO(picture), width=_CHART_WIDTH)
    template.render(context, autoescape=True)
    for shape in template.docx.inline_shapes:
        shape._inline.docPr.set("descr", view.chart_title)
    return dated(
        template,
        report.date,
        title=view.title,
        organisation=view.organisation,
        software=report.software,
    )
