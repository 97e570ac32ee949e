"""An inspection changes nothing: figures stay, and say by a flag that a question is open."""

from __future__ import annotations

from dataclasses import replace

from tests.measure.conftest import World
from tests.measure.quality.conftest import BAD, CODES, PERIOD, Provinces, every
from tests.measure.quality.test_dossier_detectors import PLANTED, SYSTEM
from tests.measure.quality.test_site_detectors import HOST, calls, desk, everybody, people

from thuocdo.core.clock import Period
from thuocdo.core.settings import DUCKDB
from thuocdo.measure.quality import flags_for, inspect


def figures(provinces):
    found = provinces.world.measure().figures("online_dossier_rate", PERIOD)
    return {figure.agency: figure for figure in found}


def test_a_figure_is_the_same_before_and_after_and_carries_the_flag(provinces) -> None:
    provinces.dossiers(PLANTED["saturated_online"]).world.refresh()
    before = figures(provinces)
    found = inspect(provinces.world.measure(), PERIOD)
    assert figures(provinces) == before
    assert flags_for(found, before[BAD]) == ("quality:postal_as_online", "quality:saturated_online")
    assert flags_for(found, before[CODES[1]]) == ()


def test_other_days_and_other_indicators_carry_no_flag(provinces) -> None:
    provinces.dossiers(PLANTED["saturated_online"]).world.refresh()
    measure = provinces.world.measure()
    found = inspect(measure, PERIOD)
    day_before = Period(PERIOD.first.replace(month=6), PERIOD.first.replace(month=6))
    figure = next(f for f in measure.figures("online_dossier_rate", day_before) if f.agency == BAD)
    assert flags_for(found, figure) == ()
    visits = next(f for f in measure.figures("portal_visits", PERIOD) if f.agency == BAD)
    assert flags_for(found, visits) == ()


def test_the_same_facts_give_the_same_findings_and_as_known_now_too(provinces) -> None:
    provinces.dossiers(every(declared="partial"))
    now = provinces.look()
    assert provinces.look() == now
    again = provinces.look(as_known=2_000_000_000_000_000)
    assert again == now


def test_what_was_not_known_then_is_not_found_then(provinces) -> None:
    provinces.dossiers(every(declared="partial"))
    then = provinces.look(as_known=1_000_000_000_000_000)
    assert all(not one.found for one in then.values())


def test_a_finding_is_named_for_good(provinces) -> None:
    finding = provinces.dossiers(lambda one: replace(one, declared="partial")).look()[
        "constant_level", SYSTEM
    ]
    assert str(finding.key) == f"constant_level:{SYSTEM}:2026-07-01..2026-08-31"
    assert finding.name.vi == "Mức độ dịch vụ gửi về là hằng số"


def test_both_engines_find_the_same_to_the_last_number(tmp_path, sail) -> None:
    def look(name: str, engine: str):
        provinces = Provinces(World(tmp_path / name, engine))
        days = [day for day in provinces.working_days if day.month == 7]
        provinces.dossiers(PLANTED["closed_in_seconds"])
        provinces.views(*people(1, HOST, days), *people(1, "phim.example", days, count=5))
        provinces.steps(*everybody(calls(1, looks="1")), *desk(40, days))
        return provinces.look()

    here = look("duckdb", DUCKDB)
    assert look("sail", sail) == here
    assert len([one for one in here.values() if one.found]) >= 4
