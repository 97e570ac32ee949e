"""An id that came before is known, however the work is cut, repeated, ordered or broken off."""

from __future__ import annotations

import os
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from thuocdo.core.clock import DAY_US, parse_instant
from thuocdo.lake.replays import BROWSER_SECONDS, VOUCHED_SECONDS, Events, Replays, order_of

NOON = parse_instant("2026-11-22T12:00:00")
MIDNIGHT = parse_instant("2026-11-23T00:00:00")


def events(*rows: tuple[int, int], at: int = NOON, dated: bool = False) -> Events:
    """(id, number of the segment), in their order; each a second after the one before."""
    ids, segments = zip(*rows, strict=True)
    count = len(ids)
    return Events(
        np.array(ids, np.int64),
        at + np.arange(count) * 1_000_000,
        np.full(count, dated),
        np.array([order_of(segment, n) for n, segment in enumerate(segments)], np.int64),
    )


def judged(replays: Replays, asked: Events, *segments: str) -> list[bool]:
    return [bool(mark) for mark in replays.judge(asked, segments)]


def test_the_first_stands_and_the_later_ones_are_replays(tmp_path: Path) -> None:
    replays = Replays(tmp_path)
    assert judged(replays, events((5, 0), (6, 0), (5, 0), (0, 0), (0, 0), (6, 1)), "w/1", "w/2") == [
        False, False, True, False, False, True,
    ]  # fmt: skip
    assert judged(replays, events((6, 0), (7, 0)), "w/3") == [True, False]


def test_it_is_known_to_another_lander(tmp_path: Path) -> None:
    first, second = Replays(tmp_path), Replays(tmp_path)
    for number in range(6):
        one, other = (first, second) if number % 2 else (second, first)
        assert judged(one, events((number + 1, 0)), f"w/{number}") == [False]
        assert judged(other, events((number + 1, 0)), f"v/{number}") == [True]


def test_midnight_between_two_tries_hides_nothing(tmp_path: Path) -> None:
    replays = Replays(tmp_path)
    asked = events((5, 0), (5, 0), at=MIDNIGHT - 500_000)
    assert judged(replays, asked, "w/1") == [False, True]
    assert judged(replays, events((5, 0), at=MIDNIGHT + 2 * DAY_US), "w/2") == [True]


def test_vouched_records_are_known_apart_by_the_month_of_their_time(tmp_path: Path) -> None:
    replays = Replays(tmp_path)
    asked = events((5, 0), (6, 0), at=NOON - 90 * DAY_US, dated=True)
    assert judged(replays, asked, "w/1") == [False, False]
    assert judged(replays, asked, "w/2") == [True, True]
    assert judged(replays, events((5, 0)), "w/3") == [False]


@given(
    ids=st.lists(st.integers(1, 12), min_size=1, max_size=40),
    cuts=st.lists(st.integers(0, 40), max_size=4),
    broken=st.integers(0, 4),
    data=st.data(),
)
@hypothesis_settings(max_examples=60, deadline=None)
def test_a_batch_that_is_repeated_cut_and_ordered_anew_is_judged_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    ids: list[int],
    cuts: list[int],
    broken: int,
    data: st.DataObject,
) -> None:
    """One lander dies after it remembered some segments; the next takes them in any other way."""
    replays = Replays(tmp_path_factory.mktemp("state"))
    bounds = sorted({0, *(cut % len(ids) for cut in cuts), len(ids)})
    parts = [ids[a:b] for a, b in pairwise(bounds)]
    names = [f"w/{number}" for number in range(len(parts))]
    before: dict[str, list[bool]] = {}

    def land(numbers: list[int]) -> dict[str, list[bool]]:
        rows = [(each, place) for place, n in enumerate(numbers) for each in parts[n]]
        marks = iter(judged(replays, events(*rows), *(names[n] for n in numbers)))
        return {names[n]: [next(marks) for _ in parts[n]] for n in numbers}

    first = list(range(len(parts)))[: max(broken, 1)]
    before = land(first)
    order = data.draw(st.permutations(range(len(parts))))
    cut = data.draw(st.integers(0, len(parts)))
    after: dict[str, list[bool]] = {}
    for numbers in (order[:cut], order[cut:]):
        if numbers:
            after |= land(list(numbers))
    assert {name: after[name] for name in before} == before
    standing = [
        each
        for number, part in enumerate(parts)
        for each, mark in zip(part, after[names[number]], strict=True)
        if not mark
    ]
    assert sorted(standing) == sorted(set(ids))


def test_runs_are_merged_once_their_segments_left_the_log(tmp_path: Path) -> None:
    replays = Replays(tmp_path)
    for number in range(40):
        rows = [(number * 10 + n + 1, 0) for n in range(10)]
        assert not any(judged(replays, events(*rows), f"w/{number}"))
        replays.tidy([f"w/{number}"])
        assert judged(replays, events(*rows), f"w/{number}") == [False] * 10, "its own, still"
    replays.tidy([])
    assert len(list((tmp_path / "replays").glob("*.arrow"))) < 12
    rows = [(each + 1, 0) for each in range(400)]
    assert all(judged(replays, events(*rows), "w/99"))


def test_ids_go_when_their_time_is_over(tmp_path: Path) -> None:
    replays = Replays(tmp_path)
    judged(replays, events((1, 0)), "w/1")
    judged(replays, events((2, 0), dated=True), "w/1")
    for path in (tmp_path / "replays").iterdir():
        age = (BROWSER_SECONDS if path.name.startswith("day-") else VOUCHED_SECONDS) - 60
        os.utime(path, (time.time() - age, time.time() - age))
    replays.tidy([])
    assert judged(replays, events((1, 0)), "w/2") == [True]
    for path in (tmp_path / "replays").iterdir():
        os.utime(path, (time.time() - BROWSER_SECONDS - 60,) * 2)
    replays.tidy([])
    assert judged(replays, events((1, 0)), "w/3") == [False]
    assert judged(replays, events((2, 0), dated=True), "w/3") == [True]


def test_what_a_death_in_mid_write_left_is_swept(tmp_path: Path) -> None:
    folder = tmp_path / "replays"
    folder.mkdir()
    (folder / "day-2026-11-22-abc.fresh").write_bytes(b"half a run")
    replays = Replays(tmp_path)
    assert judged(replays, events((1, 0)), "w/1") == [False]
    assert [path.suffix for path in folder.iterdir()] == [".arrow"]
