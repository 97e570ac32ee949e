"""Every door of the collector over real HTTP: what it answers, and what is on disk after."""

from __future__ import annotations

import gzip
import json
import socket
import time
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest
import zstandard

from thuocdo.collect import limits
from thuocdo.core import snapshot as snapshots
from thuocdo.core.snapshot import SiteEntry
from thuocdo.wire.events import DossierEvent, Hit, Refused
from thuocdo.wire.matomo import parse_hit

PAGE = {"idsite": "227", "rec": "1", "url": "https://example.gov.vn/"}
MESSAGE = {
    "siteId": 101,
    "codeProfile": "H29-221105-0007",
    "codeTTHC": "1.004194",
    "nameTTHC": "Đăng ký tạm trú",
    "status": 1,
    "formsReception": 1,
    "user": '{"ID_local":"079012345678"}',
}
RECORD = {
    "system": "H29-one_stop",
    "agency": "H29",
    "dossier": "H29-261120-0001",
    "procedure": "1.004194",
    "status": "completed",
    "event_time": "2026-01-20T08:00:00",
}
AUTHORIZED = {"authorization": "Bearer key-of-h29"}


def reason(answer: httpx.Response) -> str:
    return answer.headers.get("x-thuocdo", "")


def test_a_page_view_is_answered_in_the_manner_of_its_request(collector: Any) -> None:
    for path in ("/tracking", "/matomo.php", "/piwik.php"):
        image = httpx.get(collector.url + path, params=PAGE)
        assert (image.status_code, image.headers["content-type"]) == (200, "image/gif")
        assert (len(image.content), image.content[:6]) == (43, b"GIF89a")
    quiet = httpx.get(collector.url + "/tracking", params=PAGE | {"send_image": "0"})
    assert (quiet.status_code, quiet.content) == (204, b"")
    posted = httpx.post(collector.url + "/tracking", data=PAGE)
    assert posted.status_code == 204
    for answer in (image, quiet, posted):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cache-control"] == "no-store"
        assert "access-control-allow-credentials" not in answer.headers
    for hit in collector.expect(5):
        assert isinstance(hit, Hit)
        assert (hit.address, hit.refused, hit.trust) == ("127.0.0.1", "", "unverified")
        (view,) = parse_hit(hit)
        assert view.site_id == 227


def test_a_preflight_is_allowed(collector: Any) -> None:
    answer = httpx.options(collector.url + "/tracking")
    assert answer.status_code == 204
    assert "POST" in answer.headers["access-control-allow-methods"]


def test_a_hit_that_cannot_count_is_told_so_and_kept_with_its_reason(collector: Any) -> None:
    unknown = httpx.get(collector.url + "/tracking", params=PAGE | {"idsite": "999"})
    missing = httpx.get(collector.url + "/tracking", params={"rec": "1"})
    forged = httpx.get(collector.url + "/tracking", params=PAGE | {"cdt": "1700000000"})
    broken = httpx.post(collector.url + "/tracking", content=b'{"requests":["?idsite=227"')
    huge = httpx.post(collector.url + "/tracking", content=b"x" * (limits.MAX_HIT_BODY + 1))
    expected = ["unknown_site", "missing_field", "forged_time", "malformed", "too_large"]
    answers = [unknown, missing, forged, broken, huge]
    assert [reason(answer) for answer in answers] == expected
    assert [answer.status_code for answer in answers] == [400, 400, 400, 400, 413]
    assert [hit.refused for hit in collector.expect(5)] == expected


def test_nothing_personal_reaches_the_disk(collector: Any) -> None:
    person = "079012345678;Nguyễn Văn Thử"
    named = PAGE | {"uid": person, "dvc": "1.004194", "dvc_state": "1", "dvc_data": person}
    httpx.get(collector.url + "/tracking", params=named)
    httpx.post(collector.url + "/tracking", data=named)
    bulk = {"requests": [named, "?idsite=227&uid=079012345678"], "token_auth": "079012345678"}
    httpx.post(collector.url + "/tracking", json=bulk)
    post = httpx.Client(base_url=collector.url).post
    post("/TrackingMCDT", json=MESSAGE)
    post("/TrackingMCDT", json=MESSAGE | {"siteId": 999})
    post("/TrackingMCDT", content="&".join(f"{k}={v}" for k, v in MESSAGE.items()).encode())
    bad = RECORD | {"status": person, "applicant": person}
    post("/v1/dossiers", json=[RECORD, bad], headers=AUTHORIZED)
    post("/v1/dossiers", content=person.encode(), headers=AUTHORIZED)
    collector.expect(9)
    kept = collector.bytes_on_disk()
    for personal in ("079012345678", "Nguy", "ID_local", "221105-0007", "261120-0001", "tạm trú"):
        assert personal.encode() not in kept


