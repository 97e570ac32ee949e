"""A weekly report as one frozen object: every number and every word of it, decided once.

The five formats are made from this and from nothing else, so they cannot disagree, and a saved
report can be printed again in ten years though templates, issuers and definitions have changed.
Its JSON has the shape of DESIGN.md §5.7: the published keys first, what is needed to defend and
to print them after.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec

from thuocdo.measure.invariants.model import Outcome

COUNT = "count"

Entry = tuple[str, int | float]
"""(name, value) as printed: counts are integers, percentages have two decimals."""


class Row(msgspec.Struct, frozen=True):
    """One agency of a full ranking.

    rank      standard competition rank in its block; None when unranked
    value     in the table's unit, as printed; None when it could not be measured
    flags     what is to be said of the figure's quality, stable codes
    remark    the same in Vietnamese, why there is no rank first; empty when there is nothing
    """

    rank: int | None
    agency: str
    name: str
    value: int | float | None
    numerator: int | None
    denominator: int | None
    reporting: int | None
    expected: int | None
    flags: tuple[str, ...] = ()
    remark: str = ""


class Table(msgspec.Struct, frozen=True):
    """One numbered table: the published lists, and the whole ranking they were cut from.

    indicator   code, with `@version` for ratios (a plain count has one meaning)
    unit        "percent"; absent for a plain count, as in the published data
    top         highest first; `bottom` holds the lowest, still in descending order
    remarks     what a reader must know about the lists: short ones, ties cut off
    """

    title: str
    indicator: str
    block: str
    top_n: int
    top: list[Entry]
    bottom: list[Entry]
    top_heading: str
    bottom_heading: str
    name_heading: str
    value_heading: str
    sheet: str
    unit: str | msgspec.UnsetType = msgspec.UNSET
    ranking: list[Row] = []
    unranked: list[Row] = []
    remarks: list[str] = []

    @property
    def code(self) -> str:
        """The indicator's code without its version."""
        return self.indicator.partition("@")[0]

    @property
    def measure(self) -> str:
        """ "count" or "percent"."""
        return COUNT if self.unit is msgspec.UNSET else self.unit


class Section(msgspec.Struct, frozen=True):
    """A numbered part of the statistics: its tables, by key of `WeeklyReport.tables`, and notes."""

    heading: str
    lead: str
    tables: list[str]
    notes: list[str]


class Definition(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which version of an indicator the report used, in words, and where it comes from.

    text       what is divided by what, as published; `notes` are the rules of counting
    source_kinds   kinds of systems whose events it needs: what its coverage counts
    identity   hash of the definition's own text (measure/definitions.py)
    better     which end of its rankings is the first; a frozen report says so where it is the lower
    """

    indicator: str
    version: str
    title: str
    unit: str
    text: str
    notes: list[str]
    source: str
    source_kinds: list[str]
    identity: str
    better: Literal["higher", "lower"] = "higher"


class Letterhead(msgspec.Struct, frozen=True):
    """Who issues the report on its date, as NĐ 30/2020 wants it printed."""

    parent_organisation: str
    organisation: str
    symbol: str
    place: str
    signer_prefix: str
    signer_title: str
    recipients: list[str]
    legal_basis: list[str]


class Texts(msgspec.Struct, frozen=True):
    """The running text between the tables, with every value already in place.

    `statistics` is the sentence that carries the footnote at its end; `coverage` follows it.
    """

    kind: str
    week_line: str
    subject: str
    purpose: str
    mark: str
    intro: str
    topic: str
    narrative: list[str]
    statistics_heading: str
    statistics: str
    coverage: str
    footnote: str
    quality_heading: str
    quality: list[str]
    methods_heading: str
    methods: list[str]
    closing: str
    chart_title: str


class WeeklyReport(msgspec.Struct, frozen=True):
    """The frozen report.

    number        as registered by the office; `…/BC-…` until it has one
    period        first and last day, both included (Vietnamese calendar)
    national      each national value under its own name; None when nothing could be measured
    as_known      only events that had landed by then count (UTC)
    as_organised  the map of organisations is the one of this day
    checks        what was checked before it was frozen, and what came of it (docs/invariants.md)
    log_size, log_root   leaves and root of the log of raw segments the figures stand on: of those
                  leaves what had landed by `as_known` counts. None when there is no log
    """

    report: str
    number: str
    date: dt.date
    period: tuple[dt.date, dt.date]
    tables: dict[str, Table]
    national: dict[str, float | None]
    week: str
    as_known: dt.datetime | None
    as_organised: dt.date
    definitions: list[Definition]
    log_size: int | None
    log_root: str | None
    software: str
    edition: str
    headline: str
    letterhead: Letterhead
    sections: list[Section]
    texts: Texts
    remark: str = ""
    checks: list[Outcome] = []


def freeze(report: WeeklyReport) -> bytes:
    """The report's JSON (UTF-8), indented for people; the same report gives the same bytes."""
    return msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n"


def thaw(frozen: bytes) -> WeeklyReport:
    """The report of a JSON made by `freeze`. Raises msgspec.ValidationError on anything else."""
    return msgspec.json.decode(frozen, type=WeeklyReport)
