"""The list of things to do: nothing that needs no one, the most urgent first."""

from __future__ import annotations

import pytest

from thuocdo.web.work.health import GOOD, State
from thuocdo.web.work.todo import Asked, Key, Situation, Source, Urgency, tasks


def source(state: State) -> Source:
    return Source(state.value, state.value, state, None, "")


@pytest.mark.parametrize("state", State)
def test_every_state_makes_work_or_none(state: State) -> None:
    found = tasks(Situation([source(state)]))
    assert [task.kind for task in found] == ([] if state in GOOD else [state.value])


def test_what_loses_data_comes_first() -> None:
    situation = Situation(
        [source(state) for state in State],
        refused=12,
        reason="bad_value",
        unexplained=2,
        expiring=[Key("sắp hết", 3), Key("đã hết", -1)],
        without_hosts=1,
    )
    found = tasks(situation)
    assert [task.urgency for task in found] == sorted(task.urgency for task in found)
    assert [task.kind for task in found if task.urgency is Urgency.NOW] == [
        "refused", "silent", "interrupted", "key",
    ]  # fmt: skip
    assert [task.kind for task in found][-2:] == ["unexplained", "hosts"]


def test_what_was_asked_grows_urgent_as_its_day_comes() -> None:
    found = tasks(Situation([], asked=[Asked(1, "a", 10), Asked(2, "b", 3), Asked(3, "c", -1)]))
    assert [(task.asked and task.asked.number, task.urgency) for task in found] == [
        (3, Urgency.NOW),
        (2, Urgency.TODAY),
        (1, Urgency.WEEK),
    ]


def test_nothing_wrong_is_nothing_to_do() -> None:
    assert tasks(Situation([source(State.REPORTING), source(State.CLOSED)])) == []
