"""`/dvcqg/...`: the packets one-stop systems already make for the national portal.

`DongBoHoSoMC` tells a whole dossier with the dates of its stages, `CapNhatTienDoHoSoMC` one step of
it (facts/emc.md 2C). They come in an envelope `{session, madonvi, service, isUpdating, data: […]}`,
or as the bare list with `MaDinhDanhDV` in the query. `isUpdating` is not read: an event said twice
is one event, and a correction is a new one. Names, identity and phone numbers, addresses of files,
the officer's name and `session` are never read into anything.

A packet that dates several stages becomes one event for each. What ended and how is said by
`TrangThaiHoSo`: of a dossier refused, withdrawn or stopped `NgayKetThucXuLy` is the day of that, not
of a result; and a date of an end that the status knows nothing of does not count, it is flagged.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

import msgspec

from thuocdo.core.clock import DAY_US
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
from thuocdo.wire import dvcqg_codes as code_tables
from thuocdo.wire import dvcqg_kept, rules
from thuocdo.wire.dvcqg_fields import (
    Bad,
    amount_of,
    fields_of,
    good,
    has_digitised_part,
    has_electronic_result,
    list_of,
    moment_of,
    require,
    text_of,
    was_reused,
)
from thuocdo.wire.dvcqg_sender import Opens, Sender, whose_is
from thuocdo.wire.events import DossierEvent, Refused, Unreadable
from thuocdo.wire.kept import Kept, KeptNumber

SYNC: Final = "DongBoHoSoMC"
PROGRESS: Final = "CapNhatTienDoHoSoMC"

MAX_SUPPLEMENTS: Final = 100


class _Judge(NamedTuple):
    """What an item is judged by."""

    opens: Opens
    secret: bytes
    received: int
    trust: str


def judge(
    service: str,
    item: object,
    sender: str,
    snapshot: Snapshot,
    secret: bytes,
    received: int,
    *,
    trust: str = Trust.UNVERIFIED,
    agency: str | None = None,
    systems: Collection[str] | None = None,
) -> list[DossierEvent] | Refused:
    """The events of one item, at least one, or why there are none.

    received         µs UTC, the server's clock
    trust            verified when a key vouches: then its times may be older than the late window
    agency, systems  what the key opens; None means everything
    """
    by = _Judge(
        Opens(snapshot, rules.local_date(received), agency, systems), secret, received, trust
    )
    fields = fields_of(item)
    if isinstance(fields, Unreadable):
        return refuse(fields, received, trust)
    try:
        return (_dossier if service == SYNC else _progress)(fields, sender, by)
    except Bad as bad:
        why = msgspec.structs.replace(bad.why, site_id=_site_of(fields, sender, by))
        return refuse(why, received, trust, item, service=service, sender=sender, secret=secret)


def refuse(
    why: Unreadable,
    received: int,
    trust: str,
    item: object = None,
    *,
    service: str = "",
    sender: str = "",
    secret: bytes = b"",
) -> Refused:
    """The row that is kept of what was refused: fields of the protocol, nothing personal.

    service, sender, secret  as for `judge`; without them the item cannot be judged again
    """
    payload = ""
    fields = fields_of(item) if item is not None else None
    if isinstance(fields, Mapping):
        payload = dvcqg_kept.payload(fields, code_tables.KEPT, received, service, sender, secret)
    return Refused(
        received=received,
        feed=Feed.DVCQG,
        site_id=why.site_id,
        reason=why.reason,
        detail=why.detail,
        payload=payload,
        trust=trust,
    )


def replay(
    told: Kept,
    snapshot: Snapshot,
    secret: bytes,
    trust: str,
    *,
    agency: str | None,
    systems: Collection[str] | None,
) -> list[DossierEvent] | Refused:
    """Judge a refused item again, as of the moment it came, by what its key (if any) opens today."""
    said = told.fields
    return judge(
        said.get(dvcqg_kept.SERVICE, ""), dvcqg_kept.item(told, code_tables.KEPT),
        said.get(dvcqg_kept.SENDER, ""), snapshot, secret, told.received,
        trust=trust, agency=agency, systems=systems,
    )  # fmt: skip


def _site_of(fields: Mapping[str, object], sender: str, by: _Judge) -> int | None:
    """The site that an item refused for another reason belongs to, when it names one."""
    try:
        return whose_is(fields, sender, by.opens).site.site_id
    except Bad:
        return None


def _dossier(fields: Mapping[str, object], sender: str, by: _Judge) -> list[DossierEvent]:
    _require(fields, "MaTTHC", "TrangThaiHoSo")
    code = _code(fields, "TrangThaiHoSo")
    whose = whose_is(fields, sender, by.opens)
    stages, flags = _stages(fields, code, by)
    receipt = _date(fields, "NgayTiepNhan", by)
    due = moment_of(fields, "NgayHenTra")
    level = rules.LEVELS.get(text_of(fields, "MucDo"))
    day = rules.local_date(min(at for _, at in stages) if receipt is None else receipt)
    place = good(rules.place(by.opens.snapshot, whose.agency, text_of(fields, "MaTTHC"), day))
    template = _event(
        whose,
        by,
        procedure=place.procedure,
        received_at=receipt,
        due_at=None if due is None else good(rules.due("NgayHenTra", due)),
        channel=code_tables.CHANNEL.get(text_of(fields, "KenhThucHien"), Channel.UNKNOWN),
        level_declared=level,
        level_catalogue=place.level_catalogue,
        payment=_payment(fields),
        returned_by_post=code_tables.BY_POST.get(text_of(fields, "HinhThuc")),
        digitised=_digitised(fields),
        applicant_kind=code_tables.APPLICANT.get(
            text_of(fields, "LoaiDoiTuong"), ApplicantKind.UNKNOWN
        ),
        from_national_portal=code_tables.NATIONAL.get(text_of(fields, "NoiNopHoSo")),
        result_electronic=has_electronic_result(fields),
        reused=was_reused(fields),
        quality=(
            *place.flags,
            *rules.level_flags(level, place.level_catalogue),
            *flags,
            *_odd_values(fields),
        ),
    )
    replace = msgspec.structs.replace
    return [replace(template, status=status, event_time=at) for status, at in stages]


def _progress(fields: Mapping[str, object], sender: str, by: _Judge) -> list[DossierEvent]:
    """A step of a dossier known by its number alone: it names no procedure, and no channel."""
    _require(fields, "TrangThai", "ThoiDiemXuLy")
    code = _code(fields, "TrangThai")
    at = _date(fields, "ThoiDiemXuLy", by)
    whose = whose_is(fields, sender, by.opens)
    flags = ("procedure_not_said", *(("status_other",) if code == code_tables.UNMAPPED else ()))
    event = _event(whose, by, procedure=rules.PROCEDURE_NOT_SAID, quality=flags)
    return [msgspec.structs.replace(event, status=code_tables.STATUS[code], event_time=at)]


def _event(
    whose: Sender,
    by: _Judge,
    *,
    procedure: str,
    quality: tuple[str, ...],
    received_at: int | None = None,
    due_at: int | None = None,
    channel: str = Channel.UNKNOWN,
    level_declared: str | None = None,
    level_catalogue: str | None = None,
    payment: str = Payment.UNKNOWN,
    returned_by_post: bool | None = None,
    digitised: bool | None = None,
    applicant_kind: str = ApplicantKind.UNKNOWN,
    from_national_portal: bool | None = None,
    result_electronic: bool | None = None,
    reused: bool | None = None,
) -> DossierEvent:
    """What all events of an item share; status and time are each one's own."""
    hi, lo = dossier_key(by.secret, whose.site.system, whose.number)
    return DossierEvent(
        received=by.received,
        dossier_hi=hi,
        dossier_lo=lo,
        system=whose.site.system,
        site_id=whose.site.site_id,
        agency=whose.agency,
        procedure=procedure,
        status="",
        event_time=by.received,
        received_at=received_at,
        due_at=due_at,
        channel=channel,
        level_declared=level_declared,
        level_catalogue=level_catalogue,
        payment=payment,
        returned_by_post=returned_by_post,
        digitised=digitised,
        applicant_kind=applicant_kind,
        from_national_portal=from_national_portal,
        result_electronic=result_electronic,
        reused=reused,
        quality=quality,
        feed=Feed.DVCQG,
        trust=by.trust,
    )


