"""The declared vocabulary: everything a definition can count, and nothing that runs.

A definition holds no code. Its numerator and denominator are terms of this page, told apart by the
word `count`; each kind is computed by one module of `measure/counting` from one fact table. What a
term does not mention lets everything through; what is unknown counts nowhere, unless the definition
says otherwise (`model.Version`: `unknown_channel`, `postal`, `missing_due`).

Structs leave defaults out when they are written, so the vocabulary can grow without changing the
identity of a definition that does not use the new word.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

SourceKind = Literal["portal", "service_portal", "one_stop"]
ChannelWord = Literal["online", "counter", "postal"]
LevelWord = Literal["full", "partial", "information"]
PaymentWord = Literal["none", "online", "offline"]
TimelinessWord = Literal["early", "on_time", "late", "no_due_date"]
OutcomeWord = Literal["open", "resolved", "rejected", "withdrawn", "stopped"]


class Word(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A word of the vocabulary: unknown fields are refused, defaults are not written."""


class Text(Word, frozen=True):
    """The same in both languages."""

    vi: str
    en: str

    def told(self, language: str) -> str:
        """In English where that is asked for ("en"), else in Vietnamese."""
        return self.en if language == "en" else self.vi


class Source(Word, frozen=True):
    """Where a definition was published, and where in it."""

    document: str
    place: str


class Visits(Word, frozen=True, tag="visits", tag_field="count"):
    """Visits to sites of some kinds."""

    site_kinds: list[SourceKind]


class Dossiers(Word, frozen=True, tag="dossiers", tag_field="count"):
    """Dossiers received or resolved in the period, each as it is known today.

    channels           channel at receipt
    levels             level on the day of receipt: the catalogue's, else the declared one
    full_online        every stage online (facts/cube.py)
    timeliness         day of the result against the due day; nothing before there is a result
    outcomes           what became of it
    payments           how the fee was paid; `none`: no fee was due
    digitised          some part of it was digitised
    result_electronic  the result exists as a file
    reused             some part was taken from data the state had already
    procedures         national codes
    """

    event: Literal["received", "resolved"]
    channels: list[ChannelWord] | None = None
    levels: list[LevelWord] | None = None
    full_online: Literal[True] | None = None
    timeliness: list[TimelinessWord] | None = None
    outcomes: list[OutcomeWord] | None = None
    payments: list[PaymentWord] | None = None
    digitised: bool | None = None
    result_electronic: bool | None = None
    reused: bool | None = None
    procedures: list[str] | None = None


class Standing(Word, frozen=True, tag="standing", tag_field="count"):
    """Dossiers received in the period, judged as they stood at the end of its last day.

    in_time           only those that ended by their due day, or had not ended and were not yet due
    many_supplements  "overdue": one that was asked for supplements more than once is not in time

    What ends a dossier is, in this order, its completion, the return of its result, a refusal or
    stop, a withdrawal, and the one request for a supplement it is waiting on (facts/emc.md 3E).
    One without a due date is judged as `missing_due` of the version says.
    """

    in_time: Literal[True] | None = None
    many_supplements: Literal["overdue"] | None = None


class Services(Word, frozen=True, tag="services", tag_field="count"):
    """Services in the catalogue on the period's last day.

    levels         None: of any level
    with_dossiers  only those with at least one dossier received in the period: by one of these
                   channels, or by any channel at all ("any")
    with_payments  only those with at least one dossier received whose fee was paid so
    """

    levels: list[LevelWord] | None = None
    with_dossiers: list[Literal["online", "counter", "postal", "any"]] | None = None
    with_payments: list[PaymentWord] | None = None


class Duration(Word, frozen=True, tag="duration", tag_field="count"):
    """Time from receipt to result of the dossiers resolved in the period, µs.

    quantile  percent q: the smallest time that at least q % of the dossiers did not exceed
              (nearest rank: the k-th smallest of n, k = ceil(q·n/100))
    """

    quantile: int
    channels: list[ChannelWord] | None = None
    procedures: list[str] | None = None


class FeedHours(Word, frozen=True, tag="feed_hours", tag_field="count"):
    """Hours of the period in which sources of the indicator's kinds were expected, over all sources.

    heard  only those in which something of the source landed
    """

    heard: Literal[True] | None = None


class Feeds(Word, frozen=True, tag="feeds", tag_field="count"):
    """Sources of the indicator's kinds that were expected in the period.

    heard_within_hours  only those of which something landed in the last hours of the period
    """

    heard_within_hours: int | None = None


class Interest(Word, frozen=True, tag="interest", tag_field="count"):
    """`trackDVC` calls by people: they measure interest, never dossiers."""

    procedures: list[str] | None = None
    states: list[str] | None = None


class Part(Word, frozen=True):
    """A share of composite points: weight × the other indicator's ratio, at most `most`."""

    of: str
    weight: Decimal
    most: Decimal | None = None


class Composite(Word, frozen=True, tag="points", tag_field="count"):
    """Points made of other indicators: the sum of the parts, at most `most`.

    missing  what a part that cannot be computed makes of the whole: null, or it is left out and
             the figure says so
    """

    parts: list[Part]
    most: Decimal
    missing: Literal["null", "left_out"] = "null"


class NotComputable(Word, frozen=True, tag="not_computable", tag_field="count"):
    """What cannot be computed: why, and what would make it computable."""

    reason: Text
    needs: Text


Term = (
    Visits
    | Dossiers
    | Standing
    | Services
    | Duration
    | FeedHours
    | Feeds
    | Interest
    | Composite
    | NotComputable
)
