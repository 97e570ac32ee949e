"""Dossiers pulled from a server that speaks OpenCPS's list of dossiers, over real HTTP."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from thuocdo.core import settings as settings_module
from thuocdo.core import snapshot as snapshot_file
from thuocdo.core.clock import to_datetime
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.results import ImportResult
from thuocdo.core.settings import Settings
from thuocdo.core.snapshot import ServiceEntry, Snapshot
from thuocdo.lake.importing import opencps_pull
from thuocdo.lake.importing.opencps_client import Account, Client, credentials
from thuocdo.lake.importing.opencps_pull import Place, read_cursor
from thuocdo.lake.imports import pull_opencps
from thuocdo.lake.store import Lake

SECRET = "may:mat-khau"


class Server(ThreadingHTTPServer):
    """`GET /o/rest/v2/dossiers?start&end` of the dossiers it holds, the last changed first."""

    daemon_threads = True

    def __init__(self) -> None:
        self.dossiers: list[dict[str, Any]] = []
        self.asked: list[int] = []
        self.failures: list[int] = []  # statuses to answer first
        self.stall_at = -1
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = base64.b64encode(SECRET.encode()).decode()
        if self.headers["Authorization"] != f"Basic {wanted}" or self.headers["groupId"] != "20143":
            self.answer(203, {"code": 203, "message": "Non-Authoritative Information."})
            return
        if self.server.failures:
            status = self.server.failures.pop(0)
            self.answer(status, {"message": "busy"})
            return
        address = urlsplit(self.path)
        assert address.path == "/o/rest/v2/dossiers"
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        start, end = int(query["start"]), int(query["end"])
        assert (query["sort"], query["order"]) == ("modified", "true")
        self.server.asked.append(start)
        if start >= self.server.stall_at >= 0:
            time.sleep(30)
        self.answer(
            200, {"total": len(self.server.dossiers), "data": self.server.dossiers[start:end]}
        )

    def answer(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if status in (429, 503):
            self.send_header("Retry-After", "7")
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    chosen = settings_module.load({"THUOCDO_HOME": str(tmp_path / "home")})
    chosen.make_folders()
    snapshot = Snapshot(
        1, agencies=("G09", "H57"), services=(ServiceEntry("H57", "1.004194", "full", "BGT-1"),)
    )
    snapshot_file.write(chosen.snapshot_path, snapshot)
    return chosen


def dossier(number: int, **told: object) -> dict[str, Any]:
    return {
        "dossierId": number, "dossierNo": f"HS-{number:05d}", "serviceCode": "BGT-1", "serviceName": "Cấp phép",
        "govAgencyCode": "BGTVT", "applicantName": "NGUYỄN VĂN AN", "applicantIdType": "citizen",
        "applicantIdNo": "001099012345", "contactTelNo": "0912345678", "contactEmail": "an@example.vn",
        "address": "12 Lê Lợi", "online": "true", "viaPostal": "1", "fromViaPostal": 0, "serviceLevel": 4,
        "originality": 3, "submitDate": "01/03/2024 08:00:00", "receiveDate": "02/03/2024 09:00:00",
        "dueDate": "12/03/2024 17:00:00", "dossierStatus": "processing",
        "modifiedDate": f"02/03/2024 10:{number // 60 % 60:02d}:{number % 60:02d}", **told,
    }  # fmt: skip


def place(server: Server) -> Place:
    return Place(server.url, "20143", "opencps", "H57")


def bring(
    settings: Settings,
    lake: Lake,
    server: Server,
    since: int | None = None,
    waits: list[float] | None = None,
) -> ImportResult:
    waited: list[float] = [] if waits is None else waits
    client = Client(Account(server.url, "20143", SECRET), waited.append)
    return pull_opencps(settings, lake, client, place(server), lambda _d, _t: None, since)


def test_a_dossier_becomes_its_events_and_nothing_of_its_people(
    settings: Settings, lake: Lake, server: Server
) -> None:
    server.dossiers = [
        dossier(3, dossierStatus="done", releaseDate="10/03/2024 15:00:00", finishDate="20240311101500",
                viaPostal="2", extendDate=1710846000000, govAgencyCode="000.00.00.G09", serviceCode="1.004194"),
        dossier(2, dossierStatus="denied", releaseDate="03/03/2024 08:00:00", online="false", fromViaPostal=1),
        dossier(1, dossierNo="", dossierStatus="new"),
    ]  # fmt: skip
    result = bring(settings, lake, server)
    assert (result.accepted, result.rejected, result.left_out) == (7, {}, {"draft_or_folder": 1})
    rows = lake.read("dossier_events").to_pylist()
    done = [row for row in rows if row["agency"] == "G09"]
    assert {row["status"]: f"{row['event_time']:%d %H:%M}" for row in done} == {
        "submitted": "01 01:00", "received": "02 02:00", "completed": "10 08:00", "returned": "11 03:15",
    }  # fmt: skip
    assert done[0]["due_at"] == to_datetime(1_710_846_000_000_000)  # the extended one
    assert (done[0]["channel"], done[0]["returned_by_post"], done[0]["applicant_kind"]) == (
        "online", True, "citizen",
    )  # fmt: skip
    denied = [row for row in rows if row["agency"] == "H57"]
    assert {row["status"] for row in denied} == {"submitted", "received", "rejected"}
    assert {(row["procedure"], row["channel"], row["level_declared"]) for row in denied} == {
        ("1.004194", "postal", "full")
    }
    for path in settings.home.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            for planted in (
                "NGUYỄN",
                "001099012345",
                "0912345678",
                "an@example.vn",
                "Lê Lợi",
                "HS-0000",
                "mat-khau",
            ):
                assert planted.encode() not in data, path


def test_a_later_pull_stops_where_it_meets_the_last_one(
    settings: Settings, lake: Lake, server: Server
) -> None:
    server.dossiers = [dossier(n) for n in range(700, 0, -1)]
    assert bring(settings, lake, server).accepted == 2100
    assert server.asked == [0, 200, 400, 600]
    server.asked.clear()
    server.dossiers = [
        dossier(
            5, dossierStatus="done", finishDate="05/03/2024", modifiedDate="05/03/2024 10:00:00"
        ),
        *server.dossiers,
    ]
    result = bring(settings, lake, server)
    assert (result.accepted, server.asked) == (1, [0])
    assert bring(settings, lake, server).accepted == 0
    assert read_cursor(place(server).cursor_path(settings)).since == 1_709_607_600_000_000


def test_a_list_that_is_in_no_order_is_read_to_its_end(
    settings: Settings, lake: Lake, server: Server
) -> None:
    server.dossiers = [dossier(n) for n in range(1, 420)]
    bring(settings, lake, server)
    server.asked.clear()
    server.dossiers[300] = dossier(301, dossierStatus="waiting", modifiedDate="09/03/2024 10:00:00")
    result = bring(settings, lake, server)
    assert (result.accepted, server.asked) == (1, [0, 200, 400])


def test_since_reads_back_to_a_day_and_no_further(
    settings: Settings, lake: Lake, server: Server
) -> None:
    server.dossiers = [
        dossier(2, modifiedDate="09/03/2024 10:00:00"), dossier(1, modifiedDate="01/02/2024 10:00:00"),
    ]  # fmt: skip
    result = bring(settings, lake, server, since=1_709_607_600_000_000)
    assert "1 dossiers" in result.notes


def test_a_server_that_is_busy_is_asked_again_and_one_that_stays_so_is_named(
    settings: Settings, lake: Lake, server: Server
) -> None:
    server.dossiers = [dossier(1)]
    server.failures = [503, 500, 429]
    waits: list[float] = []
    assert bring(settings, lake, server, waits=waits).accepted == 3
    assert waits == [7.0, 2.0, 7.0]
    server.failures = [500] * 9
    with pytest.raises(ThuocdoError, match="goes on where it stopped"):
        bring(settings, lake, server)


def test_what_will_not_pass_is_said_at_once(
    settings: Settings, lake: Lake, server: Server, tmp_path: Path
) -> None:
    def fails(account: Account, words: str) -> None:
        with pytest.raises(ThuocdoError, match=words):
            Client(account, lambda _: pytest.fail("asked again")).page(0, 1)

    fails(Account(server.url, "20143", "may:sai"), "refused the credentials")
    fails(Account(server.url, None, SECRET), "refused the credentials")
    fails(Account("http://opencps.example.vn", "1", SECRET), "in the clear")
    fails(Account("opencps.example.vn", "1", SECRET), "is no address")
    server.failures = [302]
    fails(Account(server.url, "20143", SECRET), "redirection is not followed")
    server.failures = [404]
    fails(Account(server.url, "20143", SECRET), r"HTTP 404 \(busy\)")
    secret = tmp_path / "secret"
    secret.write_text(f"{SECRET}\n")
    secret.chmod(0o644)
    with pytest.raises(ThuocdoError, match="Others may read"):
        credentials({}, secret)
    secret.chmod(0o600)
    assert credentials({}, secret) == SECRET
    with pytest.raises(ThuocdoError, match="no credentials"):
        credentials({}, None)


PULLER = """
import sys
from thuocdo.core import settings
from thuocdo.lake import imports
from thuocdo.lake.importing import opencps_pull
from thuocdo.lake.importing.opencps_client import Account, Client
from thuocdo.lake.store import Lake
opencps_pull._LANDED_AT_ONCE = 200
home, url, secret = sys.argv[1:]
chosen = settings.load({"THUOCDO_HOME": home})
client = Client(Account(url, "20143", secret))
place = opencps_pull.Place(url, "20143", "opencps", "H57")
imports.pull_opencps(chosen, Lake.open(chosen), client, place, lambda done, total: None)
"""


def test_killed_in_the_middle_it_goes_on_and_counts_nothing_twice(
    settings: Settings, lake: Lake, server: Server
) -> None:
    server.dossiers = [dossier(n) for n in range(1000, 0, -1)]
    server.stall_at = 600
    command = [sys.executable, "-c", PULLER, str(settings.home), server.url, SECRET]
    with subprocess.Popen(command, env=os.environ | {"PYTHONWARNINGS": "ignore"}) as process:
        until = time.monotonic() + 60
        while (not server.asked or server.asked[-1] < 600) and time.monotonic() < until:
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    assert read_cursor(place(server).cursor_path(settings)).next == 600
    server.stall_at = -1
    server.asked.clear()
    result = bring(settings, lake, server)
    assert server.asked == [400, 600, 800]
    assert (result.accepted, result.duplicates) == (1200, 600)
    assert "went on from dossier 600, where the last pull was stopped" in result.notes
    assert lake.read("dossier_events").num_rows == 3000
    assert read_cursor(place(server).cursor_path(settings)).next == 0
    assert opencps_pull.PAGE == 200
