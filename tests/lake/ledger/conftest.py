"""An instance with a real lake, and rows of every table to put into it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from thuocdo.core.settings import Settings
from thuocdo.lake.ledger.ledger import Ledger
from thuocdo.lake.schemas import DIMENSIONS, EVENT_TABLES, SORT_KEYS, partition_column, schema_of
from thuocdo.lake.store import Lake

WORDS = ("", "a", "Hồ sơ", "\x00\n\t;=:", "đ" * 40, "'\"\\", "𝔽", "12:34=;")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def settings_in(home: Path) -> Settings:
    return Settings(
        home=home,
        database_url="",
        lake_url=str(home / "lake"),
        engine="duckdb",
        secret=b"0123456789abcdef",
    )


def some_value(field: pa.Field[Any], chance: random.Random) -> Any:
    """Anything a column may hold, nothing included."""
    kind = field.type
    if chance.random() < 0.25:
        return None
    bits = 31 if kind == pa.int32() else 63
    some: dict[str, Any] = {
        "string": chance.choice(WORDS),
        "bool": chance.random() < 0.5,
        "date32[day]": date(2022, 4, 1) + timedelta(days=chance.randrange(3)),
        "timestamp[us, tz=UTC]": EPOCH
        + timedelta(microseconds=chance.randrange(-(10**15), 10**16)),
        "list<element: string>": [
            chance.choice((*WORDS, None)) for _ in range(chance.randrange(4))
        ],
    }
    number = chance.choice((0, -1, 2**bits - 1, -(2**bits), chance.randrange(10**6)))
    return some.get(str(kind).replace("item", "element"), number)


class Feeder:
    """Puts random rows into the lake, as landers, imports and the registry do."""

    def __init__(self, lake: Lake, seed: int = 1) -> None:
        self.lake = lake
        self.chance = random.Random(seed)
        self._batch = itertools.count()

    def rows(self, table: str, segment: str, count: int, first: int = 0) -> pa.Table:
        schema = schema_of(table)
        made = [{f.name: some_value(f, self.chance) for f in schema} for _ in range(count)]
        moment = EPOCH + timedelta(days=19_100 + first)
        for number, row in enumerate(made, first):
            if table in DIMENSIONS:
                row |= {"recorded_at": moment + timedelta(microseconds=next(self._batch))}
            else:
                row |= {"segment": segment, "event_id": number, "landed_at": moment}
                row[partition_column(table) or ""] = {
                    "day": date(2022, 4, 1 + number % 2),
                    "home_month": f"2022-0{1 + number % 2}",
                    "indicator": ("on_time_rate", "portal_visits")[number % 2],
                }[partition_column(table) or ""]
            for key in SORT_KEYS.get(table, ()):
                row[key] = row[key] if row[key] is not None else {"event_time": EPOCH}.get(key, 7)
        return pa.Table.from_pylist(made, schema=schema)

    def put(self, table: str, segment: str = "w/1", count: int = 5, first: int = 0) -> None:
        rows = self.rows(table, segment, count, first)
        self.lake.append(table, rows, app_id="test", version=next(self._batch))

    def put_all(self, segment: str = "w/1", count: int = 5, first: int = 0) -> None:
        for table in (*EVENT_TABLES, *DIMENSIONS):
            self.put(table, segment, count, first)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = settings_in(tmp_path / "home")
    made.make_folders()
    return made


@pytest.fixture
def feeder(lake: Lake) -> Feeder:
    return Feeder(lake)


@pytest.fixture
def ledger(settings: Settings, lake: Lake) -> Iterator[Ledger]:
    opened = Ledger(settings, lake)
    yield opened
    opened.close()
