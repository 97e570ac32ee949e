"""From causes to incidents: what opens, what goes on, what ends. Pure; `incidents.py` writes it down."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from thuocdo.steer.model import Cause, Key


class Known(NamedTuple):
    """An incident that is open, or was closed not long ago. closed_at: µs UTC, None while open."""

    number: int
    key: Key
    closed_at: int | None


class Moves(NamedTuple):
    """What one look changes; each cause and incident in at most one of them.

    goes_on   (incident, cause) that persists: its last sight and evidence move
    returns   (incident, cause) closed within the quiet gap: open again, nobody is told
    ends      incidents whose cause is gone
    """

    opens: list[Cause]
    goes_on: list[tuple[int, Cause]]
    returns: list[tuple[int, Cause]]
    ends: list[int]


def settle(known: Iterable[Known], causes: Collection[Cause], now: int, quiet_gap: int) -> Moves:
    """What has to happen so that incidents are what the causes are.

    known      incidents of the kinds looked at
    now        µs UTC; quiet_gap: µs
    """
    open_now: dict[Key, int] = {}
    lately: dict[Key, Known] = {}
    for one in known:
        if one.closed_at is None:
            open_now[one.key] = one.number
        elif now - one.closed_at < quiet_gap:
            before = lately.get(one.key)
            if before is None or (before.closed_at or 0) < one.closed_at:
                lately[one.key] = one
    moves = Moves([], [], [], [])
    seen: set[Key] = set()
    for cause in causes:
        if cause.key in seen:
            continue
        seen.add(cause.key)
        if cause.key in open_now:
            moves.goes_on.append((open_now[cause.key], cause))
        elif cause.key in lately:
            moves.returns.append((lately[cause.key].number, cause))
        else:
            moves.opens.append(cause)
    moves.ends.extend(number for key, number in open_now.items() if key not in seen)
    return moves
