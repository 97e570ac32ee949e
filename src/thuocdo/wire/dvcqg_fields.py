"""The form of the packets made for the national portal: envelopes, lists, and fields as text.

Written by many hands (facts/emc.md 2C), so names of fields are read in any case, numbers and
booleans like the strings the protocol means, and a single item like a list of one. What the fields
say is judged in `wire/dvcqg.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple, TypeVar
from urllib.parse import parse_qsl

import msgspec

from thuocdo.core.vocabulary import RejectReason
from thuocdo.wire import rules
from thuocdo.wire.events import Unreadable
from thuocdo.wire.kept import KeptNumber

MAX_ITEMS: Final = 2_000
_SENDER: Final = ("madonvi", "madinhdanhdv")
_REUSED: Final = ("1", "2")
_NOT_REUSED: Final = "0"

T = TypeVar("T")


class Packet(NamedTuple):
    """What a request carries: who says to send it ("" when nobody), and its items."""

    sender: str
    items: list[object]


class Bad(Exception):  # noqa: N818 - control flow of this protocol: the first bad field ends an item
    def __init__(self, why: Unreadable) -> None:
        self.why = why


def parse(body: bytes, query: str, service: str) -> Packet | Unreadable:
    """Read a request to the address of `service`; `malformed` when it is no packet."""
    try:
        found = msgspec.json.decode(body.lstrip(b"\xef\xbb\xbf \t\r\n"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Unreadable(RejectReason.MALFORMED, "body: not JSON")
    given: dict[str, object] = {name.lower(): value for name, value in parse_qsl(query)}
    if isinstance(found, dict):
        envelope = {name.lower(): value for name, value in found.items()}
        given |= envelope
        found = envelope.get("data", [found])
    items = found if isinstance(found, list) else [found]
    named = given.get("service") or service
    if str(named).lower() != service.lower():
        return Unreadable(RejectReason.BAD_VALUE, "service: not that of this address")
    if not items:
        return Unreadable(RejectReason.MISSING_FIELD, "data: empty")
    if len(items) > MAX_ITEMS:
        return Unreadable(RejectReason.TOO_LARGE, f"data: more than {MAX_ITEMS}")
    sender = next((given[name] for name in _SENDER if given.get(name)), "")
    return Packet(sender if isinstance(sender, str) else "", items)


def number_of(item: object) -> str:
    """MaHoSo as the sender wrote it, to name the item in the answer; "" when there is none."""
    fields = fields_of(item)
    found = "" if isinstance(fields, Unreadable) else fields.get("mahoso")
    return found[: rules.MAX_NUMBER] if isinstance(found, str) else ""


def fields_of(item: object) -> Mapping[str, object] | Unreadable:
    if not isinstance(item, dict):
        return Unreadable(RejectReason.MALFORMED, "data: not a JSON object")
    return {name.lower(): value for name, value in item.items()}


def good(checked: T | Unreadable) -> T:
    if isinstance(checked, Unreadable):
        raise Bad(checked)
    return checked


def require(fields: Mapping[str, object], name: str) -> None:
    if not text_of(fields, name):
        raise Bad(Unreadable(RejectReason.MISSING_FIELD, f"{name}: missing"))


def text_of(fields: Mapping[str, object], name: str) -> str:
    """A field as text, "" when absent; numbers and booleans as the protocol's strings write them."""
    value = fields.get(name.lower())
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool | int) and abs(value) < 1 << 63:
        return str(int(value))
    if isinstance(value, float) and abs(value) < 1 << 53:
        return str(value).removesuffix(".0")
    raise Bad(Unreadable(RejectReason.BAD_VALUE, f"{name}: neither text nor a number"))


def number_and_head(fields: Mapping[str, object]) -> tuple[str | bytes, str]:
    """The dossier's number, or what is left of it, and the part that may name an agency."""
    found = fields.get("mahoso")
    if isinstance(found, KeptNumber):
        return found
    number = good(rules.number(text_of(fields, "MaHoSo")))
    return number, number.partition("-")[0]


def amount_of(text: str) -> int | None:
    """Đồng, written `150000`, `150.000` or `150000.0`; None when it is no amount."""
    plain = text.removesuffix(".0").replace(".", "").replace(",", "")
    return int(plain) if plain.isascii() and plain.isdigit() else None


def has_digitised_part(fields: Mapping[str, object]) -> bool:
    return any(text_of(part, "DuocSoHoa") == "1" for part in list_of(fields, "TaiLieuNop"))


def was_reused(fields: Mapping[str, object]) -> bool | None:
    """Whether some part of the dossier was taken from data the state had already, where parts say.

    `DuocTaiSuDung` is 0, 1 or 2 (facts/emc.md 2C): both 1 and 2 are a reuse.
    """
    said = [text_of(part, "DuocTaiSuDung") for part in list_of(fields, "TaiLieuNop")]
    known = [value in _REUSED for value in said if value in _REUSED or value == _NOT_REUSED]
    return any(known) if known else None


def has_electronic_result(fields: Mapping[str, object]) -> bool | None:
    """True when a file of a result is listed; a packet that lists none says nothing of it."""
    return True if list_of(fields, "DanhSachGiayToKetQua") else None


def told_of(fields: Mapping[str, object], name: str) -> object:
    """A field as `text_of` reads it; what is no text and no number as it came."""
    try:
        return text_of(fields, name)
    except Bad:
        return fields[name.lower()]


def list_of(fields: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    """The objects of a list within an item; absent, null and "" are an empty one."""
    value = fields.get(name.lower())
    if value is None or value == "":
        return []
    if not isinstance(value, list):
        raise Bad(Unreadable(RejectReason.BAD_VALUE, f"{name}: not a list"))
    return [good(fields_of(one)) for one in value]


def moment_of(fields: Mapping[str, object], name: str) -> int | None:
    text = text_of(fields, name)
    return good(rules.moment(name, text)) if text else None
