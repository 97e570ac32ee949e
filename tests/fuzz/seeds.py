"""What really comes in by each door: where a fuzzer begins."""

from __future__ import annotations

import gzip
import json
from urllib.parse import quote, urlencode

import zstandard

from thuocdo.collect.credentials import SCHEME
from thuocdo.wal import frame

_VIEW = urlencode(
    {
        "idsite": 227, "rec": 1, "url": "https://hcm.gov.vn/tin?id=7", "urlref": "https://google.com/",
        "_id": "0123456789abcdef", "pv_id": "aB3xYz", "cdt": "2026-11-21 08:00:00", "token_auth": "k",
        "pf_srv": 180, "pf_dm1": 310, "rand": 1, "uadata": "{}", "cip": "203.0.113.9",
    }
).encode()  # fmt: skip
_MESSAGE = {
    "siteId": "101", "codeProfile": "H29-1", "codeTTHC": "1.004194.000.00.00.H29",
    "nameTTHC": "Đăng ký & cấp = một lần", "status": "1", "formsReception": "1", "formsPayments": "2",
    "level": "3", "isFromDVCQG": "0", "isDVCBC": "0", "data": "", "user": '{"ID_local":"1"}',
}  # fmt: skip
_PACKET = {
    "session": "s", "madonvi": "000.00.00.H29", "service": "DongBoHoSoMC", "isUpdating": False,
    "data": [
        {
            "MaHoSo": "H29-1", "MaTTHC": "1.004194", "TrangThaiHoSo": "10", "KenhThucHien": "2",
            "NgayTiepNhan": "20261101080000", "NgayHenTra": "20261110170000", "NgayTra": "20261105080000",
            "DanhSachHoSoBoSung": [{"NgayBoSung": "20261102080000"}], "HinhThuc": "1", "MucDo": "4",
        },
        {"MaHoSo": "H29-2", "ThoiDiemXuLy": "20261102080000", "TrangThai": "4"},
    ],
}  # fmt: skip
_RECORD = {
    "system": "H29-one_stop", "agency": "H29", "dossier": "H29-1", "procedure": "1.004194",
    "status": "received", "event_time": "2026-11-20T08:00:00+07:00", "level": "full", "digitised": True,
}  # fmt: skip
_PAGE = {
    "site_id": 7, "event_time": "2026-11-20T08:00:00Z", "visitor": "0123456789abcdef",
    "url": "https://hcm.gov.vn/", "referrer": "https://x.vn/", "user_agent": "Mozilla/5.0",
}  # fmt: skip
_COMBINED = b'203.0.113.7 - - [30/Apr/2022:12:00:00 +0700] "GET /a?b=1 HTTP/1.1" 200 9 "https://x.vn/" "Mozilla/5.0"'
_IIS = (
    b"#Fields: date time cs-method cs-uri-stem cs-uri-query c-ip cs(User-Agent) cs(Referer) sc-status\n"
    b"2022-04-30 05:00:00 GET /a b=1 203.0.113.7 Mozilla/5.0+(X) - 200"
)
_EDGE = (
    b"#Fields: date time x-edge-location c-ip cs-method cs(Host) cs-uri-stem sc-status cs(User-Agent)\n"
    b"2022-04-30\t05:00:00\tSGN\t203.0.113.7\tGET\tx.vn\t/a\t200\tMozilla%2F5.0"
)
_NGINX = json.dumps(
    {
        "time_iso8601": "2022-04-30T12:00:00+07:00", "remote_addr": "203.0.113.7", "status": 200,
        "request": "GET /a HTTP/1.1", "http_user_agent": "Mozilla/5.0", "http_referer": "-",
    }
).encode()  # fmt: skip
_SIGNED = (
    f"{SCHEME} Key=0123456789ab, Time=1795309200, Nonce=0123456789abcdef, Signature={'a' * 64}"
)
_WORDS = b"\n".join(
    (
        b"2026-11-20T08:00:00,5+07:00", b"20261120080000", b"2026-02-29", b"1.004194.000.00.00.H29",
        b"000.00.01.H29", b"H29.01", b"079190012345", "Nguyễn Văn A".encode(), b"a.b.c",
    )
)  # fmt: skip
_URL = b"https://user@hcm.gov.vn:8443/ho-so/000.00.01.H29-261120-0077/079190012345?ma_thu_tuc=1.004194&email=a%40b.vn#x"

SEEDS: dict[str, list[bytes]] = {
    "tracking_query": [_VIEW, b"?" + _VIEW, b"idsite=7&rec=1&dvc=1.004194&dvc_state=1", b"ping=1&" + _VIEW],
    "tracking_form": [b"\x00\x00" + _VIEW, b"idsite=7\x00\x00rec=1&url=" + quote(_URL).encode()],
    "tracking_judge": [_VIEW, b"idsite=7\x00\x00" + _VIEW],
    "tracking_bulk": [
        json.dumps({"requests": ["?" + _VIEW.decode(), {"idsite": 7, "rec": 1}], "token_auth": "k"}).encode()
    ],
    "one_stop_message": [
        json.dumps(_MESSAGE).encode(), urlencode(_MESSAGE).encode(),
        "&".join(f"{key}={value}" for key, value in _MESSAGE.items()).encode(),
    ],
    "national_packet": [json.dumps(_PACKET).encode(), json.dumps(_PACKET["data"]).encode()],
    "canonical_batch": [
        json.dumps(_RECORD).encode() * 1, (json.dumps(_RECORD) + "\n").encode() * 3,
        json.dumps([_RECORD, _RECORD | {"level": 4}]).encode(),
    ],
    "page_view_batch": [json.dumps(_PAGE).encode(), json.dumps([_PAGE, {}]).encode()],
    "access_log_line": [_COMBINED, _COMBINED.rpartition(b' "https')[0], _IIS, _EDGE, _NGINX],
    "log_segment": [frame.encode(1_795_309_200_000_000, [b"a", b"bc" * 40]) * 2],
    "compressed_body": [gzip.compress(_VIEW), zstandard.compress(_VIEW), gzip.compress(b"a") * 2],
    "credential": [_SIGNED.encode(), b"Bearer key-of-h29", b"\x00\x00a=1&key=k%261"],
    "forwarded_address": [b"203.0.113.7, 127.0.0.1", b"[2001:db8::1]:80, ::ffff:10.0.0.1\n127.0.0.1"],
    "values": _WORDS.split(b"\n"),
    "address_and_agent": [_URL, b"Mozilla/5.0 (Windows NT 10.0) HeadlessChrome/131.0", b"/goi/0912.345.678"],
    "refused_payload": [
        b'{"received":"1795309200000000","number_key":"00112233445566778899aabbccddeeff","codeTTHC":"1.004194"}'
    ],
}  # fmt: skip
