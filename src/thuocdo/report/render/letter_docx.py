"""The letter and its appendix as a Word document, from the template an official may edit."""

from __future__ import annotations

import io
from datetime import datetime, time

import msgspec
from docxtpl import DocxTemplate

from thuocdo.report.letter import Letter
from thuocdo.report.render.docx import with_fixed_times
from thuocdo.report.render.letter_template import TEMPLATE


def docx(letter: Letter) -> bytes:
    """A Word document dated with the letter's own date, not with the clock."""
    template = DocxTemplate(TEMPLATE)
    template.render(msgspec.to_builtins(letter), autoescape=True)
    properties = template.docx.core_properties
    properties.title, properties.author = letter.title, " ".join(letter.organisation)
    properties.last_modified_by, properties.revision, properties.language = "", 1, "vi-VN"
    properties.comments = letter.software
    properties.created = properties.modified = datetime.combine(letter.date, time())
    made = io.BytesIO()
    template.save(made)
    return with_fixed_times(made.getvalue())
