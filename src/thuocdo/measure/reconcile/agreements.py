"""What was agreed on a figure: written down once, never changed, and held against what is measured now.

A decision is an office's, never a person's name. It keeps the figures as both sides had them, the
identity of the words they were measured under and what was known; an event that lands later and
moves the measured figure makes the decision outdated, it does not undo it.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import pyarrow as pa

from thuocdo.core.clock import now_us, to_datetime
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vietnamese import nfc
from thuocdo.core.vocabulary import Decision, Role, Trust
from thuocdo.lake.redact import redact
from thuocdo.lake.schemas import AGREEMENTS
from thuocdo.lake.store import Lake
from thuocdo.measure.reconcile.model import Agreement, Comparison, Line, Number, Reconciliation

TABLE: Final = "agreements"
_FEED: Final = "desk"
"""What an office decided came by no sender's protocol."""
_LONGEST: Final = 500


class Decided(NamedTuple):
    """A decision to be written down.

    figure     what both hold to: only of a corrected figure; an agreed one is the measured
    procedure  None: of all services together
    """

    code: str
    decision: Decision
    role: Role
    office: str
    note: str = ""
    figure: Number | None = None
    procedure: str | None = None


def record(lake: Lake, found: Reconciliation, decided: Decided) -> Agreement:
    """Write a decision on a figure of a reconciliation down; what was written.

    Raises ThuocdoError `not_compared`, `nothing_measured`, `no_figure`, `person_named` or `too_long`.
    """
    about = _compared(found, decided)
    row = _row(found, about, decided)
    while True:
        number = lake.landed_version(TABLE, _FEED) + 1
        landed = row | {
            "landed_at": now_us(),
            "segment": f"{_FEED}:{number}",
            "event_id": 0,
            "feed": _FEED,
            "trust": Trust.VERIFIED.value,
        }
        if lake.append(TABLE, _table(landed), app_id=_FEED, version=number):
            return _agreement(landed, None, "")


def of(lake: Lake, found: Reconciliation, comparison: Comparison) -> tuple[Agreement, ...]:
    """The decisions on a comparison, the newest first, each with whether it still holds."""
    table = lake.read(TABLE, partitions=[comparison.code])
    for name in ("landed_at", "as_known"):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, table[name].cast(pa.int64()))
    services = {line.procedure: line for line in comparison.services if not line.rest}
    made = []
    for row in table.sort_by([("landed_at", "descending")]).to_pylist():
        about = (row["agency"], row["period_first"], row["period_last"], row["trust_asked"])
        if about != (found.agency, found.first, found.last, found.trust):
            continue
        if row["landed_at"] > found.as_known:
            continue
        now: Number | None = comparison.measured
        if row["procedure"] is not None:
            line = services.get(row["procedure"])
            now = None if line is None else line.measured
        made.append(_agreement(row, now, comparison.definition))
    return tuple(made)


def open_disputes(lake: Lake) -> frozenset[str]:
    """Codes of agencies with a figure of which a side's latest decision is that it is disputed."""
    names = ("agency", "indicator", "procedure", "period_first", "period_last", "role")
    rows = lake.read(TABLE).select([*names, "decision", "landed_at"]).sort_by("landed_at")
    latest = {tuple(row[name] for name in names): row for row in rows.to_pylist()}
    disputed = (row for row in latest.values() if row["decision"] == Decision.DISPUTED)
    return frozenset(row["agency"] for row in disputed)


def _compared(found: Reconciliation, decided: Decided) -> Comparison | Line:
    """The figure a decision is about: a comparison's own, or one service's."""
    for comparison in found.comparisons:
        if comparison.code != decided.code:
            continue
        if decided.procedure is None:
            return comparison
        for line in comparison.services:
            if line.procedure == decided.procedure and not line.rest:
                return line
    known = ", ".join(comparison.code for comparison in found.comparisons)
    raise ThuocdoError(
        "not_compared",
        f"{decided.code} {decided.procedure or ''}".rstrip() + " is not among what was compared.",
        f"Write one of: {known}; and a service that the reconciliation lists.",
    )


def _row(found: Reconciliation, about: Comparison | Line, decided: Decided) -> dict[str, Any]:
    definition = next(c.definition for c in found.comparisons if c.code == decided.code)
    declared, national = (
        side if isinstance(side, int | None) else side.value
        for side in (about.declared, about.national)
    )
    return {
        "agency": found.agency,
        "indicator": decided.code,
        "procedure": decided.procedure,
        "period_first": found.first,
        "period_last": found.last,
        "measured": _text(about.measured),
        "declared": _text(declared),
        "national": _text(national),
        "agreed": _text(_agreed(about.measured, decided)),
        "decision": decided.decision.value,
        "role": decided.role.value,
        "office": _office(decided.office),
        "note": _note(decided.note),
        "definition": definition,
        "as_known": found.as_known,
        "trust_asked": found.trust,
    }


def _agreed(measured: Number | None, decided: Decided) -> Number | None:
    if decided.decision == Decision.DISPUTED:
        return None
    if decided.decision == Decision.CORRECTED:
        if decided.figure is None:
            raise ThuocdoError(
                "no_figure", "A corrected figure is not told.", "Say which figure both hold to."
            )
        return decided.figure
    if measured is None:
        raise ThuocdoError(
            "nothing_measured",
            f"Nothing was measured of {decided.code}, so there is nothing to agree on.",
            "Write it down as disputed, or as corrected with the figure both hold to.",
        )
    return measured


def _office(text: str) -> str:
    clean = nfc(" ".join(text.split()))
    if not clean or redact(clean) != clean:
        raise ThuocdoError(
            "person_named",
            "The office that decided is missing, or reads like a person's name or number.",
            "Write the office, for example “Văn phòng UBND tỉnh”; no person's data is kept.",
        )
    return _short(clean)


def _note(text: str) -> str:
    return _short(redact(nfc(" ".join(text.split()))))


def _short(text: str) -> str:
    if len(text) > _LONGEST:
        raise ThuocdoError(
            "too_long", f"A text of a decision has over {_LONGEST} letters.", "Write it shorter."
        )
    return text


def _text(value: Number | None) -> str | None:
    return None if value is None else f"{value:f}" if not isinstance(value, int) else str(value)


def _table(row: dict[str, Any]) -> pa.Table:
    instants = {name: to_datetime(row[name]) for name in ("landed_at", "as_known")}
    return pa.Table.from_pylist([row | instants], schema=AGREEMENTS)


def _agreement(row: dict[str, Any], now: Number | None, definition: str) -> Agreement:
    """A row as it is shown; `definition` "" does not hold it against today."""
    outdated = ""
    if definition and definition != row["definition"]:
        outdated = "definition"
    elif definition and _text(now) != row["measured"]:
        outdated = "events"
    names = ("role", "office", "decision", "procedure", "measured", "declared", "national")
    return Agreement(
        at=row["landed_at"],
        **{name: row[name] for name in names},
        agreed=row["agreed"],
        note=row["note"],
        definition=row["definition"],
        as_known=row["as_known"],
        outdated=outdated,
    )
