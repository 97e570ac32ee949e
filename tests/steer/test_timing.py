"""When somebody is told: at once, in the morning, on Monday, after the holidays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thuocdo.core.clock import parse_instant
from thuocdo.steer.model import Mode, Severity
from thuocdo.steer.timing import Quiet, Wish, due

NIGHT = Quiet(22, 7)
DAILY = Wish(Mode.DAILY, hour=8)
WEEKLY = Wish(Mode.WEEKLY, hour=8, weekday=0)


def at(text: str) -> int:
    return parse_instant(f"{text}:00+07:00")


@pytest.mark.parametrize(
    ("wish", "now", "told"),
    [
        # 2026-11-27 is a Friday
        (Wish(), "2026-11-27T23:30", "2026-11-27T23:30"),
        (Wish(quiet=NIGHT), "2026-11-27T21:59", "2026-11-27T21:59"),
        (Wish(quiet=NIGHT), "2026-11-27T22:00", "2026-11-28T07:00"),
        (Wish(quiet=NIGHT), "2026-11-28T06:59", "2026-11-28T07:00"),
        (Wish(quiet=NIGHT), "2026-11-28T07:00", "2026-11-28T07:00"),
        (Wish(quiet=Quiet(12, 13)), "2026-11-27T12:10", "2026-11-27T13:00"),
        (Wish(quiet=Quiet(weekends=True)), "2026-11-28T10:00", "2026-11-30T00:00"),
        (Wish(quiet=Quiet(22, 7, weekends=True)), "2026-11-27T22:30", "2026-11-30T07:00"),
        # 2 September is the national day, with the day before it in 2026; a Wednesday
        (Wish(quiet=Quiet(holidays=True)), "2026-09-02T09:00", "2026-09-03T00:00"),
        (Wish(quiet=Quiet(22, 7, holidays=True)), "2026-08-31T23:00", "2026-09-03T07:00"),
        (DAILY, "2026-11-27T07:59", "2026-11-27T08:00"),
        (DAILY, "2026-11-27T08:00", "2026-11-28T08:00"),
        (DAILY._replace(quiet=Quiet(weekends=True)), "2026-11-27T09:00", "2026-11-30T00:00"),
        (DAILY._replace(quiet=Quiet(22, 9)), "2026-11-27T09:30", "2026-11-28T09:00"),
        (WEEKLY, "2026-11-27T09:00", "2026-11-30T08:00"),
        (WEEKLY, "2026-11-30T07:59", "2026-11-30T08:00"),
        (WEEKLY, "2026-11-30T08:00", "2026-12-07T08:00"),
        (WEEKLY._replace(weekday=4), "2026-12-31T12:00", "2027-01-01T08:00"),
    ],
)  # fmt: skip
def test_what_is_serious_waits_for_its_time(wish: Wish, now: str, told: str) -> None:
    assert due(wish, Severity.SERIOUS, at(now)) == at(told)


wishes = st.builds(
    Wish,
    st.sampled_from(Mode),
    st.integers(0, 23),
    st.integers(0, 6),
    st.builds(Quiet, st.integers(0, 23), st.integers(0, 23), st.booleans(), st.booleans()),
)
moments = st.integers(at("2024-01-01T00:00"), at("2028-01-01T00:00"))


@given(wishes, moments)
def test_what_is_urgent_never_waits(wish: Wish, now: int) -> None:
    assert due(wish, Severity.URGENT, now) == now


@given(wishes, moments, st.sampled_from([s for s in Severity if s is not Severity.URGENT]))
def test_nobody_is_told_before_it_happened_nor_forgotten(
    wish: Wish, now: int, severity: Severity
) -> None:
    told = due(wish, severity, now)
    month = 31 * 86_400 * 1_000_000
    assert now <= told < now + month
    if wish.mode is Mode.NOW:
        assert due(wish, severity, told) == told  # then it is not quiet any more
