"""What is kept of a refused packet for the national portal, and the item made of it again.

Beside the item's own codes and dates: which service it came to, who sent it, the agency its number
begins with, and what its lists said, turned into codes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from thuocdo.core import codes
from thuocdo.core.clock import to_datetime
from thuocdo.core.vocabulary import RejectReason
from thuocdo.wire import kept
from thuocdo.wire.dvcqg_fields import (
    Bad,
    amount_of,
    has_digitised_part,
    has_electronic_result,
    list_of,
    moment_of,
    number_and_head,
    text_of,
    told_of,
    was_reused,
)
from thuocdo.wire.events import Unreadable
from thuocdo.wire.kept import Kept, KeptNumber

SERVICE: Final = "service"
SENDER: Final = "madonvi"
_NUMBER_AGENCY: Final = "MaHoSo_agency"  # the agency that the number begins with
_SUPPLEMENTS: Final = "NgayBoSung"  # µs UTC, with spaces between
_FEES: Final = "Gia"  # 1 for a fee that was due, 0 for none, ? for what is no amount
_DIGITISED: Final = "DuocSoHoa"
_REUSED: Final = "DuocTaiSuDung"  # 1 for a part taken from data there were, 0 for none
_RESULT: Final = "DanhSachGiayToKetQua"  # 1 when a file of a result is listed
_LONGEST_LIST: Final = 100


def payload(
    fields: Mapping[str, object],
    names: Sequence[str],
    received: int,
    service: str,
    sender: str,
    secret: bytes,
) -> str:
    """The payload of a refused item; `names` are those of its fields that hold codes and dates."""
    said: list[tuple[str, object]] = [(SENDER, sender)]
    said += [(name, told_of(fields, name)) for name in names]
    coded = {SERVICE: service}
    number: str | bytes | None = None
    try:
        number, head = number_and_head(fields)
        coded[_NUMBER_AGENCY] = codes.agency_code(head) or ""
    except Bad:
        pass  # without a number it cannot be judged again, and `kept.read` says so
    try:
        coded |= _lists(fields)
    except Bad as bad:  # one of the lists is none, or too long: what it said is lost
        said.append((bad.why.detail.partition(":")[0], ()))
    return kept.text(received, said, secret, number, {n: code for n, code in coded.items() if code})


def item(told: Kept, names: Sequence[str]) -> dict[str, object]:
    """The item that a payload was made of, as far as an event is made of it."""
    said = told.fields
    return {
        **{name: said[name] for name in names if name in said},
        "MaHoSo": KeptNumber(told.number, said.get(_NUMBER_AGENCY, "")),
        "DanhSachHoSoBoSung": [
            {"NgayBoSung": to_datetime(int(at)).isoformat()}
            for at in said.get(_SUPPLEMENTS, "").split()
        ],
        "DanhSachLePhi": [{"Gia": fee} for fee in said.get(_FEES, "").split()],
        "TaiLieuNop": [{name: said[name]} for name in (_DIGITISED, _REUSED) if name in said],
        "DanhSachGiayToKetQua": [{}] if _RESULT in said else [],
    }


def _lists(fields: Mapping[str, object]) -> dict[str, str]:
    asked = [moment_of(one, "NgayBoSung") for one in list_of(fields, "DanhSachHoSoBoSung")]
    fees = [amount_of(text_of(fee, "Gia")) for fee in list_of(fields, "DanhSachLePhi")]
    for name, found in (("DanhSachHoSoBoSung", asked), ("DanhSachLePhi", fees)):
        if len(found) > _LONGEST_LIST:
            raise Bad(Unreadable(RejectReason.BAD_VALUE, f"{name}: too many"))
    return {
        _SUPPLEMENTS: " ".join(str(at) for at in asked if at is not None),
        _FEES: " ".join("?" if fee is None else str(int(fee > 0)) for fee in fees),
        _DIGITISED: "1" if has_digitised_part(fields) else "",
        _REUSED: {None: "", True: "1", False: "0"}[was_reused(fields)],
        _RESULT: "1" if has_electronic_result(fields) else "",
    }
