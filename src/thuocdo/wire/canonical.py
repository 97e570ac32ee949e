"""`/v1/dossiers` and the dossier import: our own record of one event of one dossier.

The same fields come as NDJSON lines, as a JSON array or as rows of a file (DESIGN.md §6.4), so a
record is a mapping of field names to text, numbers or booleans, and everything about it is judged
here once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from io import BytesIO
from json import JSONDecoder
from typing import Final, TypeVar

import msgspec

from thuocdo.core import columns
from thuocdo.core.codes import is_system_code
from thuocdo.core.ids import dossier_key
from thuocdo.core.snapshot import Snapshot
from thuocdo.core.vocabulary import (
    ApplicantKind,
    Channel,
    Feed,
    Payment,
    RejectReason,
    Status,
    Trust,
)
from thuocdo.wire import kept, rules
from thuocdo.wire.events import DossierEvent, Refused, Unreadable
from thuocdo.wire.kept import Kept

REQUIRED: Final = columns.DOSSIERS.required
OPTIONAL: Final = columns.DOSSIERS.optional
_KEPT: Final = tuple(name for name in (*REQUIRED, *OPTIONAL) if name != "dossier")
_MAX_TEXT: Final = 256

_STATUS: Final = frozenset(Status)
_CHANNEL: Final = frozenset(Channel)
_PAYMENT: Final = frozenset(Payment)
_APPLICANT: Final = frozenset(ApplicantKind)
_TRUE: Final = frozenset(("true", "1", "yes"))
_FALSE: Final = frozenset(("false", "0", "no"))

T = TypeVar("T")
_json = msgspec.json.Decoder()
_json_text = JSONDecoder()  # finds where an element ends; what it says is read by the other
_SPACES: Final = re.compile(r"[ \t\r\n]*", re.ASCII)
_NOT_JSON: Final = Unreadable(RejectReason.MALFORMED, "record: not JSON")
_MOST_EMPTY_LINES: Final = 20_000


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer for one record; `line` counts from 1 (NDJSON line, or place in the array)."""

    line: int
    verdict: str  # "accepted" or "rejected"
    reason: str = ""  # RejectReason
    detail: str = ""


class _Bad(Exception):  # noqa: N818 - control flow of this module: the first bad field ends a record
    def __init__(self, why: Unreadable) -> None:
        self.why = why


def records(body: bytes) -> Iterator[tuple[int, Mapping[str, object] | Unreadable]]:
    """The records of a body, NDJSON or one JSON array, with their numbers, one by one.

    Empty lines are skipped, but not without end: a body can be all of them.
    """
    if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        yield from _array(body)
        return
    empty = 0
    for line, text in enumerate(BytesIO(body), start=1):
        if text.strip():
            yield line, _object(_decoded(text))
            continue
        empty += 1
        if empty > _MOST_EMPTY_LINES:
            yield line, Unreadable(RejectReason.MALFORMED, "body: almost only empty lines")
            return


def validate(
    record: Mapping[str, object],
    snapshot: Snapshot,
    secret: bytes,
    received: int,
    *,
    feed: str = Feed.CANONICAL,
    trust: str = Trust.VERIFIED,
    agency: str | None = None,
    systems: Collection[str] | None = None,
) -> DossierEvent | Refused:
    """Judge one record.

    received         µs UTC: when the server (or the importer) got it
    agency, systems  what the sender's key opens; None means everything
    """
    try:
        return _event(record, snapshot, secret, received, feed, trust, agency, systems)
    except _Bad as bad:
        site = snapshot.site_of_system.get(str(record.get("system")).strip())
        why = msgspec.structs.replace(bad.why, site_id=site.site_id) if site else bad.why
        return refuse(record, why, secret, received, feed=feed, trust=trust)


def replay(
    told: Kept,
    snapshot: Snapshot,
    secret: bytes,
    trust: str,
    *,
    agency: str | None,
    systems: Collection[str] | None,
) -> DossierEvent | Refused:
    """Judge a refused record again, as of the moment it came, by what its key opens today."""
    record = {**told.fields, "dossier": told.number}
    return validate(
        record, snapshot, secret, told.received, trust=trust, agency=agency, systems=systems
    )


