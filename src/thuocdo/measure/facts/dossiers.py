"""Dossiers: what became of each case, folded out of its events (DESIGN.md §5.2).

`lift` turns each event into a partial state, `merge` joins states of one dossier, `finish` reads
the outcome off a state. `merge` is built of min and max over integers (and of the union of flags)
only, so it is associative, commutative and idempotent: events may come twice, in any order, by
any feed, and states may be merged in any grouping.

Rules:
* received: the earliest receipt date a packet carries, else the time of the earliest event;
* channel and declared level: those of the earliest event that knows them (ties: smallest code);
* due date, payment, way of return, digitisation, reuse, electronic result, applicant: the latest
  statement stands (ties: largest code). Timeliness compares days, as QĐ 766 and OpenCPS do
  (facts/emc.md 2B, 2C);
* outcome: a function of the set of statuses seen. "end event priority Đã xử lý xong > Đã trả KQ >
  Dừng/Từ chối" (facts/emc.md 3E): completed or returned make it resolved, whatever else was said;
  else rejected, else withdrawn, else stopped, else open. It is resolved on the day of its first
  completion, else of its first return. A late "received" reopens nothing.
"""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir

from thuocdo.core.vocabulary import (
    ApplicantKind,
    Channel,
    Feed,
    Level,
    Outcome,
    Payment,
    Status,
    Timeliness,
    Trust,
)
from thuocdo.measure.engine import Engine, Rows, local_day, micros
from thuocdo.measure.facts.schemas import FOLDED, conform
from thuocdo.wire.rules import PROCEDURE_NOT_SAID

TABLE: Final = "dossiers"
KEY: Final = ["dossier_hi", "dossier_lo"]
_NAME: Final = ("agency", "procedure", "system")
"""What a dossier goes by, in the order that decides between two first events of one moment."""

# Codes inside folded integers: part of the stored meaning of nothing (states are not kept), so
# they may grow; below 8 because a time is multiplied by that.
_CODES: Final = 8
_CHANNELS: Final = (Channel.ONLINE, Channel.COUNTER, Channel.POSTAL)
_LEVELS: Final = (Level.FULL, Level.PARTIAL, Level.INFORMATION)
_PAYMENTS: Final = (Payment.NONE, Payment.ONLINE, Payment.OFFLINE)
_APPLICANTS: Final = (
    ApplicantKind.CITIZEN,
    ApplicantKind.BUSINESS,
    ApplicantKind.STATE,
    ApplicantKind.OTHER,
)
_NO_YES: Final = (False, True)

# A due day rides below the second at which it was said: 20 bits hold days until the year 4840.
_DUE_DAYS: Final = 1 << 20
_SECOND_US: Final = 1_000_000

_EARLIEST: Final = (
    "head",
    "received_us",
    "first_us",
    "submitted_us",
    "channel_at",
    "level_at",
    "catalogue_at",
    "due_least",
    "completed_us",
    "returned_us",
    "rejected_us",
    "withdrawn_us",
    "stopped_us",
    "supplement_first",
)
_LATEST: Final = (
    "due_at",
    "due_most",
    "supplement_last",
    "payment_at",
    "post_at",
    "digitised_at",
    "electronic_at",
    "reused_at",
    "applicant_at",
    "national",
    "said_online",
    "said_postal",
    "untimed",
    "last_landed",
    "has_verified",
    "has_unverified",
)


def lift(events: ir.Table) -> ir.Table:
    """One partial state per event (lake/schemas.py: DOSSIER_EVENTS)."""
    head = _head(events, micros(events.event_time))
    return events.select(*KEY, head=head, **_said(events), flags=events.quality)


def _head(named: ir.Table, at: ir.Value) -> ir.Value:
    """What a dossier goes by, as of some instant; the least of several stands."""
    return ibis.struct(
        {
            # A step that names no procedure never speaks for a dossier that something named.
            "unnamed": (named.procedure == PROCEDURE_NOT_SAID).cast("int8"),
            "at": at,
            **{name: named[name] for name in _NAME},
        }
    )


