"""The national portal's packets over real HTTP, through the lake, into figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from thuocdo.collect.dvcqg import ERROR_CODES
from thuocdo.core.clock import VIETNAM, now_us, to_datetime
from thuocdo.core.vocabulary import RejectReason
from thuocdo.lake.landing import Lander
from thuocdo.lake.store import Lake
from thuocdo.measure.engine.duckdb import DuckDBEngine
from thuocdo.measure.facts import dossiers
from thuocdo.wire.events import DossierEvent, Hit, Refused

SYNC = "/dvcqg/DongBoHoSoMC"
PROGRESS = "/dvcqg/CapNhatTienDoHoSoMC"
AUTHORIZED = {"authorization": "Bearer key-of-h29"}


def ago(days: float) -> str:
    moment = to_datetime(now_us()).astimezone(VIETNAM) - timedelta(days=days)
    return f"{moment:%Y%m%d%H%M%S}"


def dossier(number: int = 1, **changes: Any) -> dict[str, Any]:
    packet = {
        "MaHoSo": f"000.00.01.H29-261102-{number:04d}",
        "MaTTHC": "1.004194",
        "ChuHoSo": "Nguyễn Văn Thử",
        "SoDienThoai": "0912345678",
        "NgayTiepNhan": ago(10),
        "NgayHenTra": ago(3),
        "NgayKetThucXuLy": ago(4),
        "NgayTra": ago(2),
        "TrangThaiHoSo": "10",
        "KenhThucHien": "2",
    }
    return packet | changes


def step(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "MaHoSo": f"000.00.01.H29-261102-{number:04d}",
        "NguoiXuLy": "Trần Thị Cán",
        "ThoiDiemXuLy": ago(4),
        "TrangThai": "9",
    } | changes


def envelope(*items: Any, service: str = "DongBoHoSoMC") -> dict[str, Any]:
    return {
        "session": "token-of-the-portal",
        "madonvi": "000.00.00.H29",
        "service": service,
        "isUpdating": "False",
        "data": list(items),
    }


def test_a_packet_that_counts_is_answered_as_the_portal_does(collector: Any) -> None:
    answer = httpx.post(collector.url + SYNC, json=envelope(dossier()))
    assert answer.status_code == 200
    assert "x-thuocdo" not in answer.headers
    assert answer.json() == {
        "error_code": "00",
        "error_description": "Thành công",
        "result": [
            {
                "MaHoSo": "000.00.01.H29-261102-0001",
                "error_code": "00",
                "error_description": "Thành công",
            }
        ],
    }
    events = collector.expect(3)
    assert {event.status for event in events} == {"received", "completed", "returned"}
    assert {event.trust for event in events} == {"unverified"}


def test_the_variant_with_the_sender_in_the_query_is_taken(collector: Any) -> None:
    query = {"MaDinhDanhDV": "000.00.00.H29", "isUpdating": "True"}
    items = [dossier(1, MaHoSo="HS-1"), dossier(2)]
    answer = httpx.post(collector.url + SYNC, params=query, json=items)
    assert answer.json()["error_code"] == "00"
    assert {event.agency for event in collector.expect(6)} == {"H29", "H29.01"}
    answer = httpx.post(collector.url + PROGRESS, params=query, json=[step()])
    assert answer.json()["error_code"] == "00"


def test_of_several_each_has_its_own_answer(collector: Any) -> None:
    items = [dossier(1), dossier(2, MaTTHC="9.999999"), dossier(3, NgayTra=ago(900)), "?"]
    answer = httpx.post(collector.url + SYNC, json=envelope(*items))
    said = answer.json()
    assert (answer.status_code, answer.headers["x-thuocdo"]) == (200, "unknown_procedure")
    assert [one["error_code"] for one in said["result"]] == ["00", "07", "05", "01"]
    assert said["error_code"] == "07"
    assert "danh mục dịch vụ" in said["error_description"]
    rows = collector.expect(6)
    assert [type(row) for row in rows] == [DossierEvent] * 3 + [Refused] * 3
    assert {row.feed for row in rows} == {"dvcqg"}


def test_every_reason_has_a_code_of_its_own() -> None:
    assert set(ERROR_CODES) == set(RejectReason)
    assert len(set(ERROR_CODES.values()) - {"00"}) == len(ERROR_CODES)


def test_a_key_vouches_within_its_scope_and_a_bad_one_is_refused(collector: Any) -> None:
    def send(item: dict[str, Any], key: str) -> str:
        headers = {"authorization": f"Bearer {key}"}
        answer = httpx.post(collector.url + SYNC, json=envelope(item), headers=headers)
        assert answer.status_code == 200
        return str(answer.json()["error_code"])

    old = dossier(7, NgayTiepNhan=ago(900))
    assert send(old, "key-of-h29") == "00"
    assert {event.trust for event in collector.expect(3)} == {"verified"}
    assert send(dossier(8, MaHoSo="H57-1-1"), "key-of-h29") == "09"
    assert send(old, "wrong") == "08"
    assert send(old, "key-of-last-year") == "08"
    assert send(old, "key-for-page-views-only") == "09"


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"{", "01"), (b"[]", "02"), (b"x" * ((8 << 20) + 1), "10")],
)
def test_what_is_no_packet_is_said_so_and_kept(collector: Any, body: bytes, code: str) -> None:
    answer = httpx.post(collector.url + SYNC, content=body)
    assert (answer.status_code, answer.json()["error_code"]) == (200, code)
    assert answer.headers["x-thuocdo"]
    (row,) = collector.expect(1)
    assert isinstance(row, Refused)
    assert httpx.get(collector.url + SYNC).status_code == 405


def test_nothing_personal_of_a_packet_reaches_the_disk(collector: Any) -> None:
    named = {"TrangThaiHoSo": "Nguyễn Văn Thử", "MaTTHC": "079012345678"}
    httpx.post(collector.url + SYNC, json=envelope(dossier(1), dossier(2, **named)))
    bad = step(TrangThai="Trần Thị Cán 0912345678")
    httpx.post(collector.url + PROGRESS, json=envelope(step(), bad, service="CapNhatTienDoHoSoMC"))
    httpx.post(collector.url + SYNC, content=json.dumps(dossier()).encode()[:-1])
    collector.expect(7)
    kept = collector.bytes_on_disk()
    for personal in ("Nguy", "Trần", "079012345678", "0912345678", "261102-000", "token-of"):
        assert personal.encode() not in kept


def test_the_fold_sees_the_truth_and_a_step_never_hides_the_procedure(
    make_collector: Callable[..., Any],
) -> None:
    collector = make_collector()
    collector.start()
    first = step(1, TrangThai="2", ThoiDiemXuLy=ago(10))  # the very moment of the receipt
    received = first["ThoiDiemXuLy"]
    open_dossier = dossier(
        1, TrangThaiHoSo="4", NgayTiepNhan=received, NgayKetThucXuLy="", NgayTra=""
    )
    for path, item in (
        (PROGRESS, first),
        (SYNC, open_dossier),
        (SYNC, open_dossier),
        (PROGRESS, step(1)),
        (SYNC, dossier(2, NgayTiepNhan=received)),
        (PROGRESS, step(3)),
    ):
        answer = httpx.post(collector.url + path, json=envelope(item, service=path[7:]))
        assert answer.json()["error_code"] == "00", answer.text
    assert collector.stop() == 0
    with closing(DuckDBEngine(collector.home / "engine", memory_limit="1GiB")) as engine:
        lake = Lake.open(collector.settings)
        lake.create()
        landed = Lander(collector.settings, lake).land_once()
        assert landed.rejects == {}
        events = engine.hold(lake.read("dossier_events"))
        rows = engine.rows(dossiers.fold, events).to_pylist()
    by_procedure = sorted(
        (row["procedure"], row["outcome"], row["timeliness"], row["channel"]) for row in rows
    )
    assert by_procedure == [
        ("1.004194", "resolved", "early", "online"),
        ("1.004194", "resolved", "early", "online"),
        ("~unknown", "resolved", "no_due_date", None),
    ]
    assert sorted(str(row["flags"]) for row in rows)[-1] == "['procedure_not_said']"


def test_canonical_page_views_land_with_the_time_their_key_vouches_for(
    make_collector: Callable[..., Any],
) -> None:
    collector = make_collector()
    collector.start()
    url = collector.url + "/v1/page-views"
    record = {"site_id": 227, "event_time": "2026-01-20T08:00:00", "visitor": "someone"}
    sent = [
        record | {"url": "https://www.example.gov.vn/tin?id=1", "user_agent": "Mozilla/5.0"},
        record,
        record | {"site_id": 999},
        record | {"event_time": "1970-01-01"},
    ]
    lines = "\n".join(map(json.dumps, sent)).encode()
    assert httpx.post(url, content=lines).status_code == 401
    answer = httpx.post(url, content=lines, headers=AUTHORIZED)
    said = answer.json()
    assert (answer.status_code, said["accepted"], said["rejected"]) == (200, 2, 2)
    reasons = [verdict.get("reason") for verdict in said["verdicts"]]
    assert reasons == [None, None, "unknown_site", "bad_date"]
    assert collector.stop() == 0
    kinds = [type(row) for row in collector.records()]
    assert kinds == [Refused, Hit, Hit, Refused, Refused]
    lake = Lake.open(collector.settings)
    lake.create()
    Lander(collector.settings, lake).land_once()
    rows = lake.read("page_views").to_pylist()
    assert len(rows) == 2
    assert {row["day"].isoformat() for row in rows} == {"2026-01-20"}
    assert {row["trust"] for row in rows} == {"verified"}
    assert {row["bot"] for row in rows} == {None}
    assert {row["host"] for row in rows} == {"www.example.gov.vn", None}
    assert len({row["visitor"] for row in rows}) == 1


def test_a_proxy_of_ours_says_whose_view_it_was_and_others_do_not(
    make_collector: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THUOCDO_TRUSTED_PROXIES", "127.0.0.0/8, 10.0.0.0/8")
    collector = make_collector()
    collector.start()
    page = {"idsite": "227", "rec": "1", "url": "https://example.gov.vn/"}
    headers = [("x-forwarded-for", "1.1.1.1, 203.0.113.5"), ("x-forwarded-for", "10.0.0.2")]
    httpx.get(collector.url + "/tracking", params=page, headers=headers)
    assert msgspec.structs.asdict(collector.expect(1)[0])["address"] == "203.0.113.5"