def word(name: str, value: object) -> str | bool | Unreadable | None:
    """One of `WORDS` judged alone, as `validate` does: what the event will say, None for nothing.

    So a file's few distinct values need be judged once each.
    """
    try:
        return WORDS[name]({name: value})
    except _Bad as bad:
        return bad.why


def refuse(
    record: Mapping[str, object] | None,
    why: Unreadable,
    secret: bytes,
    received: int,
    *,
    feed: str = Feed.CANONICAL,
    trust: str = Trust.VERIFIED,
) -> Refused:
    """The row that is kept of a refused record: fields of the protocol, nothing personal."""
    payload = ""
    if record is not None:
        fields = ((name, record.get(name)) for name in _KEPT)
        payload = kept.text(received, fields, secret, _number(record))
    return Refused(
        received=received,
        feed=feed,
        site_id=why.site_id,
        reason=why.reason,
        detail=why.detail,
        payload=payload,
        trust=trust,
    )


def in_scope(agency: str, scope: str | None) -> bool:
    """Whether a key for `scope` may speak for an agency: itself and what lies below it."""
    return scope is None or agency == scope or agency.startswith(f"{scope}.")


def _event(
    record: Mapping[str, object],
    snapshot: Snapshot,
    secret: bytes,
    received: int,
    feed: str,
    trust: str,
    scope: str | None,
    systems: Collection[str] | None,
) -> DossierEvent:
    number = record.get("dossier")  # of a record that was refused once it is the number's key
    for name in REQUIRED:
        if not (name == "dossier" and isinstance(number, bytes)) and not _text(record, name):
            raise _Bad(Unreadable(RejectReason.MISSING_FIELD, f"{name}: missing"))
    system = _system(record)
    if not isinstance(number, bytes):
        number = _good(rules.number(_text(record, "dossier")))
    agency = _good(rules.agency(snapshot, _text(record, "agency")))
    if not in_scope(agency, scope) or (systems is not None and system not in systems):
        raise _Bad(Unreadable(RejectReason.OUT_OF_SCOPE, "agency or system: not this key's"))
    event_time = _good(rules.happened("event_time", _instant(record, "event_time"), received))
    received_at = _optional_instant(record, "received_at")
    if received_at is not None:
        received_at = _good(rules.happened("received_at", received_at, received))
    due_at = _optional_instant(record, "due_at")
    if due_at is not None:
        due_at = _good(rules.due("due_at", due_at))
    day = rules.local_date(event_time if received_at is None else received_at)
    place = _good(rules.place(snapshot, agency, _text(record, "procedure"), day))
    level = _level(record)
    hi, lo = dossier_key(secret, system, number)
    return DossierEvent(
        received=received,
        dossier_hi=hi,
        dossier_lo=lo,
        system=system,
        site_id=None,
        agency=agency,
        procedure=place.procedure,
        status=_status(record),
        event_time=event_time,
        received_at=received_at,
        due_at=due_at,
        channel=_channel(record),
        level_declared=level,
        level_catalogue=place.level_catalogue,
        payment=_payment(record),
        returned_by_post=_returned_by_post(record),
        digitised=_digitised(record),
        applicant_kind=_applicant_kind(record),
        from_national_portal=_from_national_portal(record),
        quality=place.flags + rules.level_flags(level, place.level_catalogue),
        feed=feed,
        trust=trust,
        result_electronic=_result_electronic(record),
        reused=_reused(record),
    )


def _array(body: bytes) -> Iterator[tuple[int, Mapping[str, object] | Unreadable]]:
    """The elements of an array as they come: of a long one no more is held than who asks takes."""
    try:
        text = body.lstrip(b"\xef\xbb\xbf \t\r\n").decode()
    except UnicodeDecodeError:
        yield 1, _NOT_JSON
        return
    at, place = _past_spaces(text, 1), 0
    while text[at : at + 1] != "]":
        place += 1
        try:
            _, end = _json_text.raw_decode(text, at)
        except (ValueError, RecursionError):
            yield place, _NOT_JSON
            return
        yield place, _object(_decoded(text[at:end].encode()))
        at = _past_spaces(text, end)
        is_more = text[at : at + 1] == ","
        at = _past_spaces(text, at + 1) if is_more else at
        if is_more == (
            text[at : at + 1] == "]"
        ):  # a comma and no element, or an element and no comma
            yield place + 1, _NOT_JSON
            return
    if text[at + 1 :].strip():
        yield place + 1, _NOT_JSON


