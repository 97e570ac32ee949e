"""DOCX from the Word template, so an official can both edit the template and edit the result."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime, time
from typing import Any

import msgspec
from docx.shared import Mm
from docxtpl import DocxTemplate, InlineImage

from thuocdo.report.document import document
from thuocdo.report.editions import TEMPLATES
from thuocdo.report.model import WeeklyReport
from thuocdo.report.render import chart

TEMPLATE = TEMPLATES / "weekly.docx"
_CHART_WIDTH = Mm(158)
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


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
    properties = template.docx.core_properties
    properties.title, properties.author = view.title, " ".join(view.organisation)
    properties.last_modified_by, properties.revision, properties.language = "", 1, "vi-VN"
    properties.comments = report.software
    properties.created = properties.modified = datetime.combine(report.date, time())
    made = io.BytesIO()
    template.save(made)
    return with_fixed_times(made.getvalue())


def with_fixed_times(packed: bytes) -> bytes:
    """The same zip without the moment it was made in."""
    fixed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as source, zipfile.ZipFile(fixed, "w") as target:
        for entry in source.infolist():
            same = zipfile.ZipInfo(entry.filename, _ZIP_EPOCH)
            same.compress_type = zipfile.ZIP_DEFLATED
            same.external_attr = entry.external_attr
            target.writestr(same, source.read(entry))
    return fixed.getvalue()
