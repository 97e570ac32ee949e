"""The gate knows one whole registry at a time, and what each key opens."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import cast

import pytest

from thuocdo.collect.gate import Gate, Opens
from thuocdo.collect.replies import Scope
from thuocdo.core import key_days
from thuocdo.core import snapshot as snapshots
from thuocdo.core.clock import local_day, now_us
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.ids import key_hash
from thuocdo.core.snapshot import KeyEntry, SiteEntry, Snapshot
from thuocdo.core.vocabulary import RejectReason
from thuocdo.wire.events import Unreadable

SECRET = b"a secret for tests, long enough"
SITES = (SiteEntry(101, "H29-one_stop", "H29", "one_stop"),)


@dataclass
class Request:
    """What of a request a gate reads."""

    headers: dict[str, str]
    query_string: str
    method: str = "POST"
    path: str = "/v1/dossiers"


def request(authorization: str, query: str = "") -> Scope:
    return cast(Scope, Request({"authorization": authorization} if authorization else {}, query))


def gate(path: Path, *keys: KeyEntry) -> Gate:
    snapshots.write(path, Snapshot(1, SITES, keys))
    return Gate(path, SECRET)


def test_a_key_opens_its_agency_and_the_systems_of_its_sites(tmp_path: Path) -> None:
    entry = KeyEntry(key_hash(SECRET, "k"), "one", agency="H29", site_ids=(101,))
    opens = gate(tmp_path / "snapshot", entry).open("k", "canonical")
    assert opens == ("H29", frozenset({"H29-one_stop"}), frozenset({101}), "")


def test_a_key_of_a_site_that_is_gone_opens_no_system(tmp_path: Path) -> None:
    entry = KeyEntry(key_hash(SECRET, "k"), "one", site_ids=(999,))
    opens = gate(tmp_path / "snapshot", entry).open("k", "canonical")
    assert opens == (None, frozenset(), frozenset({999}), "")


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Basic k", "k", "Bearer K", "TD-HMAC-SHA256"]
)
def test_anything_but_a_known_key_is_refused(tmp_path: Path, header: str) -> None:
    known = gate(tmp_path / "snapshot", KeyEntry(key_hash(SECRET, "k"), "one"))
    found = known.admit(request(header), "mcdt", b"")
    assert isinstance(found, Unreadable)
    assert found.reason == RejectReason.BAD_KEY


def test_a_key_in_the_address_counts_only_where_clients_know_no_headers(tmp_path: Path) -> None:
    known = gate(tmp_path / "snapshot", KeyEntry(key_hash(SECRET, "k&1"), "one"))
    asked = request("", "a=1&key=k%261")
    assert known.admit(asked, "canonical", b"") is None
    assert isinstance(known.admit(asked, "mcdt", b"", in_address=True), Opens)


def test_a_key_holds_through_its_last_day_and_only_for_its_feeds(tmp_path: Path) -> None:
    keys = (
        KeyEntry(key_hash(SECRET, "old"), "old", expires="2020-01-01"),
        KeyEntry(key_hash(SECRET, "new"), "new", expires="2999-12-31", feeds=("canonical",)),
    )
    opened = gate(tmp_path / "snapshot", *keys)
    for key, feed, reason in (
        ("old", "canonical", RejectReason.BAD_KEY),
        ("new", "canonical", None),
        ("new", "tracking", RejectReason.OUT_OF_SCOPE),
    ):
        assert getattr(opened.open(key, feed), "reason", None) == reason


def test_the_day_of_a_keys_last_use_is_written_once_a_day(tmp_path: Path) -> None:
    path, used = tmp_path / "snapshot", tmp_path / "used"
    keys = (
        KeyEntry(key_hash(SECRET, "k"), "one", key_id="K1"),
        KeyEntry(key_hash(SECRET, "over"), "two", key_id="K2", expires="2020-01-01"),
    )
    snapshots.write(path, Snapshot(1, SITES, keys))
    known, today = Gate(path, SECRET, used), local_day(now_us())
    known.open("over", "canonical")  # opens nothing: no use
    known.open("unknown", "canonical")
    assert key_days.read(used) == {}
    known.open("k", "canonical")
    assert key_days.read(used) == {"K1": today}
    (used / "K1").write_text("2020-01-01")
    known.open("k", "canonical")
    assert key_days.read(used) == {"K1": date(2020, 1, 1)}  # nothing is written again that day
    Gate(path, SECRET, used).open("k", "canonical")  # another worker
    assert key_days.read(used) == {"K1": today}


def test_a_full_disk_keeps_no_message_away(tmp_path: Path) -> None:
    path, used = tmp_path / "snapshot", tmp_path / "used"
    used.write_text("no folder")
    snapshots.write(
        path, Snapshot(1, SITES, (KeyEntry(key_hash(SECRET, "k"), "one", key_id="K1"),))
    )
    assert isinstance(Gate(path, SECRET, used).open("k", "canonical"), Opens)
    assert key_days.read(used) == {}


def test_a_moved_file_is_taken_over_and_a_broken_or_missing_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "snapshot"
    known = gate(path)
    asyncio.run(known.look())
    assert known.sites == {"101"}
    snapshots.write(path, Snapshot(2, (*SITES, SiteEntry(7, "H57-portal", "H57", "portal"))))
    asyncio.run(known.look())
    assert known.sites == {"101", "7"}
    path.write_bytes(b"broken")
    asyncio.run(known.look())
    path.unlink()
    asyncio.run(known.look())
    assert known.snapshot.made_at == 2


def test_without_a_snapshot_there_is_no_gate(tmp_path: Path) -> None:
    with pytest.raises(ThuocdoError) as refused:
        Gate(tmp_path / "none", SECRET)
    assert refused.value.code == "bad_snapshot"
