"""A planted person goes through every feed, accepted and refused; nothing of her is in the home."""

from __future__ import annotations

import json
import urllib.parse
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.run.planted import (
    ADDRESS,
    CCCD,
    CMND,
    DOSSIER,
    EMAIL,
    HOUSE,
    NAME,
    PHONE,
    TAX,
    found_in,
    traces,
)
from tests.run.test_one_stop import landed

KEPT = ("/gioi-thieu", "1.004194")
QUERY = {
    "hoTen": NAME, "cccd": CCCD, "sdt": PHONE, "email": EMAIL, "mst": TAX, "cmnd": CMND,
    "diaChi": HOUSE, "maHoSo": DOSSIER,
}  # fmt: skip
PATHS = (
    "/gioi-thieu",
    f"/ho-so/{DOSSIER}",
    f"/tra-cuu/{CCCD}/{PHONE}",
    f"/lien-he/{EMAIL}",
    f"/doanh-nghiep/{TAX}?page=1",
    f"/ho-ten/{urllib.parse.quote(NAME)}",
    f"/tra-cuu?q={urllib.parse.quote(NAME)}&page={PHONE}",
    "/goi/0912.345.678",
    f"/x#{urllib.parse.quote(NAME)}",
)
PACKET = {
    "MaHoSo": DOSSIER, "MaTTHC": "1.004194", "TenTTHC": "Đăng ký", "KenhThucHien": "2",
    "ChuHoSo": NAME, "SoGiayToChuHoSo": CCCD, "Email": EMAIL, "SoDienThoai": PHONE, "Fax": PHONE,
    "DinhDanhCHS": [{"LoaiDinhDanh": "1", "SoDinhDanh": CCCD}], "TrichYeuHoSo": f"Của {NAME}",
    "ThongTinKhac": EMAIL, "ThongTinTra": HOUSE, "GhiChu": PHONE, "NgayNopHoSo": "20261120080000",
    "NgayTiepNhan": "20261120090000", "TrangThaiHoSo": "2", "MaDoiTuong": CMND,
    "TaiLieuNop": [{"TenTepDinhKem": f"{NAME}.pdf", "DuongDanTaiTepTin": f"https://x/{CCCD}"}],
    "DanhSachHoSoBoSung": [{"NguoiYeuCauBoSung": NAME, "NgayBoSung": "20261121080000"}],
}  # fmt: skip


def record(**changed: object) -> dict[str, object]:
    return {
        "system": "H13-one_stop", "agency": "H13", "dossier": DOSSIER, "procedure": "1.004194",
        "status": "received", "event_time": "2026-11-20T08:00:00+07:00", "applicant": NAME,
        "phone": PHONE, "note": f"{CCCD} {EMAIL}", **changed,
    }  # fmt: skip


def track(client: httpx.Client) -> None:
    """Page views by every way of the Tracking API, for a known and an unknown site."""
    for site in ("227", "999"):
        for path in PATHS:
            url = f"https://cantho.gov.vn{path}{'&' if '?' in path else '?'}{urllib.parse.urlencode(QUERY)}"
            hit = {
                "idsite": site, "rec": "1", "url": url, "urlref": url, "uid": CCCD,
                "action_name": f"Hồ sơ của {NAME}", "cvar": json.dumps({"1": ["ten", NAME]}),
                "search": NAME, "download": url, "e_c": NAME, "e_n": PHONE, "dimension1": CCCD,
            }  # fmt: skip
            view = {name: hit[name] for name in ("idsite", "rec", "url", "urlref", "action_name")}
            client.get("/tracking", params=view, headers={"referer": url})
            client.get("/matomo.php", params=hit, headers={"referer": url})
            client.post("/piwik.php", data=hit)
            client.post("/tracking", params=view)
            client.post("/tracking", json={"requests": [urllib.parse.urlencode(hit), hit]})
        dvc = {"idsite": site, "rec": "1", "dvc": "1.004194", "dvc_state": "1"}
        client.get("/tracking", params=dvc | {"dvc_data": f"1;20112026;{NAME};{CCCD}"})
        client.get("/tracking", params=dvc | {"dvc": CCCD, "dvc_state": NAME})
    client.get("/tracking", params={"idsite": CCCD, "rec": "1", "url": EMAIL})
    client.get(f"/tracking?{urllib.parse.quote(NAME)}={PHONE}&token_auth={CCCD}&cip={ADDRESS}")


