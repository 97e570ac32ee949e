"""Counts the loads of a site's pages that were fast, in the raw lake; robots are left out."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import ibis.expr.types as ir

from thuocdo.assess.probes.files import RulesFile, rules_of
from thuocdo.assess.probes.scene import Probe, Scene
from thuocdo.assess.results import FULL, Fault, Measure, Remark, Result, measured, unmeasured
from thuocdo.core import clock
from thuocdo.core.settings import Settings
from thuocdo.lake.schemas import PAGE_VIEWS
from thuocdo.lake.store import Lake
from thuocdo.measure.engine import open_engine

CHECK: Final = "page_load.field"
_MEMORY: Final = "512MB"
_VIEW: Final = "view"


class Rules(RulesFile, frozen=True):
    days: int
    fast_ms: int
    full_percent: int
    min_loads: int


RULES: Final = rules_of(Path(__file__).with_name("rules.yaml"), Rules)


async def run(scene: Scene) -> list[Result]:
    site = scene.target.site_id
    if site is None:
        return [unmeasured(CHECK, Fault.NOT_REGISTERED, scene.target.url, scene.at)]
    loads, fast = await asyncio.to_thread(count, scene.settings, site, scene.at)
    return [judge(loads, fast, scene.at)]


def count(settings: Settings, site: int, at: int) -> tuple[int, int]:
    """(loads that were timed, those of them that were fast) in the days before an instant, µs UTC."""
    today = clock.local_day(at)
    days = [(today - timedelta(days=back)).isoformat() for back in range(1, RULES.days + 1)]
    files = Lake.open(settings).files("page_views", partitions=days)
    engine = open_engine(settings, memory_limit=_MEMORY)
    try:
        views = engine.scan(files, PAGE_VIEWS, partition=True)
        (row,) = engine.rows(timed, views, site=site, fast_ms=RULES.fast_ms).to_pylist()
    finally:
        engine.close()
    return row["loads"], row["fast"]


def timed(views: ir.Table, *, site: int, fast_ms: int) -> ir.Table:
    """One row: loads, fast."""
    own = views.filter(
        views.site_id == site, views.kind == _VIEW, views.bot.isnull(), views.t_load_ms.notnull()
    )
    return own.aggregate(loads=own.count(), fast=own.count(where=own.t_load_ms <= fast_ms))


def judge(loads: int, fast: int, at: int) -> Result:
    """The fast loads' part of what all points need; too few loads say nothing; pure."""
    if loads < RULES.min_loads:
        return unmeasured(CHECK, Fault.TOO_FEW, f"{loads}/{RULES.min_loads}", at)
    percent = Decimal(100 * fast) / loads
    share = min(FULL, (percent / RULES.full_percent).quantize(Decimal("0.0001")))
    facts = {
        "percent": f"{percent:.2f}",
        "ms": str(RULES.fast_ms),
        "wanted": str(RULES.full_percent),
    }
    remarks = [] if share == 1 else [Remark("field_slow", facts)]
    measures = [Measure("fast_loads", percent.quantize(Decimal("0.01")), "percent", None, loads)]
    return measured(CHECK, share, at, *remarks, measures=measures)


PROBE: Final = Probe("field", (CHECK,), run, needs_page=False, needs_answers=False, is_ours=True)
