"""What the pages, the command and the incidents are told, from files as they are kept."""

from __future__ import annotations

import csv
import io

import pytest

from thuocdo.assess.results import Fault
from thuocdo.assess.watching import telling
from thuocdo.assess.watching.kept import Journal
from thuocdo.assess.watching.model import Look
from thuocdo.core import clock
from thuocdo.core import settings as instance

NOW = clock.parse_instant("2027-01-01T10:02:00+07:00")
MINUTE = 60_000_000
STEP = 5 * MINUTE


@pytest.fixture
def home(tmp_path):
    return instance.load({"THUOCDO_HOME": str(tmp_path)})


def keep(home, system: str, *faults: Fault | None, until: int = NOW) -> None:
    """Looks at a system, one an interval, the last one before `until`, and a control that answers."""
    journal = Journal(home.watching_dir)
    for back, fault in enumerate(reversed(faults)):
        at = until - back * STEP
        journal.add(Look(system, at, fault, 500 if fault else 200, 120, 4))
        journal.add(Look("=1", at + 1, None, 200, 10, 4))
    journal.close()


def test_a_system_is_down_until_it_answers(home):
    keep(home, "a", *[None] * 4, Fault.HTTP, Fault.HTTP, Fault.HTTP)
    keep(home, "b", *[None] * 4, Fault.HTTP, Fault.HTTP, None)
    keep(home, "c", *[None] * 4, Fault.HTTP)
    (outage,) = telling.not_back(home, NOW).values()
    assert outage.since == NOW - 2 * STEP
    keep(home, "a", None, until=NOW + STEP)
    assert telling.not_back(home, NOW + STEP) == {}


def test_a_system_nobody_looks_at_any_more_is_not_back(home):
    keep(home, "a", None, Fault.HTTP, Fault.HTTP, until=NOW - 3 * 60 * MINUTE)
    assert set(telling.not_back(home, NOW)) == {"a"}


def test_the_year_s_last_week_and_the_last_seven_days_are_told_alike(home):
    keep(home, "a", *[None] * 100, Fault.HTTP, Fault.HTTP, None)
    week = telling.of_week(home, ["a"], clock.parse_week("2026-W53"), NOW)["a"]
    days = telling.lately(home, None, NOW)["a"]
    assert (week.answered, week.down) == (days.answered, days.down) == (100, 2)
    assert [outage.minutes(NOW) for outage in week.outages] == [10]
    assert not week.covered
    assert week.percent is None


def test_a_system_nobody_ever_looked_at_is_all_gap(home):
    found = telling.lately(home, ["x"], NOW)["x"]
    assert (found.measured, found.gaps, found.last) == (0, found.expected, None)


def test_files_tell_hours_and_every_look(home):
    keep(home, "a", None, Fault.HTTP, Fault.HTTP, None)
    found = telling.lately(home, ["a"], NOW)
    hours = list(csv.DictReader(io.StringIO(telling.hours_csv(found.values()))))
    assert len(hours) in (168, 169)
    assert hours[0]["p50_ms"] == ""
    looks = list(csv.DictReader(io.StringIO(telling.looks_csv(home, "a", NOW - STEP * 9, NOW + 1))))
    assert [row["fault"] for row in looks] == ["", "http", "http", ""]
    assert looks[-1]["at"] == "2027-01-01T10:02:00.000+07:00"
