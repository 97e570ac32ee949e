"""What the codes of the national portal's packets mean (facts/emc.md 2C)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from thuocdo.core.vocabulary import ApplicantKind, Channel, Status
from thuocdo.wire import rules

STATUS: Final = {
    "0": Status.PROCESSING,  # between agencies: the table knows no better
    "1": Status.SUBMITTED,
    "2": Status.RECEIVED,
    "3": Status.REJECTED,
    "4": Status.PROCESSING,
    "5": Status.SUPPLEMENT_REQUESTED,
    "6": Status.PAYMENT_REQUESTED,
    "7": Status.WITHDRAWN,
    "8": Status.STOPPED,
    "9": Status.COMPLETED,
    "10": Status.RETURNED,
}
UNMAPPED: Final = "0"
BEGINNINGS: Final = {"NgayNopHoSo": Status.SUBMITTED, "NgayTiepNhan": Status.RECEIVED}
RESULT: Final = {"NgayKetThucXuLy": Status.COMPLETED, "NgayTra": Status.RETURNED}
ENDS: Final[Mapping[str, Mapping[str, Status]]] = {
    "3": {"NgayTuChoi": Status.REJECTED, "NgayKetThucXuLy": Status.REJECTED},
    "7": {"NgayKetThucXuLy": Status.WITHDRAWN},
    "8": {"NgayKetThucXuLy": Status.STOPPED},
    "9": RESULT,
    "10": RESULT,
}
"""TrangThaiHoSo → what each date of an end is the date of."""
END_DATES: Final = ("NgayKetThucXuLy", "NgayTra", "NgayTuChoi")
CHANNEL: Final = {"1": Channel.COUNTER, "2": Channel.ONLINE, "3": Channel.POSTAL}
BY_POST: Final = {"0": False, "1": True}
NATIONAL: Final = {"1": True, "2": False}
YES_NO: Final = {"0": False, "1": True}
PAID_ONLINE: Final = {"0": False, "1": True, "2": True}
APPLICANT: Final = {
    "1": ApplicantKind.CITIZEN,
    "2": ApplicantKind.BUSINESS,
    "3": ApplicantKind.STATE,
    "4": ApplicantKind.OTHER,
}
WORDS: Final[Mapping[str, Collection[str]]] = {
    "KenhThucHien": CHANNEL,
    "HinhThuc": BY_POST,
    "NoiNopHoSo": NATIONAL,
    "HoSoCoThanhPhanSoHoa": YES_NO,
    "DuocThanhToanTrucTuyen": PAID_ONLINE,
    "LoaiDoiTuong": APPLICANT,
    "MucDo": rules.LEVELS,
}
KEPT: Final = (
    *("MaTTHC", "TrangThaiHoSo", "TrangThai", "ThoiDiemXuLy", "NgayHenTra"),
    *(*BEGINNINGS, *END_DATES, *WORDS),
)
