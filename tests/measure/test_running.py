"""The running set: an operator may add to it, and a fault never takes away from it."""

from __future__ import annotations

import os
from datetime import date

import pytest

from thuocdo.core.clock import parse_period
from thuocdo.measure import exclusions, listening
from thuocdo.measure.comparing import compare
from thuocdo.measure.definitions import FOLDER, Running, definitions
from thuocdo.measure.definitions.running import packaged
from thuocdo.measure.disclosure import disclose_ranking, policy_on
from thuocdo.measure.invariants.check import check
from thuocdo.measure.outlook.outlook import look_ahead

OWN = """\
code: own_rate
name: {vi: Tỷ lệ riêng, en: Own rate}
unit: percent
blocks: [province]
source_kinds: [one_stop]
versions:
  - version: "2026-01"
    valid_from: 2026-01-01
    source: {document: "Quyết định của tỉnh", place: "Điều 1"}
    description: {vi: Hồ sơ trực tuyến., en: Online dossiers.}
    numerator: {count: dossiers, event: received, channels: [online]}
    denominator: {count: dossiers, event: received}
    coverage_threshold: 0.5
    vectors:
      - name: half
        period: 2026-01-01..2026-01-31
        expect: {numerator: 1, denominator: 2, value: 50}
"""
NEWER = """
  - version: "2027-01"
    valid_from: 2027-01-01
    source: {document: "Thông tư mới", place: "Điều 2"}
    description: {vi: Số lượt., en: Visits.}
    numerator: {count: visits, site_kinds: [portal, service_portal]}
    coverage_threshold: 0.5
    vectors:
      - name: none
        period: 2027-01-01..2027-01-31
        expect: {numerator: null, denominator: null, value: null}
"""


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "indicators"
    folder.mkdir()
    return folder


def put(folder, code, text):
    path = folder / f"{code}.yaml"
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text, "utf-8")
    os.utime(path, ns=(before + 1_000_000_000, before + 1_000_000_000))


def test_an_operator_adds_an_indicator_while_it_runs(tmp_path, folder):
    running = Running(tmp_path)
    assert running.current() == packaged()
    put(folder, "own_rate", OWN)
    assert running.current().find("own_rate").unit == "percent"
    assert len(running.current().indicators) == len(definitions()) + 1


def test_a_newer_version_ends_the_one_before_and_leaves_its_identity(tmp_path, folder):
    text = (FOLDER / "portal_visits.yaml").read_text("utf-8")
    ended = text.replace(
        "valid_from: 2022-01-01", "valid_from: 2022-01-01\n    valid_to: 2026-12-31"
    )
    put(folder, "portal_visits", ended + NEWER)
    running = Running(tmp_path)

    old, new = running.current().find("portal_visits").versions

    assert running.refused == ()
    assert (old.valid_to.isoformat(), new.version) == ("2026-12-31", "2027-01")
    assert old.identity == packaged().find("portal_visits").versions[0].identity


def test_words_of_a_version_there_is_are_never_changed(tmp_path, folder):
    text = (FOLDER / "portal_visits.yaml").read_text("utf-8")
    put(folder, "portal_visits", text.replace("site_kinds: [portal]", "site_kinds: [one_stop]"))
    running = Running(tmp_path)
    assert running.current() == packaged()
    (refused,) = running.refused
    assert refused.code == "bad_definition"
    assert "portal_visits.yaml, line 9" in refused.message
    assert "create a version" in refused.message


def test_a_reload_with_a_fault_keeps_the_set_that_runs(tmp_path, folder):
    put(folder, "own_rate", OWN)
    running = Running(tmp_path)
    good = running.current()
    put(folder, "own_rate", OWN.replace("event: received}", "event: forgotten}"))
    put(folder, "other", OWN.replace("own_rate", "other"))

    assert running.current() is good
    (refused,) = running.refused
    assert "own_rate.yaml, line 12" in refused.message
    assert "denominator" in refused.message

    put(folder, "own_rate", OWN)
    assert {"other", "own_rate"} <= {each.code for each in running.current().indicators}
    assert running.refused == ()


def test_at_the_start_the_good_files_count_and_the_others_are_named(tmp_path, folder):
    put(folder, "own_rate", OWN)
    put(folder, "broken", "code: [")
    running = Running(tmp_path)
    assert running.current().find("own_rate")
    assert ["broken.yaml" in refused.message for refused in running.refused] == [True]


def test_a_key_written_twice_is_refused_with_its_line(tmp_path, folder):
    put(folder, "own_rate", OWN.replace("unit: percent", "unit: percent\nunit: count"))
    running = Running(tmp_path)
    running.current()
    assert "own_rate.yaml, line 4, is refused: the key 'unit' stands there twice" in (
        running.refused[0].message
    )


def test_measuring_answers_for_an_operators_indicator(world):
    folder = world.settings.home / "indicators"
    folder.mkdir()
    put(folder, "own_rate", OWN)
    world.send(
        "dossier_events",
        *world.dossiers(date(2026, 1, 5), channel="online"),
        *world.dossiers(date(2026, 1, 5), channel="counter"),
    )
    world.refresh()
    measure = world.measure()

    (figure,) = measure.figures("own_rate", parse_period("2026-01"), agency="H26")

    assert (figure.numerator, figure.denominator, figure.value) == (1, 2, 50)
    put(folder, "own_rate", "code: [")
    assert [figure] == measure.figures("own_rate", parse_period("2026-01"), agency="H26")
    assert ["own_rate.yaml" in refused.message for refused in measure.refused_definitions()] == [
        True
    ]


def test_an_operators_indicator_is_checked_explained_and_published_like_any_other(world):
    folder = world.settings.home / "indicators"
    folder.mkdir()
    put(folder, "own_rate", OWN)
    world.send(
        "dossier_events",
        *world.dossiers(date(2026, 1, 5), channel="online"),
        *world.dossiers(date(2026, 1, 5)),
    )
    world.refresh()
    measure, january = world.measure(), parse_period("2026-01")

    assert "own_rate" in {outcome.indicator for outcome in check(measure, january)}
    found = exclusions.exclusions(measure, "own_rate", january)
    assert [(one.reason, one.count) for one in found] == [("unknown_channel", 1)]
    assert listening.sources(measure, "own_rate", january)
    assert compare(measure, "own_rate", january)
    assert look_ahead(measure, "own_rate").indicator == "own_rate"
    figures = measure.figures("own_rate", january, block="province")
    published = disclose_ranking(figures, policy_on(january.last), measure.definition)
    assert [f.numerator for f in published if "suppressed" in f.flags] == [None]
