"""A sender may burst and then keeps its rate; nobody else's rate is touched."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from thuocdo.collect.pace import BURST_SECONDS, Pace


@settings(max_examples=50)
@given(
    rate=st.integers(1, 2000),
    gaps=st.lists(st.floats(0.0, 2.0, allow_nan=False), min_size=1, max_size=300),
)
def test_nobody_gets_more_than_a_burst_and_the_rate_and_nobody_slower_is_refused(
    rate: int, gaps: list[float]
) -> None:
    pace: Pace[str] = Pace()
    now = start = 1000.0
    admitted = 0
    for gap in gaps:
        now += gap
        admitted += pace.admits("one", rate, now)
        assert admitted <= rate * (now - start + BURST_SECONDS) + 2
    assert sum(pace.refused().values()) == len(gaps) - admitted
    slow: Pace[str] = Pace()
    assert all(slow.admits("slow", rate, 1000.0 + place / rate) for place in range(200))


def test_a_flood_from_many_addresses_is_forgotten_and_each_starts_with_its_burst() -> None:
    pace: Pace[int] = Pace()
    for address in range(200_000):
        assert pace.admits(address, 1.0, 5.0)
    assert pace.admits(1, 1.0, 5.0)
    assert pace.refused() == {}
