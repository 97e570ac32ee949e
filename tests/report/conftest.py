"""Reports made of the two published ones: the printed agencies, ranked as they were printed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import msgspec
import pytest

from thuocdo.core.clock import Period, parse_instant
from thuocdo.core.issuers import issuer_on
from thuocdo.measure.definitions import definitions
from thuocdo.measure.model import Coverage, Figure, NationalFigure
from thuocdo.report.assemble import Measured, assemble, definitions_on, letterhead_of
from thuocdo.report.editions import edition_on
from thuocdo.report.model import WeeklyReport

HERE = Path(__file__).parent
CODES = ("portal_visits", "services_with_online_dossiers", "online_dossier_rate")


def golden(week: str) -> dict:
    return json.loads((HERE / "golden" / f"{week}.json").read_text(encoding="utf-8"))


def published_figures(report: dict) -> dict[tuple[str, str], list[Figure]]:
    """The printed agencies of a published report as figures with coverage and a plausible n/N."""
    first, last = map(date.fromisoformat, report["period"])
    figures = {}
    for table in report["tables"].values():
        code, _, version = table["indicator"].partition("@")
        entries = table["top"] + table["bottom"]
        values = [value for _, value in entries]
        percent = table.get("unit") == "percent"
        figures[code, table["block"]] = [
            Figure(
                indicator=code,
                version=version or "2022-01",
                agency=f"X{place:02d}",
                name=name,
                block=table["block"],
                period_first=first,
                period_last=last,
                unit="percent" if percent else "count",
                numerator=round(value * 100) if percent else value,
                denominator=10_000 if percent else None,
                value=value,
                coverage=Coverage(4, 5),
                freshness=None,
                as_known=None,
                as_organised=last,
                trust="any",
                rank=values.index(value) + 1,
            )
            for place, (name, value) in enumerate(entries)
        ]
    return figures


def remake(week: str, **changes) -> WeeklyReport:
    """The report of a published week from its printed figures."""
    told = golden(week)
    issued = date.fromisoformat(told["date"])
    issuer = issuer_on(issued)
    parts = {
        "week": week,
        "period": Period(*map(date.fromisoformat, told["period"])),
        "date": issued,
        "number": told["number"],
        "figures": published_figures(told),
        "definitions": definitions_on(definitions(), CODES, issued),
        "national": NationalFigure(None, 24.89, 27.31, 2_731, 10_000, 86),
        "letterhead": letterhead_of(issuer, "BC"),
        "owner": issuer.system_owner,
        "as_known": parse_instant("2022-05-06T17:00:00+07:00"),
        "as_organised": date.fromisoformat(told["period"][1]),
    }
    return assemble(edition_on(issued), Measured(**parts | changes))


@pytest.fixture(scope="session")
def make() -> Callable[..., WeeklyReport]:
    """`make("2022-W18", number=None, …)`: a published report with some of it changed."""
    return remake


@pytest.fixture(scope="session")
def told() -> Callable[[str], dict]:
    """The golden file of a week."""
    return golden


@pytest.fixture(scope="session")
def w18() -> WeeklyReport:
    return remake("2022-W18")


@pytest.fixture(scope="session")
def empty() -> WeeklyReport:
    """A report for which no agency has a value."""
    figures = {
        key: [
            msgspec.structs.replace(
                figure, value=None, numerator=0, denominator=0, rank=None, flags=("no_data",)
            )
            for figure in found
        ]
        for key, found in published_figures(golden("2022-W18")).items()
    }
    return remake(
        "2022-W18",
        number=None,
        figures=figures,
        national=NationalFigure(None, None, None, None, None, 0),
        remark="Số liệu mô phỏng",
    )
