"""The very bytes that the deployed clients send: trackers, both one-stop products, our batches.

Field names, values and defects are those of the known clients (facts: OpenCPS's form with level
3 for everything, its release that encodes nothing, Tân Dân's JSON with an identity number in
`user`). Names and numbers of people are invented here and must never come out of the collector.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, urlencode

import msgspec

from thuocdo.core.vocabulary import Channel, Level, Payment, Status

_NOBODY: Final = "001099000000"
"""An identity number no person has; planted so that tests can look for it everywhere."""

FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json; charset=utf-8"
NDJSON: Final = "application/x-ndjson"

_OPENCPS_STATUS: Final = {
    Status.SUBMITTED: "0",
    Status.RECEIVED: "1",
    Status.PROCESSING: "4",
    Status.COMPLETED: "3",
    Status.RETURNED: "3",
}
_TAN_DAN_STATUS: Final = {**_OPENCPS_STATUS, Status.PROCESSING: "2"}
_OPENCPS_LEVEL: Final = "3"  # a constant of that client, whatever the service is


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to one dossier; instants are µs UTC."""

    system: str
    agency: str
    site_id: int
    dossier: str
    procedure: str
    procedure_name: str
    level: str
    channel: str
    payment: str
    by_post: bool
    status: Status
    at: int
    received: int


def view_query(
    site_id: int, url: str, *, referrer: str, client: str, at: datetime, nonce: int
) -> str:
    """A page view as the Matomo-like tracker of the portals' snippet writes it (`at`: local time)."""
    return urlencode(
        {
            "action_name": "Trang chủ",
            "idsite": site_id,
            "rec": 1,
            "r": nonce,
            "h": at.hour,
            "m": at.minute,
            "s": at.second,
            "url": url,
            "urlref": referrer,
            "_id": client,
            "res": "1366x768",
            "send_image": 0,
        }
    )


def dvc_query(
    site_id: int, url: str, procedure: str, state: str, *, client: str, nonce: int
) -> str:
    """A trackDVC call as our tracker sends it; the third argument never leaves the browser."""
    return urlencode(
        {
            "idsite": site_id,
            "rec": 1,
            "r": nonce,
            "url": url,
            "_id": client,
            "dvc": procedure,
            "dvc_state": state,
        }
    )


def bulk(queries: list[str]) -> bytes:
    """Matomo's bulk request."""
    return msgspec.json.encode({"requests": [f"?{query}" for query in queries]})


def opencps_fields(step: Step) -> dict[str, str]:
    """What OpenCPS fills in: the level is always 3, the national portal always 0, `data` empty."""
    return {
        "siteId": str(step.site_id),
        "codeProfile": step.dossier,
        "codeTTHC": step.procedure,
        "nameTTHC": step.procedure_name,
        "status": _OPENCPS_STATUS[step.status],
        "formsReception": "1" if step.channel == Channel.ONLINE else "2",
        "formsPayments": "1" if step.payment == Payment.ONLINE else "2",
        "level": _OPENCPS_LEVEL,
        "isFromDVCQG": "0",
        "isDVCBC": "1" if step.by_post else "0",
        "data": "",
    }


def opencps_form(step: Step) -> bytes:
    """The releases that encode their values (RestTemplate)."""
    return urlencode(opencps_fields(step), quote_via=quote).encode()


def opencps_raw_form(step: Step) -> bytes:
    """The release that does not: raw UTF-8, spaces and "&" inside `nameTTHC`."""
    return "&".join(f"{name}={value}" for name, value in opencps_fields(step).items()).encode()


def tan_dan_json(step: Step) -> bytes:
    """PostAsJsonAsync's camelCase: postal counts as online, partial is sent as level 4."""
    payments = {Payment.NONE.value: "0", Payment.ONLINE.value: "1"}
    person = {"ID_local": _NOBODY, "ID_QG": _NOBODY, "TYPE": "2", "LOCATION": step.agency}
    return msgspec.json.encode(
        {
            "siteId": step.site_id,
            "codeProfile": step.dossier,
            "maHoSo": step.dossier,
            "codeTTHC": step.procedure,
            "nameTTHC": step.procedure_name,
            "status": _TAN_DAN_STATUS[step.status],
            "formsReception": "2" if step.channel == Channel.COUNTER else "1",
            "formsPayments": payments.get(step.payment, "2"),
            "level": "3" if step.level == Level.INFORMATION else "4",
            "isFromDVCQG": "1" if step.channel == Channel.ONLINE else "0",
            "isDVCBC": "1" if step.by_post else "0",
            "data": "",
            "user": msgspec.json.encode(person).decode(),
        }
    )


def canonical_batch(steps: list[Step]) -> bytes:
    """NDJSON for /v1/dossiers (DESIGN.md §6.4)."""
    return b"".join(msgspec.json.encode(_canonical(step)) + b"\n" for step in steps)


def _canonical(step: Step) -> dict[str, object]:
    record: dict[str, object] = {
        "system": step.system,
        "agency": step.agency,
        "dossier": step.dossier,
        "procedure": step.procedure,
        "status": step.status.value,
        "event_time": _iso(step.at),
        "channel": step.channel,
        "level": step.level,
    }
    if step.status is not Status.SUBMITTED:
        record["received_at"] = _iso(step.received)
    if step.status in {Status.COMPLETED, Status.RETURNED}:
        record |= {"payment": step.payment, "returned_by_post": step.by_post, "digitised": True}
    return record


def _iso(instant_us: int) -> str:
    return datetime.fromtimestamp(instant_us / 1_000_000, UTC).isoformat(timespec="milliseconds")
