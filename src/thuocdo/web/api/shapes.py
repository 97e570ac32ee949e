"""What the API answers, as it is written: the single definition of its JSON, its CSV and its OpenAPI.

Answers are msgspec structs, written by msgspec and described by msgspec's own JSON Schema, so that the
document cannot say another thing than the door. (django-ninja reads and describes what is asked; its
answers would have to be pydantic models, a second definition of every shape and ten times as slow.)
Instants are UTC; days are Vietnamese; a missing value is null, never 0.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Generic, Literal, TypeVar

import msgspec

from thuocdo.assess.criteria.model import CriteriaSet
from thuocdo.measure.definitions import Indicator, Text
from thuocdo.measure.exclusions import Exclusion
from thuocdo.measure.passport.making import Wording
from thuocdo.measure.passport.naming import Answer, Question

T = TypeVar("T")


class Span(msgspec.Struct, frozen=True):
    """A period, both days included."""

    first: date
    last: date


class Page(msgspec.Struct, Generic[T], frozen=True):
    """Some of the rows; `next` is the address of those that follow, null at the end."""

    items: list[T]
    next: str | None


class Problem(msgspec.Struct, frozen=True):
    """A problem as RFC 9457 has it; `code` is stable, `action` says what to do."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    action: str
    instance: str
    parameters: list[str] = []


class Agency(msgspec.Struct, frozen=True):
    """One agency during one stretch of time; `old_code` is the right-to-left form."""

    code: str
    old_code: str | None
    gso_code: str | None
    name: str
    name_en: str | None
    kind: str
    parent: str | None
    successor: str | None
    valid_from: date | None
    valid_to: date | None


class AgencyPage(msgspec.Struct, frozen=True):
    """One agency with its place on the map of a day: those above it, nearest first, and below."""

    on: date
    agency: Agency
    above: list[str]
    below: list[Agency]
    predecessors: list[str]


class Site(msgspec.Struct, frozen=True):
    """One measured address space; `kind` is that of its system."""

    site_id: int
    name: str | None
    agency: str | None
    system: str | None
    kind: str | None
    hostnames: list[str]
    valid_from: date | None
    valid_to: date | None


class Service(msgspec.Struct, frozen=True):
    """A procedure as one agency offers it."""

    agency: str
    procedure: str
    level: str
    name: str | None
    field: str | None
    local_code: str | None
    url: str | None
    reason_not_full: str | None
    valid_from: date | None
    valid_to: date | None


class VersionWords(msgspec.Struct, frozen=True):
    """A version of a definition in words; `identity` changes when a word of it does."""

    version: str
    identity: str
    formula: Text
    rules: list[Text]


class IndicatorPage(msgspec.Struct, frozen=True):
    """An indicator: its definition as data, oldest version first, and in words."""

    definition: Indicator
    words: list[VersionWords]


class Covered(msgspec.Struct, frozen=True):
    """How many of the sources expected were heard; `new` of them began in the period."""

    reporting: int
    expected: int
    new: int


class Between(msgspec.Struct, frozen=True):
    """Where chance could have put a rate, in percent."""

    low: float
    high: float


class Figure(msgspec.Struct, frozen=True):
    """One value of one indicator, as it may be published.

    figure    the permanent name; null where none may be given or no log stands behind it
    passport  the address of its passport
    """

    figure: str | None
    passport: str | None
    indicator: str
    version: str
    agency: str
    name: str
    block: str | None
    procedure: str | None
    period: Span
    as_organised: date
    trust: Literal["any", "verified"]
    unit: str
    numerator: int | None
    denominator: int | None
    value: float | None
    coverage: Covered | None
    rank: int | None
    rank_low: int | None
    rank_high: int | None
    interval: Between | None
    no_interval: str | None
    flags: list[str]
    provenance: str
    fresh_at: datetime | None


class National(msgspec.Struct, frozen=True):
    """Both national values: the mean of the ranked agencies' values, and the ratio of their sums."""

    block: str | None
    mean_of_agencies: float | None
    ratio_of_sums: float | None
    numerator: int | None
    denominator: int | None
    agencies: int


