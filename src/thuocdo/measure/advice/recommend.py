"""Recommendations: the services whose rise to `full` would move an agency's full-online rate most.

The gain is simulated, not guessed: every dossier of the period keeps its own stages (channel,
outcome, payment, way of return) and only the level changes, so what is predicted is exactly what
the indicator would have been under such a catalogue. A second scenario, named as such, also lets
the online share rise to that of the block for the same procedure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import msgspec

from thuocdo.core.clock import Period
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vietnamese import collation_key, percent
from thuocdo.core.vocabulary import Level
from thuocdo.measure import policy
from thuocdo.measure.advice.counting import Used, total, used
from thuocdo.measure.advice.model import (
    INDICATOR,
    Advice,
    Edition,
    Gain,
    Losses,
    Peer,
    Recommendation,
    Rule,
    Uptake,
    editions,
)
from thuocdo.measure.answers import Answers
from thuocdo.measure.definitions import Dossiers, Indicator, Version
from thuocdo.measure.offers import Offer, Offered, offers, together
from thuocdo.measure.organisation import Agency, Organisation
from thuocdo.measure.service import Measure
from thuocdo.measure.view import Facts

_PEERS_NAMED: Final = 3
_SIMULATED: Final = (Dossiers(event="received", full_online=True), Dossiers(event="received"))


def recommend(
    measure: Measure,
    agency: str,
    period: Period,
    *,
    as_known: int | None = None,
    as_organised: date | None = None,
    trust: str = "any",
) -> Advice:
    """The advice to one agency (a code in either form), with all below it, from the period's dossiers.

    as_known      µs UTC; None: now
    as_organised  map of organisations of that day; None: of the period's last day
    The rules and the definition are those in force on the period's last day; the level of a
    service is the catalogue's on that day.
    The definition is this instance's: its operator's own version too.
    Raises ThuocdoError `unknown_agency`, `not_simulated`.
    """
    organised = as_organised or period.last
    version = _simulated_version(measure.definition(INDICATOR), period.last)
    edition = policy.edition_on(editions(), period.last)
    with measure.reading(as_known) as (facts, remember):
        organisation = facts.dimensions.organisation
        whose = organisation.find(agency, organised)
        block = _block_of(organisation, whose, organised)
        scene = _scene(facts, remember, period, trust, organised, whose, block)
        names = facts.dimensions.procedure_names
    return _advice(
        scene,
        edition,
        names,
        Advice(
            agency=whose.code,
            name=whose.name,
            block=block,
            period_first=period.first,
            period_last=period.last,
            as_organised=organised,
            as_known=as_known,
            trust=trust,
            version=version.version,
            policy=edition.version,
            dossiers=scene.own_total.dossiers,
            full_online=scene.own_total.full_online,
            rate=_rate(scene.own_total.full_online, scene.own_total.dossiers),
            block_dossiers=scene.block_total.dossiers,
            block_full_online=scene.block_total.full_online,
            block_rate=_rate(scene.block_total.full_online, scene.block_total.dossiers),
            losses=_losses(scene.own_total),
            to_full=(),
            to_partial=(),
            apart=(),
            not_listed=(),
        ),
    )


_Place = Callable[[str], tuple[str, bool] | None]
"""From an agency's code to its ministry or province in the block, and whether it is ours."""


@dataclass(frozen=True, slots=True)
class _Scene:
    """What is known: the agency's services, and those of the other agencies of its block."""

    used: Mapping[str, Used]
    offered: Mapping[str, Offered]
    others: Mapping[str, Mapping[str, Used]]  # procedure → agency → dossiers
    others_full: Mapping[str, frozenset[str]]  # procedure → agencies that offer it as full
    names: Mapping[str, str]
    block_total: Used

    @property
    def own_total(self) -> Used:
        return total(self.used.values())