def _stages(
    fields: Mapping[str, object], code: str, by: _Judge
) -> tuple[list[tuple[Status, int]], tuple[str, ...]]:
    """Every stage the item dates, and the one it says it is in; flags."""
    ends = code_tables.ENDS.get(code, {})
    dates = {
        name: _date(fields, name, by) for name in (*code_tables.BEGINNINGS, *code_tables.END_DATES)
    }
    stages: dict[tuple[Status, int], None] = {}  # a set that keeps its order
    for name, at in dates.items():
        status = code_tables.BEGINNINGS.get(name) or ends.get(name)
        if at is not None and status is not None and status not in {told for told, _ in stages}:
            stages[status, at] = None
    for at in _supplements(fields, by):
        stages[Status.SUPPLEMENT_REQUESTED, at] = None
    own = code_tables.STATUS[code]
    if own not in {status for status, _ in stages}:
        stages[own, _undated(own, dates, by.received)] = None
    flags: tuple[str, ...] = ("status_other",) if code == code_tables.UNMAPPED else ()
    if any(dates[name] is not None and name not in ends for name in code_tables.END_DATES):
        flags += ("end_not_in_status",)
    return list(stages), flags


def _undated(status: Status, dates: Mapping[str, int | None], received: int) -> int:
    """When a stage without a date happened: as a rule, when we heard of it.

    What was returned was completed by then. A request for a supplement is dated like the receipt,
    so that a packet sent twice does not make two of it: they are counted.
    """
    before: tuple[str, ...] = ()
    if status == Status.COMPLETED:
        before = ("NgayTra",)
    elif status == Status.SUPPLEMENT_REQUESTED:
        before = ("NgayTiepNhan", "NgayNopHoSo")
    return next((at for name in before if (at := dates[name]) is not None), received)


