"""One small chart of the headline: who is highest and lowest, both blocks side by side.

The bars are the tables' own lists, so the picture says nothing the tables do not. Drawn by
Vega-Lite through vl-convert with the bundled font; no script, no network.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt
import msgspec
import typst
import vl_convert

from thuocdo.report.editions import FONTS, TEMPLATES
from thuocdo.report.model import Table, WeeklyReport
from thuocdo.report.selection import show

_FONT = "Liberation Serif"
_INK, _HIGH, _LOW = "#1a1a1a", "#0b5f63", "#9db8b8"
_PANEL_WIDTH, _BAR_STEP = 150, 21
_PNG_PPI = 220.0
_CANVAS = TEMPLATES / "chart.typ"
_BLOCK_TITLES = {"ministry": "Bộ, ngành", "province": "Địa phương"}


def svg(report: WeeklyReport) -> str | None:
    """The chart as SVG text; None when the headline has no value to draw."""
    spec = _spec(report)
    return _svg(spec) if spec else None


def png(report: WeeklyReport) -> bytes | None:
    """The same drawing as PNG, for Word; set by Typst, which has every Vietnamese letter."""
    drawing = svg(report)
    return _png(drawing) if drawing else None


@lru_cache(maxsize=8)
def _svg(spec: bytes) -> str:
    vl_convert.register_font_directory(str(FONTS))
    drawn: str = vl_convert.vegalite_to_svg(spec.decode())
    return drawn


@lru_cache(maxsize=8)
def _png(drawing: str) -> bytes:
    drawn: bytes = typst.compile(
        _CANVAS,
        format="png",
        ppi=_PNG_PPI,
        font_paths=[FONTS],
        ignore_system_fonts=True,
        sys_inputs={"chart": drawing},
    )
    return drawn


def _spec(report: WeeklyReport) -> bytes | None:
    tables = [
        table for table in report.tables.values() if table.code == report.headline and table.top
    ]
    if not tables:
        return None
    chart = alt.hconcat(*(_panel(table) for table in tables), spacing=24).configure(
        font=_FONT, background="white", padding=2
    )
    return msgspec.json.encode(chart.configure_view(stroke=None).to_dict())


def _panel(table: Table) -> Any:
    bars = [
        {"name": name, "value": value, "label": show(value, table.measure), "group": group}
        for group, entries in (("high", table.top), ("low", table.bottom))
        for name, value in entries
    ]
    names: list[Any] = [bar["name"] for bar in bars]
    base = alt.Chart(alt.InlineData(values=bars)).encode(
        y=alt.Y(
            "name:N",
            sort=names,
            title=None,
            axis=alt.Axis(
                domain=False,
                ticks=False,
                labelFontSize=12,
                labelLimit=210,
                labelColor=_INK,
                labelPadding=6,
            ),
        ),
        x=alt.X("value:Q", axis=None, scale=alt.Scale(domain=[0, 118])),
    )
    marks = base.mark_bar(height=13).encode(
        color=alt.Color(
            "group:N", legend=None, scale=alt.Scale(domain=["high", "low"], range=[_HIGH, _LOW])
        )
    )
    labels = base.mark_text(align="left", dx=4, fontSize=12, color=_INK).encode(text="label:N")
    title = alt.TitleParams(
        _BLOCK_TITLES[table.block], fontSize=13, fontWeight="bold", anchor="start", color=_INK
    )
    return (marks + labels).properties(
        width=_PANEL_WIDTH, height=_BAR_STEP * len(bars), title=title
    )
