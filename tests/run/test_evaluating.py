"""The detectors against a simulated country, small, and how their answers are counted."""

from __future__ import annotations

import pytest

from thuocdo.run.evaluating import Said, by_detector, evaluate, tallies, total

PLANTED = {"constant_level": {"a": 500, "b": 90, "c": 3}}
SAID: list[Said] = [
    ("constant_level", "a", "found", None),
    ("constant_level", "b", "not_measurable", "no_catalogue"),
    ("constant_level", "c", "not_found", None),
    ("constant_level", "d", "found", None),
    ("constant_level", "e", "not_found", None),
    ("constant_level", "f", "not_measurable", "too_few"),
    ("refresh_loop", "1", "not_found", None),
]


def test_a_pair_counts_for_recall_or_for_false_alarms_or_for_neither() -> None:
    level, loop = tallies(1, PLANTED, SAID)
    assert (level.planted, level.found, level.not_measurable) == (2, 1, 1)
    assert (level.honest, level.false_alarms, level.honest_not_measurable) == (2, 1, 1)
    assert level.recall == 0.5
    assert level.false_alarm_rate == 0.5
    assert level.missed == ("1 b 90 no_catalogue",)
    assert level.alarms == ("1 d",)
    assert loop.recall is None


def test_countries_add_up_by_detector_and_at_last_all_together() -> None:
    summed = by_detector([tallies(1, PLANTED, SAID), tallies(2, PLANTED, SAID)])
    assert [one.detector for one in summed] == ["constant_level", "refresh_loop", "total"]
    assert summed[0].planted == 4
    assert summed[-1] == total(summed[:-1])


@pytest.fixture(scope="module")
def country():
    """Seed 1, on which the thresholds were set, at a third of the size they are reported at."""
    ((_, found),) = evaluate([1], scale=0.1)
    return found


def test_what_can_be_measured_is_found_and_nobody_honest_is_asked(country) -> None:
    every = total(country)
    assert every.planted >= 60
    assert every.found >= 0.9 * (every.planted - every.not_measurable), every.missed
    assert every.false_alarms <= 0.01 * every.honest, every.alarms


def test_every_detector_finds_something_even_in_a_small_country(country) -> None:
    blind = {one.detector for one in country if not one.found}
    assert blind <= {
        "saturated_on_time"
    }  # which needs more results near the due day than there are
