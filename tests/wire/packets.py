"""A packet of every field and a step, as a clerk writes them, and what they are judged to be."""

from __future__ import annotations

from typing import Any

from thuocdo.core.clock import parse_instant
from thuocdo.core.snapshot import Snapshot
from thuocdo.wire import dvcqg
from thuocdo.wire.dvcqg import SYNC
from thuocdo.wire.events import DossierEvent, Refused

SECRET = b"a secret for tests, long enough"


NOW = parse_instant("2026-11-21T10:00:00")


# every field of facts/emc.md 2C, with what a clerk would write into it
DOSSIER: dict[str, Any] = {
    "MaHoSo": "000.00.01.H29-261102-0420",
    "MaTTHC": "1.004194",
    "TenTTHC": "Đăng ký tạm trú",
    "MaLinhVuc": "G03-GD10",
    "TenLinhVuc": "Đăng ký, quản lý cư trú",
    "SoBienNhan": "BN-0420",
    "ChuHoSo": "Nguyễn Văn Thử",
    "SoGiayToChuHoSo": "079012345678",
    "Email": "nguyenvanthu@example.vn",
    "Fax": "02838123456",
    "SoDienThoai": "0912345678",
    "LoaiDoiTuong": "1",
    "MaDoiTuong": "TechID-5577",
    "DinhDanhCHS": [{"LoaiDinhDanh": "1", "SoDinhDanh": "079012345678"}],
    "ThongTinKhac": "nhà số 7 Lê Lợi",
    "TrichYeuHoSo": "Nguyễn Văn Thử xin đăng ký",
    "GhiChu": "gọi 0912345678",
    "ThongTinTra": "trả tận nhà",
    "NgayNopHoSo": "20261102073000",
    "NgayTiepNhan": "20261102080000",
    "NgayHenTra": "20261110170000",
    "NgayKetThucXuLy": "20261109150000",
    "NgayTra": "20261110090000",
    "NgayTuChoi": "",
    "TrangThaiHoSo": "10",
    "HinhThuc": "1",
    "KenhThucHien": "2",
    "NoiNopHoSo": "1",
    "HoSoCoThanhPhanSoHoa": "1",
    "TaiKhoanDuocXacThucVoiVNeID": "1",
    "DuocThanhToanTrucTuyen": "1",
    "DonViXuLy": "Công an phường",
    "TaiLieuNop": [{"TepDinhKemId": "1", "TenTepDinhKem": "cccd-thu.pdf", "DuocSoHoa": "1"}],
    "DanhSachLePhi": [{"TenPhiLePhi": "Lệ phí", "MaPhiLePhi": "LP1", "Gia": "15000"}],
    "DanhSachTepDinhKemKhac": [{"TenGiayTo": "Đơn", "SoLuong": "1", "LoaiGiayTo": "1"}],
    "DanhSachHoSoBoSung": [{"NguoiYeuCauBoSung": "Trần Thị Cán", "NgayBoSung": "20261104100000"}],
    "DanhSachGiayToKetQua": [{"TenGiayTo": "Kết quả", "GiayToId": "9"}],
    "DSKetNoiCSDL": [{"MaCSDL": "DC"}],
}


STEP = {
    "MaHoSo": DOSSIER["MaHoSo"],
    "NguoiXuLy": "Trần Thị Cán",
    "ChucDanh": "Chuyên viên",
    "ThoiDiemXuLy": "20261109150000",
    "PhongBanXuLy": "Phòng Cư trú",
    "NoiDungXuLy": "Nguyễn Văn Thử đã nộp đủ",
    "TrangThai": "9",
    "NgayBatDau": "20261103080000",
    "NgayKetThucTheoQuyDinh": "20261105170000",
}


def judged(
    snapshot: Snapshot, item: object = None, service: str = SYNC, sender: str = "", **more: Any
) -> list[DossierEvent] | Refused:
    return dvcqg.judge(
        service, DOSSIER if item is None else item, sender, snapshot, SECRET, NOW, **more
    )


def told(snapshot: Snapshot, **changes: Any) -> list[DossierEvent]:
    found = judged(snapshot, DOSSIER | changes)
    assert isinstance(found, list), found
    return found


def bare(**changes: Any) -> dict[str, Any]:
    """The least a packet says."""
    least = {"MaHoSo": DOSSIER["MaHoSo"], "MaTTHC": "1.004194", "TrangThaiHoSo": "4"}
    return least | changes


def why(found: list[DossierEvent] | Refused) -> str:
    assert isinstance(found, Refused), found
    return found.reason
