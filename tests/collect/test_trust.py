"""Who is believed, on a real collector: keys, signatures, networks, hosts, rates and receipts."""

from __future__ import annotations

import gzip
import hashlib
import json
import secrets
import time
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest

from thuocdo.collect.credentials import SCHEME, SIGNED_FOR_SECONDS, signed
from thuocdo.core.ids import key_hash, key_id, signing_key
from thuocdo.core.signing import PublicKey, payload_of
from thuocdo.core.snapshot import KeyEntry, ServiceEntry, SiteEntry, Snapshot
from thuocdo.core.vocabulary import RejectReason
from thuocdo.wire.events import DossierEvent, Hit, Refused

KEY = "key-of-h29-that-signs"
MESSAGE = {
    "siteId": "101", "codeProfile": "H29-1", "codeTTHC": "1.004194", "status": "1",
    "formsReception": "1",
}  # fmt: skip
RECORD = {
    "system": "H29-one_stop", "agency": "H29", "dossier": "H29-1", "procedure": "1.004194",
    "status": "received", "event_time": "2026-11-20T08:00:00+07:00",
}  # fmt: skip


def registry(secret: bytes, **asked: Any) -> Snapshot:
    """One portal and one one-stop system, which ask the same of their senders."""
    return Snapshot(
        made_at=1,
        sites=(
            SiteEntry(227, "H29-portal", "H29", "portal", ("hcm.gov.vn",), **asked),
            SiteEntry(101, "H29-one_stop", "H29", "one_stop", ("hcm.gov.vn",), **asked),
            SiteEntry(500, "H57-one_stop", "H57", "one_stop"),
        ),
        keys=(
            KeyEntry(
                key_hash(secret, KEY), "one-stop", agency="H29",
                key_id=key_id(KEY), signing=signing_key(KEY).hex(),
            ),
        ),
        agencies=("H29", "H57"),
        services=(ServiceEntry("H29", "1.004194", "full"),),
    )  # fmt: skip


@pytest.fixture
def collectors(serving: Callable[..., Any]) -> Callable[..., Any]:
    """A running collector for each set of things a site may ask."""
    return lambda **asked: serving(repr(asked), lambda secret: registry(secret, **asked))


def signature(path: str, body: bytes, *, at: float = 0, nonce: str = "", key: str = KEY) -> str:
    now = int(time.time() + at)
    nonce = nonce or secrets.token_urlsafe(18)
    value = signed(signing_key(key), "POST", path, now, nonce, body)
    return f"{SCHEME} Key={key_id(key)}, Time={now}, Nonce={nonce}, Signature={value}"


def post(url: str, body: bytes, authorization: str) -> httpx.Response:
    return httpx.post(url, content=body, headers={"authorization": authorization})


def test_a_signed_batch_is_taken_once_and_its_replay_is_not(collectors) -> None:
    one = collectors()
    time.sleep(1.1)  # a signature must be younger than the process
    body = json.dumps(RECORD).encode()
    header = signature("/v1/dossiers", body)
    first, again = (post(f"{one.url}/v1/dossiers", body, header) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 409)
    assert again.headers["x-thuocdo"] == RejectReason.REPLAYED
    event, replay = one.expect(2)
    assert isinstance(event, DossierEvent)
    assert event.trust == "verified"
    assert isinstance(replay, Refused)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: signature("/v1/dossiers", body + b" "),
        lambda body: signature("/v1/page-views", body),
        lambda body: signature("/v1/dossiers", body, at=-SIGNED_FOR_SECONDS - 5),
        lambda body: signature("/v1/dossiers", body, at=SIGNED_FOR_SECONDS + 5),
        lambda body: signature("/v1/dossiers", body, nonce="too-short"),
        lambda body: signature("/v1/dossiers", body, key="another key"),
        lambda body: signature("/v1/dossiers", body).replace("Signature=", "Signature=0"),
        lambda body: signature("/v1/dossiers", body).rpartition(",")[0],
    ],
    ids=["body", "path", "old", "future", "nonce", "key", "value", "no value"],
)
def test_a_signature_of_anything_else_opens_nothing(collectors, spoil) -> None:
    one = collectors()
    body = json.dumps(RECORD).encode()
    answer = post(f"{one.url}/v1/dossiers", body, spoil(body))
    assert (answer.status_code, answer.headers["x-thuocdo"]) == (401, RejectReason.BAD_KEY)
    (refused,) = one.expect(1)
    assert isinstance(refused, Refused)


