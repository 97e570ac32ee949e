"""THUOCDO_ENGINE=sc://…: the same commands on a cluster, and the same answers to the last digit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.measure.sail import running
from tests.run.conftest import Instance, copy_of

WEEK, DAYS = "2026-W43", "2026-10-01..2026-10-31"
QUESTIONS = (
    ("portal_visits", "--by", "ministry"),
    ("online_dossier_rate", "--by", "province"),
    ("services_with_online_dossiers", "--by", "province", "--trust", "verified"),
    ("full_online_rate", "--by", "service"),
)


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    """A small simulated country, imported from its raw files."""
    instance = Instance(tmp_path_factory.mktemp("country") / "home")
    raw = instance.home.parent / "raw"
    instance.run("init")
    instance.run("simulate", "--seed", "3", "--scale", "0.002", "--period", DAYS, "-o", raw)
    for name, files in (
        ("agencies", "agencies.csv"),
        ("sites", "sites.csv"),
        ("services", "services.csv"),
        ("dossiers", "dossiers-*"),
        ("page-views", "page-views-*"),
    ):
        instance.run("import", name, *sorted(raw.glob(files)))
    return instance


def answers(instance: Instance, folder: Path) -> list[Any]:
    """Facts made again from raw, then what the commands say of them."""
    instance.run("rebuild")
    said = [
        json.loads(instance.run("indicator", *asked, "--period", DAYS, "--format", "json").stdout)
        for asked in QUESTIONS
    ]
    instance.run("report", "weekly", WEEK, "--format", "json", "-o", folder)
    report = json.loads((folder / f"{WEEK}.json").read_text())
    assert report.pop("as_known")  # when it was asked; one of the texts says it in words
    assert report.pop("texts")
    said.append(report)
    return said


def test_every_command_answers_alike_on_a_cluster(country: Instance, tmp_path: Path) -> None:
    there = copy_of(country, tmp_path / "copy")
    ours = answers(country, tmp_path / "ours")
    with running(tmp_path / "log") as server:
        there.environment["THUOCDO_ENGINE"] = server.url
        theirs = answers(there, tmp_path / "theirs")
    assert ours == theirs
    assert any(row["value"] for rows in ours[:-1] for row in rows)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("spark://host:7077", "THUOCDO_ENGINE names no engine: 'spark://host:7077'"),
        ("sc://127.0.0.1:1", "No Spark server answers at 127.0.0.1:1"),
    ],
)
def test_a_wrong_address_is_one_sentence(country: Instance, url: str, said: str) -> None:
    wrong = Instance(country.home)
    wrong.environment["THUOCDO_ENGINE"] = url
    done = wrong.run("rebuild", check=False)
    assert done.returncode != 0
    assert said in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
