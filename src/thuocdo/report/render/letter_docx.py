"""The letter and its appendix as a Word document, from the template an official may edit."""

from __future__ import annotations

import msgspec
from docxtpl import DocxTemplate

from thuocdo.report.letter import Letter
from thuocdo.report.render.letter_template import TEMPLATE
from thuocdo.report.render.packing import dated


def docx(letter: Letter) -> bytes:
    """A Word document dated with the letter's own date, not with the clock."""
    template = DocxTemplate(TEMPLATE)
    template.render(msgspec.to_builtins(letter), autoescape=True)
    return dated(
        template,
        letter.date,
        title=letter.title,
        organisation=letter.organisation,
        software=letter.software,
    )
