"""Everything a collector is sent, mixed from a seed, each message with what its acknowledgement promises.

A message's facts are rows of the lake, named so that each can be found there: a page by its path, a
`trackDVC` call by its state, a dossier's event by the dossier, a refusal by its reason.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import quote, urlencode

from thuocdo.collect.credentials import SCHEME, signed
from thuocdo.core.clock import VIETNAM, now_us, to_datetime
from thuocdo.core.ids import dossier_key, key_id, signing_key

PORTAL, ONE_STOP = 227, 101
SYSTEM = "H13-one_stop"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
ORIGIN = {"Origin": "https://cantho.gov.vn"}
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_NONCE = 8


class Fact(NamedTuple):
    """One row of a table of the lake."""

    table: str
    name: str


@dataclass(frozen=True)
class Message:
    """One request. `facts` are in the lake, once each, when it was acknowledged.

    again  whether it may be sent again when no answer came: it says itself that it is the same
    views  (client, path) of each page view, for what the figures must come to
    """

    method: str
    target: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    facts: Counter[Fact] = field(default_factory=Counter)
    again: bool = False

    def encoded(self) -> bytes:
        lines = [f"{self.method} {self.target} HTTP/1.1", "Host: c", f"User-Agent: {AGENT}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.method == "POST":
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode() + self.body


class Mix:
    """Messages of every door, in the order the seed draws them; no fact comes in two messages."""

    def __init__(self, secret: bytes, key: str, seed: int, *, first: int = 0) -> None:
        self._secret, self._key = secret, key
        self._random = random.Random(seed)
        self._number = first
        self._kinds: list[Callable[[], Message]] = [
            *[self.view] * 6, *[self.beacon] * 4, self.bulk, self.step, self.opencps,
            self.national, self.keyed, self.signed, self.refused,
        ]  # fmt: skip

    def next(self) -> Message:
        return self._random.choice(self._kinds)()

    def view(self) -> Message:
        query, fact = self._view()
        return Message("GET", f"/tracking?{query}", facts=Counter([fact]), again=True)

    def beacon(self) -> Message:
        query, fact = self._view()
        target = f"/matomo.php?{query}&send_image=0"
        return Message("POST", target, headers=ORIGIN, facts=Counter([fact]), again=True)

    def bulk(self) -> Message:
        views = [self._view() for _ in range(self._random.randint(2, 6))]
        body = json.dumps({"requests": [f"?{query}" for query, _ in views]}).encode()
        facts = Counter(fact for _, fact in views)
        return Message("POST", "/piwik.php", body, {"Content-Type": JSON}, facts, again=True)

    def step(self) -> Message:
        state = _letters(self._take())
        query = {"idsite": PORTAL, "rec": 1, "url": "https://cantho.gov.vn/dvc"}
        query |= {"dvc": "1.004194", "dvc_state": state, "_id": f"{self._number:016x}"}
        fact = Fact("service_steps", state)
        return Message("GET", f"/tracking?{urlencode(query)}", facts=Counter([fact]))

    def opencps(self) -> Message:
        """The release that encodes nothing."""
        number, fact = self._dossier("CT")
        form = self._mcdt(number, "1.004194.000.00.00.H13")
        body = "&".join(f"{name}={value}" for name, value in form.items()).encode()
        return Message("POST", "/TrackingMCDT", body, {"Content-Type": FORM}, Counter([fact]))

    def national(self) -> Message:
        """A packet for the national portal: each item is received and, some of them, completed."""
        items, facts = [], Counter[Fact]()
        for _ in range(self._random.randint(1, 4)):
            number, fact = self._dossier("000.00.01.H13-261102-")
            item = {"MaHoSo": number, "MaTTHC": "1.004194", "NgayTiepNhan": _packed(days=2)}
            item |= {"TrangThaiHoSo": "2", "KenhThucHien": "2"}
            facts[fact] = 1
            if self._random.random() < 0.5:
                item |= {"NgayKetThucXuLy": _packed(days=1), "TrangThaiHoSo": "9"}
                facts[fact] = 2
            items.append(item)
        packet = {"session": "s", "madonvi": "000.00.00.H13", "service": "DongBoHoSoMC"}
        body = json.dumps(packet | {"isUpdating": "False", "data": items}).encode()
        headers = {"Content-Type": JSON}
        return Message("POST", "/dvcqg/DongBoHoSoMC", body, headers, facts)

    def keyed(self) -> Message:
        body, facts = self._batch()
        headers = {"Content-Type": "application/x-ndjson", "Authorization": f"Bearer {self._key}"}
        return Message("POST", "/v1/dossiers", body, headers, facts)

    def signed(self, *, at: float | None = None) -> Message:
        """A batch signed at an instant (unix seconds), by default now."""
        body, facts = self._batch()
        moment = int(time.time() if at is None else at)
        nonce = f"{self._random.getrandbits(128):032x}"
        target = "/v1/dossiers"
        value = signed(signing_key(self._key), "POST", target, moment, nonce, body)
        shown = f"{SCHEME} Key={key_id(self._key)}, Time={moment}, Nonce={nonce}, Signature={value}"
        headers = {"Content-Type": "application/x-ndjson", "Authorization": shown}
        return Message("POST", target, body, headers, facts)

    def refused(self) -> Message:
        """A message about a procedure that nobody knows: answered with the reason, and kept."""
        number, _ = self._dossier("CT")
        body = urlencode(self._mcdt(number, "9.999999"), quote_via=quote).encode()
        facts = Counter([Fact("rejects", "unknown_procedure")])
        return Message("POST", "/TrackingMCDT", body, {"Content-Type": FORM}, facts)

    def _take(self) -> int:
        self._number += 1
        return self._number

    def _view(self) -> tuple[str, Fact]:
        number = self._take()
        query = {
            "idsite": PORTAL,
            "rec": 1,
            "url": f"https://cantho.gov.vn/p/{number}",
            "_id": f"{number // 3:016x}",
            "rand": f"{self._random.getrandbits(64):016x}",
        }
        return urlencode(query), Fact("page_views", f"/p/{number}")

    def _dossier(self, prefix: str) -> tuple[str, Fact]:
        number = f"{prefix}{self._take():06d}"
        hi, lo = dossier_key(self._secret, SYSTEM, number)
        return number, Fact("dossier_events", f"{hi}:{lo}")

    def _mcdt(self, number: str, procedure: str) -> dict[str, str]:
        return {
            "siteId": str(ONE_STOP),
            "codeProfile": number,
            "codeTTHC": procedure,
            "nameTTHC": "Đăng ký kinh doanh & cấp phép = một lần",
            "status": self._random.choice("13"),
            "formsReception": self._random.choice("12"),
            "formsPayments": "2",
            "level": "3",
            "isFromDVCQG": "0",
            "isDVCBC": "0",
            "data": "",
        }

    def _batch(self) -> tuple[bytes, Counter[Fact]]:
        records, facts = [], Counter[Fact]()
        for _ in range(self._random.randint(1, 8)):
            number, fact = self._dossier("K-")
            facts[fact] = 1
            records.append(
                {
                    "system": SYSTEM,
                    "agency": "H13",
                    "dossier": number,
                    "procedure": "1.004194",
                    "status": self._random.choice(["received", "completed"]),
                    "event_time": "2026-03-02T09:00:00+07:00",
                    "channel": self._random.choice(["online", "counter"]),
                }
            )
        return "\n".join(map(json.dumps, records)).encode(), facts


def _letters(number: int) -> str:
    """A number as lower-case letters."""
    word = ""
    while number:
        number, digit = divmod(number, len(_LETTERS))
        word = _LETTERS[digit] + word
    return word


def _packed(*, days: int) -> str:
    """An instant some days ago as the national portal writes it."""
    return f"{to_datetime(now_us()).astimezone(VIETNAM) - timedelta(days=days):%Y%m%d%H%M%S}"