def _scene(
    facts: Facts,
    remember: Answers,
    period: Period,
    trust: str,
    organised: date,
    whose: Agency,
    block: str,
) -> _Scene:
    organisation = facts.dimensions.organisation

    def place(code: str) -> tuple[str, bool] | None:
        path = organisation.path(code, organised)
        if not path or path[-1].block != block:
            return None
        return path[-1].code, any(step.code == whose.code for step in path)

    own: dict[str, list[Used]] = {}
    others: dict[str, dict[str, list[Used]]] = {}
    block_parts: list[Used] = []
    for (code, procedure), counts in used(facts, remember, period, trust).items():
        if (placed := place(code)) is None:
            continue
        block_parts.append(counts)
        top, ours = placed
        if ours:
            own.setdefault(procedure, []).append(counts)
        else:
            others.setdefault(procedure, {}).setdefault(top, []).append(counts)
    our_offers, full = _offered(offers(facts.dimensions.services, period.last), place)
    return _Scene(
        used={procedure: total(parts) for procedure, parts in own.items()},
        offered=our_offers,
        others={
            procedure: {top: total(parts) for top, parts in by_top.items()}
            for procedure, by_top in others.items()
        },
        others_full=full,
        names={top.code: top.name for top in organisation.tops(organised, block)},
        block_total=total(block_parts),
    )


def _offered(
    catalogue: Iterable[Offer], place: _Place
) -> tuple[dict[str, Offered], dict[str, frozenset[str]]]:
    """(procedure → what we offer, procedure → the others that offer it as full)."""
    own: dict[str, list[Offer]] = {}
    full: dict[str, set[str]] = {}
    for offer in catalogue:
        placed = place(offer.agency)
        if placed is None:
            continue
        top, ours = placed
        if ours:
            own.setdefault(offer.procedure, []).append(offer)
        elif offer.level == Level.FULL:
            full.setdefault(offer.procedure, set()).add(top)
    return (
        {procedure: together(parts) for procedure, parts in own.items()},
        {procedure: frozenset(tops) for procedure, tops in full.items()},
    )


def _advice(scene: _Scene, edition: Edition, names: Mapping[str, str], frame: Advice) -> Advice:
    busiest = _busiest(scene.used)
    lists: dict[str, list[Recommendation]] = {
        name: [] for name in ("to_full", "to_partial", "apart", "not_listed")
    }
    for procedure, counts in scene.used.items():
        offered = scene.offered.get(procedure)
        if offered is not None and offered.level == Level.FULL:
            continue
        asking = [
            rule
            for rule in edition.rules
            if offered is not None and _asks(rule, procedure, counts, offered, scene, busiest)
        ]
        if offered is not None and not asking:
            continue
        told = _recommendation(procedure, counts, offered, asking, scene, names, frame)
        if offered is None:
            lists["not_listed"].append(told)
        elif offered.reason_not_full:
            lists["apart"].append(msgspec.structs.replace(told, target=None))
        else:
            lists["to_full" if told.target == Level.FULL else "to_partial"].append(told)
    ordered = {name: tuple(sorted(found, key=_most_first)) for name, found in lists.items()}
    ordered["to_full"] = tuple(_reach(ordered["to_full"], frame))
    return msgspec.structs.replace(frame, **ordered)


def _asks(
    rule: Rule,
    procedure: str,
    counts: Used,
    offered: Offered,
    scene: _Scene,
    busiest: Mapping[str, int],
) -> bool:
    peers = len(scene.others_full.get(procedure, ()))
    return (
        rule.level == offered.level
        and counts.dossiers >= rule.minimum_dossiers
        and (rule.peers_at_full is None or peers >= rule.peers_at_full)
        and (
            rule.volume_share is None
            or 100 * busiest[procedure] < rule.volume_share * scene.own_total.dossiers
        )
    )


def _busiest(own: Mapping[str, Used]) -> dict[str, int]:
    """Procedure → the dossiers of all that are busier: the fewest services that make up a share are
    those with less than it before them."""
    before = 0
    found = {}
    for procedure, counts in sorted(own.items(), key=lambda one: (-one[1].dossiers, one[0])):
        found[procedure] = before
        before += counts.dossiers
    return found


