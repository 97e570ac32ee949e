"""Two engines, one answer: every fact row and every figure agree to the last digit."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.measure.conftest import World
from tests.measure.history import DAYS, START, History

from thuocdo.core.clock import DAY_US, Period, day_start_us, parse_period
from thuocdo.core.settings import DUCKDB, Settings
from thuocdo.measure.answering import OF_SERVICES
from thuocdo.measure.definitions import definitions
from thuocdo.measure.facts.schemas import FACTS
from thuocdo.measure.facts.store import FactStore
from thuocdo.measure.refresh import refresh
from thuocdo.measure.service import Measure

JANUARY, FEBRUARY = parse_period("2022-01"), parse_period("2022-02")
ACROSS = Period(date(2022, 1, 31), date(2022, 2, 1))
"""Days of both months; the history begins a day before and ends a day after."""
BATCHES = (160, 40, 40)


class Pair:
    """One lake, and two instances that compute facts of it, each with its own engine."""

    def __init__(self, home: Path, server: str) -> None:
        self.world = World(home / "first", engine=DUCKDB)
        first = self.world.settings
        other = dataclasses.replace(first, home=home / "other", engine=server)
        other.make_folders()
        self.settings: tuple[Settings, Settings] = (first, other)

    def refresh(self, *, full: bool = False) -> None:
        for settings in self.settings:
            refresh(settings, self.world.lake, full=full)

    def measures(self) -> list[Measure]:
        return [Measure(settings) for settings in self.settings]


@pytest.fixture(scope="module")
def pair(sail: str, tmp_path_factory: Any) -> Pair:
    """A history told in batches: what is not built anew grows, and grows by patches."""
    pair = Pair(tmp_path_factory.mktemp("pair"), sail)
    history = History(seed=0)
    history.tell(pair.world)
    for size in BATCHES:
        pair.world.tell("services", *history.services()[: size // 4])
        history.live(pair.world, size)
        pair.refresh()
    return pair


def parts(settings: Settings, table: str) -> Iterator[tuple[str, pa.Table]]:
    """The rows of every file of a fact table, in an order of their own; what the file is called."""
    store = FactStore(settings.facts_dir)
    for partition, part in sorted(store.read().tables.get(table, {}).items()):
        for file in part.files:
            rows = pq.read_table(store.folder / file)
            keys = [(name, "ascending") for name in rows.column_names if name != "flags"]
            yield f"{partition}: {Path(file).name}", rows.sort_by(keys)


STORED = [table for table in FACTS if table != "dossiers_daily"]  # that is read off the dossiers


@pytest.mark.parametrize("table", STORED)
def test_every_row_of_a_fact_is_the_same(pair: Pair, table: str) -> None:
    ours, theirs = (dict(parts(settings, table)) for settings in pair.settings)
    assert list(ours) == list(theirs)
    assert sum(rows.num_rows for rows in ours.values()) > 0
    for name, rows in ours.items():
        assert rows.schema == theirs[name].schema == FACTS[table]
        assert rows.to_pylist() == theirs[name].to_pylist(), name


def figures(measure: Measure, *periods: Period, **asked: Any) -> bytes:
    """Every version of every indicator, by agency and by service, as JSON."""
    found = []
    for indicator in definitions():
        for version in indicator.versions:
            for by in ("agency", "service"):
                if by == "service" and not isinstance(version.numerator, OF_SERVICES):
                    continue
                for period in periods:
                    found += measure.figures(
                        indicator.code, period, version=version.version, by=by, **asked
                    )
    return msgspec.json.encode(found)


@pytest.fixture(scope="module")
def grown(pair: Pair) -> bytes:
    """What facts say that grew in the process."""
    return figures(Measure(pair.settings[0]), JANUARY, FEBRUARY, ACROSS)


def test_every_figure_is_the_same(pair: Pair, grown: bytes) -> None:
    assert figures(Measure(pair.settings[1]), JANUARY, FEBRUARY, ACROSS) == grown
    assert b'"value":' in grown


@pytest.mark.parametrize(
    "asked",
    [{"trust": "verified"}, {"as_known": day_start_us(date(2022, 3, 1)) + DAY_US // 2}],
    ids=["of verified events", "as known in the middle of landing"],
)
def test_every_figure_of_fewer_events_is_the_same(pair: Pair, asked: dict[str, Any]) -> None:
    """Of one period: which events count is settled before days are put into periods."""
    ours, theirs = (figures(measure, ACROSS, **asked) for measure in pair.measures())
    assert ours == theirs
    assert b'"value":' in ours


def test_what_pages_show_beside_figures_is_the_same(pair: Pair) -> None:
    until = day_start_us(date(2022, 3, 2))
    said = []
    for measure in pair.measures():
        said.append(
            (
                [measure.counts(date.fromordinal(START.toordinal() + n)) for n in range(DAYS)],
                sorted(map(str, measure.intake(0, until, agency="H26"))),
                measure.strangers(0, until),
                measure.loop_views(1, JANUARY),
                measure.series("online_dossier_rate", [JANUARY, FEBRUARY], agency="H26.01"),
            )
        )
    assert said[0] == said[1]
    assert said[0][1]


def test_a_rebuild_on_the_server_is_what_grew_in_the_process(
    pair: Pair, grown: bytes, tmp_path: Path
) -> None:
    rebuilt = dataclasses.replace(pair.settings[1], home=tmp_path)
    rebuilt.make_folders()
    before = {table: everything(pair.settings[0], table) for table in FACTS}
    refresh(rebuilt, pair.world.lake, full=True)
    for table, rows in before.items():
        if table != "dossiers":  # those have patches: figures tell
            assert everything(rebuilt, table) == rows, table
    assert figures(Measure(rebuilt), JANUARY, FEBRUARY, ACROSS) == grown


def everything(settings: Settings, table: str) -> list[str]:
    return sorted(str(row) for _, rows in parts(settings, table) for row in rows.to_pylist())
