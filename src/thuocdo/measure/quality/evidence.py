"""The counts that detectors look at, as Ibis expressions over the facts, and their hull in memory.

Everything a detector sees is a count of a few thousand rows: by week, system and what its messages
say; by procedure; by day; by site. Dossiers are those of both scopes that answer for all events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeVar

import ibis
import ibis.expr.types as ir
import msgspec
import pyarrow as pa

from thuocdo.core.clock import DAY_US, OFFSET_US, Period
from thuocdo.core.vocabulary import Outcome
from thuocdo.measure.dimensions import Dimensions
from thuocdo.measure.engine import Rows, day_number, union
from thuocdo.measure.facts.small import in_office_hours
from thuocdo.measure.organisation import Agency
from thuocdo.measure.view import Facts

WEEK: Final = 7
FAST_US: Final = 60_000_000
"""Opened and closed within so long: nobody has read it (the source documents' automatic chemical
declaration takes 15 seconds; officers' fastest signed results take minutes)."""

T = TypeVar("T", bound=msgspec.Struct)


class Received(msgspec.Struct, frozen=True):
    """Dossiers received in one week of the period by one system, alike in what was said of them.

    free      submitted outside office hours; None: no event says when, or only the day is told
    national  said to come from the national portal; None: nothing said
    untimed   came by a feed without times and without a value for post (TrackingMCDT)
    """

    week: int
    system: str
    channel: str | None
    declared: str | None
    catalogue: str | None
    national: bool | None
    by_post: bool | None
    free: bool | None
    differ: bool
    untimed: bool
    dossiers: int


class Resolved(msgspec.Struct, frozen=True):
    """Dossiers resolved in the period. fast: within FAST_US; None where times do not tell."""

    system: str
    procedure: str
    channel: str | None
    timeliness: str | None
    fast: bool | None
    dossiers: int


class Procedures(msgspec.Struct, frozen=True):
    """Dossiers received in the period by procedure and channel."""

    system: str
    procedure: str
    channel: str | None
    dossiers: int


class Days(msgspec.Struct, frozen=True):
    """Dossiers received and resolved on one day (day number)."""

    system: str
    day: int
    received: int
    resolved: int


class SiteDay(msgspec.Struct, frozen=True):
    """Views of one site on one day: people's, loops' (left out of figures), tireless visitors'."""

    site_id: int
    day: int
    views: int
    loop_views: int
    tireless_views: int


class HostDay(msgspec.Struct, frozen=True):
    site_id: int
    day: int
    host: str | None
    views: int


class Makers(msgspec.Struct, frozen=True):
    """`visitors` browsers that made `made` steps each on one day; `in_hours` of all their steps."""

    site_id: int
    day: int
    state: str | None
    made: int
    visitors: int
    in_hours: int

    @property
    def steps(self) -> int:
        return self.made * self.visitors


def received(dossiers: ir.Table, *, first: int, last: int) -> ir.Table:
    """Rows of `Received` of dossiers received on days `first` to `last` (day numbers)."""
    own = _own(dossiers)
    own = own.filter(own.received_day.between(first, last))
    timed = own.submitted_us.notnull() & ~own.untimed & _has_clock(own.submitted_us)
    return _counted(
        own.select(
            week=(own.received_day - first) // WEEK,
            system=own.system,
            channel=own.channel,
            declared=own.level_declared,
            catalogue=own.level_catalogue,
            national=own.from_national_portal,
            by_post=own.returned_by_post,
            free=timed.ifelse(~in_office_hours(own.submitted_us), ibis.null("boolean")),
            differ=own.channels_differ.fill_null(False),
            untimed=own.untimed,
        )
    )


def resolved(dossiers: ir.Table, *, first: int, last: int) -> ir.Table:
    """Rows of `Resolved`."""
    own = _resolved_in(dossiers, first, last)
    took = own.resolved_us - own.received_us
    timed = ~own.untimed & _has_clock(own.received_us) & _has_clock(own.resolved_us)
    return _counted(
        own.select(
            "system",
            "procedure",
            "channel",
            "timeliness",
            fast=timed.ifelse((took >= 0) & (took < FAST_US), ibis.null("boolean")),
        )
    )


def procedures(dossiers: ir.Table, *, first: int, last: int) -> ir.Table:
    """Rows of `Procedures`."""
    own = _own(dossiers)
    own = own.filter(own.received_day.between(first, last))
    return _counted(own.select("system", "procedure", "channel"))


def days(dossiers: ir.Table, *, first: int, last: int) -> ir.Table:
    """Rows of `Days`."""
    own = _own(dossiers)
    came = own.filter(own.received_day.between(first, last))
    went = _resolved_in(dossiers, first, last)
    both = ibis.union(
        came.select("system", day=came.received_day, received=1, resolved=0),
        went.select("system", day=went.resolved_day, received=0, resolved=1),
    )
    return both.group_by(["system", "day"]).agg(
        received=both.received.sum(), resolved=both.resolved.sum()
    )


def site_days(visits: ir.Table, *, first: int, last: int) -> ir.Table:
    """Rows of `SiteDay`."""
    there = visits.filter(visits.day.between(first, last))
    return there.group_by(["site_id", "day"]).agg(
        views=there.views.sum(),
        loop_views=there.loop_views.sum(),
        tireless_views=there.tireless_views.sum(),
    )


def host_days(hosts: ir.Table, *, first: int, last: int) -> ir.Table:
    """Rows of `HostDay`."""
    there = hosts.filter(hosts.day.between(first, last))
    return there.group_by(["site_id", "day", "host"]).agg(views=there.views.sum())


def makers(step_makers: ir.Table, *, first: int, last: int) -> ir.Table:
    """Rows of `Makers`."""
    there = step_makers.filter(step_makers.day.between(first, last))
    return there.group_by(["site_id", "day", "state", "made"]).agg(
        visitors=there.visitors.sum(), in_hours=there.in_hours.sum()
    )


def together(*tables: ir.Table) -> ir.Table:
    """All rows of the pieces of one fact."""
    return union(tables)


def _own(dossiers: ir.Table) -> ir.Table:
    return dossiers.filter(dossiers.scope != "verified")


def _resolved_in(dossiers: ir.Table, first: int, last: int) -> ir.Table:
    own = _own(dossiers)
    return own.filter(
        (own.outcome == Outcome.RESOLVED.value) & own.resolved_day.between(first, last)
    )


def _has_clock(instant_us: ir.Value) -> ir.Value:
    """Whether an instant says more than its day: local midnight on the dot says only that."""
    return (instant_us + OFFSET_US) % DAY_US != 0


def _counted(rows: ir.Table) -> ir.Table:
    return rows.group_by(list(rows.columns)).agg(dossiers=ibis._.count())


@dataclass(frozen=True, slots=True)
class Subject:
    """A system or a site in the period; `agency` is the top whose block its peers are of."""

    key: str
    kind: str
    agency: Agency
    top: Agency

    @property
    def block(self) -> str | None:
        return self.top.block


class Evidence:
    """Counts of one period, read once each, on demand."""

    def __init__(self, facts: Facts, period: Period) -> None:
        self.period = period
        self.dimensions: Dimensions = facts.dimensions
        self._facts = facts
        self.first, self.last = day_number(period.first), day_number(period.last)

    @cached_property
    def systems(self) -> list[Subject]:
        """One-stop systems there in the period, by code."""
        register = self.dimensions.systems.expected(("one_stop",), self.period)
        return self._subjects((str(s.key), s.kind, s.agency) for s in register)

    @cached_property
    def sites(self) -> list[Subject]:
        """Sites of all kinds there in the period, by id."""
        kinds = ("portal", "service_portal", "one_stop")
        register = self.dimensions.sites.expected(kinds, self.period)
        return self._subjects((str(s.key), s.kind, s.agency) for s in register)

    @cached_property
    def received(self) -> dict[str, list[Received]]:
        return _by(self._read(received, "dossiers", Received), lambda row: row.system)

    @cached_property
    def resolved(self) -> dict[str, list[Resolved]]:
        return _by(self._read(resolved, "dossiers", Resolved), lambda row: row.system)

    @cached_property
    def procedures(self) -> dict[str, list[Procedures]]:
        return _by(self._read(procedures, "dossiers", Procedures), lambda row: row.system)

    @cached_property
    def days(self) -> dict[str, list[Days]]:
        return _by(self._read(days, "dossiers", Days), lambda row: row.system)

    @cached_property
    def site_days(self) -> dict[str, list[SiteDay]]:
        return _by(self._read(site_days, "visits_daily", SiteDay), lambda row: str(row.site_id))

    @cached_property
    def host_days(self) -> dict[str, list[HostDay]]:
        return _by(self._read(host_days, "hosts_daily", HostDay), lambda row: str(row.site_id))

    @cached_property
    def makers(self) -> dict[str, list[Makers]]:
        return _by(self._read(makers, "step_makers_daily", Makers), lambda row: str(row.site_id))

    def _subjects(self, sources: Iterable[tuple[str, str, str]]) -> list[Subject]:
        organisation, day = self.dimensions.organisation, self.period.last
        found = []
        for key, kind, code in sources:
            path = organisation.path(code, day)
            if path:
                found.append(Subject(key, kind, path[0], path[-1]))
        return sorted(found, key=lambda subject: subject.key)

    def _read(self, make: Callable[..., ir.Table], fact: str, shape: type[T]) -> list[T]:
        """Rows in a fixed order, so that equal facts give equal findings on every engine."""
        engine = self._facts.engine
        pieces = [piece.rows() for piece in self._facts.pieces(fact, self.first, self.last)]
        if not pieces:
            return []
        every: Rows = pieces[0] if len(pieces) == 1 else engine.view(together, *pieces)
        found: pa.Table = engine.rows(make, every, first=self.first, last=self.last)
        rows: list[dict[str, Any]] = found.to_pylist()
        shaped = [msgspec.convert(row, shape) for row in rows]
        return sorted(shaped, key=lambda row: repr(msgspec.structs.astuple(row)))


def _by(rows: Iterable[T], key: Callable[[T], str]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found
