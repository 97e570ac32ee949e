"""What was refused becomes its event once the registry is right: once, and as it was meant."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from thuocdo.core import settings as settings_module
from thuocdo.core import snapshot as snapshot_file
from thuocdo.core.clock import local_day, now_us, parse_instant
from thuocdo.core.settings import Settings
from thuocdo.core.snapshot import KeyEntry, ServiceEntry, SiteEntry, Snapshot
from thuocdo.lake import rejects, replaying
from thuocdo.lake.homes import Homes
from thuocdo.lake.landing import Lander
from thuocdo.lake.rejects import Count, Wanted, Whose
from thuocdo.lake.replaying import Replayed, replay
from thuocdo.lake.store import Lake
from thuocdo.wal.writer import Writer
from thuocdo.wire import canonical, dvcqg, kept, mcdt
from thuocdo.wire.events import DossierEvent, Hit, Record, Refused

SECRET = b"0123456789abcdef"
NOW = parse_instant("2026-11-21T10:00:00")
SITE = SiteEntry(101, "H29-one_stop", "H29", "one_stop", ("mc.h29.gov.vn",))
PORTAL = SiteEntry(7, "H29-portal", "H29", "portal", ("h29.gov.vn",))
KEY = KeyEntry("hash", "vendor", "H29", key_id="0123456789ab")
EMPTY = Snapshot(1)
FULL = Snapshot(
    2,
    sites=(SITE, PORTAL),
    keys=(KEY,),
    agencies=("H29",),
    services=(ServiceEntry("H29", "1.004194", "full"),),
)
MESSAGE = {"siteId": "101", "codeProfile": "H29-1", "codeTTHC": "1.004194", "status": "1"}
RECORD = {
    "system": "H29-one_stop",
    "agency": "H29",
    "dossier": "H29-2",
    "procedure": "1.004194",
    "status": "completed",
    "event_time": "2026-11-20T09:30:00",
    "received_at": "2026-10-02",
}
PACKET = {
    "MaHoSo": "H29-3",
    "MaTTHC": "1.004194",
    "TrangThaiHoSo": "9",
    "NgayTiepNhan": "20261102080000",
    "NgayKetThucXuLy": "20261109150000",
}


def nobody(_done: int, _total: int | None) -> None:
    """Nobody watches."""


class Instance:
    """A home with a lake, a registry to be swapped, and a log to be written to."""

    def __init__(self, home: Path) -> None:
        self.settings: Settings = settings_module.load(
            {"THUOCDO_HOME": str(home), "THUOCDO_SECRET_KEY": SECRET.decode()}
        )
        self.settings.make_folders()
        self.lake = Lake.open(self.settings)
        self.lake.create()
        self.know(EMPTY)

    def know(self, snapshot: Snapshot) -> None:
        snapshot_file.write(self.settings.snapshot_path, snapshot)

    def land(self, *records: Record) -> None:
        asyncio.run(self._write(records))
        Lander(self.settings, self.lake).land_once()

    async def _write(self, records: Sequence[Record]) -> None:
        writer = Writer(self.settings.wal_dir)
        await writer.append_many([msgspec.msgpack.encode(record) for record in records])
        closing = writer.close()
        if closing is not None:
            await closing

    def replay(self, dry_run: bool = False, **wanted: Any) -> Replayed:
        return replay(self.settings, self.lake, Wanted(**wanted), nobody, dry_run=dry_run)

    def events(self) -> list[dict[str, Any]]:
        rows = self.lake.read("dossier_events").to_pylist()
        return sorted(rows, key=lambda row: (row["dossier_hi"], row["event_time"]))


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return Instance(tmp_path)


def message(snapshot: Snapshot = EMPTY, trust: str = "unverified", **fields: str) -> Record:
    parsed = mcdt.parse(msgspec.json.encode(MESSAGE | fields), "application/json")
    assert isinstance(parsed, mcdt.Message)
    return mcdt.to_event(parsed, snapshot, SECRET, NOW, trust)


def record(snapshot: Snapshot = EMPTY, key_id: str = KEY.key_id, **fields: str) -> Record:
    found = canonical.validate(RECORD | fields, snapshot, SECRET, NOW)
    return kept.noted(found, key_id=key_id) if isinstance(found, Refused) else found


def packet(snapshot: Snapshot = EMPTY, **fields: str) -> list[Record]:
    found = dvcqg.judge(dvcqg.SYNC, PACKET | fields, "H29", snapshot, SECRET, NOW)
    return [found] if isinstance(found, Refused) else [*found]


WHAT = (
    "dossier_hi", "dossier_lo", "system", "agency", "procedure", "status", "event_time",
    "received_at", "channel", "quality", "feed", "trust", "home_month", "level_catalogue",
)  # fmt: skip


def what(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(str(row[name]) for name in WHAT)


def test_every_feed_comes_out_as_if_the_registry_had_been_right_at_once(
    tmp_path: Path,
) -> None:
    late, early = Instance(tmp_path / "late"), Instance(tmp_path / "early")
    late.land(message(), record(), *packet())
    assert late.events() == []
    late.know(FULL)
    early.know(FULL)
    early.land(message(FULL), record(FULL), *packet(FULL))

    done = late.replay()

    assert done == Replayed(accepted={"unknown_site": 1, "unknown_agency": 2})
    assert [what(row) for row in late.events()] == [what(row) for row in early.events()]
    assert len(late.events()) == 4


def test_a_second_replay_changes_nothing(instance: Instance) -> None:
    instance.land(message(), *packet())
    instance.know(FULL)
    instance.replay()
    before = instance.events()
    assert instance.replay() == Replayed(before=2)
    assert instance.events() == before


def test_what_was_known_before_the_replay_stays_known_so(instance: Instance) -> None:
    instance.land(message())
    landed = instance.lake.read("rejects").to_pylist()[0]["landed_at"]
    instance.know(FULL)
    instance.replay()
    (event,) = instance.events()
    assert event["landed_at"] > landed
    assert event["segment"].startswith("replay:")


def test_a_dossier_goes_home_to_where_its_other_events_are(instance: Instance) -> None:
    instance.land(record(received_at="2026-03-05", procedure="1.004194"))
    instance.know(FULL)
    later = record(FULL, status="processing", received_at="2026-09-01")
    assert isinstance(later, DossierEvent)
    instance.land(later)
    instance.replay()
    assert {row["home_month"] for row in instance.events()} == {"2026-09"}
    assert len(instance.events()) == 2
    with_homes = Homes.open(instance.settings)
    assert with_homes.count() == 1
    with_homes.close()


@pytest.mark.parametrize("dies_after", ["plan", "dossier_events"])
def test_a_replay_that_dies_is_finished_by_the_next(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, dies_after: str
) -> None:
    instance.land(message(), record(), *packet())
    instance.know(FULL)
    append = Lake.append

    def dying(self: Lake, table: str, *rows: Any, **batch: Any) -> bool:
        if dies_after == "plan":
            raise KeyboardInterrupt
        done = append(self, table, *rows, **batch)
        if table == dies_after:
            raise KeyboardInterrupt
        return done

    monkeypatch.setattr(Lake, "append", dying)
    with pytest.raises(KeyboardInterrupt):
        instance.replay()
    monkeypatch.undo()
    instance.know(EMPTY)  # what was decided stays decided, even if the registry moved since

    assert instance.replay() == Replayed(before=3)
    assert len(instance.events()) == 4
    assert instance.lake.read("replays").num_rows == 3
    assert not (instance.settings.state_dir / "rejects.plan").exists()


def test_a_dry_run_says_the_same_and_writes_nothing(instance: Instance) -> None:
    instance.land(message(), message(codeTTHC="1.999999"))
    instance.know(FULL)
    said = instance.replay(dry_run=True)
    assert said == Replayed(accepted={"unknown_site": 1}, refused={"unknown_procedure": 1})
    assert instance.events() == []
    assert instance.replay() == said


def test_filters_choose_by_site_agency_reason_and_day(instance: Instance) -> None:
    instance.land(message(), message(siteId="9"), record(), *packet())
    chosen = {
        name: [reject.feed for reject in rejects.select(instance.lake, wanted)]
        for name, wanted in {
            "site": Wanted(site_id=9),
            "agency": Wanted(agency="H29"),
            "reason": Wanted(reason="unknown_site"),
            "later": Wanted(since=date(2100, 1, 1)),
        }.items()
    }
    assert chosen["site"] == ["mcdt"]
    assert sorted(chosen["agency"]) == ["canonical", "dvcqg"]
    assert chosen["reason"] == ["mcdt", "mcdt"]
    assert chosen["later"] == []


THEIRS = Whose(frozenset({101, 7}), frozenset({"H29"}), frozenset({KEY.key_id}))
OTHERS = Whose(frozenset({9}), frozenset({"H26"}), frozenset({"ffffffffffff"}))


@pytest.mark.parametrize(
    ("whose", "feeds"),
    [
        # a message names its site; a packet names the agency; a record was sent under the key
        (THEIRS, ["canonical", "dvcqg", "mcdt"]),
        (OTHERS, ["mcdt"]),
        (Whose(frozenset(), frozenset({"H29"}), frozenset()), ["canonical", "dvcqg"]),
        (Whose(frozenset(), frozenset(), frozenset({KEY.key_id})), ["canonical"]),
        (Whose(frozenset(), frozenset(), frozenset()), []),
    ],
)
def test_records_are_whose_site_agency_or_key_they_name(
    instance: Instance, whose: Whose, feeds: list[str]
) -> None:
    instance.land(message(), message(siteId="9"), record(), *packet())
    wanted = Wanted(whose=whose)
    assert sorted(reject.feed for reject in rejects.select(instance.lake, wanted)) == feeds
    counted = rejects.counts(instance.lake, wanted)
    assert sorted(each.feed for each in counted for _ in range(each.records)) == feeds


def test_what_names_somebody_elses_site_is_theirs_even_if_it_names_an_agency(
    instance: Instance,
) -> None:
    instance.land(message(siteId="9", madonvi="H29", agency="H29"))
    assert list(rejects.select(instance.lake, Wanted(whose=THEIRS))) == []


def test_a_replay_touches_nobody_elses_records(instance: Instance) -> None:
    instance.land(message(), record(), *packet())
    instance.know(FULL)
    assert instance.replay(whose=OTHERS) == Replayed()
    assert instance.events() == []
    assert sum(instance.replay(whose=THEIRS).accepted.values()) == 3


def test_counts_are_by_day_feed_and_reason(instance: Instance) -> None:
    instance.land(message(), message(siteId="9"), *packet())
    day = local_day(now_us())
    assert sorted(rejects.counts(instance.lake, Wanted(since=day))) == [
        Count(day, "dvcqg", "unknown_agency", 1),
        Count(day, "mcdt", "unknown_site", 2),
    ]
    assert rejects.counts(instance.lake, Wanted(feed="mcdt", agency="H29")) == []
    assert rejects.counts(instance.lake, Wanted(since=date(2100, 1, 1))) == []


def test_what_became_events_waits_no_longer(instance: Instance) -> None:
    instance.land(message(), message(siteId="9"))
    instance.know(FULL)
    assert sum(each.records for each in rejects.counts(instance.lake, Wanted(waiting=True))) == 2
    instance.replay()
    (left,) = rejects.select(instance.lake, Wanted(waiting=True))
    assert left.site_id == 9
    assert sum(each.records for each in rejects.counts(instance.lake, Wanted(waiting=True))) == 1


def test_the_newest_come_first_when_asked_for(instance: Instance) -> None:
    instance.land(message())
    instance.land(message(siteId="9"))
    newest = rejects.select(instance.lake, Wanted(), newest_first=True)
    assert [reject.site_id for reject in newest] == [9, 101]


def test_what_cannot_be_judged_again_is_counted_with_the_reason(instance: Instance) -> None:
    instance.know(FULL)
    whole = Refused(NOW, "canonical", None, "malformed", "record: not JSON", "", "verified")
    shaped = record(EMPTY, status="đã xong rồi")
    nameless = record(key_id="")
    hit = Hit(NOW, "192.0.2.1", "Mozilla", "", b"idsite=9&url=https://a.vn/", b"", "",
              "unverified", "unknown_site")  # fmt: skip
    instance.land(whole, shaped, nameless, hit)
    assert instance.replay().lost == {
        "nothing was kept": 1,
        "redacted: status": 1,
        "who sent it was not kept": 1,
        rejects.NOT_KEPT: 1,
    }


def test_a_key_that_ended_opens_nothing_again_until_it_is_renewed(instance: Instance) -> None:
    instance.land(record())
    over = msgspec.structs.replace(KEY, expires="2020-01-01")
    instance.know(msgspec.structs.replace(FULL, keys=(over,)))
    assert instance.replay().refused == {"bad_key": 1}
    instance.know(msgspec.structs.replace(FULL, keys=()))
    assert instance.replay().refused == {"bad_key": 1}
    instance.know(FULL)
    assert instance.replay().accepted == {"unknown_agency": 1}


def test_a_key_replays_only_what_it_opens_today(instance: Instance) -> None:
    instance.land(record())
    narrow = msgspec.structs.replace(KEY, agency="H57")
    instance.know(msgspec.structs.replace(FULL, keys=(narrow,)))
    assert instance.replay().refused == {"out_of_scope": 1}


def test_a_message_refused_for_its_unknown_key_stays_refused(instance: Instance) -> None:
    parsed = mcdt.parse(msgspec.json.encode(MESSAGE), "application/json")
    assert isinstance(parsed, mcdt.Message)
    why = mcdt.Unreadable("bad_key", "authorization: unknown key")
    instance.land(mcdt.refuse(parsed, why, NOW, "unverified", SECRET))
    instance.know(FULL)
    assert instance.replay().refused == {"bad_key": 1}


def test_what_a_site_asks_of_its_senders_holds_for_replays_too(instance: Instance) -> None:
    own = message()
    assert isinstance(own, Refused)
    instance.land(own, kept.noted(own, from_own_network=True))
    guarded = msgspec.structs.replace(SITE, networks=("10.0.0.0/8",))
    instance.know(msgspec.structs.replace(FULL, sites=(guarded,)))
    done = instance.replay()
    assert done.accepted == {"unknown_site": 1}
    assert done.refused == {"foreign_network": 1}
    keyed = msgspec.structs.replace(SITE, needs_key=True)
    instance.know(msgspec.structs.replace(FULL, sites=(keyed,)))
    assert instance.replay().refused == {"bad_key": 1}


def test_views_kept_whole_land_as_views(instance: Instance) -> None:
    """Of a site that the collector knew of and the lander's registry did not."""
    query = b"idsite=7&rec=1&url=https://h29.gov.vn/tin&_id=0123456789abcdef&rand=123456"
    step = b"idsite=7&rec=1&dvc=1.004194&dvc_state=1&url=https://h29.gov.vn/"
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
    hits = [Hit(NOW, "192.0.2.1", agent, "", q, b"", "", "unverified") for q in (query, step)]
    instance.land(*hits)
    assert instance.lake.read("page_views").num_rows == 0
    instance.know(FULL)
    assert instance.replay().accepted == {"unknown_site": 2}
    (view,) = instance.lake.read("page_views").to_pylist()
    assert (view["site_id"], view["host"], view["path"]) == (7, "h29.gov.vn", "/tin")
    assert str(view["day"]) == "2026-11-21"
    assert (view["browser"], view["feed"], view["trust"]) == ("Chrome", "tracking", "unverified")
    (taken,) = instance.lake.read("service_steps").to_pylist()
    assert (taken["procedure"], taken["feed"]) == ("1.004194", "track_dvc")
    assert instance.replay() == Replayed(before=2)


def test_many_rejects_are_replayed_in_steps(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance.land(*(message(codeProfile=f"H29-{n}") for n in range(25)))
    instance.know(FULL)
    monkeypatch.setattr(replaying, "_REJECTS_A_STEP", 10)
    assert instance.replay().accepted == {"unknown_site": 25}
    assert len(instance.events()) == 25
    assert len({(row["segment"], row["event_id"]) for row in instance.events()}) == 25


def test_nothing_personal_is_in_the_plan(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance.land(message(codeProfile="H29-0790123", user="079012345678"))
    assert "0790123" not in json.dumps(instance.lake.read("rejects").to_pylist(), default=str)
    instance.know(FULL)
    monkeypatch.setattr(Path, "unlink", lambda _self, **_options: None)
    instance.replay()
    assert b"0790123" not in (instance.settings.state_dir / "rejects.plan").read_bytes()