def _supplements(fields: Mapping[str, object], by: _Judge) -> list[int]:
    asked = list_of(fields, "DanhSachHoSoBoSung")
    if len(asked) > MAX_SUPPLEMENTS:
        raise Bad(Unreadable(RejectReason.BAD_VALUE, "DanhSachHoSoBoSung: too many"))
    dates = (_date(one, "NgayBoSung", by) for one in asked)
    return [at for at in dates if at is not None]


def _payment(fields: Mapping[str, object]) -> str:
    """Paid online, or not: then at the counter when a fee was due, and none when it was 0."""
    online = code_tables.PAID_ONLINE.get(text_of(fields, "DuocThanhToanTrucTuyen"))
    if online:
        return Payment.ONLINE
    amounts = [amount_of(text_of(fee, "Gia")) for fee in list_of(fields, "DanhSachLePhi")]
    if online is False and any(amounts):
        return Payment.OFFLINE
    return Payment.NONE if amounts and all(amount == 0 for amount in amounts) else Payment.UNKNOWN


def _digitised(fields: Mapping[str, object]) -> bool | None:
    said = code_tables.YES_NO.get(text_of(fields, "HoSoCoThanhPhanSoHoa"))
    if said is not None:
        return said
    return True if has_digitised_part(fields) else None


def _odd_values(fields: Mapping[str, object]) -> tuple[str, ...]:
    """Optional fields whose value the protocol does not know: kept as unknown, and flagged."""
    return tuple(
        f"unreadable_{name}"
        for name, allowed in code_tables.WORDS.items()
        if (value := text_of(fields, name)) and value not in allowed
    )


def _require(fields: Mapping[str, object], *names: str) -> None:
    if not isinstance(fields.get("mahoso"), KeptNumber):
        require(fields, "MaHoSo")
    for name in names:
        require(fields, name)


def _code(fields: Mapping[str, object], name: str) -> str:
    text = text_of(fields, name)
    code = text.lstrip("0") or "0"
    if code not in code_tables.STATUS:
        raise Bad(Unreadable(RejectReason.BAD_VALUE, f"{name}: not 0 to 10"))
    return code


def _date(fields: Mapping[str, object], name: str, by: _Judge) -> int | None:
    """When something happened, within what the sender may claim."""
    found = moment_of(fields, name)
    if found is None:
        return None
    at = good(rules.happened(name, found, by.received))
    if by.trust != Trust.VERIFIED and at < by.received - rules.LATE_WINDOW_US:
        days = rules.LATE_WINDOW_US // DAY_US
        raise Bad(Unreadable(RejectReason.FORGED_TIME, f"{name}: over {days} days ago, no key"))
    return at
