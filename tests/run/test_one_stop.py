"""The messages of both known one-stop clients move a dossier; twice and out of order change nothing."""

from __future__ import annotations

import itertools
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

THIS_YEAR = ("--period", "2026-01-01..2099-12-31")


def send(url: str, body: bytes, content_type: str, **headers: str) -> tuple[int, str, str]:
    """(status, X-Thuocdo header, body) of a POST."""
    request = urllib.request.Request(
        url,
        body,
        {"Content-Type": content_type} | {k.replace("_", "-"): v for k, v in headers.items()},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers.get("X-Thuocdo", ""), answer.read().decode()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.headers.get("X-Thuocdo", ""), refusal.read().decode()


def open_cps(number: str, status: int) -> dict[str, str]:
    """OpenCPS, release-candidate 3.x (facts/emc.md 1C, client 1)."""
    return {
        "siteId": "101",
        "codeProfile": number,
        "codeTTHC": "1.004194.000.00.00.H13",
        "nameTTHC": "Đăng ký tạm trú",
        "status": str(status),
        "formsReception": "1",
        "formsPayments": "2",
        "level": "3",
        "isFromDVCQG": "0",
        "isDVCBC": "0",
        "data": "",
    }


def encoded(message: dict[str, str]) -> tuple[bytes, str]:
    return urllib.parse.urlencode(message).encode(), "application/x-www-form-urlencoded"


def unencoded(message: dict[str, str]) -> tuple[bytes, str]:
    """Client 1 in rc-3.0 joins key=value without encoding; the name holds spaces and an ampersand."""
    message = message | {"nameTTHC": "Đăng ký kinh doanh & cấp phép = một lần"}
    body = "&".join(f"{key}={value}" for key, value in message.items())
    return body.encode(), "application/x-www-form-urlencoded"


def tan_dan(number: str, status: int) -> tuple[bytes, str]:
    """The C# client: JSON, camelCase, an identity number in `user`."""
    message = {
        "siteId": 101,
        "codeProfile": number,
        "maHoSo": number,
        "codeTTHC": "1.000110",
        "nameTTHC": "Chứng thực bản sao",
        "status": str(status),
        "formsReception": "2",
        "formsPayments": "0",
        "level": "4",
        "isFromDVCQG": "0",
        "isDVCBC": "0",
        "user": json.dumps({"ID_local": "079012345678", "ID_QG": "079012345678", "TYPE": "2"}),
    }
    return json.dumps(message).encode(), "application/json; charset=utf-8"


@pytest.fixture
def receiving(can_tho: Any) -> Iterator[Any]:
    with can_tho.role("collect"):
        yield can_tho


def landed(instance: Any) -> None:
    """Wait for the segment to be sealed, then land it."""
    deadline = time.monotonic() + 10
    while list((instance.home / "wal").glob("*/*.open")) and time.monotonic() < deadline:
        time.sleep(0.1)
    instance.run("refresh")


def online_rate(instance: Any) -> tuple[int, int]:
    row = instance.figures("online_dossier_rate", *THIS_YEAR)["H13"]
    return row["numerator"], row["denominator"]


def resolved(instance: Any) -> int:
    row = instance.figures("online_dossier_rate", *THIS_YEAR, "--version", "2022-05")["H13"]
    return row["denominator"]


def test_all_three_body_forms_move_dossiers_through_their_states(receiving: Any) -> None:
    url = f"{receiving.collector}/TrackingMCDT"
    for status in (1, 4, 2):
        for body in (
            encoded(open_cps("CT-1", status)),
            unencoded(open_cps("CT-2", status)),
            tan_dan("CT-3", status),
        ):
            assert send(url, *body)[0] == 204
    landed(receiving)
    assert online_rate(receiving) == (2, 3)
    assert resolved(receiving) == 0
    for body in (
        encoded(open_cps("CT-1", 3)),
        unencoded(open_cps("CT-2", 3)),
        tan_dan("CT-3", 3),
    ):
        assert send(url, *body)[0] == 204
    landed(receiving)
    assert resolved(receiving) == 3


def test_sent_twice_and_out_of_order_they_change_nothing(receiving: Any) -> None:
    url = f"{receiving.collector}/TrackingMCDT"
    for order in itertools.permutations((1, 2, 3)):
        number = f"CT-{''.join(map(str, order))}"
        for status in (*order, *order):
            assert send(url, *unencoded(open_cps(number, status)))[0] == 204
    landed(receiving)
    assert online_rate(receiving) == (6, 6)
    assert resolved(receiving) == 6


def test_no_personal_data_reaches_the_disk(receiving: Any) -> None:
    assert send(f"{receiving.collector}/TrackingMCDT", *tan_dan("CT-9", 1))[0] == 204
    landed(receiving)
    for path in receiving.home.rglob("*"):
        if path.is_file():
            assert b"079012345678" not in path.read_bytes(), path


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"siteId": "999999"}, "unknown_site"),
        ({"siteId": "x"}, "bad_value"),
        ({"siteId": "-5"}, "bad_value"),
        ({"codeTTHC": "9.999999"}, "unknown_procedure"),
        ({"codeProfile": ""}, "missing_field"),
        ({"status": "77"}, "bad_value"),
    ],
)
def test_a_bad_message_is_answered_clearly_and_kept_as_a_reject(
    receiving: Any, changes: dict[str, str], reason: str
) -> None:
    url = f"{receiving.collector}/TrackingMCDT"
    status, said, _ = send(url, *encoded(open_cps("CT-1", 1) | changes))
    assert 400 <= status < 500
    assert reason in said
    landed(receiving)
    assert rejects(receiving) == [reason]