def test_a_one_stop_message_is_answered_204_and_is_an_event(collector: Any) -> None:
    unencoded = "&".join(f"{name}={value}" for name, value in MESSAGE.items()).encode()
    form = {"content-type": "application/x-www-form-urlencoded"}
    answers = [
        httpx.post(collector.url + "/TrackingMCDT", json=MESSAGE),
        httpx.post(collector.url + "/TrackingMCDT", data=MESSAGE),
        httpx.post(collector.url + "/TrackingMCDT", content=unencoded, headers=form),
    ]
    assert [answer.status_code for answer in answers] == [204, 204, 204]
    events = collector.expect(3)
    assert all(isinstance(event, DossierEvent) for event in events)
    assert len({(event.dossier_hi, event.dossier_lo) for event in events}) == 1


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        (json.dumps(MESSAGE | {"siteId": 999}), 400, "unknown_site"),
        (json.dumps(MESSAGE | {"codeTTHC": "9.999999"}), 400, "unknown_procedure"),
        (json.dumps(MESSAGE | {"status": -1}), 400, "bad_value"),
        ("{", 400, "malformed"),
        ("siteId=101&codeProfile=" + "9" * limits.MAX_MESSAGE, 413, "too_large"),
    ],
)
def test_a_bad_message_is_refused_in_words_and_kept(
    collector: Any, body: str, status: int, why: str
) -> None:
    answer = httpx.post(collector.url + "/TrackingMCDT", content=body)
    assert (answer.status_code, reason(answer)) == (status, why)
    said = answer.json()
    assert said["error"] == why
    assert said["message"]
    (row,) = collector.expect(1)
    assert isinstance(row, Refused)
    assert (row.reason, row.feed) == (why, "mcdt")


@pytest.mark.parametrize("packed", ["identity", "gzip", "zstd"])
def test_a_batch_has_a_verdict_for_every_record(collector: Any, packed: str) -> None:
    lines = [RECORD, RECORD | {"event_time": "1970-01-01"}, RECORD | {"agency": "H57"}]
    body = "\n".join(json.dumps(line) for line in lines).encode()
    sent = {"gzip": gzip.compress, "zstd": zstandard.compress}.get(packed, lambda data: data)(body)
    answer = httpx.post(
        collector.url + "/v1/dossiers",
        content=sent,
        headers=AUTHORIZED | {"content-encoding": packed},
    )
    assert answer.status_code == 200
    said = answer.json()
    assert (said["accepted"], said["rejected"]) == (1, 2)
    assert [verdict["line"] for verdict in said["verdicts"]] == [1, 2, 3]
    assert said["verdicts"][0] == {"line": 1, "verdict": "accepted"}
    assert [verdict.get("reason") for verdict in said["verdicts"]] == [
        None,
        "bad_date",
        "out_of_scope",
    ]
    event, *refused = collector.expect(3)
    assert isinstance(event, DossierEvent)
    assert (event.feed, event.trust) == ("canonical", "verified")
    assert [row.reason for row in refused] == ["bad_date", "out_of_scope"]


def test_a_batch_that_cannot_be_taken_is_refused_as_a_whole_and_kept(collector: Any) -> None:
    def send(content: bytes, **headers: str) -> tuple[int, str]:
        packed = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = httpx.post(
            collector.url + "/v1/dossiers", content=content, headers=AUTHORIZED | packed
        )
        return answer.status_code, reason(answer)

    record = json.dumps(RECORD).encode()
    truncated = gzip.compress(record * 50)[:-9]
    bomb = gzip.compress(bytes(limits.MAX_INFLATED + 1))
    many = b"{}\n" * (limits.MAX_RECORDS + 1)
    assert send(record, authorization="Bearer wrong") == (401, "bad_key")
    assert send(record, authorization="") == (401, "bad_key")
    assert send(record, authorization="Bearer key-of-last-year") == (401, "bad_key")
    assert send(record, authorization="Bearer key-for-page-views-only") == (403, "out_of_scope")
    assert send(truncated, content_encoding="gzip") == (400, "bad_encoding")
    assert send(b"not gzip", content_encoding="gzip") == (400, "bad_encoding")
    assert send(zstandard.compress(record)[:-3], content_encoding="zstd") == (400, "bad_encoding")
    assert send(record, content_encoding="br") == (400, "bad_encoding")
    assert send(bomb, content_encoding="gzip") == (413, "too_large")
    assert send(zstandard.compress(bytes(limits.MAX_INFLATED + 1)), content_encoding="zstd") == (
        413,
        "too_large",
    )
    assert send(b"x" * (limits.MAX_BATCH + 1)) == (413, "too_large")
    assert send(many) == (413, "too_large")
    rows = collector.expect(12)
    assert all(isinstance(row, Refused) for row in rows)
    assert {row.trust for row in rows[:4]} == {"unverified"}