def tell_of_dossiers(client: httpx.Client, key: str) -> None:
    """Dossiers by every door, good and bad."""
    user = json.dumps({"ID_local": CCCD, "ID_QG": CMND, "TYPE": "2"})
    message = {
        "siteId": "101", "codeProfile": DOSSIER, "maHoSo": DOSSIER, "codeTTHC": "1.004194",
        "nameTTHC": f"Đăng ký cho {NAME}", "status": "1", "formsReception": "1", "data": EMAIL,
        "user": user,
    }  # fmt: skip
    for changed in (
        {}, {"siteId": "999"}, {"siteId": CCCD}, {"status": PHONE}, {"codeTTHC": NAME},
        {"formsReception": EMAIL}, {"level": CMND}, {"codeProfile": f"{NAME}\x00"},
    ):  # fmt: skip
        client.post("/TrackingMCDT", json=message | changed)
        client.post("/TrackingMCDT", data=message | changed)
    client.post("/TrackingMCDT", content=f"{NAME} {CCCD}".encode())
    for changed in ({}, {"MaTTHC": NAME}, {"TrangThaiHoSo": CCCD}, {"NgayTiepNhan": PHONE}):
        envelope = {"session": CCCD, "madonvi": "000.00.00.H13", "data": [PACKET | changed]}
        client.post("/dvcqg/DongBoHoSoMC", json=envelope)
        client.post("/dvcqg/DongBoHoSoMC", json=envelope | {"madonvi": NAME})
        step = {"MaHoSo": DOSSIER, "NguoiXuLy": NAME, "ChucDanh": NAME, "NoiDungXuLy": EMAIL}
        step |= {"ThoiDiemXuLy": "20261120100000", "TrangThai": "4"} | changed
        client.post("/dvcqg/CapNhatTienDoHoSoMC", json=envelope | {"data": [step]})
    bad = (
        {"procedure": NAME}, {"agency": CCCD}, {"status": EMAIL}, {"event_time": PHONE},
        {"system": NAME}, {"channel": CMND}, {"level": HOUSE}, {"dossier": f"{NAME}{CCCD}\x01"},
    )  # fmt: skip
    lines = "\n".join(json.dumps(record(**changed)) for changed in ({}, *bad)) + f"\n{NAME};{CCCD}"
    headers = {"authorization": f"Bearer {key}"}
    client.post("/v1/dossiers", content=lines, headers=headers)
    client.post("/v1/dossiers", content=lines, headers={"authorization": f"Bearer {CCCD}"})
    client.post(f"/TrackingMCDT?key={CCCD}", json=message)
    view = {"site_id": 227, "event_time": "2026-11-20T08:00:00+07:00", "visitor": CCCD}
    view |= {"url": f"https://x.vn/?{urllib.parse.urlencode(QUERY)}", "referrer": EMAIL}
    views = [view, view | {"site_id": CCCD}, view | {"event_time": NAME}, view | {"visitor": NAME}]
    client.post("/v1/page-views", json=views, headers=headers)


def files(folder: Path) -> dict[str, list[Path]]:
    """Files of every kind an operator imports, hers among them; import command → files."""
    (folder / "dossiers.csv").write_text(
        "system,agency,dossier,procedure,status,event_time,applicant\n"
        f"H13-one_stop,H13,{DOSSIER},1.004194,received,2026-11-19T08:00:00+07:00,{NAME}\n"
        f"H13-one_stop,H13,{DOSSIER},{NAME},received,2026-11-19T08:00:00+07:00,{NAME}\n"
        f"{NAME},{CCCD},{DOSSIER},1.004194,{EMAIL},{PHONE},{NAME}\n"
    )
    url = f"https://cantho.gov.vn/a?{urllib.parse.urlencode(QUERY)}"
    (folder / "views.csv").write_text(
        "site_id,event_time,visitor,url,referrer,user_agent\n"
        f'227,2026-11-19T08:00:00+07:00,{CCCD},"{url}","{url}",Mozilla/5.0\n'
        f'{PHONE},{NAME},{CCCD},"{url}","{url}",Mozilla/5.0\n'
    )
    query = urllib.parse.urlencode(QUERY)
    (folder / "access.log").write_text(
        f'{ADDRESS} - {CCCD} [19/Nov/2026:08:00:00 +0700] "GET /tra-cuu/{PHONE}?{query} HTTP/1.1" 200 9 '
        f'"https://x.vn/?{query}" "Mozilla/5.0 (Windows NT 10.0) Chrome/131.0"\n'
        f"{ADDRESS} {NAME} {CCCD} what is this\n"
    )
    return {
        "dossiers": [folder / "dossiers.csv"],
        "page-views": [folder / "views.csv"],
        "access-log": [folder / "access.log", Path("--site"), Path("227")],
    }


def test_nothing_of_a_planted_person_is_in_the_home(can_tho: Any, tmp_path: Path) -> None:
    can_tho.environment["THUOCDO_TRUSTED_PROXIES"] = "127.0.0.1"
    key = can_tho.run("key", "create", "Một cửa").stdout.split()[-1]
    with can_tho.role("collect"):
        with httpx.Client(
            base_url=can_tho.collector, headers={"x-forwarded-for": ADDRESS}, timeout=30
        ) as client:
            track(client)
            tell_of_dossiers(client, key)
        landed(can_tho)
    for command, paths in files(tmp_path).items():
        can_tho.run("import", command, *paths, check=False)
    can_tho.run("refresh")
    can_tho.run("report", "weekly", "2026-W47", "-o", str(can_tho.home / "out"), check=False)
    assert found_in(can_tho.home) == []
    received = can_tho.run("rejects", "list", "--format", "json").stdout
    assert not [trace for trace in traces() if trace in received.lower().encode()]
    counted = can_tho.figures("online_dossier_rate", "--period", "2026-01-01..2099-12-31")["H13"]
    assert counted["denominator"] >= 1
    visits = can_tho.figures("portal_visits", "--period", "2026-01-01..2099-12-31")["H13"]
    assert visits["numerator"] >= 1


@pytest.mark.parametrize("name", ["a.txt", "b.gz", "c.parquet"])
def test_the_search_would_find_her(tmp_path: Path, name: str) -> None:
    import gzip

    import pyarrow as pa
    import pyarrow.parquet as pq

    text = f"… {NAME} …"
    match name[0]:
        case "a":
            (tmp_path / name).write_text(text)
        case "b":
            (tmp_path / name).write_bytes(gzip.compress(text.encode()))
        case _:
            pq.write_table(pa.table({"x": [text] * 100}), tmp_path / name, compression="zstd")
    assert found_in(tmp_path)
