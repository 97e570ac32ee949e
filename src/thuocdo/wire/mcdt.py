"""`/TrackingMCDT`: the status message of one-stop systems, in the three ways it is really sent.

Two clients are known (facts/emc.md 1C). OpenCPS sends a form, in one release without encoding the
values; Tân Dân sends JSON. Neither sends a time or a credential, so an event happens when it
arrives and is unverified. `user` (identity numbers), `data` and `nameTTHC` are never read into
anything: a message has no place for them.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, Final, NamedTuple
from urllib.parse import unquote_plus

import msgspec

from thuocdo.core.ids import dossier_key
from thuocdo.core.snapshot import SiteEntry, Snapshot
from thuocdo.core.vocabulary import (
    ApplicantKind,
    Channel,
    Feed,
    Level,
    Payment,
    RejectReason,
    Status,
    Trust,
)
from thuocdo.wire import kept, rules
from thuocdo.wire.events import DossierEvent, Refused, Unreadable
from thuocdo.wire.kept import Kept

FIELDS: Final = (
    "siteId",
    "codeProfile",
    "maHoSo",
    "codeTTHC",
    "nameTTHC",
    "status",
    "formsReception",
    "formsPayments",
    "level",
    "isFromDVCQG",
    "isDVCBC",
    "data",
    "user",
)
_BY_LOWER: Final = {name.lower(): name for name in FIELDS}
_FIELD: Final = re.compile(rf"(?:^|&)({'|'.join(FIELDS)})=", re.IGNORECASE | re.ASCII)
_NOT_ENCODED: Final = re.compile(r"[^\x21-\x7e]|%(?![0-9A-Fa-f]{2})")
"""What no encoder leaves in a form: spaces, raw UTF-8, a lone percent sign."""
_SITE: Final = re.compile(r"\d{1,8}", re.ASCII)  # core.codes.MAX_SITE_ID
_KEPT: Final = (
    "siteId",
    "codeTTHC",
    "status",
    "formsReception",
    "formsPayments",
    "level",
    "isFromDVCQG",
    "isDVCBC",
)

_STATUS: Final = {
    "0": Status.SUBMITTED,
    "1": Status.RECEIVED,
    "2": Status.PROCESSING,
    "3": Status.COMPLETED,
    "4": Status.PROCESSING,
}
_CHANNEL: Final = {"1": Channel.ONLINE, "2": Channel.COUNTER}
_PAYMENT: Final = {"0": Payment.NONE, "1": Payment.ONLINE, "2": Payment.OFFLINE}
_LEVEL: Final = {"0": Level.PARTIAL, "1": Level.FULL, "3": Level.PARTIAL, "4": Level.FULL}
_COUNTER_LEVELS: Final = ("0", "1")
_YES_NO: Final = {"0": False, "1": True}
_BY_POST: Final = {"0": False, "1": True, "2": None}  # 2: delivered otherwise, we do not know how


class Message(msgspec.Struct, frozen=True, gc=False):
    """The fields of one message that may be looked at, as text; empty when absent."""

    siteId: str = ""  # noqa: N815 - the protocol's own names
    codeProfile: str = ""  # noqa: N815
    maHoSo: str = ""  # noqa: N815
    codeTTHC: str = ""  # noqa: N815
    status: str = ""
    formsReception: str = ""  # noqa: N815
    formsPayments: str = ""  # noqa: N815
    level: str = ""
    isFromDVCQG: str = ""  # noqa: N815
    isDVCBC: str = ""  # noqa: N815
    number_key: bytes = b""
    """In the number's place when the message was refused once; no field of the protocol."""

    @property
    def site_id(self) -> int | None:
        return int(self.siteId) if _SITE.fullmatch(self.siteId) else None

    @property
    def number(self) -> str | bytes | Unreadable:
        """The dossier's number, checked; or the key that is left of it."""
        return self.number_key or rules.number(self.codeProfile or self.maHoSo)


def parse(body: bytes, content_type: str) -> Message | Unreadable:
    """Read a message in any of its forms; `malformed` when it is none of them."""
    stripped = body.lstrip(b"\xef\xbb\xbf \t\r\n")
    is_json = stripped.startswith(b"{") or "json" in content_type.lower()
    fields = _json_fields(stripped) if is_json else _form_fields(stripped)
    if isinstance(fields, Unreadable):
        return fields
    known: dict[str, Any] = {n: fields[n] for n in Message.__struct_fields__ if n in fields}
    return Message(**known)


def to_event(
    message: Message,
    snapshot: Snapshot,
    secret: bytes,
    received: int,
    trust: str = Trust.UNVERIFIED,
) -> DossierEvent | Refused:
    """What the message says happened, now; system and agency are those of its site.

    received: µs UTC, the server's clock; it is the event's time, for the message carries none.
    """
    site = snapshot.site_by_id.get(message.site_id) if message.site_id is not None else None
    known = _known(message, site, snapshot, received)
    if isinstance(known, Unreadable):
        return refuse(message, known, received, trust, secret)
    hi, lo = dossier_key(secret, known.site.system, known.number)
    level, flags = _level(message.level)
    by_post = _BY_POST.get(message.isDVCBC)
    if message.status == "0":
        flags += ("status_other",)
    if by_post and message.formsReception == "1":
        flags += ("postal_as_online",)
    return DossierEvent(
        received=received,
        dossier_hi=hi,
        dossier_lo=lo,
        system=known.site.system,
        site_id=known.site.site_id,
        agency=known.place.agency,
        procedure=known.place.procedure,
        status=_STATUS[message.status],
        event_time=received,
        received_at=None,
        due_at=None,
        channel=_CHANNEL.get(message.formsReception, Channel.UNKNOWN),
        level_declared=level,
        level_catalogue=known.place.level_catalogue,
        payment=_PAYMENT.get(message.formsPayments, Payment.UNKNOWN),
        returned_by_post=by_post,
        digitised=None,
        applicant_kind=ApplicantKind.UNKNOWN,
        from_national_portal=_YES_NO.get(message.isFromDVCQG),
        quality=(
            *known.place.flags,
            *rules.level_flags(level, known.place.level_catalogue),
            *flags,
            *_odd_values(message),
        ),
        feed=Feed.MCDT,
        trust=trust,
    )


