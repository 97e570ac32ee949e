"""Counts for every agency from which a published weekly report follows exactly.

The published tables name the first and the last agencies. Those get counts that print the
published figure; every other agency gets one strictly between the two lists. Where the report
gives a national mean, the others are moved until the mean of the 86 printed percentages is it
exactly, and volumes are tilted until the ratio of sums prints the same: both readings agree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import msgspec
import numpy as np
import numpy.typing as npt

from thuocdo.core.clock import Period
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vocabulary import AgencyKind
from thuocdo.simulate.nation import Agency, agencies
from thuocdo.simulate.percentages import WHOLE, counts_for

Floats = npt.NDArray[np.float64]

GOLDEN_NAMES = ("2022-W18", "2022-W40")

_DOSSIERS = 260_000  # resolved in the whole country; large enough for two decimals everywhere
_FEWEST_RESOLVED = 500
_MOST_RESOLVED = 40_000
_MARGIN = 0.03  # distance of the unprinted from the printed, as a share of the gap
_VISITS_ABOVE = 1.012  # the least an unprinted agency exceeds the printed last ones by
_HALVINGS = 50


class _Table(msgspec.Struct):
    indicator: str
    block: str
    top: list[tuple[str, float]]
    bottom: list[tuple[str, float]]


class _Golden(msgspec.Struct):
    period: tuple[date, date]
    tables: dict[str, _Table]
    national: dict[str, float] = {}


@dataclass(frozen=True, slots=True)
class Goal:
    """What must be true of one agency at the end of the period.

    visits            visits to its portals and those below it
    services_online   services, full or partial, with an online dossier received in the period
    services_any      of those with a dossier of any channel
    services_all      of those in the catalogue on the last day
    resolved_online   dossiers completed in the period, online, full or partial when received
    resolved          dossiers completed in the period
    """

    agency: Agency
    visits: int
    services_online: int
    services_any: int
    services_all: int
    resolved_online: int
    resolved: int


@dataclass(frozen=True, slots=True)
class GoldenPlan:
    name: str
    period: Period
    goals: tuple[Goal, ...]


def read_golden(source: bytes) -> _Golden:
    """The published tables. Raises msgspec.ValidationError when the file has another shape."""
    return msgspec.json.decode(source, type=_Golden)


def plan_golden(
    name: str, source: bytes, rng: np.random.Generator, *, visits_scale: float, visits_of: str
) -> GoldenPlan:
    """Counts for every agency of 2022.

    visits_scale   visits are round(published * visits_scale)
    visits_of      "all" agencies have portals, or only those "printed"
    Raises ThuocdoError `golden_unreachable` when no counts give the published figures.
    """
    golden = read_golden(source)
    period = Period(*golden.period)
    nation = agencies(period.last)
    visits = _visits(golden, nation, rng, visits_scale, visits_of)
    of_all = any(
        t.indicator == "services_with_online_dossiers@2022-05" for t in golden.tables.values()
    )
    services = _services(golden, nation, rng, of_all=of_all)
    resolved = _resolved(golden, nation, rng)
    goals = tuple(
        Goal(agency, visits[agency.name], *services[agency.name], *resolved[agency.name])
        for agency in nation
    )
    return GoldenPlan(name, period, goals)


def _fill(
    golden: _Golden,
    indicator: str,
    nation: tuple[Agency, ...],
    between: Callable[[float, float, int], list[int]],
    unit: Callable[[float], int],
) -> dict[str, int]:
    """Agency name → value: the printed ones as printed, the others by `between(low, high, count)`."""
    values: dict[str, int] = {}
    for block in (AgencyKind.MINISTRY, AgencyKind.PROVINCE):
        table = next(
            t
            for t in golden.tables.values()
            if t.indicator.partition("@")[0] == indicator and t.block == block
        )
        known = {name: unit(value) for name, value in [*table.top, *table.bottom]}
        names = [agency.name for agency in nation if agency.kind == block]
        if lost := set(known) - set(names):
            raise ThuocdoError(
                "golden_unreachable",
                f"The report names agencies that did not exist: {', '.join(sorted(lost))}.",
                "Compare its names with registry/data.",
            )
        low = max(unit(value) for _, value in table.bottom)
        high = min(unit(value) for _, value in table.top)
        rest = [name for name in names if name not in known]
        values |= known | dict(zip(rest, between(low, high, len(rest)), strict=True))
    return values


def _visits(
    golden: _Golden,
    nation: tuple[Agency, ...],
    rng: np.random.Generator,
    scale: float,
    visits_of: str,
) -> dict[str, int]:
    def between(low: float, high: float, count: int) -> list[int]:
        if visits_of == "printed":
            return [0] * count
        room = min(0.95 * high / low - _VISITS_ABOVE, 1.5)
        values: list[int] = np.rint(low * (_VISITS_ABOVE + room * rng.random(count) ** 3)).tolist()
        return [int(value) for value in values]

    return {
        name: round(value * scale)
        for name, value in _fill(golden, "portal_visits", nation, between, int).items()
    }


def _inside(low: float, high: float, places: Floats) -> Floats:
    gap = high - low
    return low + gap * (_MARGIN + (1 - 2 * _MARGIN) * places)


def _hundredths(value: float) -> int:
    return round(value * 100)


def _services(
    golden: _Golden, nation: tuple[Agency, ...], rng: np.random.Generator, *, of_all: bool
) -> dict[str, tuple[int, int, int]]:
    """Name → services (online, any channel, all); `of_all` says what the printed share is of."""

    def between(low: float, high: float, count: int) -> list[int]:
        return [round(v) for v in _inside(low, high, rng.random(count) ** 1.5).tolist()]

    shares = _fill(golden, "services_with_online_dossiers", nation, between, _hundredths)
    found: dict[str, tuple[int, int, int]] = {}
    for agency in nation:
        ministry = agency.kind == AgencyKind.MINISTRY
        wanted = int(rng.integers(40, 110) if ministry else rng.integers(240, 480))
        online, base = counts_for(shares[agency.name], wanted)
        if of_all:
            found[agency.name] = (online, online + round((base - online) * 0.6), base)
        else:
            found[agency.name] = (online, base, base + round(base * rng.uniform(0.08, 0.4)))
    return found


def _resolved(
    golden: _Golden, nation: tuple[Agency, ...], rng: np.random.Generator
) -> dict[str, tuple[int, int]]:
    """Name → dossiers resolved (online, all)."""
    mean = golden.national.get("online_dossier_rate_mean")
    bend = 1.0
    drawn = iter(rng.random(len(nation)).tolist())
    places = {agency.name: next(drawn) for agency in nation}
    order = [a.name for a in nation]

    def rates(exponent: float) -> dict[str, int]:
        draws = iter([places[name] for name in order])

        def between(low: float, high: float, count: int) -> list[int]:
            some = np.array([next(draws) for _ in range(count)])
            return [round(v) for v in _inside(low, high, some**exponent).tolist()]

        return _fill(golden, "online_dossier_rate", nation, between, _hundredths)

    volumes = np.array([agency.size * rng.lognormal(0.0, 0.5) for agency in nation])
    if mean is None:
        chosen = rates(bend)
        return _counts(nation, chosen, volumes)
    goal = _hundredths(mean) * len(nation)
    bend = _bisect(lambda x: float(goal - sum(rates(x).values())), 0.05, 20.0)
    chosen = rates(bend)
    _settle(chosen, goal - sum(chosen.values()), _unprinted(golden, chosen))
    away = (np.array([chosen[name] for name in order]) - _hundredths(mean)) / WHOLE

    def tilted(tilt: float) -> dict[str, tuple[int, int]]:
        return _counts(nation, chosen, volumes * np.exp(tilt * away))

    def excess(tilt: float) -> float:
        return WHOLE * _ratio_of_sums(tilted(tilt)) - _hundredths(mean)

    result = tilted(_bisect(excess, -40.0, 40.0))
    _even_out(result, chosen, _hundredths(mean), _unprinted(golden, chosen))
    if round(WHOLE * _ratio_of_sums(result)) != _hundredths(mean):
        total = 100 * _ratio_of_sums(result)
        raise ThuocdoError(
            "golden_unreachable",
            f"The ratio of sums is {total:.4f}, not the published mean {mean:.2f}.",
            "Try another seed.",
        )
    return result


def _ratio_of_sums(counts: dict[str, tuple[int, int]]) -> float:
    return sum(k for k, _ in counts.values()) / sum(d for _, d in counts.values())


def _unprinted(golden: _Golden, chosen: dict[str, int]) -> list[str]:
    named = {
        name
        for table in golden.tables.values()
        if table.indicator.startswith("online_dossier_rate")
        for name, _ in [*table.top, *table.bottom]
    }
    return [name for name in chosen if name not in named]


def _even_out(
    counts: dict[str, tuple[int, int]], rates: dict[str, int], mean: int, names: list[str]
) -> None:
    """Whole counts leave a small rest of the ratio of sums: move volumes until it prints `mean`."""
    for name in names:
        surplus = sum(k * WHOLE - mean * d for k, d in counts.values())
        if 2 * abs(surplus) < sum(d for _, d in counts.values()):
            return
        wanted = counts[name][1] - round(surplus / (rates[name] - mean or 1))
        if _FEWEST_RESOLVED <= wanted <= _MOST_RESOLVED:
            counts[name] = counts_for(rates[name], wanted)


def _settle(chosen: dict[str, int], missing: int, names: list[str]) -> None:
    """Hand out the last few hundredths one by one; the margins leave room for them."""
    step = 1 if missing > 0 else -1
    for place in range(abs(missing)):
        chosen[names[place % len(names)]] += step


def _sizes(volumes: Floats) -> Floats:
    scaled: Floats = volumes * (_DOSSIERS / volumes.sum())
    return np.clip(scaled, _FEWEST_RESOLVED, _MOST_RESOLVED)


def _counts(
    nation: tuple[Agency, ...], rates: dict[str, int], volumes: Floats
) -> dict[str, tuple[int, int]]:
    sizes = _sizes(volumes)
    return {
        agency.name: counts_for(rates[agency.name], round(float(size)))
        for agency, size in zip(nation, sizes, strict=True)
    }


def _bisect(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a rising function crosses zero; the nearer end when it never does."""
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if function(middle) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
