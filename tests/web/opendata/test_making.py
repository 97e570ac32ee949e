"""An edition of the open data: complete, checkable, described, and without any small count."""

from __future__ import annotations

import csv
import hashlib
import json
from datetime import date

import msgspec
import pyarrow.parquet as pq
import pytest
from tests.web.conftest import TODAY

from thuocdo.core.clock import Period
from thuocdo.measure.service import Measure
from thuocdo.web.opendata import metadata
from thuocdo.web.opendata.making import editions, make
from thuocdo.web.opendata.model import datasets
from thuocdo.web.opendata.rows import periods

pytestmark = pytest.mark.django_db
"""The country that is measured has its registry in the database."""


@pytest.fixture(scope="module")
def measure(measured):
    return Measure(measured)


@pytest.fixture(scope="module")
def edition(measured, measure):
    return make(measured, measure, TODAY)


@pytest.fixture
def folder(measured, edition):
    return measured.opendata_dir / edition.day.isoformat()


def rows(folder, name):
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_periods_are_twelve_whole_months_and_the_running_one():
    found = periods(date(2026, 11, 28))
    assert found[0] == Period(date(2025, 11, 1), date(2025, 11, 30))
    assert found[-2] == Period(date(2026, 10, 1), date(2026, 10, 31))
    assert found[-1] == Period(date(2026, 11, 1), date(2026, 11, 27))
    assert len(periods(date(2026, 12, 1))) == 12


def test_every_file_has_the_digest_that_is_told_of_it(folder, edition):
    told = dict(
        reversed(line.split("  ")) for line in (folder / "SHA256SUMS").read_text().splitlines()
    )
    on_disk = {path.name for path in folder.iterdir()} - {"SHA256SUMS", "edition.json"}
    assert set(told) == on_disk
    for name, digest in told.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("name", datasets())
def test_csv_and_parquet_hold_the_same_rows_under_the_same_schema(folder, edition, name):
    table = pq.read_table(folder / f"{name}.parquet")
    schema = json.loads((folder / f"{name}.schema.json").read_text())
    assert [field["name"] for field in schema["fields"]] == table.column_names
    assert table.schema.equals(datasets()[name].schema)
    assert table.num_rows == len(rows(folder, name)) == edition.rows[name] > 0
    unique = [tuple(row[key] for key in schema["uniqueKeys"][0]) for row in table.to_pylist()]
    assert len(set(unique)) == len(unique)


def test_figures_are_measures_own_and_small_counts_are_not_among_them(folder, measured, today):
    last = periods(today)[-1]
    found = {
        row["agency"]: row
        for row in rows(folder, "figures")
        if row["indicator"] == "online_dossier_rate" and row["period_last"] == str(last.last)
    }
    figures = Measure(measured).figures("online_dossier_rate", last, block="province")
    hanoi = next(figure for figure in figures if figure.agency == "H26")
    if hanoi.value is not None:
        assert float(found["H26"]["value"]) == hanoi.value
        assert int(found["H26"]["numerator"]) == hanoi.numerator
        assert found["H26"]["name_en"]
    small = next(figure for figure in figures if figure.agency == "H12")
    assert (small.numerator, small.denominator) in {(1, 3), (None, None), (0, 0)}
    assert found["H12"]["numerator"] == found["H12"]["value"] == found["H12"]["figure"] == ""


def test_the_descriptions_name_licence_digests_and_every_table(folder, edition):
    graph = json.loads((folder / "dcat.jsonld").read_text())["@graph"]
    kinds = [node["@type"] for node in graph]
    assert kinds.count("dcat:Dataset") == len(datasets())
    assert kinds.count("dcat:Distribution") == 2 * len(datasets())
    for node in graph:
        if node["@type"] == "dcat:Distribution":
            name = node["dcat:downloadURL"]["@id"]
            digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
            assert node["spdx:checksum"]["spdx:checksumValue"]["@value"] == digest
            assert node["dct:license"]["@id"].startswith("https://creativecommons.org/licenses/by/")
    turtle = (folder / "dcat.ttl").read_text()
    assert turtle.count("a dcat:Distribution") == 2 * len(datasets())
    assert turtle.count(" .\n") == len(graph) + turtle.count("@prefix")
    package = json.loads((folder / "datapackage.json").read_text())
    assert [each["name"] for each in package["resources"]] == list(datasets())
    assert json.loads((folder / "dataset.jsonld").read_text())["@type"] == "Dataset"


def test_what_is_to_be_known_of_the_instance_is_told_of_its_data(edition):
    told = metadata.documents(msgspec.structs.replace(edition, remark="Số liệu mô phỏng."))
    for name in ("datapackage.json", "dcat.jsonld", "dcat.ttl", "dataset.jsonld"):
        assert "Số liệu mô phỏng." in told[name].decode(), name


def test_an_edition_made_again_takes_the_place_of_the_one_before(measured, measure, edition):
    again = make(measured, measure, edition.day)
    assert [each.day for each in editions(measured)] == [edition.day]
    assert [file.sha256 for file in again.files] == [file.sha256 for file in edition.files]
