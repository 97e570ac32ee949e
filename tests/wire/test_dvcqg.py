"""A packet made for the national portal tells every stage it dates, and nobody's name."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.packets import DOSSIER, NOW, SECRET, STEP, bare, judged, told, why

from thuocdo.core.clock import DAY_US, parse_instant, to_datetime
from thuocdo.core.ids import dossier_key
from thuocdo.core.snapshot import Snapshot
from thuocdo.core.vocabulary import Status
from thuocdo.wire import dvcqg, rules
from thuocdo.wire.dvcqg import PROGRESS, SYNC
from thuocdo.wire.dvcqg_fields import number_of
from thuocdo.wire.events import DossierEvent
from thuocdo.wire.rules import LATE_WINDOW_US


def stages(events: list[DossierEvent]) -> list[tuple[str, str]]:
    hour = parse_instant("1970-01-01T14:00:00")
    return [
        (event.status, f"{to_datetime(event.event_time + hour):%m-%d %H:%M}") for event in events
    ]


def test_every_dated_stage_is_an_event_in_vietnamese_time(snapshot: Snapshot) -> None:
    assert stages(told(snapshot)) == [
        ("submitted", "11-02 07:30"),
        ("received", "11-02 08:00"),
        ("completed", "11-09 15:00"),
        ("returned", "11-10 09:00"),
        ("supplement_requested", "11-04 10:00"),
    ]


def test_all_events_of_a_packet_carry_what_it_says(snapshot: Snapshot) -> None:
    hi, lo = dossier_key(SECRET, "H29-one_stop", DOSSIER["MaHoSo"])
    for event in told(snapshot):
        assert (event.dossier_hi, event.dossier_lo) == (hi, lo)
        assert (event.system, event.site_id, event.agency) == ("H29-one_stop", 101, "H29.01")
        assert (event.procedure, event.level_catalogue) == ("1.004194", "full")
        assert event.received_at == parse_instant("2026-11-02T08:00:00")
        assert event.due_at == parse_instant("2026-11-10T17:00:00")
        assert (event.channel, event.payment) == ("online", "online")
        assert (event.returned_by_post, event.digitised) == (True, True)
        assert (event.applicant_kind, event.from_national_portal) == ("citizen", True)
        assert (event.feed, event.trust, event.quality) == ("dvcqg", "unverified", ())


@pytest.mark.parametrize(
    ("code", "status"),
    [
        *(("0", "processing"), ("1", "submitted"), ("2", "received"), ("3", "rejected")),
        *(("4", "processing"), ("5", "supplement_requested"), ("6", "payment_requested")),
        *(("7", "withdrawn"), ("8", "stopped"), ("9", "completed"), ("10", "returned")),
        (2, "received"),
    ],
)
def test_each_status_has_its_word_and_without_a_date_happens_when_heard(
    snapshot: Snapshot, code: str, status: str
) -> None:
    for service, item in (
        (SYNC, bare(TrangThaiHoSo=code)),
        (PROGRESS, STEP | {"TrangThai": code}),
    ):
        (event,) = judged(snapshot, item, service)
        assert event.status == status
        assert ("status_other" in event.quality) == (code == "0")
        if service == SYNC:
            assert event.event_time == NOW


def test_the_end_of_a_refused_withdrawn_or_stopped_dossier_is_no_result(snapshot: Snapshot) -> None:
    dates = {"NgayNopHoSo": "", "DanhSachHoSoBoSung": None, "NgayTra": ""}
    for code, status in (("3", "rejected"), ("7", "withdrawn"), ("8", "stopped")):
        events = told(snapshot, TrangThaiHoSo=code, **dates)
        assert stages(events) == [("received", "11-02 08:00"), (status, "11-09 15:00")]
    refused = told(snapshot, TrangThaiHoSo="3", **dates | {"NgayTuChoi": "20261103090000"})
    assert [status for status, _ in stages(refused)] == ["received", "rejected"]


def test_an_end_its_status_knows_nothing_of_is_flagged_and_does_not_count(
    snapshot: Snapshot,
) -> None:
    events = told(snapshot, TrangThaiHoSo="4")
    assert {"completed", "returned"}.isdisjoint(event.status for event in events)
    assert all("end_not_in_status" in event.quality for event in events)
    stopped = told(snapshot, TrangThaiHoSo="8")
    assert "returned" not in {event.status for event in stopped}


def test_what_was_returned_was_completed_by_then(snapshot: Snapshot) -> None:
    events = told(snapshot, TrangThaiHoSo="9", NgayKetThucXuLy="")
    assert ("completed", "11-10 09:00") in stages(events)


def test_an_undated_request_for_a_supplement_said_twice_is_one(snapshot: Snapshot) -> None:
    item = bare(TrangThaiHoSo="5", NgayTiepNhan="20261102080000")
    first = judged(snapshot, item)
    later = dvcqg.judge(SYNC, item, "", snapshot, SECRET, NOW + DAY_US)
    assert stages(first) == stages(later)


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ({"KenhThucHien": "1"}, {"channel": "counter"}),
        ({"KenhThucHien": 2}, {"channel": "online"}),
        ({"KenhThucHien": "3"}, {"channel": "postal"}),
        ({"KenhThucHien": None}, {"channel": "unknown", "quality": ()}),
        ({"KenhThucHien": "9"}, {"channel": "unknown", "quality": ("unreadable_KenhThucHien",)}),
        ({"HinhThuc": "0"}, {"returned_by_post": False}),
        ({"HinhThuc": ""}, {"returned_by_post": None}),
        ({"DuocThanhToanTrucTuyen": "2"}, {"payment": "online"}),
        ({"DuocThanhToanTrucTuyen": "0"}, {"payment": "offline"}),
        ({"DuocThanhToanTrucTuyen": 0, "DanhSachLePhi": [{"Gia": 0}]}, {"payment": "none"}),
        ({"DuocThanhToanTrucTuyen": "0", "DanhSachLePhi": []}, {"payment": "unknown"}),
        ({"DuocThanhToanTrucTuyen": ""}, {"payment": "unknown"}),
        ({"HoSoCoThanhPhanSoHoa": "0"}, {"digitised": False}),
        ({"HoSoCoThanhPhanSoHoa": None}, {"digitised": True}),
        ({"HoSoCoThanhPhanSoHoa": None, "TaiLieuNop": []}, {"digitised": None}),
        ({"DanhSachGiayToKetQua": [{"TenGiayTo": "Giấy phép"}]}, {"result_electronic": True}),
        ({"DanhSachGiayToKetQua": []}, {"result_electronic": None}),
        ({"TaiLieuNop": [{"DuocTaiSuDung": "0"}, {"DuocTaiSuDung": "2"}]}, {"reused": True}),
        ({"TaiLieuNop": [{"DuocTaiSuDung": 0}]}, {"reused": False}),
        ({"TaiLieuNop": [{"DuocSoHoa": "1"}]}, {"reused": None}),
        ({"NoiNopHoSo": "2"}, {"from_national_portal": False}),
        ({"MucDo": "4"}, {"level_declared": "full", "quality": ()}),
        ({"MucDo": 3}, {"level_declared": "partial", "quality": ("level_differs",)}),
        ({"LoaiDoiTuong": "2"}, {"applicant_kind": "business"}),
        ({"LoaiDoiTuong": "3"}, {"applicant_kind": "state"}),
        ({"LoaiDoiTuong": "4"}, {"applicant_kind": "other"}),
    ],
)
def test_each_optional_field_is_read_as_its_table_says(
    snapshot: Snapshot, given_: dict[str, Any], expected: dict[str, Any]
) -> None:
    for event in told(snapshot, **given_):
        assert {name: getattr(event, name) for name in expected} == expected


def test_a_step_names_no_procedure_and_its_deadline_is_not_the_dossiers(snapshot: Snapshot) -> None:
    (event,) = judged(snapshot, STEP, PROGRESS)
    assert stages([event]) == [("completed", "11-09 15:00")]
    assert event.procedure == rules.PROCEDURE_NOT_SAID
    assert event.quality == ("procedure_not_said",)
    assert (event.due_at, event.received_at, event.channel) == (None, None, "unknown")
    whole = told(snapshot)[0]
    assert (event.dossier_hi, event.agency) == (whole.dossier_hi, whole.agency)


@pytest.mark.parametrize(
    ("changes", "sender", "reason"),
    [
        ({"MaHoSo": ""}, "H29", "missing_field"),
        ({"MaTTHC": None}, "", "missing_field"),
        ({"TrangThaiHoSo": ""}, "", "missing_field"),
        ({"TrangThaiHoSo": "11"}, "", "bad_value"),
        ({"MaHoSo": "x" * 200}, "H29", "bad_value"),
        ({"MaHoSo": "HS-1"}, "", "missing_field"),
        ({"MaHoSo": "HS-1"}, "nobody", "bad_value"),
        ({"MaHoSo": "HS-1"}, "000.00.00.H63", "unknown_agency"),
        ({"MaHoSo": "G14-1-1"}, "", "unknown_agency"),
        ({"MaTTHC": "9.999999"}, "", "unknown_procedure"),
        ({"NgayTiepNhan": "20261332000000"}, "", "bad_date"),
        ({"NgayTiepNhan": "hôm qua"}, "", "bad_date"),
        ({"NgayTra": "20261123100001"}, "", "bad_date"),
        ({"NgayNopHoSo": "19991231000000"}, "", "bad_date"),
        ({"NgayTiepNhan": "20251001080000"}, "", "forged_time"),
        ({"DanhSachHoSoBoSung": "một"}, "", "bad_value"),
        ({"DanhSachHoSoBoSung": ["một"]}, "", "malformed"),
        ({"DanhSachHoSoBoSung": [{}] * 101}, "", "bad_value"),
        ({"KenhThucHien": {"ma": "2"}}, "", "bad_value"),
    ],
)
def test_what_cannot_count_is_refused_with_its_reason(
    snapshot: Snapshot, changes: dict[str, Any], sender: str, reason: str
) -> None:
    assert why(judged(snapshot, DOSSIER | changes, sender=sender)) == reason


def test_without_a_key_times_lie_in_the_late_window_and_with_one_they_need_not(
    snapshot: Snapshot,
) -> None:
    def at(instant: int) -> dict[str, Any]:
        text = f"{to_datetime(instant + 7 * 3_600_000_000):%Y%m%d%H%M%S}"
        return STEP | {"ThoiDiemXuLy": text}

    edge, beyond = at(NOW - LATE_WINDOW_US), at(NOW - LATE_WINDOW_US - DAY_US)
    assert isinstance(judged(snapshot, edge, PROGRESS), list)
    assert why(judged(snapshot, beyond, PROGRESS)) == "forged_time"
    (event,) = judged(snapshot, beyond, PROGRESS, trust="verified")
    assert event.trust == "verified"
    assert why(judged(snapshot, at(NOW + 2 * DAY_US), PROGRESS, trust="verified")) == "bad_date"


def test_nothing_personal_is_kept_of_what_counts_or_is_refused(snapshot: Snapshot) -> None:
    rows = [
        *told(snapshot),
        *judged(snapshot, STEP, PROGRESS),
        judged(snapshot, DOSSIER | {"TrangThaiHoSo": "Nguyễn Văn Thử 079012345678"}),
        judged(snapshot, STEP | {"TrangThai": "0912345678"}, PROGRESS),
    ]
    kept = msgspec.msgpack.encode(rows).decode("utf-8", "replace")
    personal = (
        "Nguy",
        "Trần",
        "079012345678",
        "0912345678",
        "example.vn",
        "Lê Lợi",
        "TechID",
        "0420",
    )
    assert [text for text in personal if text in kept] == []


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from([*DOSSIER, *STEP]), anything), anything)
def test_no_value_of_any_field_makes_it_raise(
    snapshot: Snapshot, changes: dict[str, Any], other: Any
) -> None:
    for service, base in ((SYNC, DOSSIER), (PROGRESS, STEP)):
        for item in (base | changes, changes, other):
            found = judged(snapshot, item, service)
            if isinstance(found, list):
                assert found
                assert all(event.status in set(Status) for event in found)
            msgspec.msgpack.encode(found)
            number_of(item)
