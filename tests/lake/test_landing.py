"""Every record that was acknowledged becomes exactly one row, and nothing personal comes along."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest

from thuocdo.core import settings as settings_module
from thuocdo.core import snapshot as snapshot_file
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.core.snapshot import SiteEntry, Snapshot
from thuocdo.lake.homes import Homes, rebuild_homes
from thuocdo.lake.landing import Lander
from thuocdo.lake.locks import held
from thuocdo.lake.store import Lake
from thuocdo.wal import reader as wal
from thuocdo.wal.writer import Writer
from thuocdo.wire.events import DossierEvent, Hit, Record, Refused

NOON = 1_651_294_800_000_000  # 2022-04-30 12:00 in Vietnam
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
SITE = SiteEntry(227, "G01-portal", "G01", "portal", ("www.example.gov.vn",))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    chosen = settings_module.load({"THUOCDO_HOME": str(tmp_path)})
    chosen.make_folders()
    snapshot_file.write(chosen.snapshot_path, Snapshot(1, sites=(SITE,), agencies=("G01",)))
    return chosen


def hit(query: str, **changes: object) -> Hit:
    fields: dict[str, object] = {
        "received": NOON,
        "address": "113.161.72.9",
        "agent": CHROME,
        "referrer": "",
        "query": query.encode(),
        "body": b"",
        "content_type": "",
        "trust": "unverified",
    }
    return Hit(**(fields | changes))  # type: ignore[arg-type]


def page(path: str = "/tin", **changes: object) -> Hit:
    return hit(f"idsite=227&rec=1&url=https%3A%2F%2Fwww.example.gov.vn{path}", **changes)


def dossier(number: int, status: str = "received", *, moment: int = NOON) -> DossierEvent:
    return DossierEvent(
        moment, number, -number, "G01-one_stop", 227, "G01", "1.004194", status, moment, None, None,
        "online", None, "full", "none", None, None, "citizen", None, ("no_catalogue",), "mcdt",
        "unverified",
    )  # fmt: skip


def write(settings: Settings, *records: Record, segments: int = 1) -> None:
    """Into the log as a collector does, sealed by its closing."""

    async def run() -> None:
        for part in range(segments):
            writer = Writer(settings.wal_dir)
            chosen = records[part::segments]
            await asyncio.gather(*(writer.append(msgspec.msgpack.encode(r)) for r in chosen))
            closing = writer.close()
            if closing is not None:
                await closing

    asyncio.run(run())


def test_a_page_view_lands_enriched_and_without_its_address(settings: Settings, lake: Lake) -> None:
    write(settings, page("/tin%3Ftabid%3D7%26ten%3DNguyen", referrer=""))
    landed = Lander(settings, lake).land_once()
    assert landed.rows == {"page_views": 1}
    assert landed.segments == 1
    row = lake.read("page_views").to_pylist()[0]
    assert (row["host"], row["path"]) == ("www.example.gov.vn", "/tin?tabid=7")
    assert (row["device"], row["browser"], row["bot"]) == ("desktop", "Chrome", None)
    assert (str(row["day"]), row["site_id"], row["kind"]) == ("2022-04-30", 227, "view")
    assert (row["feed"], row["trust"]) == ("tracking", "unverified")
    assert isinstance(row["visitor"], int)


def test_what_has_landed_is_gone_from_the_log_and_does_not_land_again(
    settings: Settings, lake: Lake
) -> None:
    write(settings, *(page() for _ in range(50)), segments=3)
    assert Lander(settings, lake).land_once().rows == {"page_views": 50}
    assert not list(settings.wal_dir.glob("*/*.sealed"))
    assert Lander(settings, lake).land_once().rows == {}
    assert lake.read("page_views").num_rows == 50


def test_one_visitor_keeps_a_pseudonym_for_a_day_and_no_longer(
    settings: Settings, lake: Lake
) -> None:
    day = 86_400_000_000
    write(settings, page(), page(), page(received=NOON + day), page(address="1.2.3.4"))
    Lander(settings, lake).land_once()
    rows = lake.read("page_views").to_pylist()
    by_day = Counter((str(row["day"]), row["visitor"]) for row in rows)
    assert sorted(by_day.values()) == [1, 1, 2]


def test_refusals_are_rows_with_a_reason(settings: Settings, lake: Lake) -> None:
    write(
        settings,
        hit("idsite=999&rec=1&url=http%3A%2F%2Fx.vn%2F0912345678"),
        hit("rec=1"),
        page(refused="bad_key"),
        Refused(NOON, "mcdt", 227, "unknown_procedure", "codeTTHC: unknown", "{}", "unverified"),
    )
    landed = Lander(settings, lake).land_once()
    assert landed.rows == {"rejects": 4}
    assert landed.rejects["unknown_site"] == 1
    assert landed.rejects["bad_key"] == 1
    rows = {row["reason"]: row for row in lake.read("rejects").to_pylist()}
    assert "{phone}" in rows["unknown_site"]["payload"]
    assert rows["unknown_procedure"]["agency"] == "G01"


def test_a_service_step_is_interest_and_no_page_view(settings: Settings, lake: Lake) -> None:
    write(settings, hit("idsite=227&rec=1&dvc=1.004194.000.00.00.H13&dvc_state=1"))
    assert Lander(settings, lake).land_once().rows == {"service_steps": 1}
    row = lake.read("service_steps").to_pylist()[0]
    assert (row["procedure"], row["state"], row["feed"]) == ("1.004194", "1", "track_dvc")


def test_a_dossier_stays_in_its_home_month(settings: Settings, lake: Lake) -> None:
    may = NOON + 10 * 86_400_000_000
    write(settings, dossier(5, "completed", moment=may), dossier(5), dossier(6, moment=may))
    Lander(settings, lake).land_once()
    write(settings, dossier(5, "returned", moment=may))
    Lander(settings, lake).land_once()
    homes = Counter(
        (row["dossier_hi"], row["home_month"]) for row in lake.read("dossier_events").to_pylist()
    )
    assert homes == {(5, "2022-04"): 3, (6, "2022-05"): 1}


def test_the_home_index_can_be_made_again_from_the_lake(settings: Settings, lake: Lake) -> None:
    write(settings, *(dossier(n) for n in range(40)))
    Lander(settings, lake).land_once()
    for path in settings.state_dir.glob("homes.sqlite3*"):
        path.unlink()
    assert rebuild_homes(settings, lake) == 40
    homes = Homes.open(settings)
    assert homes.assign([(7, -7), (7, -7), (99, 1)], ["2030-01", "2030-02", "2030-03"]) == [
        "2022-04",
        "2022-04",
        "2030-03",
    ]
    homes.close()


def test_nothing_personal_reaches_the_lake_or_the_state(settings: Settings, lake: Lake) -> None:
    planted = [
        "001099012345", "123456789", "0912345678", "nguyen.van.a@gmail.com", "0101234567",
        "113.161.72.9", "Tran Thi Bich", "Tran+Thi+Bich",
    ]  # fmt: skip
    write(
        settings,
        *(page(f"/x%2F{value}%3Fuser%3D{value.replace(' ', '+')}") for value in planted[:5]),
        page("/x%3Fname%3DTran+Thi+Bich", referrer="http://a.vn/?u=Tran+Thi+Bich"),
        page("/ho-so/Tran%20Thi%20Bich&action_name=Tran+Thi+Bich&rand=0.1234567"),
        page("/hoten/Tran%2520Thi%2520Bich%3Fid%3DTran%2BThi%2BBich"),
        hit("idsite=998&rec=1&url=http%3A%2F%2Fx.vn%2F001099012345&name=Tran+Thi+Bich"),
        hit("idsite=abc&rec=1&url=http%3A%2F%2Fx.vn%2Fnguyen.van.a@gmail.com"),
        hit("idsite=227&rec=1&dvc=1.004194&dvc_state=1&dvc_data=5;Tran+Thi+Bich;001099012345"),
    )
    assert sum(Lander(settings, lake).land_once().rows.values()) == 11
    everything = repr(
        [lake.read(t).to_pylist() for t in ("page_views", "service_steps", "rejects")]
    )
    assert not [value for value in planted if value in everything]
    stored = b"".join(
        path.read_bytes()
        for folder in (lake.root, settings.state_dir)
        for path in folder.rglob("*")
        if path.is_file()
    )
    assert not [value for value in planted if value.encode() in stored]


def test_a_record_is_judged_once_even_if_the_registry_changes_in_between(
    settings: Settings, lake: Lake
) -> None:
    """The lander dies after planning; the site is registered; the plan still holds."""
    write(settings, hit("idsite=400&rec=1&url=http%3A%2F%2Fx.vn%2F"), page())
    lander = Lander(settings, lake)
    next(iter(lander._batches()))
    known = (SITE, SiteEntry(400, "G01-portal", "G01", "portal"))
    snapshot_file.write(settings.snapshot_path, Snapshot(2, sites=known))
    assert Lander(settings, lake).land_once().rows == {"page_views": 1, "rejects": 1}


def test_a_second_lander_says_that_it_waits(settings: Settings, lake: Lake) -> None:
    with (
        held(settings.state_dir / "landing.lock", "landing"),
        pytest.raises(ThuocdoError, match="Another process is doing the landing"),
        held(settings.state_dir / "landing.lock", "landing", patience=0.1),
    ):
        pass


def test_a_damaged_segment_lands_as_far_as_it_is_whole_and_its_copy_soon_goes(
    settings: Settings, lake: Lake
) -> None:
    write(settings, *(page(f"/a{n}") for n in range(30)), segments=2)
    spoilt = sorted(settings.wal_dir.glob("*/*.sealed"))[0]
    data = bytearray(spoilt.read_bytes())
    data[-20] ^= 0xFF
    spoilt.write_bytes(data)
    assert Lander(settings, lake).land_once().rows == {"page_views": 15}
    (copy,) = settings.wal_dir.glob("*/*.damaged")
    assert b"113.161.72.9" in copy.read_bytes()
    os.utime(copy, (time.time() - 3600, time.time() - 3600))
    Lander(settings, lake).land_once()
    assert not copy.exists()


def test_a_request_that_was_sent_again_counts_once_whichever_way_it_came(
    settings: Settings, lake: Lake
) -> None:
    first = page("/tin&send_image=0&pv_id=a1B2c3&r=123456")
    again = page("/tin&pv_id=a1B2c3&r=123456&send_image=1", address="27.72.1.1")
    form = msgspec.structs.replace(again, query=b"", body=again.query)
    in_bulk = msgspec.structs.replace(again, query=b"?" + first.query)
    write(settings, first, again)
    assert Lander(settings, lake).land_once().rejects == {"replayed": 1}
    write(settings, form, in_bulk)
    assert Lander(settings, lake).land_once().rejects == {"replayed": 2}
    write(settings, page("/khac&send_image=0&pv_id=a1B2c3&r=654321"))
    assert Lander(settings, lake).land_once().rejects == {}
    assert lake.read("page_views").num_rows == 2
    replayed = [row for row in lake.read("rejects").to_pylist() if row["reason"] == "replayed"]
    assert {(row["payload"], row["agency"], row["feed"]) for row in replayed} == {
        ("", "G01", "tracking")
    }


def test_a_pixel_that_says_nothing_of_itself_is_never_a_replay(
    settings: Settings, lake: Lake
) -> None:
    write(settings, page(), page(), page("/tin&r=1"), page("/tin&r=1"))
    assert Lander(settings, lake).land_once().rows == {"page_views": 4}


def test_what_a_key_vouches_for_is_known_by_what_it_says(settings: Settings, lake: Lake) -> None:
    """A log sent twice: its lines have no nonce, but a time."""
    lines = [page(f"/{n}&cdt=1651290000", trust="verified", received=NOON + n) for n in range(5)]
    later = [msgspec.structs.replace(line, received=NOON + 86_400_000_000) for line in lines]
    write(settings, *lines)
    write(settings, *later, page("/0&cdt=1651290001", trust="verified"))
    write(settings, page("/0&cdt=1651290000", trust="verified", agent="Another"))
    assert Lander(settings, lake).land_once().rejects == {"replayed": 5}
    assert lake.read("page_views").num_rows == 7


def test_a_step_that_was_sent_again_counts_once(settings: Settings, lake: Lake) -> None:
    step = "idsite=227&rec=1&dvc=1.004194&dvc_state=1&rand=0.123456"
    write(settings, hit(step), hit(step), hit(step.replace("123456", "123457")))
    landed = Lander(settings, lake).land_once()
    assert landed.rows == {"service_steps": 2, "rejects": 1}


def test_a_view_from_a_datacentre_is_kept_with_its_reason_and_without_its_address(
    settings: Settings, lake: Lake
) -> None:
    lander = Lander(settings, lake)
    chrome = hit("idsite=227&rec=1&dvc=1.004194&dvc_state=1", address="203.0.113.9")
    write(settings, page(address="203.0.113.9"), page(address="113.161.72.9"), chrome)
    (settings.home / "datacentres.txt").write_text("# a test\n203.0.113.0/24 example\n")
    lander.land_once()
    write(settings, page(address="203.0.113.9", agent="Googlebot/2.1"))
    (settings.home / "datacentres.txt").unlink()
    write(settings, page(address="203.0.113.9"))
    lander.land_once()
    bots = Counter(lake.read("page_views")["bot"].to_pylist())
    assert bots == {"datacentre": 1, None: 2, "crawler": 1}
    assert lake.read("service_steps")["bot"].to_pylist() == ["datacentre"]
    assert "203.0.113" not in repr(lake.read("page_views").to_pylist())


class Dying(Lake):
    """A lake before which the lander dies when one table is to be committed."""

    before = ""

    def commit(self, table: str, rows: pa.Table, batches: Mapping[str, int]) -> bool:
        if table == self.before:
            raise SystemExit
        return super().commit(table, rows, batches)


@pytest.mark.parametrize("table", ["page_views", "rejects"])
@pytest.mark.parametrize("plan", ["kept", "lost"])
def test_a_death_between_what_is_remembered_and_what_is_stored_loses_and_doubles_nothing(
    settings: Settings, lake: Lake, table: str, plan: str
) -> None:
    """The ids are remembered, the table is not there: the same requests come again, cut anew."""
    views = [page(f"/{n}&rand=0.{n:08}") for n in range(20)]
    write(settings, *views, *views[:5], segments=3)
    write(settings, *views[5:10])
    dying = Dying(lake.root)
    dying.before = table
    with pytest.raises(SystemExit):
        Lander(settings, dying).land_once()
    if plan == "lost":
        (settings.state_dir / "landing.plan").unlink()
        with closing(Homes.ready(settings, lake)) as homes:
            for segment in wal.sealed(settings.wal_dir):
                Lander(settings, lake)._land([segment], homes)
    Lander(settings, lake).land_once()
    assert sorted(lake.read("page_views")["path"].to_pylist()) == sorted(f"/{n}" for n in range(20))
    assert lake.read("rejects")["reason"].to_pylist() == ["replayed"] * 10


LANDER = """
import sys
from thuocdo.core import settings
from thuocdo.lake.landing import Lander
from thuocdo.lake.store import Lake
chosen = settings.load({"THUOCDO_HOME": sys.argv[1]})
lander = Lander(chosen, Lake.open(chosen))
print("ready", flush=True)
while True:
    lander.land_once()
