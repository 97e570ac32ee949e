"""Answers outlive a process: the next one reads what the last one counted, and counts what it cannot read."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from thuocdo.core.clock import parse_period
from thuocdo.measure import service, shelf
from thuocdo.measure.invariants.check import check
from thuocdo.measure.invariants.model import Outcome
from thuocdo.measure.shelf import Left, Shelf

APRIL = parse_period("2022-04")
CODES = ("online_dossier_rate", "portal_visits", "on_time_rate", "time_to_result")


@pytest.fixture
def measured(world):
    """A country whose figures one process has counted and left."""
    world.send(
        "dossier_events",
        *world.dossiers(date(2022, 4, 2), count=9, channel="online", agency="H26", system="H26-one_stop"),
    )  # fmt: skip
    world.refresh()
    first = world.measure()
    told = asked(first)
    first.shelf.keep(first.remembered())
    return world, told


def asked(measure):
    figures = {code: measure.figures(code, APRIL) for code in CODES}
    return figures, {code: measure.series(code, [APRIL], block="province") for code in CODES}


def test_a_new_process_says_the_same_and_asks_the_engine_nothing(measured, monkeypatch):
    world, told = measured
    opened = []
    monkeypatch.setattr(service, "open_engine", lambda *given, **more: opened.append(given))
    assert asked(world.measure()) == told
    assert opened == []


def test_other_facts_are_counted_anew(measured):
    world, told = measured
    world.send(
        "dossier_events",
        *world.dossiers(date(2022, 4, 2), count=7, channel="online", agency="H26", system="H26-one_stop"),
    )  # fmt: skip
    world.refresh()
    figures, _ = asked(world.measure())
    before, _ = told
    assert figures["online_dossier_rate"] != before["online_dossier_rate"]
    assert figures["portal_visits"] == before["portal_visits"]


def test_another_version_of_the_code_finds_nothing(measured, monkeypatch):
    world, _ = measured
    measure = world.measure()
    asked(measure)
    keys = list(measure.remembered())
    found = [key for key in keys if measure.shelf.find(key) is not None]
    assert found
    monkeypatch.setattr(shelf, "edition", lambda: "of tomorrow")
    assert all(measure.shelf.find(key) is None for key in keys)
    measure.shelf.keep({found[0]: measure.remembered()[found[0]]})
    assert (
        len(list((world.settings.facts_dir / shelf.FOLDER).glob("*/*"))) == 1
    )  # the old ones went


def test_what_is_damaged_is_counted_again(measured):
    world, told = measured
    for path in (world.settings.facts_dir / shelf.FOLDER).glob("*/*"):
        path.write_bytes(path.read_bytes()[:-9])
    assert asked(world.measure()) == told


def test_verdicts_come_back_word_for_word(measured, tmp_path):
    world, _ = measured
    verdicts = check(world.measure(), APRIL, [(CODES[0], None)])
    assert verdicts
    kept = Shelf(tmp_path)
    left = Left((1, 2), msgspec.msgpack.encode(verdicts))
    assert kept.keep({"verdicts": left, "unknown": object()}) == 1
    found = kept.find("verdicts")
    assert msgspec.msgpack.decode(found.content, type=list[Outcome]) == verdicts
    assert found.of == (1, 2)
    assert kept.find("unknown") is None