def rejects(instance: Any) -> list[str]:
    import duckdb
    from deltalake import DeltaTable

    files = DeltaTable(instance.home / "lake" / "rejects").file_uris()
    if not files:
        return []
    rows = duckdb.execute("select reason from read_parquet(?)", [files]).fetchall()
    return sorted(reason for (reason,) in rows)


RECORD = {
    "system": "H13-one_stop",
    "agency": "H13",
    "dossier": "K-1",
    "procedure": "1.004194",
    "status": "received",
    "event_time": "2026-03-02T09:00:00+07:00",
    "channel": "online",
}


def post(instance: Any, body: bytes, **headers: str) -> tuple[int, str, str]:
    return send(f"{instance.collector}/v1/dossiers", body, "application/x-ndjson", **headers)


def test_a_keyed_batch_is_counted_as_verified(receiving: Any) -> None:
    key = receiving.run("key", "create", "Cần Thơ", "--agency", "H13").stdout.strip()
    time.sleep(2)  # the collector looks at the registry's snapshot once a second
    lines = [RECORD, RECORD | {"dossier": "K-2", "channel": "counter"}]
    body = "\n".join(json.dumps(line) for line in lines).encode()
    status, _, said = post(receiving, body, Authorization=f"Bearer {key}")
    assert status == 200
    assert json.loads(said)["accepted"] == 2
    landed(receiving)
    row = receiving.figures("online_dossier_rate", *THIS_YEAR[:1], "2026-03", "--trust", "verified")
    assert (row["H13"]["numerator"], row["H13"]["denominator"]) == (1, 2)


def test_a_wrong_key_is_refused_and_recorded(receiving: Any) -> None:
    body = json.dumps(RECORD).encode()
    status, said, _ = post(receiving, body, Authorization="Bearer nonsense")
    assert (status, said.split(";")[0].split(":")[0]) == (401, "bad_key")
    landed(receiving)
    assert rejects(receiving) == ["bad_key"]


def test_a_truncated_gzip_is_refused_and_recorded(receiving: Any) -> None:
    import gzip

    key = receiving.run("key", "create", "Cần Thơ").stdout.strip()
    time.sleep(2)
    body = gzip.compress(json.dumps(RECORD).encode())[:-12]
    status, said, _ = post(receiving, body, Authorization=f"Bearer {key}", Content_Encoding="gzip")
    assert status == 400
    assert "bad_encoding" in said
    landed(receiving)
    assert rejects(receiving) == ["bad_encoding"]
