"""The five formats of one frozen report: nothing but the report decides what is in them."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from importlib import import_module
from typing import cast

from thuocdo.report.model import WeeklyReport, freeze


class Format(StrEnum):
    """The name of a format is also the end of its file's name, and that of its module and function here."""

    JSON = "json"
    HTML = "html"
    DOCX = "docx"
    PDF = "pdf"
    XLSX = "xlsx"


def render(report: WeeklyReport, form: Format) -> bytes:
    """The report in one format; the same report gives the same bytes."""
    return _renderer(form)(report)


def _renderer(form: Format) -> Callable[[WeeklyReport], bytes]:
    """Loaded when it is asked for: the libraries of all take most of a second, of every command that has reports."""
    if form is Format.JSON:
        return freeze
    module = import_module(f"{__name__}.{form.value}")
    return cast("Callable[[WeeklyReport], bytes]", getattr(module, form.value))
