"""Fixtures: a simulated province's own books, and an instance that is told of them."""

from __future__ import annotations

import csv
import io
from collections import defaultdict

import msgspec
import pytest
import zstandard
from tests.measure.reconcile.world import (
    CODE,
    PERIOD,
    SYSTEM,
    Case,
    Planted,
    Province,
    Truth,
    planted_in,
)

from thuocdo.simulate.country import history


@pytest.fixture(scope="session")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    files = history(tmp_path_factory.mktemp("country"), period=PERIOD, scale=0.02, seed=3)
    cases: dict[str, Case] = defaultdict(list)
    for path in files.dossiers:
        with zstandard.open(path, "rb") as stream:
            for line in io.BufferedReader(stream):
                record = msgspec.json.decode(line)
                if record["system"] == SYSTEM:
                    cases[record["dossier"]].append(record)
    for case in cases.values():
        case.sort(key=lambda record: str(record["event_time"]))
    with files.services.open(encoding="utf-8", newline="") as file:
        offered = {row["procedure"] for row in csv.DictReader(file) if row["agency"] == CODE}
    return Truth(list(cases.values()), sorted(offered))


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory, truth: Truth) -> Planted:
    """To be read; `planted.province.copy(folder)` is to be written to."""
    return planted_in(Province.made(tmp_path_factory.mktemp("province"), truth.services), truth)