"""


def test_killed_at_any_moment_it_counts_every_record_exactly_once(
    settings: Settings, lake: Lake
) -> None:
    chance = random.Random(20221121)
    expected: Counter[str] = Counter()
    for round_number in range(4):
        views = [page(f"/r{round_number}-{n}&pv_id=abc{n:03}") for n in range(150)]
        again = random.Random(round_number).sample(views, 30)
        bad = [hit(f"idsite={5000 + n}&rec=1&url=http%3A%2F%2Fx.vn%2F") for n in range(20)]
        events = [dossier(round_number * 1000 + n) for n in range(40)]
        write(settings, *views, *bad, *events, segments=3)
        write(settings, *again)
        expected += Counter(page_views=150, rejects=50, dossier_events=40)
        process = subprocess.Popen(
            [sys.executable, "-c", LANDER, str(settings.home)], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(chance.uniform(0.0, 0.15))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
    Lander(settings, lake).land_once()
    for table, count in expected.items():
        rows = lake.read(table)
        assert rows.num_rows == count, table
        identities = set(
            zip(rows["segment"].to_pylist(), rows["event_id"].to_pylist(), strict=True)
        )
        assert len(identities) == count
    paths = Counter(lake.read("page_views")["path"].to_pylist())
    assert set(paths.values()) == {1}
    assert not list(settings.wal_dir.glob("*/*.sealed"))
