"""What is kept of a refused message is enough to judge it again, and nothing more."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from thuocdo.core.clock import parse_instant
from thuocdo.core.ids import dossier_key, number_key
from thuocdo.core.snapshot import Snapshot
from thuocdo.core.vocabulary import RejectReason
from thuocdo.wire import canonical, dvcqg, kept, mcdt
from thuocdo.wire.events import DossierEvent, Refused

SECRET = b"a secret for tests, long enough"
NOW = parse_instant("2026-11-21T10:00:00")
EMPTY = Snapshot(made_at=1)

MESSAGE = {
    "siteId": "101",
    "codeProfile": "000.00.00.H29-261105-0007",
    "codeTTHC": "1.004194.000.00.00.H29",
    "status": "3",
    "formsReception": "1",
    "formsPayments": "2",
    "level": "4",
    "isFromDVCQG": "1",
    "isDVCBC": "1",
    "user": "079012345678",
}
RECORD = {
    "system": "H29-one_stop",
    "agency": "000.00.00.H29",
    "dossier": " 000.00.00.h29-261105-0007",
    "procedure": "1.004194",
    "status": "completed",
    "event_time": "2026-11-20T09:30:00+07:00",
    "received_at": "2026-11-02",
    "due_at": "20261130170000",
    "channel": "online",
    "level": 4,
    "payment": "online",
    "returned_by_post": False,
    "digitised": True,
    "applicant_kind": "citizen",
    "from_national_portal": "0",
    "result_electronic": True,
    "reused": False,
    "owner": "Nguyễn Văn Thử",
}
PACKET: dict[str, Any] = {
    "MaHoSo": "000.00.01.H29-261102-0420",
    "MaTTHC": "1.004194",
    "TrangThaiHoSo": 10,
    "NgayNopHoSo": "20261102073000",
    "NgayTiepNhan": "20261102080000",
    "NgayHenTra": "20261110170000",
    "NgayKetThucXuLy": "20261109150000",
    "NgayTra": "20261110090000",
    "HinhThuc": "1",
    "KenhThucHien": 2.0,
    "NoiNopHoSo": True,
    "DuocThanhToanTrucTuyen": "0",
    "LoaiDoiTuong": "2",
    "ChuHoSo": "Nguyễn Văn Thử",
    "TaiLieuNop": [{"TenTepDinhKem": "cccd-thu.pdf", "DuocSoHoa": "1", "DuocTaiSuDung": "2"}],
    "DanhSachGiayToKetQua": [{"TenGiayTo": "Giấy phép", "MaGiayToKetQua": "KQ-7"}],
    "DanhSachLePhi": [{"Gia": "15.000"}, {"Gia": "0"}, {"Gia": "miễn"}],
    "DanhSachHoSoBoSung": [{"NguoiYeuCauBoSung": "Trần Cán", "NgayBoSung": "20261104100000"}],
}
STEP = {
    "MaHoSo": "000.00.01.H29-261102-0420",
    "ThoiDiemXuLy": "20261109150000",
    "TrangThai": "9",
    "NguoiXuLy": "Trần Thị Cán",
}


def refused(found: object) -> Refused:
    assert isinstance(found, Refused), found
    return found


def told(row: Refused) -> kept.Kept:
    found = kept.read(row.payload)
    assert isinstance(found, kept.Kept), found
    return found


def sent_as_message(fields: dict[str, str], snapshot: Snapshot) -> DossierEvent | Refused:
    message = mcdt.parse(msgspec.json.encode(fields), "application/json")
    assert isinstance(message, mcdt.Message)
    return mcdt.to_event(message, snapshot, SECRET, NOW)


def test_a_dossier_is_the_same_by_its_number_and_by_the_key_of_its_number() -> None:
    number = "000.00.00.H29-261105-0007"
    key = number_key(SECRET, f" {number.lower()} ")
    assert dossier_key(SECRET, "H29-one_stop", key) == dossier_key(SECRET, "H29-one_stop", number)


def test_a_message_to_an_unknown_site_becomes_its_event_once_the_site_is_known(
    snapshot: Snapshot,
) -> None:
    row = refused(sent_as_message(MESSAGE, EMPTY))
    assert row.reason == RejectReason.UNKNOWN_SITE
    again = mcdt.replay(told(row), row.site_id, snapshot, SECRET, row.trust)
    assert again == sent_as_message(MESSAGE, snapshot)


def test_a_message_keeps_its_site_however_long_its_number(
    snapshot: Snapshot,
) -> None:
    row = refused(sent_as_message(MESSAGE | {"siteId": "91234567"}, snapshot))
    site = msgspec.structs.replace(snapshot.sites[0], site_id=91234567)
    later = Snapshot(made_at=2, sites=(site,), services=snapshot.services)
    found = kept.read(row.payload)
    assert isinstance(found, kept.Kept), found
    again = mcdt.replay(found, row.site_id, later, SECRET, row.trust)
    assert isinstance(again, DossierEvent)
    assert again.site_id == 91234567


def test_a_canonical_record_of_an_unknown_agency_becomes_its_event(snapshot: Snapshot) -> None:
    row = refused(canonical.validate(RECORD, EMPTY, SECRET, NOW))
    assert row.reason == RejectReason.UNKNOWN_AGENCY
    again = canonical.replay(told(row), snapshot, SECRET, row.trust, agency=None, systems=None)
    assert again == canonical.validate(RECORD, snapshot, SECRET, NOW)


def test_a_record_judged_again_by_a_narrower_key_is_out_of_scope(snapshot: Snapshot) -> None:
    row = refused(canonical.validate(RECORD, EMPTY, SECRET, NOW))
    again = canonical.replay(told(row), snapshot, SECRET, row.trust, agency="H57", systems=None)
    assert refused(again).reason == RejectReason.OUT_OF_SCOPE


@pytest.mark.parametrize(("service", "item"), [(dvcqg.SYNC, PACKET), (dvcqg.PROGRESS, STEP)])
def test_a_packet_for_the_national_portal_becomes_its_events(
    service: str, item: dict[str, Any], snapshot: Snapshot
) -> None:
    sender = "000.00.00.H29"
    row = refused(dvcqg.judge(service, item, sender, EMPTY, SECRET, NOW))
    assert row.reason == RejectReason.UNKNOWN_AGENCY
    again = dvcqg.replay(told(row), snapshot, SECRET, row.trust, agency=None, systems=None)
    assert isinstance(again, list)
    assert again == dvcqg.judge(service, item, sender, snapshot, SECRET, NOW)


def test_what_is_still_refused_keeps_the_same_payload(snapshot: Snapshot) -> None:
    item = PACKET | {"MaTTHC": "1.999999"}
    row = refused(dvcqg.judge(dvcqg.SYNC, item, "H29", snapshot, SECRET, NOW))
    again = dvcqg.replay(told(row), snapshot, SECRET, row.trust, agency=None, systems=None)
    assert refused(again) == row


def test_a_refusal_names_the_site_that_it_can_be_laid_to(snapshot: Snapshot) -> None:
    unknown = {"procedure": "1.999999", "MaTTHC": "1.999999"}
    record = refused(canonical.validate(RECORD | unknown, snapshot, SECRET, NOW))
    item = refused(dvcqg.judge(dvcqg.SYNC, PACKET | unknown, "H29", snapshot, SECRET, NOW))
    assert (record.reason, record.site_id) == (RejectReason.UNKNOWN_PROCEDURE, 101)
    assert (item.reason, item.site_id) == (RejectReason.UNKNOWN_PROCEDURE, 101)


def test_neither_the_number_nor_a_name_is_kept(snapshot: Snapshot) -> None:
    rows = [
        refused(sent_as_message(MESSAGE, EMPTY)),
        refused(canonical.validate(RECORD, EMPTY, SECRET, NOW)),
        refused(dvcqg.judge(dvcqg.SYNC, PACKET, "H29", EMPTY, SECRET, NOW)),
        refused(dvcqg.judge(dvcqg.PROGRESS, STEP, "H29", EMPTY, SECRET, NOW)),
    ]
    for row in rows:
        for personal in ("261105-0007", "261102-0420", "Thử", "Cán", "079012345678", "cccd"):
            assert personal not in row.payload


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"status": "Nguyễn Văn An"}, "redacted: status"),
        ({"status": "đã xong", "level": "mức 4"}, "redacted: status level"),
        ({"dossier": "\x00"}, "no dossier number"),
    ],
)
def test_what_was_redacted_says_that_it_cannot_be_judged_again(
    changes: dict[str, str], why: str, snapshot: Snapshot
) -> None:
    row = refused(canonical.validate(RECORD | changes, snapshot, SECRET, NOW))
    assert kept.read(row.payload) == why


def test_a_list_that_is_none_cannot_be_judged_again(snapshot: Snapshot) -> None:
    item = PACKET | {"DanhSachLePhi": "không"}
    row = refused(dvcqg.judge(dvcqg.SYNC, item, "H29", snapshot, SECRET, NOW))
    assert kept.read(row.payload) == "redacted: DanhSachLePhi"


def test_what_nothing_was_kept_of_says_so() -> None:
    assert kept.read("") == "nothing was kept"
    assert kept.read('{"idsite": "7", "received": 1, "bytes": 20}').startswith("nothing of a")


def test_the_door_notes_key_and_network_beside_the_fields(snapshot: Snapshot) -> None:
    row = refused(canonical.validate(RECORD, EMPTY, SECRET, NOW))
    noted = kept.noted(row, key_id="0123456789ab", from_own_network=True)
    assert (told(noted).key_id, told(noted).from_own_network) == ("0123456789ab", True)
    assert told(noted).fields == told(row).fields
    assert json.loads(noted.payload)["network"] == "own"
    assert kept.noted(row) is row
