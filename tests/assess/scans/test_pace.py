"""As many systems at once as the machine has idle processor for, and no more than were asked for."""

from __future__ import annotations

import pytest

from thuocdo.assess.scans import pace
from thuocdo.assess.scans.pace import LEAST_IDLE, MOST_A_CORE, OF_LATE_S, Pace

CORES = 2
MOST = CORES * MOST_A_CORE


@pytest.fixture
def machine(monkeypatch):
    """A machine whose clock and counters are told: `pass_by(seconds, idle share)`."""
    told = {"now": 1000.0, "idle": 0.0, "all": 0.0}
    monkeypatch.setattr(pace, "times", lambda: (told["idle"], told["all"]))
    monkeypatch.setattr(pace.time, "monotonic", lambda: told["now"])

    def pass_by(seconds: float, idle: float) -> None:
        told["now"] += seconds
        told["all"] += seconds * 100
        told["idle"] += seconds * 100 * idle

    return pass_by


def test_a_number_that_was_asked_for_is_kept_whatever_the_machine_does(machine):
    asked = Pace(at_once=3, cores=CORES)
    machine(60, 0.0)
    assert [asked.has_room(running) for running in (0, 2, 3, 4)] == [True, True, False, False]


def test_every_core_has_a_scan_however_busy_it_is(machine):
    free = Pace(cores=CORES)
    machine(60, 0.0)
    assert free.has_room(CORES - 1)


def test_more_are_begun_only_while_the_cores_are_idle_and_one_at_a_time(machine):
    free = Pace(cores=CORES)
    assert free.has_room(CORES - 1)
    machine(OF_LATE_S, LEAST_IDLE + 0.1)
    assert free.has_room(CORES)
    assert not free.has_room(CORES + 1)  # what was begun must show first what it costs
    machine(OF_LATE_S, LEAST_IDLE - 0.1)
    assert not free.has_room(CORES + 1)
    machine(OF_LATE_S, 1.0)
    assert free.has_room(CORES + 1)
    machine(OF_LATE_S, 1.0)
    assert not free.has_room(MOST)


def test_the_kernels_counters_are_read():
    idle, everything = pace.times()
    assert 0 < idle < everything
