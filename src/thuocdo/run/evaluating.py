"""How good the detectors are: simulated countries with known cheats, and what the inspection says of them.

Every country is an instance of its own in a folder that goes afterwards, made in a process of its own
by the way every event goes: files are imported, hits landed, facts refreshed. A pair is one detector
and one system or site. Recall is of planted pairs whose distortion touches at least `FEWEST_TOUCHED`
records; those that touch fewer count neither for nor against. False alarms are of the honest pairs that
could be measured.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path
from typing import Final

import msgspec

from thuocdo.core.clock import Period

PERIOD: Final = Period(date(2026, 7, 1), date(2026, 9, 30))
"""A quarter of today's country: three whole months, a season, a national holiday."""

SCALE: Final = 0.4
FEWEST_TOUCHED: Final = 20


class Tally(msgspec.Struct, frozen=True):
    """One detector over some countries. `missed` and `alarms` name the pairs: "seed subject reason"."""

    detector: str
    planted: int
    found: int
    not_measurable: int  # of the planted
    honest: int  # measurable ones
    false_alarms: int
    honest_not_measurable: int
    missed: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()

    @property
    def recall(self) -> float | None:
        """0…1; None when nothing was planted."""
        return self.found / self.planted if self.planted else None

    @property
    def false_alarm_rate(self) -> float | None:
        """0…1; None when nobody honest could be measured."""
        return self.false_alarms / self.honest if self.honest else None


def evaluate(
    seeds: Iterable[int], *, scale: float = SCALE, period: Period = PERIOD
) -> Iterator[tuple[int, list[Tally]]]:
    """(seed, a tally for every detector) of one simulated country after another."""
    spawn = multiprocessing.get_context("spawn")
    for seed in seeds:
        # Django holds one database a process, so every country has a process to itself.
        with ProcessPoolExecutor(1, mp_context=spawn) as pool:
            yield seed, pool.submit(country, seed, scale, period).result()


def country(seed: int, scale: float, period: Period) -> list[Tally]:
    """Make one country and hold the findings against what was planted."""
    with tempfile.TemporaryDirectory(prefix="thuocdo-quality-") as folder:
        os.environ["THUOCDO_HOME"] = str(Path(folder) / "home")
        os.environ.pop("THUOCDO_DATABASE_URL", None)
        os.environ.pop("THUOCDO_LAKE_URL", None)
        return _country(Path(folder), seed, scale, period)


def _country(folder: Path, seed: int, scale: float, period: Period) -> list[Tally]:
    from thuocdo.core import settings
    from thuocdo.measure.quality import examine
    from thuocdo.measure.service import Measure
    from thuocdo.registry.setup import initialise
    from thuocdo.run.loading import load, send_steps
    from thuocdo.run.once import refresh_now
    from thuocdo.simulate.country import history

    found = settings.load()
    initialise(found)
    files = history(folder / "files", period=period, scale=scale, seed=seed)
    for _ in load(found, files):
        pass
    send_steps(found, files.steps)
    refresh_now(found)
    planted = json.loads(files.cheats.read_text())["planted"]
    said = [
        (one.detector, one.subject, one.state, one.reason)
        for one in examine(Measure(found), period)
    ]
    return tallies(seed, planted, said)


Said = tuple[str, str, str, str | None]
"""(detector, subject, state, reason)."""


def tallies(
    seed: int, planted: Mapping[str, Mapping[str, int]], said: Sequence[Said]
) -> list[Tally]:
    """Hold what was `said` against what was `planted`: detector → subject → records touched."""
    by_detector: dict[str, list[Said]] = {}
    for one in said:
        by_detector.setdefault(one[0], []).append(one)
    found = []
    for detector, every in by_detector.items():
        truth = planted.get(detector, {})
        counts: Counter[str] = Counter()
        missed, alarms = [], []
        for _, subject, state, reason in every:
            touched = truth.get(subject, 0)
            if touched >= FEWEST_TOUCHED:
                counts[f"planted {state}"] += 1
                if state != "found":
                    missed.append(f"{seed} {subject} {touched} {reason or state}")
            elif not touched:
                counts[f"honest {state}"] += 1
                if state == "found":
                    alarms.append(f"{seed} {subject}")
        found.append(
            Tally(
                detector=detector,
                planted=sum(n for name, n in counts.items() if name.startswith("planted")),
                found=counts["planted found"],
                not_measurable=counts["planted not_measurable"],
                honest=counts["honest found"] + counts["honest not_found"],
                false_alarms=counts["honest found"],
                honest_not_measurable=counts["honest not_measurable"],
                missed=tuple(missed),
                alarms=tuple(alarms),
            )
        )
    return found


def total(parts: Iterable[Tally], detector: str = "total") -> Tally:
    """The sum of tallies."""
    every = list(parts)
    return Tally(
        detector=detector,
        planted=sum(one.planted for one in every),
        found=sum(one.found for one in every),
        not_measurable=sum(one.not_measurable for one in every),
        honest=sum(one.honest for one in every),
        false_alarms=sum(one.false_alarms for one in every),
        honest_not_measurable=sum(one.honest_not_measurable for one in every),
        missed=tuple(name for one in every for name in one.missed),
        alarms=tuple(name for one in every for name in one.alarms),
    )


def by_detector(rounds: Iterable[Sequence[Tally]]) -> list[Tally]:
    """Tallies of several countries summed by detector, then all of them together."""
    every = [list(one) for one in rounds]
    names = dict.fromkeys(tally.detector for tallies_ in every for tally in tallies_)
    summed = [total((t for r in every for t in r if t.detector == name), name) for name in names]
    return [*summed, total(summed)]