def _past_spaces(text: str, at: int) -> int:
    found = _SPACES.match(text, at)
    return found.end() if found else at


def _decoded(text: bytes) -> object:
    try:
        return _json.decode(text.lstrip(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _NOT_JSON


def _object(found: object) -> Mapping[str, object] | Unreadable:
    if isinstance(found, dict | Unreadable):
        return found
    return Unreadable(RejectReason.MALFORMED, "record: not a JSON object")


def _number(record: Mapping[str, object]) -> str | bytes | None:
    """The dossier's number when it is one, or its key, for a record that is refused anyway."""
    value = record.get("dossier")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63:
        value = str(value)
    number = rules.number(value) if isinstance(value, str) else value
    return number if isinstance(number, str | bytes) else None


def _good(checked: T | Unreadable) -> T:
    if isinstance(checked, Unreadable):
        raise _Bad(checked)
    return checked


def _text(record: Mapping[str, object], name: str) -> str:
    """A field as text: "" when absent or null; numbers and booleans as JSON writes them."""
    value = record.get(name)
    if isinstance(value, str):
        return value.strip()[:_MAX_TEXT]
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float) and abs(value) < 1 << 63:
        return str(value)
    raise _Bad(Unreadable(RejectReason.BAD_VALUE, f"{name}: neither text nor a number"))


def _system(record: Mapping[str, object]) -> str:
    system = _text(record, "system")
    if not is_system_code(system):
        raise _Bad(Unreadable(RejectReason.BAD_VALUE, "system: not a system's code"))
    return system


def _instant(record: Mapping[str, object], name: str) -> int:
    return _good(rules.moment(name, _text(record, name)))


def _optional_instant(record: Mapping[str, object], name: str) -> int | None:
    return _instant(record, name) if _text(record, name) else None


def _word(record: Mapping[str, object], name: str, allowed: Collection[str], absent: str) -> str:
    text = _text(record, name).lower()
    if not text:
        return absent
    if text not in allowed:
        raise _Bad(Unreadable(RejectReason.BAD_VALUE, f"{name}: not one of the allowed words"))
    return text


def _level(record: Mapping[str, object]) -> str | None:
    text = _text(record, "level").lower()
    if not text:
        return None
    level = rules.LEVELS.get(text)
    if level is None:
        raise _Bad(
            Unreadable(RejectReason.BAD_VALUE, "level: not full, partial, information, 1 to 4")
        )
    return level


def _yes_no(record: Mapping[str, object], name: str) -> bool | None:
    text = _text(record, name).lower()
    if not text:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise _Bad(Unreadable(RejectReason.BAD_VALUE, f"{name}: neither true nor false"))


_status: Final = partial(_word, name="status", allowed=_STATUS, absent="")
_channel: Final = partial(_word, name="channel", allowed=_CHANNEL, absent=Channel.UNKNOWN)
_payment: Final = partial(_word, name="payment", allowed=_PAYMENT, absent=Payment.UNKNOWN)
_applicant_kind: Final = partial(
    _word, name="applicant_kind", allowed=_APPLICANT, absent=ApplicantKind.UNKNOWN
)
_returned_by_post: Final = partial(_yes_no, name="returned_by_post")
_digitised: Final = partial(_yes_no, name="digitised")
_from_national_portal: Final = partial(_yes_no, name="from_national_portal")
_result_electronic: Final = partial(_yes_no, name="result_electronic")
_reused: Final = partial(_yes_no, name="reused")

WORDS: Final[Mapping[str, Callable[[Mapping[str, object]], str | bool | None]]] = {
    "system": _system,
    "status": _status,
    "channel": _channel,
    "level": _level,
    "payment": _payment,
    "returned_by_post": _returned_by_post,
    "digitised": _digitised,
    "applicant_kind": _applicant_kind,
    "from_national_portal": _from_national_portal,
    "result_electronic": _result_electronic,
    "reused": _reused,
}
"""Fields that say the same whatever the rest of the record says."""
