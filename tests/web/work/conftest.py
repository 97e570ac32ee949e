"""Hà Nội with a one-stop system that sends: real messages through the log into the lake, real facts."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from django.db import transaction
from tests.web import conftest as small
from tests.web.desk import draft
from tests.web.people import enter, someone
from tests.web.work.asked import questioned, questioned_home  # noqa: F401 - fixtures
from tests.web.work.weeks import WEEK

from thuocdo.core import clock
from thuocdo.core import settings as instance
from thuocdo.core import snapshot as snapshot_file
from thuocdo.core.settings import Settings
from thuocdo.lake.landing import Lander
from thuocdo.lake.store import Lake
from thuocdo.measure.refresh import refresh
from thuocdo.registry.models import Service, Site, System
from thuocdo.registry.publish import publish
from thuocdo.registry.rights import Role
from thuocdo.report.desk import working
from thuocdo.wal.writer import Writer
from thuocdo.wire import dvcqg, mcdt
from thuocdo.wire.events import Hit, Record, Refused

ONE_STOP, OTHER = 500, 501
"""Sites of the one-stop systems of Hà Nội and of Quảng Ninh's neighbour H29."""
PERSONAL = "Nguyễn Thị Bí Mật"
NEW_PROCEDURE = "9.999991"
_MESSAGE = {"codeTTHC": "1.004194", "status": "1", "formsReception": "1", "level": "4"}
_VIEW = "idsite={}&rec=1&url=https%3A%2F%2F{}%2Ftin&_id=abcdef0123456789"


def register() -> None:
    """What the small country of the room lacks."""
    for site, agency in ((ONE_STOP, "H26"), (OTHER, "H29")):
        code = f"{agency}-one_stop"
        if not System.objects.filter(code=code).update(name=f"Một cửa {agency}"):
            System.objects.create(code=code, agency=agency, kind="one_stop", name=code)
        Site.objects.create(site_id=site, system=code, name=f"Một cửa {agency}", hostnames="mc.vn")
    System.objects.create(code="H26-old", agency="H26", kind="portal", name="Cổng cũ", valid_to="2026-01-01")  # fmt: skip
    Site.objects.create(site_id=502, system="H26-portal", name="Trang chưa gắn mã")
    Site.objects.create(site_id=503, system="H26-portal", name="Trang đã bỏ", valid_to="2026-01-01")


def _message(found: Settings, number: int, **fields: str) -> Record:
    snapshot = snapshot_file.read(found.snapshot_path)
    sent = _MESSAGE | {"siteId": str(ONE_STOP), "codeProfile": f"H26-{number}", "user": PERSONAL}
    parsed = mcdt.parse(msgspec.json.encode(sent | fields), "application/json")
    assert isinstance(parsed, mcdt.Message)
    return mcdt.to_event(parsed, snapshot, found.secret, clock.now_us(), "unverified")


def _packet(found: Settings) -> Record:
    packet = {"MaHoSo": "x-1", "MaTTHC": "1.004194", "TrangThaiHoSo": "2", "NgayTiepNhan": "20991102080000"}  # fmt: skip
    snapshot = snapshot_file.read(found.snapshot_path)
    refused = dvcqg.judge(dvcqg.SYNC, packet, "H26", snapshot, found.secret, clock.now_us())
    assert isinstance(refused, Refused)
    return refused


def _view(site: int, host: str) -> Hit:
    query = _VIEW.format(site, host).encode()
    return Hit(clock.now_us(), "192.0.2.1", "Mozilla/5.0 (Windows NT 10.0; rv:130.0) Gecko/20100101 Firefox/130.0", "", query, b"", "", "unverified")  # fmt: skip


async def _write(found: Settings, records: list[Record]) -> None:
    writer = Writer(found.wal_dir)
    await writer.append_many([msgspec.msgpack.encode(record) for record in records])
    closing = writer.close()
    if closing is not None:
        await closing


@pytest.fixture(scope="session")
def spoken(measured, tmp_path_factory, django_db_setup, django_db_blocker) -> Settings:
    """An instance that heard thirty messages of H26, twelve refused ones, one of H29's and a stranger."""
    home = tmp_path_factory.mktemp("work") / "home"
    shutil.copytree(measured.home, home)
    found = instance.load({"THUOCDO_HOME": str(home)})
    with django_db_blocker.unblock(), transaction.atomic():
        for model, rows in small.REGISTERED.items():
            model.objects.bulk_create(rows)
        register()
        publish(found)
        transaction.set_rollback(True)
    records = [
        *(_message(found, n) for n in range(30)),
        *(_message(found, 100 + n, codeTTHC=NEW_PROCEDURE) for n in range(12)),
        _message(found, 200, codeTTHC=NEW_PROCEDURE, siteId=str(OTHER)),
        _packet(found),
        *(_view(391, "h26.vn") for _ in range(4)),
        _view(99_999, "h26.vn"),
    ]
    asyncio.run(_write(found, records))
    lake = Lake.open(found)
    Lander(found, lake).land_once()
    refresh(found, lake)
    return found


@dataclass
class Desk:
    """A browser of somebody signed in, and the instance."""

    client: Any
    settings: Settings
    user: Any

    def get(self, address: str, status: int = 200) -> str:
        answer = self.client.get(address)
        assert answer.status_code == status, (address, answer.status_code)
        found = b"".join(answer.streaming_content) if answer.streaming else answer.content
        text: str = found.decode("utf-8-sig")
        return text


@pytest.fixture
def live(country, spoken, settings) -> Settings:
    """The country of the room, with what `spoken` heard."""
    register()
    settings.THUOCDO = spoken
    return spoken


@pytest.fixture
def as_role(client, live):
    """Sign in as somebody with a role over an agency."""

    def sign_in(role: Role, agency: str = "H26") -> Desk:
        user = someone(role, "" if role is Role.OPERATOR else agency)
        enter(client, user)
        return Desk(client, live, user)

    return sign_in


@pytest.fixture
def admin(as_role) -> Desk:
    """The administrator of Hà Nội."""
    theirs: Desk = as_role(Role.AGENCY_ADMIN)
    return theirs


@pytest.fixture
def writable(spoken, country, settings, tmp_path) -> Settings:
    """A copy of `spoken` that a test may write to, its registry published."""
    register()
    shutil.copytree(spoken.home, tmp_path / "home")
    found = instance.load({"THUOCDO_HOME": str(tmp_path / "home")})
    found.replay_bell_path.unlink(
        missing_ok=True
    )  # what another test asked is not in this database
    settings.THUOCDO = found
    return found


def learn_the_procedure(found: Settings) -> None:
    """The fix: the procedure that was in no catalogue is in Hà Nội's."""
    Service.objects.create(agency="H26", procedure=NEW_PROCEDURE, level="full", name="Mới")
    publish(found)


@pytest.fixture
def desk(country):
    """The measured country with one numbered draft, made by the machine."""
    draft(country, WEEK, "41/BC-CĐSQG", formats=(), actor=working.WORKER)
    return country
