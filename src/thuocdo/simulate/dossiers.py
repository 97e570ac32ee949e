"""Simulated dossiers: what happened to each, in arrays, and the events a system would have sent.

A case is drawn whole (received, finished, returned); its events follow from it. So the truth is
counted on cases and never on events. Instants are µs UTC, `NEVER` where a step did not happen.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from thuocdo.core.clock import DAY_US, OFFSET_US
from thuocdo.core.vocabulary import ApplicantKind, Channel, Outcome, Payment, Status

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]

NEVER = -1
MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US

_OFFICE_OPENS_US = 7 * HOUR_US + 30 * MINUTE_US
_OFFICE_HOURS_US = 9 * HOUR_US
_APPLICANTS = np.array([ApplicantKind.CITIZEN.value, ApplicantKind.BUSINESS.value], dtype=object)

_INSTANT: pa.DataType = pa.timestamp("us", tz="UTC")

_LABEL: pa.DataType = pa.dictionary(pa.int32(), pa.string())

EVENT_SCHEMA = pa.schema(
    [
        ("system", _LABEL),
        ("agency", _LABEL),
        ("dossier", pa.string()),
        ("procedure", _LABEL),
        ("status", _LABEL),
        ("event_time", _INSTANT),
        ("received_at", _INSTANT),
        ("due_at", _INSTANT),
        ("channel", _LABEL),
        ("level", _LABEL),
        ("payment", _LABEL),
        ("returned_by_post", pa.bool_()),
        ("digitised", pa.bool_()),
        ("applicant_kind", _LABEL),
        ("from_national_portal", pa.bool_()),
        ("result_electronic", pa.bool_()),
        ("reused", pa.bool_()),
    ]
)
"""The import format of dossiers (DESIGN.md §6.4), one event a row."""


@dataclass(frozen=True, slots=True)
class Cases:
    """Dossiers as parallel arrays; `level` is what the sending system declares.

    national    whether it is said to come from the national portal; None: nothing is said
    electronic  whether the result is said to be a file, too; None: nothing is said
    reused      whether data the state had already are said to be reused; None: nothing is said
    """

    system: Texts
    agency: Texts
    dossier: Texts
    procedure: Texts
    channel: Texts
    level: Texts
    outcome: Texts
    submitted: Ints
    received: Ints
    processing: Ints
    supplement: Ints
    finished: Ints
    returned: Ints
    due: Ints
    payment: Texts
    by_post: Bools
    digitised: Bools
    applicant: Texts
    national: npt.NDArray[np.object_]
    electronic: npt.NDArray[np.object_]
    reused: npt.NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.received)

    def take(self, chosen: npt.NDArray[np.int64] | Bools) -> Cases:
        return Cases(**{f.name: getattr(self, f.name)[chosen] for f in fields(self)})


def concat(parts: list[Cases]) -> Cases:
    """All cases of the parts, in their order."""
    return Cases(
        **{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Cases)}
    )


@dataclass(frozen=True, slots=True)
class Draft:
    """What decides a case; `complete` draws the rest. Arrays of one length."""

    procedure: Texts
    channel: Texts
    level: Texts
    outcome: Texts
    received: Ints  # when the office had it, also for what it then refused
    finished: Ints  # NEVER while open


def office_instants(rng: np.random.Generator, days: Ints) -> Ints:
    """An instant within office hours of each local day (days since 1970-01-01), to the second."""
    seconds = rng.integers(0, _OFFICE_HOURS_US // 1_000_000, len(days))
    return days * DAY_US - OFFSET_US + _OFFICE_OPENS_US + seconds * 1_000_000


def complete(
    rng: np.random.Generator,
    draft: Draft,
    *,
    system: str,
    agency: str,
    units: tuple[str, ...],
    number_head: str,
) -> Cases:
    """Give the drafted cases numbers, a way through the office and an applicant.

    units        codes below the agency that handle a tenth of its cases
    number_head  first part of the dossier numbers, `000.00.00.H57`
    """
    count = len(draft.received)
    remote = draft.channel != Channel.COUNTER.value
    refused = draft.outcome == Outcome.REJECTED.value
    day_start = (draft.received + OFFSET_US) // DAY_US * DAY_US - OFFSET_US
    waited = rng.integers(5, 360, count) * MINUTE_US
    submitted = np.where(remote | refused, np.maximum(draft.received - waited, day_start), NEVER)
    received = np.where(refused, NEVER, draft.received)
    span = np.where(draft.finished == NEVER, 2 * DAY_US, draft.finished - draft.received)
    steps = rng.random(count)
    processing = np.where((steps < 0.5) & ~refused, draft.received + span // 3, NEVER)
    supplement = np.where((steps < 0.06) & ~refused, draft.received + span // 2, NEVER)
    resolved = draft.outcome == Outcome.RESOLVED.value
    handed_over = rng.integers(5, 40 * 60, count) * MINUTE_US
    returned = np.where(resolved & (rng.random(count) < 0.6), draft.finished + handed_over, NEVER)
    allowed = rng.integers(-2, 6, count) * DAY_US
    due = np.where(draft.finished == NEVER, draft.received + 10 * DAY_US, draft.finished + allowed)
    due = np.where(rng.random(count) < 0.97, np.maximum(due, draft.received + DAY_US), NEVER)
    pays = rng.random(count)
    online = draft.channel == Channel.ONLINE.value
    payment = np.where(
        pays < 0.45,
        Payment.NONE.value,
        np.where(online & (pays < 0.8), Payment.ONLINE.value, Payment.OFFLINE.value),
    ).astype(object)
    handler = np.array([agency, *units], dtype=object)
    return Cases(
        system=np.full(count, system, dtype=object),
        agency=handler[np.where(rng.random(count) < 0.1, rng.integers(0, len(handler), count), 0)],
        dossier=_numbers(number_head, draft.received),
        procedure=draft.procedure,
        channel=draft.channel,
        level=draft.level,
        outcome=draft.outcome,
        submitted=submitted,
        received=received,
        processing=processing,
        supplement=supplement,
        finished=draft.finished,
        returned=returned,
        due=due,
        payment=payment,
        by_post=rng.random(count) < 0.12,
        digitised=rng.random(count) < 0.6,
        applicant=_APPLICANTS[(rng.random(count) < 0.2).astype(np.int64)],
        national=np.full(count, None, dtype=object),
        electronic=np.full(count, None, dtype=object),
        reused=np.full(count, None, dtype=object),
    )


def events_of(cases: Cases) -> pa.Table:
    """Every event of the cases in `EVENT_SCHEMA`, status by status; the caller orders them."""
    last = {
        Outcome.RESOLVED.value: Status.COMPLETED,
        Outcome.REJECTED.value: Status.REJECTED,
        Outcome.WITHDRAWN.value: Status.WITHDRAWN,
        Outcome.STOPPED.value: Status.STOPPED,
    }
    shared = _shared(cases)
    tables = [
        _events(shared, Status.SUBMITTED, cases.submitted),
        _events(shared, Status.RECEIVED, cases.received),
        _events(shared, Status.PROCESSING, cases.processing),
        _events(shared, Status.SUPPLEMENT_REQUESTED, cases.supplement),
        *(
            _events(shared, status, np.where(cases.outcome == outcome, cases.finished, NEVER))
            for outcome, status in last.items()
        ),
        _events(shared, Status.RETURNED, cases.returned),
    ]
    every = pa.concat_tables(tables).unify_dictionaries()
    unsaid = [name for name in _SELDOM_SAID if every[name].null_count == len(every)]
    return every.drop_columns(unsaid)


def until(cases: Cases, end_us: int) -> Cases:
    """The cases as they stood at an instant: later steps have not happened, unborn cases are gone."""

    def cut(times: Ints) -> Ints:
        return np.where(times < end_us, times, NEVER)

    first = np.where(cases.submitted == NEVER, cases.received, cases.submitted)
    known = cases.take(first < end_us)
    finished = cut(known.finished)
    return Cases(
        **{f.name: getattr(known, f.name) for f in fields(known) if f.name not in _TIMED},
        outcome=np.where(finished == NEVER, Outcome.OPEN.value, known.outcome).astype(object),
        submitted=known.submitted,
        received=cut(known.received),
        processing=cut(known.processing),
        supplement=cut(known.supplement),
        finished=finished,
        returned=cut(known.returned),
    )


_SELDOM_SAID = ("from_national_portal", "result_electronic", "reused")
_TIMED = {"outcome", "submitted", "received", "processing", "supplement", "finished", "returned"}


def _shared(cases: Cases) -> pa.Table:
    """What the events of a case have in common, a row a case."""
    return pa.table(
        {
            "system": _labels(cases.system),
            "agency": _labels(cases.agency),
            "dossier": pa.array(cases.dossier, pa.string()),
            "procedure": _labels(cases.procedure),
            "received_at": _instants(cases.received),
            "due_at": _instants(cases.due),
            "channel": _labels(cases.channel),
            "level": _labels(cases.level),
            "payment": _labels(cases.payment),
            "returned_by_post": pa.array(cases.by_post),
            "digitised": pa.array(cases.digitised),
            "applicant_kind": _labels(cases.applicant),
            "from_national_portal": pa.array(cases.national, pa.bool_()),
            "result_electronic": pa.array(cases.electronic, pa.bool_()),
            "reused": pa.array(cases.reused, pa.bool_()),
        }
    )


def _events(shared: pa.Table, status: Status, times: Ints) -> pa.Table:
    """Rows of one status for the cases it happened to.

    Before the receipt a packet carries no receipt date; while processing, systems leave out the
    channel; only an end names payment and how the result went back.
    """
    happened = times != NEVER
    some = shared.filter(pa.array(happened))
    unsaid: set[str] = set()
    if status in {Status.SUBMITTED, Status.REJECTED}:
        unsaid |= {"received_at", "due_at"}
    if status is Status.PROCESSING:
        unsaid.add("channel")
    if status not in {Status.COMPLETED, Status.RETURNED}:
        unsaid |= {"payment", "returned_by_post", "digitised", "result_electronic"}
    columns = {
        name: pa.nulls(len(some), some.schema.field(name).type) if name in unsaid else some[name]
        for name in some.column_names
    }
    columns["status"] = pa.repeat(pa.scalar(status.value), len(some)).dictionary_encode()
    columns["event_time"] = _instants(times[happened])
    return pa.table([columns[name] for name in EVENT_SCHEMA.names], schema=EVENT_SCHEMA)


def _labels(values: Texts) -> pa.Array[Any]:
    return pa.array(values, pa.string()).dictionary_encode()


def _instants(times: Ints) -> pa.Array[Any]:
    return pa.array(times, pa.int64(), mask=times == NEVER).cast(_INSTANT)


def _numbers(head: str, received: Ints) -> Texts:
    """`000.00.00.H57-220315-00042`: the office's code, the local day, a running number."""
    days = ((received + OFFSET_US) // DAY_US).astype("datetime64[D]").astype(str)
    return np.array(
        [
            f"{head}-{day[2:4]}{day[5:7]}{day[8:10]}-{place:05d}"
            for place, day in enumerate(days, start=1)
        ],
        dtype=object,
    )
