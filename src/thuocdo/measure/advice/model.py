"""What advice is: recommendations with their simulated gains, and the rules they follow."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Final, Literal

import msgspec

from thuocdo.core.clock import Period
from thuocdo.measure import policy
from thuocdo.measure.definitions import Source, Text

INDICATOR: Final = "full_online_rate"
"""The indicator whose gain orders the recommendations."""

_POLICY: Final = Path(__file__).parent / "policy.yaml"

LevelCode = Literal["full", "partial", "information"]


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a service is recommended for a higher level; conditions as in policy.yaml."""

    code: str
    level: LevelCode
    target: LevelCode
    title: Text
    reason: Text
    source: Source
    minimum_dossiers: int = 1
    peers_at_full: int | None = None
    volume_share: int | None = None


class Edition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rules of some time. Days are included."""

    version: str
    valid_from: date
    source: Source
    rules: tuple[Rule, ...]
    valid_to: date | None = None


class Peer(msgspec.Struct, frozen=True):
    """Another agency of the block that offers the procedure as full, with its dossiers of the period."""

    agency: str
    name: str
    dossiers: int
    full_online: int


class Gain(msgspec.Struct, frozen=True):
    """What a step adds: dossiers to the numerator, and percentage points (two decimals, half up).

    agency_points, block_points   of the rate of the agency, and of its block as ratio of sums;
                                  None when there are no dossiers to divide by
    """

    dossiers: int
    agency_points: float | None
    block_points: float | None


class Uptake(msgspec.Struct, frozen=True):
    """The second scenario: the online share rises to that of the block for the same procedure.

    block_online, block_dossiers   of the other agencies of the block that offer it as full
    online     dossiers that would come online
    gain       with the service full and this many online
    """

    block_online: int
    block_dossiers: int
    online: int
    gain: Gain


class Recommendation(msgspec.Struct, frozen=True):
    """One service of one agency, and what it should become.

    level        the lowest level at which the agency or a unit of it offers it on the last day
    mixed        units offer it at different levels
    target       None when nothing is recommended (it stands apart, or the catalogue lacks it)
    rules        codes of every rule that asks for it, the policy's first one first
    dossiers     received in the period; `online` of them came online, `full_online` count today,
                 `ready` went online at every stage: they count once the service is full
    gain         were the service full and all else as it was
    reach        gain.dossiers of this row and all before it, and the agency's rate then
    uptake       None when no other agency of the block has dossiers of it at full
    reason_not_full   what the catalogue says, as it stands there
    """

    procedure: str
    name: str
    level: str | None
    mixed: bool
    target: str | None
    rules: tuple[str, ...]
    dossiers: int
    online: int
    full_online: int
    ready: int
    rate: float | None
    gain: Gain
    uptake: Uptake | None
    peers_at_full: int
    peers: tuple[Peer, ...]
    reason_not_full: str | None = None
    reach: tuple[int, float | None] | None = None


class Losses(msgspec.Struct, frozen=True):
    """Why the agency's dossiers are not full-online: each under the first stage that took it out.

    not_online + unresolved + paid_offline + by_post + level + full_online = dossiers
    """

    not_online: int
    unresolved: int
    paid_offline: int
    by_post: int
    level: int


class Advice(msgspec.Struct, frozen=True):
    """The recommendations to one agency for one period.

    to_full      most gain first; `reach` runs through them
    to_partial   from information to partial, most gain once they are full first
    apart        the catalogue says why they are not full; most gain first
    not_listed   dossiers, but no catalogue row: most dossiers first
    rate         the agency's full-online rate, as printed; block_rate is the block's ratio of sums
    """

    agency: str
    name: str
    block: str
    period_first: date
    period_last: date
    as_organised: date
    as_known: int | None
    trust: str
    version: str
    policy: str
    dossiers: int
    full_online: int
    rate: float | None
    block_dossiers: int
    block_full_online: int
    block_rate: float | None
    losses: Losses
    to_full: tuple[Recommendation, ...]
    to_partial: tuple[Recommendation, ...]
    apart: tuple[Recommendation, ...]
    not_listed: tuple[Recommendation, ...]

    @property
    def period(self) -> Period:
        return Period(self.period_first, self.period_last)


@cache
def editions() -> tuple[Edition, ...]:
    """Every edition of the rules, oldest first. Raises ThuocdoError `bad_policy`."""
    return tuple(
        sorted(policy.load(_POLICY, list[Edition]), key=lambda edition: edition.valid_from)
    )