def _recommendation(
    procedure: str,
    counts: Used,
    offered: Offered | None,
    asking: list[Rule],
    scene: _Scene,
    names: Mapping[str, str],
    frame: Advice,
) -> Recommendation:
    full = scene.others_full.get(procedure, frozenset())
    of_peers = {top: scene.others.get(procedure, {}).get(top, Used()) for top in full}
    peers = sorted(
        (Peer(top, scene.names[top], u.dossiers, u.full_online) for top, u in of_peers.items()),
        key=lambda peer: (-peer.dossiers, collation_key(peer.name)),
    )
    return Recommendation(
        procedure=procedure,
        name=names.get(procedure, procedure),
        level=offered.level if offered else None,
        mixed=offered.mixed if offered else False,
        target=asking[0].target if asking else None,
        rules=tuple(rule.code for rule in asking),
        dossiers=counts.dossiers,
        online=counts.online,
        full_online=counts.full_online,
        ready=counts.ready,
        rate=_rate(counts.full_online, counts.dossiers),
        gain=_gain(counts.ready - counts.full_online, frame),
        uptake=_uptake(counts, total(of_peers.values()), frame),
        peers_at_full=len(full),
        peers=tuple(peers[:_PEERS_NAMED]),
        reason_not_full=offered.reason_not_full if offered else None,
    )


def _uptake(own: Used, peers: Used, frame: Advice) -> Uptake | None:
    """Full, and as large a share online as where it is full already; whole dossiers, rounded down.

    A dossier that comes online only then goes through the other stages as the agency's own online
    ones do; where it has none, as the peers' do.
    """
    like = own if own.online else peers
    if not peers.dossiers or not like.online:
        return None
    online = max(own.online, own.dossiers * peers.online // peers.dossiers)
    more = (online - own.online) * like.ready // like.online
    gain = _gain(own.ready - own.full_online + more, frame)
    return Uptake(peers.online, peers.dossiers, online, gain)


def _gain(dossiers: int, frame: Advice) -> Gain:
    return Gain(dossiers, _rate(dossiers, frame.dossiers), _rate(dossiers, frame.block_dossiers))


def _reach(ordered: Iterable[Recommendation], frame: Advice) -> Iterable[Recommendation]:
    """Each with what it and all before it come to: the curve of cumulative gain."""
    so_far = 0
    for one in ordered:
        so_far += one.gain.dossiers
        rate = _rate(frame.full_online + so_far, frame.dossiers)
        yield msgspec.structs.replace(one, reach=(so_far, rate))


def _most_first(one: Recommendation) -> tuple[int, int, str]:
    return -one.gain.dossiers, -one.dossiers, one.procedure


def _losses(own: Used) -> Losses:
    return Losses(
        not_online=own.not_online,
        unresolved=own.unresolved,
        paid_offline=own.paid_offline,
        by_post=own.by_post,
        level=own.ready - own.full_online,
    )


def _rate(numerator: int, denominator: int) -> float | None:
    share = percent(numerator, denominator)
    return None if share is None else float(share)


def _simulated_version(indicator: Indicator, day: date) -> Version:
    """The version in force, if it counts as this simulation does."""
    version = indicator.version_for(day)
    if (version.numerator, version.denominator) != _SIMULATED:
        raise ThuocdoError(
            "not_simulated",
            f"{INDICATOR} of {version.version} counts other dossiers than the simulation does.",
            "Ask for a period under an earlier version, or bring measure/advice up to it.",
        )
    return version


def _block_of(organisation: Organisation, whose: Agency, day: date) -> str:
    top = organisation.top(whose.code, day)
    if top is None or top.block is None:
        raise ThuocdoError(
            "unknown_agency",
            f"The agency {whose.code} belongs to no ministry or province on {day}.",
            "Write a code of the registry such as H26, G18 or H26.01.",
        )
    return top.block