def test_a_batch_of_which_nothing_counts_is_no_success(collector: Any) -> None:
    answer = httpx.post(collector.url + "/v1/dossiers", content=b"{}\n[", headers=AUTHORIZED)
    assert answer.status_code == 422
    assert [verdict["reason"] for verdict in answer.json()["verdicts"]] == [
        "missing_field",
        "malformed",
    ]


def test_unknown_paths_and_methods_are_said_to_be_so(collector: Any) -> None:
    assert httpx.get(collector.url + "/noop").status_code == 404
    assert httpx.get(collector.url + "/").status_code == 404
    for method, path, allowed in (
        ("PUT", "/tracking", "GET, POST, OPTIONS"),
        ("GET", "/TrackingMCDT", "POST"),
        ("DELETE", "/v1/dossiers", "POST"),
        ("POST", "/health", "GET, HEAD"),
    ):
        answer = httpx.request(method, collector.url + path)
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


def test_strange_bytes_are_never_a_server_error(collector: Any) -> None:
    requests = (
        b"GET /tracking?idsite=227&url=\xff\xfe%ff%zz HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET /tracking?idsite=227 HTTP/1.1\r\nhost: x\r\nuser-agent: \xff\xc3\xa9\r\n\r\n",
        b"GET /tracking?idsite=227 HTTP/1.1\r\nhost: x\r\nreferer: \xff\r\n\r\n",
        b"POST /TrackingMCDT HTTP/1.1\r\nhost: x\r\ncontent-type: \xff\r\ncontent-length: 2\r\n\r\n{}",
        b"POST /v1/dossiers HTTP/1.1\r\nhost: x\r\nauthorization: \xff\r\ncontent-length: 0\r\n\r\n",
        b"POST /tracking?idsite=227 HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n\xff\xfe\x00",
    )
    for request in requests:
        with socket.create_connection(("127.0.0.1", collector.port), timeout=5) as connection:
            connection.sendall(request)
            status = connection.recv(4096).split(b" ", 2)[1]
            assert status[:1] in (b"2", b"4"), request


def test_health_ready_and_metrics_answer(collector: Any) -> None:
    httpx.get(collector.url + "/tracking", params=PAGE)
    httpx.get(collector.url + "/tracking", params=PAGE | {"idsite": "999"})
    assert httpx.get(collector.url + "/health").json() == {"status": "ok", "role": "collect"}
    assert httpx.get(collector.url + "/ready").status_code == 200
    metrics = httpx.get(collector.url + "/metrics").text
    assert 'thuocdo_collect_events_total{feed="tracking",outcome="accepted"' in metrics
    assert 'thuocdo_collect_events_total{feed="tracking",outcome="unknown_site"' in metrics


def test_the_tracker_is_cached_and_compressed(collector: Any) -> None:
    url = collector.url + "/embed/gov-tracking.min.js"
    answer = httpx.get(url)
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["content-encoding"] == "gzip"
    assert "max-age" in answer.headers["cache-control"]
    plain = httpx.get(url, headers={"accept-encoding": "identity"})
    assert plain.content == answer.content
    again = httpx.get(url, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_new_snapshot_is_taken_over_and_a_broken_one_is_not(
    make_collector: Callable[..., Any],
) -> None:
    collector = make_collector()
    collector.start()

    def status() -> int:
        return httpx.get(collector.url + "/tracking", params=PAGE | {"idsite": "4064"}).status_code

    def within_seconds(expected: int) -> bool:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if status() == expected:
                return True
            time.sleep(0.1)
        return False

    assert status() == 400
    site = SiteEntry(4064, "H29-portal", "H29", "portal")
    old = snapshots.read(collector.settings.snapshot_path)
    collector.publish(msgspec.structs.replace(old, sites=(*old.sites, site)))
    assert within_seconds(200)
    collector.settings.snapshot_path.write_bytes(b"not a snapshot")
    time.sleep(1.5)
    assert status() == 200


def test_two_workers_share_the_port_and_own_a_log_each(
    make_collector: Callable[..., Any],
) -> None:
    collector = make_collector(workers=2)
    collector.start()
    for _ in range(40):
        assert httpx.get(collector.url + "/tracking", params=PAGE).status_code == 200
    assert collector.stop() == 0
    assert len(collector.records()) == 40
    assert len([path for path in collector.wal.iterdir() if path.is_dir()]) == 2
    assert not list(collector.wal.rglob("*.open"))
