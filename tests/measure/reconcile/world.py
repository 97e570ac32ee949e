"""A province of the simulated country, its messages let in at the real door and landed by the real lander."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from thuocdo.core import settings as settings_module
from thuocdo.core import snapshot as snapshot_file
from thuocdo.core.clock import Period, local_day, now_us, parse_instant
from thuocdo.core.snapshot import ServiceEntry, SiteEntry, Snapshot
from thuocdo.lake import dimensions
from thuocdo.lake.imports import import_declared
from thuocdo.lake.landing import Lander
from thuocdo.lake.schemas import DIMENSIONS
from thuocdo.lake.store import Lake
from thuocdo.measure.reconcile.policy import count_codes
from thuocdo.measure.reconcile.reconciling import Books
from thuocdo.measure.refresh import refresh
from thuocdo.wal.writer import Writer
from thuocdo.wire import canonical

PERIOD = Period(date(2026, 9, 1), date(2026, 9, 30))
CODE, SYSTEM = "H29", "H29-one_stop"
SECRET = "0123456789abcdef0123456789abcdef"

Record = dict[str, Any]
Case = list[Record]


class Truth:
    """What the province's own books hold: a case is the list of its messages, the first first."""

    def __init__(self, cases: list[Case], services: list[str]) -> None:
        self.cases, self.services = cases, services

    def received(self) -> list[Case]:
        """The cases received in the period."""
        return [case for case in self.cases if _inside(day_of(case))]


def day_of(case: Case) -> date:
    """The Vietnamese day of receipt; of a case not received yet, of its first message."""
    moments = [record["received_at"] for record in case if record["received_at"]]
    return local_day(parse_instant(min(moments) if moments else case[0]["event_time"]))


def _inside(day: date) -> bool:
    return PERIOD.first <= day <= PERIOD.last


class Province:
    """One instance that knows two provinces and the catalogue of the first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.settings = settings_module.load(
            {"THUOCDO_HOME": str(self.home), "THUOCDO_SECRET_KEY": SECRET}
        )
        self.lake = Lake.open(self.settings)

    @classmethod
    def made(cls, folder: Path, services: list[str]) -> Province:
        """A new one."""
        made = cls(folder)
        made.settings.make_folders()
        made.lake.create()
        sites = (
            SiteEntry(900, SYSTEM, CODE, "one_stop"),
            SiteEntry(901, "H26-one_stop", "H26", "one_stop"),
        )
        offered = tuple(ServiceEntry(CODE, procedure, "full") for procedure in services)
        snapshot = Snapshot(1, sites=sites, agencies=(CODE, "H26"), services=offered)
        snapshot_file.write(made.settings.snapshot_path, snapshot)
        made.tell(
            "agencies",
            {"code": CODE, "name": "TP Hồ Chí Minh", "kind": "province"},
            {"code": "H26", "name": "TP Hà Nội", "kind": "province"},
        )
        one_stop = {"kind": "one_stop", "name": "Một cửa"}
        made.tell("systems", *({"code": s.system, "agency": s.agency, **one_stop} for s in sites))
        made.tell(
            "sites",
            *(
                {"site_id": s.site_id, "system": s.system, "agency": s.agency, **one_stop}
                for s in sites
            ),
        )
        offer = [{"agency": CODE, "procedure": code, "level": "full"} for code in services]
        made.tell("services", *(row | {"name": f"Thủ tục {row['procedure']}"} for row in offer))
        refresh(made.settings, made.lake)
        return made

    def copy(self, folder: Path) -> Province:
        """The same to be written to."""
        shutil.copytree(self.home, folder / "home")
        return Province(folder)

    def tell(self, dimension: str, *rows: dict[str, Any]) -> None:
        schema = DIMENSIONS[dimension][0]
        full = [dict.fromkeys(schema.names) | {"withdrawn": False} | row for row in rows]
        dimensions.write(self.lake, dimension, pa.Table.from_pylist(full, schema=schema))

    def land(self, records: Iterable[Record]) -> None:
        """Let records in as `/v1/dossiers` does, land them and refresh the facts."""
        secret, snapshot = self.settings.secret, snapshot_file.read(self.settings.snapshot_path)
        judged = [canonical.validate(one, snapshot, secret, now_us()) for one in records]

        async def write() -> None:
            writer = Writer(self.settings.wal_dir)
            await writer.append_many([msgspec.msgpack.encode(one) for one in judged])
            closing = writer.close()
            if closing is not None:
                await closing

        asyncio.run(write())
        Lander(self.settings, self.lake).land_once()
        refresh(self.settings, self.lake)

    def declare(self, *rows: str, name: str = "declared.csv") -> None:
        """Import stated figures: `indicator,period,day,procedure,value,said_by`."""
        path = self.folder / name
        head = "agency,indicator,period,day,procedure,value,said_by,source"
        lines = [f"{CODE},{row},Báo cáo số 12/BC-VP" for row in rows]
        path.write_text("\n".join([head, *lines]) + "\n", "utf-8")
        result = import_declared(
            self.settings, self.lake, [path], lambda _done, _all: None, count_codes()
        )
        assert not result.rejected, result

    def books(self) -> Books:
        return Books.open(self.settings)


UNKNOWN = "9.999999"
"""A procedure that no catalogue has."""


@dataclass
class Planted:
    """A province whose messages came in with known faults, and its own books."""

    province: Province
    own: list[Case]  # what was received in the period, by its own books
    never_sent: list[Case]
    refused: list[Case]
    late: list[Case]
    double: Case
    old_number: str


def planted_in(province: Province, truth: Truth) -> Planted:
    """Five cases never sent, three refused, two late, and one sent under two numbers."""
    own = truth.received()
    whole = [case for case in own if case[-1]["status"] in ("completed", "returned")]
    never, refused, late = whole[:5], whole[5:8], whole[8:10]
    double = next(case for case in whole[10:] if len(case) >= 3)
    set_apart = [id(case) for case in (*never, *refused, *late, double)]
    old = f"CU-{double[0]['dossier']}"
    records = [r for case in truth.cases if id(case) not in set_apart for r in case]
    records += [r | {"procedure": UNKNOWN} for case in refused for r in case]
    records += renumbered(double, old)
    province.land(records)
    declare(province, own)
    province.land(r for case in late for r in case)
    return Planted(province, own, never, refused, late, double, old)


def renumbered(case: Case, old: str) -> list[Record]:
    """The same case, its first messages under another number."""
    half = next(n for n, record in enumerate(case) if record["status"] == "completed")
    return [*({**record, "dossier": old} for record in case[:half]), *case[half:]]


def declare(province: Province, own: list[Case]) -> None:
    """The province states what its books hold: in all, by service, by day."""
    by_service = Counter(case[0]["procedure"] for case in own)
    by_day = Counter(day_of(case) for case in own)
    province.declare(
        f"dossiers_received,2026-09,,,{len(own)},agency",
        *(f"dossiers_received,2026-09,,{code},{n},agency" for code, n in by_service.items()),
        *(f"dossiers_received,,{day},,{n},agency" for day, n in by_day.items()),
    )
