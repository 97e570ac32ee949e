"""The door to measuring: figures, series, national means and freshness, from the current facts.

One object per process is enough; it notices when the facts move. Answers are remembered for as
long as the files they were computed from are the current ones, so a page that asks again pays
for a look at one file's date.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from datetime import date
from typing import Any, Final, TypeVar, cast

from thuocdo.core.clock import Period
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.core.vocabulary import Block, Trust
from thuocdo.lake.schemas import DIMENSIONS
from thuocdo.lake.store import Lake
from thuocdo.measure import compute, coverage, definitions, figures, ranking
from thuocdo.measure.definitions import Indicator, Version, Visits
from thuocdo.measure.engine import Engine
from thuocdo.measure.facts.store import FactStore, Manifest
from thuocdo.measure.figures import Frame
from thuocdo.measure.model import Figure, Freshness, NationalFigure, Point
from thuocdo.measure.refresh import SOURCE_TABLES
from thuocdo.measure.view import Facts, KnownFacts, StoredFacts

MEMORY_LIMIT: Final = "1GiB"
"""What the engine of a reader may hold before it spills."""

REMEMBERED: Final = 4096
"""Answers kept; the least recently asked goes first."""

_BY: Final = ("agency", "ministry", "province", "service")

T = TypeVar("T")


class Measure:
    """Figures of one instance. Safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store = FactStore(settings.facts_dir)
        self._lock = threading.RLock()
        self._engine: Engine | None = None
        self._stamp: object = object()  # equal to no manifest's
        self._stored: StoredFacts | None = None
        self._known: tuple[Hashable, KnownFacts] | None = None
        self._answers: OrderedDict[Hashable, Any] = OrderedDict()

    def definitions(self) -> list[Indicator]:
        """Every indicator with its versions. Raises ThuocdoError `bad_definition`."""
        return list(definitions.definitions())

    def figures(
        self,
        code: str,
        period: Period,
        *,
        version: str | None = None,
        by: str = "agency",
        block: str | None = None,
        agency: str | None = None,
        as_known: int | None = None,
        as_organised: date | None = None,
        trust: str = "any",
    ) -> list[Figure]:
        """The figures of one indicator, ranked within each block, best first, unranked last.

        by            "ministry", "province" or "agency" (both blocks): one per top-level agency;
                      "service": one per procedure, the busiest first
        agency        a code in either form: only that agency, with all below it
        as_known      µs UTC; None: now. Facts are recomputed from what had landed by then
        as_organised  map of organisations of that day; None: of the period's last day
        trust         "any" or "verified"
        An empty instance gives figures without value that say why, or no figures at all.
        Raises ThuocdoError `unknown_indicator`, `unknown_version`, `unknown_agency`, `bad_choice`.
        """
        with self._lock:
            indicator = definitions.definition(code)
            chosen = indicator.version_for(period.last, version)
            _check("by", by, _BY)
            _check("block", block, (None, *Block))
            _check("trust", trust, ("any", Trust.VERIFIED))
            if by in (Block.MINISTRY, Block.PROVINCE):
                _check("block", block, (None, by))
                block = by
            if by == "service" and isinstance(chosen.numerator, Visits):
                raise ThuocdoError(
                    "not_by_service",
                    f"{code} counts sites, not services.",
                    "Leave out by=service or choose another indicator.",
                )
            facts = self._facts(as_known)
            frame = Frame(
                indicator=indicator,
                version=chosen,
                period=period,
                organised=as_organised or period.last,
                known=as_known,
                trust=trust,
                organisation=facts.dimensions.organisation,
            )
            key = (
                "figures",
                *(code, chosen.identity, period, by, block, agency, as_known, as_organised, trust),
                self._fingerprint(facts, chosen, [period]),
            )
            answer = self._remember(key, lambda: self._figures(facts, frame, by, block, agency))
            return list(answer)

    def series(
        self,
        code: str,
        periods: Sequence[Period],
        *,
        agency: str | None = None,
        block: str | None = None,
        version: str | None = None,
        as_known: int | None = None,
        as_organised: date | None = None,
        trust: str = "any",
    ) -> list[Point]:
        """One point per period, in one query: of an agency, a block or the whole country.

        The version and the map of organisations are, unless asked for, those of the last period's
        last day: a line is drawn under one definition. Raises as `figures` does.
        """
        if not periods:
            return []
        with self._lock:
            indicator = definitions.definition(code)
            last = max(period.last for period in periods)
            chosen = indicator.version_for(last, version)
            _check("block", block, (None, *Block))
            _check("trust", trust, ("any", Trust.VERIFIED))
            facts = self._facts(as_known)
            organisation = facts.dimensions.organisation
            day = as_organised or last
            frame = Frame(indicator, chosen, periods[-1], day, as_known, trust, organisation)
            whose = organisation.find(agency, day) if agency else None
            key = (
                "series",
                *(code, chosen.identity, tuple(periods), agency, block, as_known, day, trust),
                self._fingerprint(facts, chosen, periods),
            )

            def draw() -> list[Point]:
                found = self._cells(facts, frame, periods, by_procedure=False)
                return figures.points(frame, periods, found, agency=whose, block=block)

            return list(self._remember(key, draw))

    def national(self, found: Sequence[Figure], block: str | None) -> NationalFigure:
        """Both national values of a block, or of both blocks (None), from ranked figures."""
        return ranking.national(found, block)

    def freshness(self) -> Freshness:
        """How old the current facts are."""
        with self._lock:
            manifest = self._current().manifest
            return Freshness(manifest.version, manifest.refreshed_at, manifest.landed_at)

    def _figures(
        self, facts: Facts, frame: Frame, by: str, block: str | None, agency: str | None
    ) -> list[Figure]:
        whose = frame.organisation.find(agency, frame.organised) if agency else None
        found = self._cells(facts, frame, [frame.period], by_procedure=by == "service")
        if by == "service":
            names = facts.dimensions.procedure_names
            return figures.of_services(frame, names, found, agency=whose, block=block)
        key = ("sources", frame.indicator.code, frame.version.identity, frame.period, frame.trust)
        heard = self._remember(
            (*key, frame.organised, self._fingerprint(facts, frame.version, [frame.period])),
            lambda: coverage.sources(
                facts, frame.indicator, frame.version, frame.period, frame.trust, frame.organised
            ),
        )
        if whose is not None and (whose.parent is not None or whose.block is None):
            return [figures.of_agency(frame, whose, found, heard)]
        ranked = figures.of_tops(frame, found, heard, block)
        return [f for f in ranked if whose is None or f.agency == whose.code]

    def _cells(
        self,
        facts: Facts,
        frame: Frame,
        periods: Sequence[Period],
        *,
        by_procedure: bool,
    ) -> list[compute.Cell]:
        key = (
            "cells",
            *(frame.version.identity, tuple(periods), frame.trust, by_procedure),
            self._fingerprint(facts, frame.version, periods),
        )
        return self._remember(
            key,
            lambda: compute.cells(
                facts, frame.version, periods, frame.trust, by_procedure=by_procedure
            ),
        )

    def _fingerprint(
        self, facts: Facts, version: Version, periods: Sequence[Period]
    ) -> tuple[str, ...]:
        """Names the files an answer comes from: other facts may change without touching it."""
        first, last = compute.span(periods)
        return (
            *facts.fingerprint(compute.FACT_OF[type(version.numerator)], first, last),
            *facts.fingerprint(coverage.source_table(version), first, last),
            *facts.fingerprint("dimensions", first, last),
        )

    def _remember(self, key: Hashable, compute_it: Callable[[], T]) -> T:
        if key in self._answers:
            self._answers.move_to_end(key)
            return cast("T", self._answers[key])
        answer = compute_it()
        self._answers[key] = answer
        if len(self._answers) > REMEMBERED:
            self._answers.popitem(last=False)
        return answer

    def _current(self) -> StoredFacts:
        stamp = self._store.stamp()
        if self._stored is None or stamp != self._stamp:
            self._stamp = stamp
            before, manifest = self._stored, self._store.read()
            self._stored = StoredFacts(self._store, manifest, self._open())
            if before is not None and before.manifest.dimensions == manifest.dimensions:
                self._stored.dimensions = before.dimensions
        return self._stored

    def _open(self) -> Engine:
        if self._engine is None:
            self._engine = Engine(self._settings.home, memory_limit=MEMORY_LIMIT)
        return self._engine

    def _facts(self, as_known: int | None) -> Facts:
        """The stored facts where they are what was known at that instant, else recomputed ones."""
        stored = self._current()
        if as_known is None:
            return stored
        lake = Lake.open(self._settings)
        versions = {table: lake.version(table) for table in (*SOURCE_TABLES, *DIMENSIONS)}
        if _holds(stored, versions, as_known):
            return stored
        key = (as_known, tuple(versions.items()))
        if self._known is None or self._known[0] != key:
            self._known = (key, KnownFacts(lake, self._open(), as_known))
        return self._known[1]


def _holds(stored: StoredFacts, versions: dict[str, int], as_known: int) -> bool:
    """Whether the stored facts are exactly what was known then: nothing landed or was recorded since."""
    manifest: Manifest = stored.manifest
    return (
        manifest.lake == versions
        and (manifest.landed_at or 0) <= as_known
        and stored.dimensions.recorded_at <= as_known
    )


def _check(what: str, given: str | None, allowed: Sequence[str | None]) -> None:
    if given not in allowed:
        choices = ", ".join(str(choice) for choice in allowed if choice is not None)
        raise ThuocdoError("bad_choice", f"{given!r} is no {what}.", f"Write one of: {choices}.")
