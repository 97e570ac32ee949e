"""What a door refuses is kept so that the fix brings it back: through the door, the log and the lake."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import msgspec

from thuocdo.core.ids import key_hash, key_id
from thuocdo.core.snapshot import KeyEntry, ServiceEntry, SiteEntry, Snapshot
from thuocdo.lake.landing import Lander
from thuocdo.lake.rejects import Wanted
from thuocdo.lake.replaying import Replayed, replay
from thuocdo.lake.store import Lake
from thuocdo.wire.events import Refused

KEY = "key-of-a-vendor-that-ended"
MESSAGE = {"siteId": "101", "codeProfile": "H29-7", "codeTTHC": "1.004194", "status": "1"}
RECORD = {"system": "H29-one_stop", "agency": "H29", "dossier": "H29-8", "procedure": "1.999999",
          "status": "received", "event_time": "2026-11-20T08:00:00+07:00"}  # fmt: skip
PACKET = {"MaHoSo": "H29-9", "MaTTHC": "1.999999", "TrangThaiHoSo": "4"}


def registry(
    secret: bytes, *, expires: str | None = None, network: str = "127.0.0.0/8"
) -> Snapshot:
    """A one-stop system that takes messages from its own network alone, and one vendor's key."""
    key = KeyEntry(
        key_hash(secret, KEY), "vendor", agency="H29", expires=expires, key_id=key_id(KEY)
    )
    return Snapshot(
        made_at=1,
        sites=(SiteEntry(101, "H29-one_stop", "H29", "one_stop", networks=(network,)),),
        keys=(key,),
        agencies=("H29",),
        services=(ServiceEntry("H29", "1.004194", "full"),),
    )


def complete(secret: bytes, **more: Any) -> Snapshot:
    """The registry after the catalogue came."""
    found = registry(secret, **more)
    late = ServiceEntry("H29", "1.999999", "partial")
    return msgspec.structs.replace(found, services=(*found.services, late))


def replayed(collector: Any, snapshot: Snapshot) -> Replayed:
    """Stop the collector, land, let the registry be right, replay."""
    collector.stop()
    lake = Lake.open(collector.settings)
    lake.create()
    Lander(collector.settings, lake).land_once()
    collector.publish(snapshot)
    return replay(collector.settings, lake, Wanted(), lambda _done, _total: None)


def test_messages_of_every_door_come_back_when_the_catalogue_does(
    make_collector: Callable[..., Any],
) -> None:
    one = make_collector()
    secret = one.settings.secret
    one.publish(registry(secret))
    one.start()
    bearer = {"authorization": f"Bearer {KEY}"}
    httpx.post(f"{one.url}/TrackingMCDT", json=MESSAGE | {"codeTTHC": "1.999999"})
    httpx.post(f"{one.url}/v1/dossiers", content=json.dumps(RECORD), headers=bearer)
    httpx.post(f"{one.url}/dvcqg/DongBoHoSoMC", json={"madonvi": "H29", "data": [PACKET]})

    done = replayed(one, complete(secret))

    assert done == Replayed(accepted={"unknown_procedure": 3})
    rows = Lake.open(one.settings).read("dossier_events").to_pylist()
    assert {(row["feed"], row["trust"]) for row in rows} == {
        ("mcdt", "unverified"),
        ("canonical", "verified"),
        ("dvcqg", "unverified"),
    }
    assert {row["system"] for row in rows} == {"H29-one_stop"}
    for number in (b"H29-7", b"H29-8", b"H29-9"):
        assert number not in one.bytes_on_disk()


def test_a_message_under_an_ended_key_comes_back_when_the_key_is_renewed(
    make_collector: Callable[..., Any],
) -> None:
    one = make_collector()
    secret = one.settings.secret
    one.publish(registry(secret, expires="2025-12-31"))
    one.start()
    address = f"{one.url}/TrackingMCDT"
    answer = httpx.post(address, json=MESSAGE, headers={"authorization": f"Bearer {KEY}"})
    assert answer.status_code == 401
    assert httpx.post(address, json=MESSAGE, headers={"authorization": "Bearer nobody's"})
    known, unknown = one.expect(2)
    assert isinstance(known, Refused)
    assert isinstance(unknown, Refused)
    assert json.loads(known.payload)["key"] == key_id(KEY)
    assert "key" not in json.loads(unknown.payload)

    done = replayed(one, registry(secret))

    assert done == Replayed(accepted={"bad_key": 1}, refused={"bad_key": 1})


def test_a_message_from_a_foreign_network_never_comes_back_while_the_site_has_networks(
    make_collector: Callable[..., Any],
) -> None:
    one = make_collector()
    secret = one.settings.secret
    one.publish(registry(secret, network="10.0.0.0/8"))
    one.start()
    answer = httpx.post(f"{one.url}/TrackingMCDT", json=MESSAGE)
    assert answer.headers["x-thuocdo"] == "foreign_network"
    httpx.post(f"{one.url}/TrackingMCDT", json=MESSAGE | {"codeTTHC": "1.999999"})

    done = replayed(one, complete(secret))

    assert done == Replayed(refused={"foreign_network": 2})