def test_a_one_stop_message_with_a_key_in_its_address_is_verified(collectors) -> None:
    one = collectors()
    for query, trust in (("", "unverified"), (f"?key={KEY}", "verified")):
        one.forget()
        assert httpx.post(f"{one.url}/TrackingMCDT{query}", json=MESSAGE).status_code == 204
        (event,) = one.expect(1)
        assert isinstance(event, DossierEvent)
        assert event.trust == trust
    assert KEY.encode() not in one.bytes_on_disk()


def test_a_key_speaks_for_no_other_agencys_system(collectors) -> None:
    one = collectors()
    answer = httpx.post(f"{one.url}/TrackingMCDT?key={KEY}", json=MESSAGE | {"siteId": "500"})
    assert (answer.status_code, answer.headers["x-thuocdo"]) == (403, RejectReason.OUT_OF_SCOPE)
    answer = httpx.post(f"{one.url}/TrackingMCDT?key=guessed", json=MESSAGE)
    assert (answer.status_code, answer.headers["x-thuocdo"]) == (401, RejectReason.BAD_KEY)


def test_a_site_that_needs_a_key_takes_nothing_without(collectors) -> None:
    one = collectors(needs_key=True)
    messages = httpx.post(f"{one.url}/TrackingMCDT", json=MESSAGE)
    view = httpx.get(f"{one.url}/tracking?idsite=227&rec=1&url=https%3A%2F%2Fhcm.gov.vn%2F")
    keyed = httpx.post(f"{one.url}/TrackingMCDT?key={KEY}", json=MESSAGE)
    assert [each.status_code for each in (messages, view, keyed)] == [401, 401, 204]


def test_messages_from_outside_a_sites_networks_are_refused_whatever_they_show(collectors) -> None:
    inside, outside = collectors(networks=("127.0.0.0/8",)), collectors(networks=("10.0.0.0/8",))
    record = json.dumps(RECORD).encode()
    for one, status, verdict in ((inside, 204, "accepted"), (outside, 403, "rejected")):
        assert httpx.post(f"{one.url}/TrackingMCDT", json=MESSAGE).status_code == status
        answer = post(f"{one.url}/v1/dossiers", record, f"Bearer {KEY}").json()
        assert answer["verdicts"][0]["verdict"] == verdict
    assert answer["verdicts"][0]["reason"] == RejectReason.FOREIGN_NETWORK


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("https://hcm.gov.vn/a", 204),
        ("https://www.HCM.gov.vn:8443/a", 204),
        ("https://hcm.gov.vn.evil.example/a", 403),
        ("https://nothcm.gov.vn/", 403),
        ("https://hcm.gov.vn@evil.example/", 403),
        ("javascript:alert(1)", 403),
        ("", 403),
    ],
)
def test_a_site_that_names_its_hosts_takes_no_other_pages_views(
    collectors, address, status
) -> None:
    one = collectors(only_hosts=True)
    query = {"idsite": "227", "rec": "1", "send_image": "0", "url": address}
    assert httpx.get(f"{one.url}/tracking", params=query).status_code == status
    (hit,) = one.expect(1)
    assert isinstance(hit, Hit)
    assert hit.refused == ("" if status == 204 else RejectReason.FOREIGN_HOST)


