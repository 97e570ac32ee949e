"""One cause is one incident for as long as it lasts; after a quiet gap it is another."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from thuocdo.steer.model import Cause, Key, Kind, Severity
from thuocdo.steer.settling import Known, settle

GAP = 10


def cause(name: str) -> Cause:
    return Cause(Kind.SILENT_SOURCE, name, "H26", Severity.WARNING, {})


names = st.sets(st.sampled_from("abcd"))


@given(st.lists(names, max_size=30), st.lists(st.integers(1, 25), min_size=30, max_size=30))
def test_incidents_follow_their_causes(looks: list[set[str]], pauses: list[int]) -> None:
    """Against a plain model: what is open is what was seen last, and a return in time is no news."""
    incidents: dict[int, tuple[Key, int | None]] = {}
    news: list[str] = []
    gone_at: dict[str, int] = {}
    now = 0
    for seen, pause in zip(looks, pauses, strict=False):
        now += pause
        known = [Known(n, key, closed) for n, (key, closed) in incidents.items()]
        moves = settle(known, [cause(name) for name in sorted(seen)], now, GAP)
        before = {key.subject for key, closed in incidents.values() if closed is None}
        expected = {
            name for name in seen - before if name not in gone_at or now - gone_at[name] >= GAP
        }
        assert {one.subject for one in moves.opens} == expected
        news += [one.subject for one in moves.opens]
        for one in moves.opens:
            incidents[len(incidents)] = (one.key, None)
        for number, _one in (*moves.goes_on, *moves.returns):
            incidents[number] = (incidents[number][0], None)
        for number in moves.ends:
            incidents[number] = (incidents[number][0], now)
            gone_at[incidents[number][0].subject] = now
        still = [key.subject for key, closed in incidents.values() if closed is None]
        assert sorted(still) == sorted(seen)  # each once
    assert len(news) == len(incidents)


def test_the_same_causes_again_open_nothing() -> None:
    moves = settle([Known(1, cause("a").key, None)], [cause("a"), cause("a")], 5, GAP)
    assert (moves.opens, moves.ends) == ([], [])
    assert moves.goes_on == [(1, cause("a"))]