class _Known(NamedTuple):
    """What of a message the registry confirms."""

    site: SiteEntry
    number: str | bytes
    place: rules.Place


def _known(
    message: Message, site: SiteEntry | None, snapshot: Snapshot, received: int
) -> _Known | Unreadable:
    """Whether a message may become an event: its site, number, status and procedure."""
    missing = [name for name in ("siteId", "status", "codeTTHC") if not getattr(message, name)]
    if missing:
        return Unreadable(RejectReason.MISSING_FIELD, f"{missing[0]}: missing")
    if message.site_id is None:
        return Unreadable(RejectReason.BAD_VALUE, "siteId: not a site number")
    if site is None:
        return Unreadable(RejectReason.UNKNOWN_SITE, "siteId: not registered")
    if message.status not in _STATUS:
        return Unreadable(RejectReason.BAD_VALUE, "status: not 0 to 4")
    number = message.number
    if isinstance(number, Unreadable):
        return number
    found = rules.place(snapshot, site.agency, message.codeTTHC, rules.local_date(received))
    return found if isinstance(found, Unreadable) else _Known(site, number, found)


def refuse(
    message: Message | None,
    why: Unreadable,
    received: int,
    trust: str,
    secret: bytes = b"",
) -> Refused:
    """The row that is kept of a message refused; the dossier's number only as its key."""
    payload = ""
    if message is not None:
        named = message.site_id is not None  # then the row says so, and may: it is no telephone
        names = _KEPT[1:] if named else _KEPT
        fields = ((name, getattr(message, name)) for name in names)
        number = message.number
        told = None if isinstance(number, Unreadable) else number
        payload = kept.text(received, fields, secret, told)
    return Refused(
        received=received,
        feed=Feed.MCDT,
        site_id=message.site_id if message is not None else why.site_id,
        reason=why.reason,
        detail=why.detail,
        payload=payload,
        trust=trust,
    )


def replay(
    told: Kept, site_id: int | None, snapshot: Snapshot, secret: bytes, trust: str
) -> DossierEvent | Refused:
    """Judge a refused message again, as of the moment it came; `site_id` as its row has it."""
    fields: dict[str, Any] = {name: told.fields.get(name, "") for name in _KEPT}
    if site_id is not None:
        fields["siteId"] = str(site_id)
    message = Message(**fields, number_key=told.number)
    return to_event(message, snapshot, secret, told.received, trust)


def _json_fields(body: bytes) -> dict[str, str] | Unreadable:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Unreadable(RejectReason.MALFORMED, "body: not JSON")
    if not isinstance(found, dict):
        return Unreadable(RejectReason.MALFORMED, "body: not a JSON object")
    fields: dict[str, str] = {}
    for key, value in found.items():
        name = _BY_LOWER.get(key.lower())
        if name in Message.__struct_fields__:
            text = _text(value)
            if text is None:
                return Unreadable(RejectReason.BAD_VALUE, f"{name}: neither text nor a number")
            fields.setdefault(name, text)
    return fields


def _text(value: object) -> str | None:
    """A JSON scalar as the form would write it; None when it is no scalar (or no sane one)."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int):
        return str(value) if abs(value) < 1 << 63 else None
    return value.strip() if isinstance(value, str) else None


def _form_fields(body: bytes) -> dict[str, str] | Unreadable:
    """Split at known field names only, so that "&" and spaces inside a name do no harm."""
    text = body.decode("utf-8", "replace").rstrip("\r\n\x00")
    found = list(_FIELD.finditer(text))
    if not found:
        return Unreadable(RejectReason.MALFORMED, "body: no known field")
    raw = _NOT_ENCODED.search(text) is not None
    ends = [match.start() for match in found[1:]] + [len(text)]
    fields: dict[str, str] = {}
    for match, end in zip(found, ends, strict=True):
        value = text[match.end() : end]
        fields.setdefault(
            _BY_LOWER[match[1].lower()],
            (value if raw else unquote_plus(value)).strip(),
        )
    return fields


def _level(text: str) -> tuple[str | None, tuple[str, ...]]:
    """The declared level; 0 and 1 are levels of a service handed in at the counter."""
    flags = ("level_counter",) if text in _COUNTER_LEVELS else ()
    return _LEVEL.get(text), flags


def _odd_values(message: Message) -> tuple[str, ...]:
    """Optional fields whose value the protocol does not know: kept as unknown, and flagged."""
    allowed: dict[str, Collection[str]] = {
        "formsReception": _CHANNEL,
        "formsPayments": _PAYMENT,
        "level": _LEVEL,
        "isFromDVCQG": _YES_NO,
        "isDVCBC": _BY_POST,
    }
    return tuple(
        f"unreadable_{name}"
        for name, values in allowed.items()
        if (value := getattr(message, name)) and value not in values
    )