def test_a_site_over_its_rate_is_told_to_wait_and_one_row_says_how_many(collectors) -> None:
    one = collectors(per_second=2)
    with httpx.Client() as client:
        answers = [
            client.get(f"{one.url}/tracking?idsite=227&rec=1&send_image=0&url=https://hcm.gov.vn/")
            for _ in range(30)
        ]
    taken = sum(answer.status_code == 204 for answer in answers)
    late = [answer for answer in answers if answer.status_code == 429]
    assert 10 <= taken <= 14
    assert len(late) == 30 - taken
    assert late[0].headers["retry-after"]
    deadline = time.monotonic() + 10
    while len(one.records()) == taken and time.monotonic() < deadline:
        time.sleep(0.1)
    told = [record for record in one.records() if isinstance(record, Refused)]
    assert [row.reason for row in told] == [RejectReason.TOO_MANY]
    assert f"{30 - taken} over" in told[0].detail


def test_a_receipt_can_be_checked_by_anybody_and_changed_by_nobody(collectors) -> None:
    one = collectors()
    bad = RECORD | {"status": "teleported"}
    body = gzip.compress("\n".join(map(json.dumps, (RECORD, bad))).encode())
    answer = httpx.post(
        f"{one.url}/v1/dossiers",
        content=body,
        headers={"authorization": f"Bearer {KEY}", "content-encoding": "gzip"},
    )
    (published,) = httpx.get(f"{one.url}/v1/receipts/keys").json()["keys"]
    public = msgspec.convert(published, PublicKey)
    said = answer.json()
    payload = payload_of(said["receipt"], public)
    assert payload is not None
    receipt = json.loads(payload)
    assert receipt["body_sha256"] == hashlib.sha256(body).hexdigest()
    assert (receipt["accepted"], receipt["rejected"]) == (1, 1)
    assert (receipt["key"], receipt["feed"]) == (key_id(KEY), "/v1/dossiers")
    verdicts = json.dumps(said["verdicts"], separators=(",", ":"), ensure_ascii=False).encode()
    assert receipt["verdicts_sha256"] == hashlib.sha256(verdicts).hexdigest()
    writer, number = receipt["segment"].split("/")
    assert [path.stem for path in one.wal.glob(f"{writer}/*{number}.*")]
    header, _, rest = said["receipt"].partition(".")
    assert payload_of(f"{header}.A{rest[1:]}", public) is None


def test_a_key_for_page_views_may_send_them_in_batches_too(serving) -> None:
    def made(secret: bytes) -> Snapshot:
        known = registry(secret)
        (key,) = known.keys
        return msgspec.structs.replace(
            known, keys=(msgspec.structs.replace(key, feeds=("tracking",)),)
        )

    one = serving("tracking key", made)
    view = {"site_id": 227, "event_time": "2026-11-20T08:00:00+07:00", "url": "https://x.vn/"}
    for path, record, status in (("page-views", view, 200), ("dossiers", RECORD, 403)):
        answer = post(f"{one.url}/v1/{path}", json.dumps(record).encode(), f"Bearer {KEY}")
        assert answer.status_code == status


@pytest.mark.parametrize("mark", ["", "&ua=Mozilla"], ids=["the short way", "the long way"])
def test_a_hit_counts_once_against_its_addresss_rate_whichever_way_it_goes(
    make_collector: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, mark: str
) -> None:
    monkeypatch.setenv("THUOCDO_ADDRESS_RATE", "2")
    monkeypatch.setenv("THUOCDO_TRUSTED_PROXIES", "127.0.0.1")
    one = make_collector()
    one.start()
    target = f"{one.url}/tracking?idsite=227&rec=1&send_image=0&url=https://hcm.gov.vn/{mark}"
    with httpx.Client(headers={"x-forwarded-for": "203.0.113.7"}) as client:
        answers = [client.get(target) for _ in range(30)]
    assert 10 <= sum(answer.status_code == 204 for answer in answers) <= 14
    late = [answer for answer in answers if answer.status_code == 429]
    assert late[0].headers["x-thuocdo"] == RejectReason.TOO_MANY
    assert "thuocdo_collect_throttled_total" in httpx.get(f"{one.url}/metrics").text
