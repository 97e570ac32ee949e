"""HTML in one file: printable, readable without script or network, tables for screen readers."""

from __future__ import annotations

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from thuocdo.report.document import document
from thuocdo.report.editions import TEMPLATES
from thuocdo.report.model import WeeklyReport
from thuocdo.report.render import chart

_TEMPLATE = "weekly.html.jinja"
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def html(report: WeeklyReport) -> bytes:
    """A whole HTML page (UTF-8)."""
    picture = chart.svg(report)
    page = _ENVIRONMENT.get_template(_TEMPLATE).render(
        msgspec.to_builtins(document(report)),
        chart=Markup(picture) if picture else None,  # noqa: S704 - drawn by ourselves from escaped values
        software=report.software,
    )
    return page.encode()