class Ranking(msgspec.Struct, frozen=True):
    """A whole block, ranked ones first; complete, never a page of it."""

    indicator: str
    version: str
    block: str
    period: Span
    as_organised: date
    trust: Literal["any", "verified"]
    national: National
    rows: list[Figure]


class Point(msgspec.Struct, frozen=True):
    """One step of a line."""

    first: date
    last: date
    numerator: int | None
    denominator: int | None
    value: float | None


class Series(msgspec.Struct, frozen=True):
    """A line under one definition: weeks, or months where the period is longer than 400 days."""

    indicator: str
    version: str
    agency: str | None
    block: str | None
    unit: str
    period: Span
    as_organised: date
    trust: Literal["any", "verified"]
    points: list[Point]


class LogState(msgspec.Struct, frozen=True):
    """Leaves and root (hex) of the log of raw segments that a figure stands on."""

    size: int
    root: str


class Passport(msgspec.Struct, frozen=True):
    """How a figure was made, and how anybody makes it again.

    now    as it comes out today; null where there is none any more
    same   that is what the name stands for
    then   what was shown under the name, where it is kept here; `then_at` since when
    log    leaves and root the name stands on; null where this instance's log is shorter
    """

    name: str
    question: Question
    now: Figure | None
    same: bool
    then: Answer | None
    then_at: datetime | None
    definition: Wording
    excluded: list[Exclusion]
    log: LogState | None
    erased: int
    software: str
    recipe: list[str]


class ReportFile(msgspec.Struct, frozen=True):
    """One printed form of a report; `sha256` in hex."""

    format: str
    url: str
    bytes: int
    sha256: str


class ReportEdition(msgspec.Struct, frozen=True):
    """One published edition of a week's report.

    edition      its name: the first letters of `sha256`, the digest of its frozen JSON
    state        "published", or "revised" once another took its place
    replaced_by  the edition that did
    reason       why it took the place of `replaces`
    signed_by    account of whoever signed; null for one published before there was a desk
    signature    the signed line: a compact JWS (EdDSA) by the instance's key over digest, who and when
    simulated    the signer is a part of a demonstration
    """

    edition: str
    sha256: str
    state: str
    published_at: str
    signed_by: str | None
    signed_at: str | None
    signature: str | None
    simulated: bool
    replaces: str | None
    replaced_by: str | None
    reason: str | None
    files: list[ReportFile]


class Report(msgspec.Struct, frozen=True):
    """A published weekly report; its JSON holds everything the other formats print.

    files     of the edition that stands; `editions` are all there were, oldest first
    """

    week: str
    title: str
    number: str
    dated: str
    period: Span
    files: list[ReportFile]
    editions: list[ReportEdition]


class PublishedRound(msgspec.Struct, frozen=True):
    """One published round; `files` are by format, "jws" is what was signed.

    rules  code of the criteria set it froze; trial: over sample sites, no agency's result
    """

    code: str
    title: Text
    published_at: datetime
    rules: str
    rules_sha256: str
    trial: bool
    systems: int
    page: str
    files: dict[str, str]


class Assessments(msgspec.Struct, frozen=True):
    """Criteria sets in force and what they grade by; published rounds, the newest first."""

    criteria: list[CriteriaSet]
    rounds: list[PublishedRound]


class Reject(msgspec.Struct, frozen=True):
    """A refused record; its payload as it was kept, without anything personal."""

    segment: str
    event_id: int
    landed_at: datetime
    site_id: int | None
    agency: str | None
    feed: str
    trust: str
    reason: str
    reason_text: Text
    detail: str
    payload: str


class Start(msgspec.Struct, frozen=True):
    """Where everything is, and how old the facts are."""

    facts_version: int
    refreshed_at: datetime | None
    landed_at: datetime | None
    log: LogState | None
    licence: str
    documentation: str
    openapi: str
    resources: list[str]
