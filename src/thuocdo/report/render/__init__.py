"""The five formats of one frozen report: nothing but the report decides what is in them."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from thuocdo.report.model import WeeklyReport, freeze
from thuocdo.report.render.docx import docx
from thuocdo.report.render.html import html
from thuocdo.report.render.pdf import pdf
from thuocdo.report.render.xlsx import xlsx


class Format(StrEnum):
    """The name of a format is also the end of its file's name."""

    JSON = "json"
    HTML = "html"
    DOCX = "docx"
    PDF = "pdf"
    XLSX = "xlsx"


_RENDERERS: dict[Format, Callable[[WeeklyReport], bytes]] = {
    Format.JSON: freeze,
    Format.HTML: html,
    Format.DOCX: docx,
    Format.PDF: pdf,
    Format.XLSX: xlsx,
}


def render(report: WeeklyReport, form: Format) -> bytes:
    """The report in one format; the same report gives the same bytes."""
    return _RENDERERS[form](report)
