"""The door to measuring: figures, series, national means and freshness, from the current facts.

One object per process is enough; it notices when the facts move. Answers are remembered for as
long as the files they were computed from are the current ones, so a page that asks again pays
for a look at one file's date.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Hashable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date
from functools import partial
from typing import Any, Final

from thuocdo.core.clock import Period
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.core.signing import PublicKey, Signer
from thuocdo.core.vocabulary import Block, Trust
from thuocdo.lake.ledger.book import Book
from thuocdo.lake.ledger.reading import LedgerReader
from thuocdo.lake.schemas import DIMENSIONS, SOURCE_TABLES
from thuocdo.lake.store import Lake
from thuocdo.measure import answering, day, intake, minutes, ranking, senders
from thuocdo.measure.answers import Answers, Found
from thuocdo.measure.definitions import Indicator, Running
from thuocdo.measure.engine import Engine, open_engine
from thuocdo.measure.facts.store import FactStore, Manifest
from thuocdo.measure.frame import Frame
from thuocdo.measure.known import Known, LogSize, knowledge
from thuocdo.measure.minutes import Minute
from thuocdo.measure.model import (
    DayCounts,
    Figure,
    Freshness,
    IntakeCount,
    IntakeTotal,
    Log,
    NationalFigure,
    Point,
    Stranger,
)
from thuocdo.measure.senders import Lags
from thuocdo.measure.shelf import Shelf
from thuocdo.measure.targets.model import Target
from thuocdo.measure.targets.setting import set_targets
from thuocdo.measure.view import Facts, KnownFacts, StoredFacts

MEMORY_LIMIT: Final = "1GiB"
"""What the engine of a reader may hold before it spills."""

_INTAKES: Final = 64
"""Answers about intake kept: each is thousands of hours, and there are thousands of sites."""

_BY: Final = ("agency", "ministry", "province", "service", "children")


class _Desk:
    """An engine, its lock and its memory. Two of them: history must not keep today waiting."""

    def __init__(self, settings: Settings, before: Found | None = None) -> None:
        self._settings = settings
        self._engine: Engine | None = None
        self.lock = threading.RLock()
        self.remember = Answers(before=before)

    def engine(self) -> Engine:
        """The one that is open; another when the server of the last one went away."""
        if self._engine is None or self._engine.is_lost:
            self._engine = open_engine(self._settings, memory_limit=MEMORY_LIMIT)
        return self._engine


class Measure:
    """Figures of one instance. Safe to share between threads.

    only_raw  what is asked as known then is made of raw events, even where the stored facts have it
    public    the key that signed the ledger, where it is a copy of another instance's; None: our own
    running   definitions to answer under, to try others than those in force; None: these
    """

    def __init__(
        self,
        settings: Settings,
        *,
        only_raw: bool = False,
        public: PublicKey | None = None,
        running: Running | None = None,
    ) -> None:
        self._settings, self.only_raw, self._public = settings, only_raw, public
        self._definitions = running or Running(settings.home)
        self._store = FactStore(settings.facts_dir)
        self._lake = Lake.open(settings)
        self.shelf = Shelf(settings.facts_dir)
        self._now, self._then = _Desk(settings, self.shelf.find), _Desk(settings)
        self._intakes = Answers(_INTAKES)
        self._stamp: object = object()  # equal to no manifest's
        self._stored: StoredFacts | None = None
        self._is_still = False
        self._known: tuple[Hashable, KnownFacts] | None = None

    def definitions(self) -> list[Indicator]:
        """Every indicator with its versions, the operator's own included."""
        return list(self._definitions.current().indicators)

    def definition(self, code: str) -> Indicator:
        """One indicator. Raises ThuocdoError `unknown_indicator`."""
        return self._definitions.current().find(code)

    def refused_definitions(self) -> list[ThuocdoError]:
        """Why files of the operator's folder do not count; the set before them runs on."""
        self._definitions.current()
        return list(self._definitions.refused)

    def targets(self) -> tuple[Target, ...]:
        """Every target, the packaged ones as this instance changed them and its own, the earliest first."""
        return set_targets(self._settings.home).targets

    def figures(
        self,
        code: str,
        period: Period,
        *,
        version: str | None = None,
        by: str = "agency",
        block: str | None = None,
        agency: str | None = None,
        as_known: Known | None = None,
        as_organised: date | None = None,
        trust: str = "any",
    ) -> list[Figure]:
        """The figures of one indicator, ranked within each block, best first, unranked last.

        by            "ministry", "province" or "agency" (both blocks): one per top-level agency;
                      "service": one per procedure, the busiest first; "children": one per agency
                      directly below `agency`, not ranked, and one for what is its own, `directly`
        agency        a code in either form, or a GSO number: only that agency, with all below it
        as_known      µs UTC, or a size of the log of raw segments; None: now. Facts are recomputed
                      from what was known then
        as_organised  map of organisations of that day; None: of the period's last day
        trust         "any" or "verified"
        An empty instance gives figures without value that say why, or no figures at all.
        Raises ThuocdoError `unknown_indicator`, `unknown_version`, `unknown_agency`,
        `ambiguous_agency`, `agency_not_there`, `agency_needed`, `not_by_service`, `bad_choice`.
        """
        known = self._definitions.current()
        indicator = known.find(code)
        chosen = indicator.version_for(period.last, version)
        _check("by", by, _BY)
        _check("block", block, (None, *Block))
        _check("trust", trust, ("any", Trust.VERIFIED))
        if by in (Block.MINISTRY, Block.PROVINCE):
            _check("block", block, (None, by))
            block = by
        if by == "service" and not isinstance(chosen.numerator, answering.OF_SERVICES):
            raise ThuocdoError(
                "not_by_service",
                f"{code} is not counted by service.",
                "Leave out by=service or choose another indicator.",
            )
        if by == "children" and agency is None:
            raise ThuocdoError(
                "agency_needed",
                "by=children needs the agency whose children are meant.",
                "Write --agency with it, for example --agency H26.",
            )
        with self.reading(as_known) as (facts, remember):
            frame = Frame(
                indicator=indicator,
                version=chosen,
                period=period,
                organised=as_organised or period.last,
                known=as_known,
                trust=trust,
                organisation=facts.dimensions.organisation,
                log_size=facts.log_size,
            )
            key = (
                "figures",
                *(code, chosen.identity, period, by, block, agency, as_known, as_organised, trust),
                answering.fingerprint(facts, known, chosen, [period]),
            )
            answer = partial(answering.figures_of, facts, remember, known, frame, by, block, agency)
            return list(remember(key, answer))

    def series(
        self,
        code: str,
        periods: Sequence[Period],
        *,
        agency: str | None = None,
        block: str | None = None,
        version: str | None = None,
        as_known: Known | None = None,
        as_organised: date | None = None,
        trust: str = "any",
    ) -> list[Point]:
        """One point per period, in one query: of an agency, a block or the whole country.

        The version and the map of organisations are, unless asked for, those of the last period's
        last day: a line is drawn under one definition. Raises as `figures` does.
        """
        if not periods:
            return []
        known = self._definitions.current()
        indicator = known.find(code)
        last = max(period.last for period in periods)
        chosen = indicator.version_for(last, version)
        _check("block", block, (None, *Block))
        _check("trust", trust, ("any", Trust.VERIFIED))
        with self.reading(as_known) as (facts, remember):
            organisation = facts.dimensions.organisation
            map_day = as_organised or last
            frame = Frame(indicator, chosen, periods[-1], map_day, as_known, trust, organisation)
            asked = Period(min(period.first for period in periods), last)
            whose = organisation.find(agency, map_day, asked) if agency else None
            key = (
                "series",
                *(code, chosen.identity, tuple(periods), agency, block, as_known, map_day, trust),
                answering.fingerprint(facts, known, chosen, periods),
            )
            draw = partial(
                answering.points_of, facts, remember, known, frame, periods, whose, block
            )
            return list(remember(key, draw))

    def national(self, found: Sequence[Figure], block: str | None) -> NationalFigure:
        """Both national values of a block, or of both blocks (None), from ranked figures."""
        return ranking.national(found, block)

    def counts(self, of_day: date) -> DayCounts:
        """What came in on one Vietnamese day, as the current facts have it."""
        with self.reading(None) as (facts, remember):
            return day.counts(facts, of_day, remember)

    def intake(
        self,
        since: int,
        until: int,
        *,
        site_id: int | None = None,
        agency: str | None = None,
        sources: tuple[Collection[int], Collection[str]] = ((), ()),
    ) -> list[IntakeCount]:
        """What landed of some sources in the local hours that begin in [since, until), µs UTC.

        site_id  the site, and the dossiers of its system; also an id that nobody registered
        agency   left-to-right code: all sites and systems of it and of those below it
        sources  these sites and these systems
        """
        with self._now.lock:
            facts = self._current()
            known = facts.dimensions
            sites, systems = set(sources[0]), set(sources[1])
            if site_id is not None:
                sites.add(site_id)
                systems.update({known.system_of_site.get(site_id, "")} - {"", None})
            if agency is not None:
                sites.update(key for key in known.sites.below(agency) if isinstance(key, int))
                systems.update(str(key) for key in known.systems.below(agency))
            return intake.of_sources(facts, since, until, sites, systems, self._intakes)

    def intake_totals(self, since: int, until: int) -> list[IntakeTotal]:
        """What landed of every source in the local hours that begin in [since, until), µs UTC."""
        with self._now.lock:
            return intake.totals(self._current(), since, until, self._intakes)

    def loop_views(self, site_id: int, period: Period) -> int:
        """Views of a site that `intake` calls accepted and no figure counts: of endless reloads.

        Only all views of a day can tell them, by the day they happened.
        """
        with self._now.lock:
            return intake.loop_views(self._current(), site_id, period, self._intakes)

    def strangers(self, since: int, until: int) -> list[Stranger]:
        """Site ids that were refused as unknown in these hours, the most frequent first."""
        with self._now.lock:
            return intake.strangers(self._current(), since, until, self._intakes)

    def lags(self, system: str, since: int) -> Lags | None:
        """How long a system's events about dossiers took that landed since an instant, µs UTC."""
        with self._now.lock:
            stamp, engine = self._lake.version("dossier_events"), self._now.engine()
            look = partial(senders.of_system, engine, self._lake, system, since)
            return self._intakes(("lags", stamp, system, since), look)

    def channels(self, system: str, since: int) -> dict[str, int]:
        """Channel → a system's messages that name it, of what landed since an instant, µs UTC."""
        with self._now.lock:
            stamp, engine = self._lake.version("dossier_events"), self._now.engine()
            look = partial(senders.channels, engine, self._lake, system, since)
            return self._intakes(("channels", stamp, system, since), look)

    def minutes(self, until: int, count: int) -> list[Minute]:
        """What people did in the last whole minutes before an instant, µs UTC, oldest first."""
        with self._now.lock:
            return minutes.minutes(self._now.engine(), self._lake, until, count)

    @contextmanager
    def ledger(self) -> Iterator[LedgerReader]:
        """The log of raw segments, for as long as the block lasts."""
        with closing(self._reader()) as reader:
            yield reader

    def _reader(self) -> LedgerReader:
        if self._public is not None:  # a copy is left as it is
            return LedgerReader(
                Book(self._settings.ledger_dir), self._public, self._settings.state_dir
            )
        public = Signer.of(self._settings.home).public
        return LedgerReader(Book(self._settings.ledger_dir), public)

    def log(self) -> Log | None:
        """The log that the current facts are made of; None where there is none."""
        with self._now.lock:
            manifest = self._current().manifest
            if manifest.log_size is None or manifest.log_root is None:
                return None
            return Log(manifest.log_size, manifest.log_root)

    def freshness(self) -> Freshness:
        """How old the current facts are."""
        with self._now.lock:
            manifest = self._current().manifest
            return Freshness(manifest.version, manifest.refreshed_at, manifest.landed_at)

    @contextmanager
    def reading(self, as_known: Known | None) -> Iterator[tuple[Facts, Answers]]:
        """The stored facts where they are what was known then, else facts made anew from raw events."""
        versions: dict[str, int] = {}
        with self._now.lock:
            stored = self._current()
            if isinstance(as_known, int) and stored.log_size is not None:
                as_known = LogSize(stored.log_size, as_known)
            if as_known is not None:
                versions = {t: self._lake.version(t) for t in (*SOURCE_TABLES, *DIMENSIONS)}
            if as_known is None or (not self.only_raw and _holds(stored, versions, as_known)):
                yield stored, self._now.remember
                return
        with self._then.lock:
            key = (as_known, tuple(versions.items()))
            if self._known is None or self._known[0] != key:
                with self.ledger() as ledger:
                    known = knowledge(as_known, ledger)
                self._known = (key, KnownFacts(self._lake, self._then.engine, known))
            yield self._known[1], self._then.remember

    def remembered(self) -> dict[Hashable, Any]:
        """The answers of the current facts, for the shelf."""
        with self._now.lock:
            return self._now.remember.everything()

    def apart(self) -> Measure:
        """The same instance behind an engine and locks of its own: long questions keep nobody waiting."""
        return Measure(self._settings, only_raw=self.only_raw, public=self._public)

    @contextmanager
    def still(self) -> Iterator[None]:
        """One set of facts for as long as the block lasts, however they move: what compares several
        answers must ask for all of them here. Others who ask this object wait."""
        with self._now.lock:
            self._current()
            self._is_still = True
            try:
                yield
            finally:
                self._is_still = False

    def _current(self) -> StoredFacts:
        if self._is_still and self._stored is not None:
            return self._stored
        stamp = self._store.stamp()
        if self._stored is None or stamp != self._stamp:
            manifest = self._store.read()
            self._stored = StoredFacts(self._store, manifest, self._now.engine, self._stored)
            self._stamp = stamp
        return self._stored


def _holds(stored: StoredFacts, versions: dict[str, int], as_known: Known) -> bool:
    """Whether the stored facts are exactly what was known then: nothing landed or was recorded since."""
    manifest: Manifest = stored.manifest
    instant = as_known.landed_by if isinstance(as_known, LogSize) else as_known
    if isinstance(as_known, LogSize):
        same = manifest.log_size == as_known.leaves
    else:
        same = manifest.lake == versions
    return same and (
        instant is None
        or ((manifest.landed_at or 0) <= instant and stored.dimensions.recorded_at <= instant)
    )


def _check(what: str, given: str | None, allowed: Sequence[str | None]) -> None:
    if given not in allowed:
        choices = ", ".join(str(choice) for choice in allowed if choice is not None)
        raise ThuocdoError("bad_choice", f"{given!r} is no {what}.", f"Write one of: {choices}.")
