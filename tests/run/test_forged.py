"""What nobody vouches for changes no verified figure: forged, back-dated, replayed, across sites."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.run.test_one_stop import landed

from thuocdo.collect.credentials import SCHEME, signed
from thuocdo.core import settings
from thuocdo.core.clock import Period
from thuocdo.core.ids import key_id, signing_key
from thuocdo.measure.service import Measure

EVER = Period(date(2026, 1, 1), date(2099, 12, 31))
FIGURES = (
    "portal_visits",
    "online_dossier_rate",
    "services_with_online_dossiers",
    "full_online_rate",
)
OTHER_SITES = [{"site_id": 300, "agency": "H26", "kind": "portal", "name": "Cổng TTĐT Hà Nội"}]
BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36"
)
YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).replace(microsecond=0)
MESSAGE = {
    "siteId": "101", "codeProfile": "CT-1", "codeTTHC": "1.004194", "status": "3",
    "formsReception": "2", "level": "4",
}  # fmt: skip
VIEW = {
    "site_id": 227,
    "event_time": YESTERDAY.isoformat(),
    "visitor": "a" * 16,
    "url": "https://x.vn/",
}


def record(number: int, **changed: object) -> dict[str, object]:
    return {
        "system": "H13-one_stop", "agency": "H13", "dossier": f"CT-{number}", "procedure": "1.004194",
        "status": "received", "event_time": YESTERDAY.isoformat(), "channel": "online", **changed,
    }  # fmt: skip


class Sender:
    """One who may send for Cần Thơ, and what travelled when it did."""

    def __init__(self, instance: Any) -> None:
        self.url = instance.collector
        self.key = instance.run("key", "create", "Cần Thơ", "--agency", "H13").stdout.split()[-1]
        self.other = instance.run("key", "create", "Hà Nội", "--agency", "H26").stdout.split()[-1]
        self.dossiers = "\n".join(json.dumps(record(number)) for number in range(5)).encode()
        self.views = json.dumps([VIEW, VIEW | {"visitor": "b" * 16}]).encode()
        self.signature = ""

    def honest(self) -> None:
        self.signature = self.sign("/v1/dossiers", self.dossiers)
        assert self.post("/v1/dossiers", self.dossiers, self.signature).status_code == 200
        assert self.post("/v1/page-views", self.views, f"Bearer {self.key}").status_code == 200

    def sign(self, path: str, body: bytes, *, ago: int = 0) -> str:
        now, nonce = int(time.time()) - ago, secrets.token_urlsafe(18)
        value = signed(signing_key(self.key), "POST", path, now, nonce, body)
        return f"{SCHEME} Key={key_id(self.key)}, Time={now}, Nonce={nonce}, Signature={value}"

    def post(self, path: str, body: bytes, authorization: str) -> httpx.Response:
        headers = {"authorization": authorization} if authorization else {}
        return httpx.post(self.url + path, content=body, headers=headers)


def forge_views(sender: Sender) -> None:
    for number in range(20):
        hit = {"idsite": 227, "rec": 1, "url": f"https://x.vn/{number}", "_id": f"{number:016x}"}
        headers = {"user-agent": BROWSER}
        answer = httpx.get(f"{sender.url}/tracking", params=hit, headers=headers)
        assert answer.status_code == 200


def back_date_views(sender: Sender) -> None:
    hit = {"idsite": 227, "rec": 1, "url": "https://x.vn/", "cdt": int(YESTERDAY.timestamp())}
    for token in ({}, {"token_auth": "guessed"}, {"token_auth": sender.other}):
        answer = httpx.get(f"{sender.url}/tracking", params=hit | token)
        assert answer.status_code in (400, 401, 403), answer.headers


def send_views_for_another_site(sender: Sender) -> None:
    answer = sender.post("/v1/page-views", sender.views, f"Bearer {sender.other}")
    assert answer.json()["accepted"] == 0
    bulk = {
        "requests": ["?idsite=227&rec=1&url=https://x.vn/forged", "?idsite=300&rec=1&url=https://y.vn/"],
        "token_auth": sender.other,
    }  # fmt: skip
    assert httpx.post(f"{sender.url}/matomo.php", json=bulk).json()["invalid"] == 1


def replay_views(sender: Sender) -> None:
    """The very batch again, cut and ordered otherwise, by who may send it."""
    again = list(reversed(json.loads(sender.views)))
    for views in (again, again[:1], again[1:]):
        body = json.dumps(views).encode()
        assert sender.post("/v1/page-views", body, f"Bearer {sender.key}").status_code == 200


def tell_of_dossiers_without_a_key(sender: Sender) -> None:
    for number in range(9):
        for status in ("1", "3"):
            message = MESSAGE | {"codeProfile": f"CT-{number}", "status": status}
            assert httpx.post(f"{sender.url}/TrackingMCDT", json=message).status_code == 204
    packet = {"MaHoSo": "CT-2", "MaTTHC": "1.004194", "TrangThaiHoSo": "10", "KenhThucHien": "1"}
    packet |= {"NgayTiepNhan": "20261101080000", "NgayTra": "20261102080000"}
    envelope = {"madonvi": "000.00.00.H13", "data": [packet]}
    httpx.post(f"{sender.url}/dvcqg/DongBoHoSoMC", json=envelope)


def tell_of_anothers_dossiers(sender: Sender) -> None:
    body = json.dumps(record(1, status="completed")).encode()
    assert sender.post("/v1/dossiers", body, f"Bearer {sender.other}").status_code == 422
    answer = httpx.post(f"{sender.url}/TrackingMCDT?key={sender.other}", json=MESSAGE)
    assert answer.status_code == 403


def replay_a_signed_batch(sender: Sender) -> None:
    assert sender.post("/v1/dossiers", sender.dossiers, sender.signature).status_code == 409


def change_a_signed_batch(sender: Sender) -> None:
    body = sender.dossiers.replace(b"received", b"completed")
    assert sender.post("/v1/dossiers", body, sender.signature).status_code == 401


def sign_long_ago(sender: Sender) -> None:
    body = json.dumps(record(7)).encode()
    assert (
        sender.post("/v1/dossiers", body, sender.sign("/v1/dossiers", body, ago=900)).status_code
        == 401
    )


def send_the_same_dossiers_again(sender: Sender) -> None:
    for line in reversed(sender.dossiers.splitlines()):
        assert sender.post("/v1/dossiers", line, f"Bearer {sender.key}").status_code == 200


ATTACKS: list[Callable[[Sender], None]] = [
    forge_views, back_date_views, send_views_for_another_site, replay_views,
    tell_of_dossiers_without_a_key, tell_of_anothers_dossiers, replay_a_signed_batch,
    change_a_signed_batch, sign_long_ago, send_the_same_dossiers_again,
]  # fmt: skip


def figures(instance: Any, trust: str) -> dict[str, Any]:
    """Figures of the agencies that have any, by indicator and agency."""
    measure = Measure(settings.load(instance.environment))
    return {
        code: {
            figure.agency: (figure.numerator, figure.denominator, figure.value)
            for figure in measure.figures(code, EVER, trust=trust)
            if figure.numerator or figure.denominator
        }
        for code in FIGURES
    }


def test_no_attack_moves_a_verified_figure(can_tho: Any) -> None:
    can_tho.run("import", "sites", can_tho.write_csv("others.csv", OTHER_SITES))
    sender = Sender(can_tho)
    with can_tho.role("collect"):
        time.sleep(1.1)  # a signature must be younger than the collector
        sender.honest()
        landed(can_tho)
        before = figures(can_tho, "verified")
        assert before["portal_visits"]["H13"][0] == 2
        assert before["online_dossier_rate"]["H13"][:2] == (5, 5)
        moved = []
        for attack in ATTACKS:
            attack(sender)
            landed(can_tho)
            if (now := figures(can_tho, "verified")) != before:
                moved.append((attack.__name__, now))
    assert moved == []
    assert figures(can_tho, "any")["portal_visits"]["H13"][0] > 2


@pytest.mark.parametrize("attack", [forge_views, tell_of_dossiers_without_a_key])
def test_the_same_events_do_move_the_unverified_ones(can_tho: Any, attack: Any) -> None:
    sender = Sender(can_tho)
    with can_tho.role("collect"):
        time.sleep(1.1)
        sender.honest()
        landed(can_tho)
        before = figures(can_tho, "any")
        attack(sender)
        landed(can_tho)
    assert figures(can_tho, "any") != before