def _said(events: ir.Table) -> dict[str, ir.Value]:
    """What each event says, as columns of a state: all but its head and its flags."""
    at, status = micros(events.event_time), events.status
    due_day = local_day(micros(events.due_at)).cast("int64")

    def when(wanted: Status) -> ir.Value:
        return (status == wanted).ifelse(at, ibis.null("int64"))

    return {
        "received_us": micros(events.received_at),
        "first_us": at,
        "submitted_us": when(Status.SUBMITTED),
        "channel_at": _encode(at, events.channel, _CHANNELS),
        "level_at": _encode(at, events.level_declared, _LEVELS),
        "catalogue_at": _encode(at, events.level_catalogue, _LEVELS),
        "due_at": (at // _SECOND_US) * _DUE_DAYS + due_day,
        "due_least": due_day,
        "due_most": due_day,
        "completed_us": when(Status.COMPLETED),
        "returned_us": when(Status.RETURNED),
        "rejected_us": when(Status.REJECTED),
        "withdrawn_us": when(Status.WITHDRAWN),
        "stopped_us": when(Status.STOPPED),
        "supplement_first": when(Status.SUPPLEMENT_REQUESTED),
        "supplement_last": when(Status.SUPPLEMENT_REQUESTED),
        "payment_at": _encode(at, events.payment, _PAYMENTS),
        "post_at": _encode(at, events.returned_by_post, _NO_YES),
        "digitised_at": _encode(at, events.digitised, _NO_YES),
        "electronic_at": _encode(at, events.result_electronic, _NO_YES),
        "reused_at": _encode(at, events.reused, _NO_YES),
        "applicant_at": _encode(at, events.applicant_kind, _APPLICANTS),
        "national": events.from_national_portal.cast("int8"),
        "said_online": (events.channel == Channel.ONLINE).cast("int8"),
        "said_postal": (events.channel == Channel.POSTAL).cast("int8"),
        "untimed": (events.feed == Feed.MCDT).cast("int8"),
        "last_landed": micros(events.landed_at),
        "has_verified": (events.trust == Trust.VERIFIED).cast("int8"),
        "has_unverified": (events.trust != Trust.VERIFIED).cast("int8"),
    }


def merge(states: ir.Table) -> ir.Table:
    """One state per dossier. Associative, commutative, idempotent."""
    flagged = states.filter(states.flags.length() > 0)
    return _with_flags(_merged(states), flagged.select(*KEY, flag=flagged.flags.unnest()))


def _merged(states: ir.Table) -> ir.Table:
    """As `merge`, but for the flags."""
    return states.group_by(KEY).agg(
        **{name: states[name].min() for name in _EARLIEST},
        **{name: states[name].max() for name in _LATEST},
    )


def _with_flags(folded: ir.Table, said: ir.Table) -> ir.Table:
    """`folded` with the union of the flags said of each dossier: (KEY, flag)."""
    single = said.select(*KEY, "flag").distinct()
    flags = single.group_by(KEY).agg(flags=single.flag.collect().sort())
    return folded.left_join(flags, KEY).select(folded, flags.flags)


def finish(states: ir.Table) -> ir.Table:
    """Columns of FOLDED but `scope`, read off merged states."""
    return _read_off(states, {name: states["head"][name] for name in _NAME})


def _read_off(states: ir.Table, named: dict[str, ir.Value]) -> ir.Table:
    """As `finish`; the head is that of `named`."""
    received = ibis.coalesce(states.received_us, states.first_us)
    resolved = ibis.coalesce(states.completed_us, states.returned_us)
    refused = ibis.least(
        ibis.coalesce(states.rejected_us, states.stopped_us),
        ibis.coalesce(states.stopped_us, states.rejected_us),
    )
    due_day = (states.due_at % _DUE_DAYS).cast("int32")
    resolved_day = local_day(resolved)
    outcome = ibis.cases(
        (resolved.notnull(), Outcome.RESOLVED.value),
        (states.rejected_us.notnull(), Outcome.REJECTED.value),
        (states.withdrawn_us.notnull(), Outcome.WITHDRAWN.value),
        (states.stopped_us.notnull(), Outcome.STOPPED.value),
        else_=Outcome.OPEN.value,
    )
    timeliness = ibis.cases(
        (resolved.isnull(), ibis.null("string")),
        (due_day.isnull(), Timeliness.NO_DUE_DATE.value),
        (resolved_day < due_day, Timeliness.EARLY.value),
        (resolved_day == due_day, Timeliness.ON_TIME.value),
        else_=Timeliness.LATE.value,
    )
    supplements = ibis.cases(
        (states.supplement_first.isnull(), 0),
        (states.supplement_first == states.supplement_last, 1),
        else_=2,
    )
    return states.select(
        *KEY,
        **named,
        received_us=received,
        received_day=local_day(received),
        submitted_us=states.submitted_us,
        channel=_decode(states.channel_at, _CHANNELS),
        channels_differ=(states.said_online == 1) & (states.said_postal == 1),
        level_declared=_decode(states.level_at, _LEVELS),
        level_catalogue=_decode(states.catalogue_at, _LEVELS),
        due_day=due_day,
        due_moved=states.due_least != states.due_most,
        completed_day=local_day(states.completed_us),
        returned_day=local_day(states.returned_us),
        resolved_us=resolved,
        resolved_day=resolved_day,
        refused_day=local_day(refused),
        withdrawn_day=local_day(states.withdrawn_us),
        supplement_day=local_day(states.supplement_first),
        supplement_last_day=local_day(states.supplement_last),
        untimed=states.untimed == 1,
        outcome=outcome,
        timeliness=timeliness,
        supplements=supplements,
        payment=_decode(states.payment_at, _PAYMENTS),
        returned_by_post=_decode(states.post_at, _NO_YES),
        digitised=_decode(states.digitised_at, _NO_YES),
        result_electronic=_decode(states.electronic_at, _NO_YES),
        reused=_decode(states.reused_at, _NO_YES),
        applicant_kind=_decode(states.applicant_at, _APPLICANTS),
        from_national_portal=states.national == 1,
        flags=states.flags,
        last_landed=states.last_landed,
        has_verified=states.has_verified == 1,
        has_unverified=states.has_unverified == 1,
    )


def fold(events: ir.Table) -> ir.Table:
    """`finish(merge(lift(events)))`: one row a dossier."""
    return finish(merge(lift(events)))


def rows(engine: Engine, events: Rows) -> Rows:
    """Rows of FOLDED of all events of some dossiers (a home month's, say).

    Nearly every dossier goes by one name in all its events, which are all verified or none of
    them, and has no flag. So events are merged by key, name and trust, in one pass; the few
    dossiers that have several such states are merged again, out of these, and given their flags.
    """
    named = engine.keep(by_name, events)
    others = engine.keep(not_plain, named)
    plain = engine.view(plain_rows, named, others)
    if not engine.rows(some, others).num_rows:
        return plain
    states = engine.keep(states_of, named, others)
    flags = engine.keep(flags_of, events)
    folded = engine.keep(fold_states, states, flags)
    if not engine.rows(_mixed, folded).num_rows:
        return engine.view(ibis.union, plain, engine.view(scoped, folded))
    vouched = engine.keep(_verified_fold, states, flags)
    return engine.view(ibis.union, plain, engine.view(scoped, folded, vouched))


def by_name(events: ir.Table) -> ir.Table:
    """Merged states of the events of a dossier that name it alike and are of one trust.

    `flagged` tells whether any has flags; flags themselves are none of it.
    """
    flagged = (events.quality.length() > 0).cast("int8")
    said = events.select(*KEY, *_NAME, **_said(events), flagged=flagged)
    return said.group_by([*KEY, *_NAME, "has_verified"]).agg(
        **{name: said[name].min() for name in _EARLIEST if name != "head"},
        **{name: said[name].max() for name in (*_LATEST, "flagged") if name != "has_verified"},
    )


def not_plain(named: ir.Table) -> ir.Table:
    """Keys of dossiers with several names or trusts, or with flags."""
    counted = named.group_by(KEY).agg(states=ibis._.count(), flagged=named.flagged.max())
    plain = (counted.states == 1) & (counted.flagged.fill_null(0) == 0)
    return counted.filter(~plain).select(*KEY)


def plain_rows(named: ir.Table, others: ir.Table) -> ir.Table:
    """Rows of FOLDED of the dossiers `by_name` that are none of the `others`."""
    plain = named.anti_join(others, KEY)
    flags = ibis.null("array<string>")
    states = plain.mutate(flags=flags)
    return scoped(_read_off(states, {name: states[name] for name in _NAME}))


def states_of(named: ir.Table, wanted: ir.Table) -> ir.Table:
    """The states `by_name` of some dossiers, with a head as `lift` gives it."""
    own = named.semi_join(wanted, KEY)
    return own.mutate(head=_head(own, own.first_us)).drop(*_NAME, "flagged")


def flags_of(events: ir.Table) -> ir.Table:
    """(KEY, has_verified, flag): the flags of each dossier, by trust."""
    flagged = events.filter(events.quality.length() > 0)
    verified = (flagged.trust == Trust.VERIFIED).cast("int8")
    return flagged.select(*KEY, has_verified=verified, flag=flagged.quality.unnest()).distinct()


def fold_states(states: ir.Table, flags: ir.Table) -> ir.Table:
    """Columns of FOLDED but `scope`, of `states_of` and `flags_of` some dossiers."""
    return finish(_with_flags(_merged(states), flags))


def some(rows: ir.Table) -> ir.Table:
    """One row, if there is any."""
    return rows.limit(1)


def _mixed(folded: ir.Table) -> ir.Table:
    return some(folded.filter(folded.has_verified & folded.has_unverified).select(*KEY))


def _verified_fold(states: ir.Table, flags: ir.Table) -> ir.Table:
    return fold_states(
        states.filter(states.has_verified == 1), flags.filter(flags.has_verified == 1)
    )


def scoped(folded: ir.Table, verified: ir.Table | None = None) -> ir.Table:
    """Rows of FOLDED: `folded` from all events, `verified` from verified ones alone.

    `verified` is needed only where some dossier mixes both kinds (`folded.has_verified` and
    `folded.has_unverified`); None says there is none.
    """
    every = folded.mutate(scope=folded.has_unverified.ifelse("any", "both"))
    rows = conform(every, FOLDED)
    if verified is None:
        return rows
    mixed = folded.filter(folded.has_verified & folded.has_unverified)
    vouched = verified.semi_join(mixed, KEY).mutate(scope=ibis.literal("verified"))
    return ibis.union(rows, conform(vouched, FOLDED))


def unleveled(dossiers: ir.Table) -> ir.Table:
    """Rows of FOLDED of rows of DOSSIERS."""
    return dossiers.select(*FOLDED.names)


def keys(events: ir.Table) -> ir.Table:
    """Which dossiers events speak of."""
    return events.select(*KEY).distinct()


def of(rows_of_dossiers: ir.Table, wanted: ir.Table) -> ir.Table:
    """The rows (events or folded) of some dossiers; `wanted` are `keys`."""
    return rows_of_dossiers.semi_join(wanted, KEY)


def _encode(at: ir.Value, value: ir.Value, words: tuple[object, ...]) -> ir.Value:
    """time * 8 + code; null when the value is none of `words` (unknown is no statement)."""
    code = ibis.cases(
        *((value == word, at * _CODES + code) for code, word in enumerate(words)),
        else_=ibis.null("int64"),
    )
    return code.cast("int64")


def _decode(encoded: ir.Value, words: tuple[object, ...]) -> ir.Value:
    code = encoded % _CODES
    kind = "boolean" if isinstance(words[0], bool) else "string"
    return ibis.cases(
        *((code == number, ibis.literal(word, kind)) for number, word in enumerate(words)),
        else_=ibis.null(kind),
    )
