"""A page server, a real collector and a real Chromium: every fixture page checked once for all tests."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.assess.site_check.pages import PAGES, Page
from tests.collect.conftest import Collector
from tests.command import thuocdo

from thuocdo.assess.site_check.browser import Bounds
from thuocdo.assess.site_check.check import Wanted, check_sites
from thuocdo.assess.site_check.model import SiteResult
from thuocdo.collect.tracker import builds
from thuocdo.collect.tracker.snippet import Style, snippet
from thuocdo.core import settings as instance
from thuocdo.core.settings import Settings
from thuocdo.core.snapshot import SiteEntry, Snapshot

PATIENT = Bounds(quiet_s=10.0, act_s=10.0, settle_s=0.4, at_once=5)
"""For pages that send a hit: waiting ends when it comes."""
SHORT = Bounds(quiet_s=1.0, act_s=0.5, settle_s=0.4, at_once=5)
"""For pages that send nothing, however long one waits."""
ACTING = Bounds(quiet_s=0.5, act_s=10.0, settle_s=0.4, at_once=5)
"""For pages that wait for the visitor."""
DELAYED = Bounds(quiet_s=10.0, settle_s=0.4, late_ms=500)
SITES = (
    SiteEntry(227, "H29-portal", "H29", "portal", ("127.0.0.1",)),
    SiteEntry(101, "H13-portal", "H13", "portal", ("cantho.gov.vn",)),
    SiteEntry(95, "H57-portal", "H57", "portal"),
)
SECRET = "a secret for tests, long enough"


class Pages:
    """Serves pages by path; `words` are replaced in their bodies and headers."""

    def __init__(self, certificate: Path | None = None, host: str = "127.0.0.1") -> None:
        self.words: dict[str, str] = {}
        self.seen: list[tuple[str, str]] = []
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        pages = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                pages.seen.append((path, self.headers.get("User-Agent", "")))
                status, headers, body = pages.answer(path)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *_: Any) -> None:
                """Quiet: the test's own assertions speak."""

        self._server = ThreadingHTTPServer((host, 0), Handler)
        scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            scheme = "https"
        self.port = self._server.server_port
        self.url = f"{scheme}://{host}:{self.port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def add(self, path: str, body: str | bytes, status: int = 200, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, bytes) else self.filled(body).encode()
        kept = {"Content-Type": "text/html; charset=utf-8"} | {
            name: self.filled(value) for name, value in named.items()
        }
        self.answers[path] = (status, kept, data)

    def filled(self, text: str) -> str:
        for word, value in self.words.items():
            text = text.replace(word, value)
        return text

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        return self.answers.get(path, (404, {"Content-Type": "text/html"}, b"?"))

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass
class World:
    """A collector that runs, the pages, and an instance that may visit loopback."""

    collector: Collector
    pages: Pages
    secure: Pages
    elsewhere: Pages
    settings: Settings

    def check(self, *wanted: Wanted, bounds: Bounds = SHORT, **changes: Any) -> list[SiteResult]:
        return check_sites(replace(self.settings, **changes), wanted, bounds)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate nobody signed."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    key, signed = path.with_suffix(".key"), path.with_suffix(".crt")
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
            ),
            *("-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", signed),
        ],
        check=True,
        capture_output=True,
    )
    path.write_bytes(key.read_bytes() + signed.read_bytes())
    return path


@pytest.fixture(scope="session")
def trusting_chromium(certificate: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Chromium that takes that certificate for good, as it would one a known authority signed."""
    public = subprocess.run(
        ["openssl", "x509", "-in", certificate, "-pubkey", "-noout"],
        check=True,
        capture_output=True,
    ).stdout
    der = subprocess.run(
        ["openssl", "pkey", "-pubin", "-outform", "der"],
        input=public,
        check=True,
        capture_output=True,
    ).stdout
    digest = subprocess.run(
        "openssl dgst -sha256 -binary | openssl base64", shell=True, input=der, check=True,
        capture_output=True,
    ).stdout.decode().strip()  # fmt: skip
    path = tmp_path_factory.mktemp("browser") / "chromium"
    found = shutil.which("chromium")
    path.write_text(
        f'#!/bin/sh\nexec {found} --ignore-certificate-errors-spki-list={digest} "$@"\n'
    )
    path.chmod(0o755)
    return str(path)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, certificate: Path) -> Iterator[World]:
    collector = Collector(tmp_path_factory.mktemp("site-check") / "home")
    own = {"THUOCDO_HOME": str(collector.home), "THUOCDO_SECRET_KEY": SECRET}
    assert not thuocdo("init", environment=os.environ | own).returncode
    collector.publish(Snapshot(made_at=1, sites=SITES, agencies=("H29", "H13", "H57")))
    collector.start()
    pages, secure, elsewhere = Pages(), Pages(certificate), Pages()
    settings = instance.load(
        {
            "THUOCDO_HOME": str(collector.home),
            "THUOCDO_SECRET_KEY": SECRET,
            "THUOCDO_COLLECTOR_URL": collector.url,
            "THUOCDO_CHECK_ALLOW_NETWORKS": "127.0.0.0/8",
            "THUOCDO_CHROMIUM": os.environ.get("THUOCDO_CHROMIUM", ""),
        }
    )
    settings.make_folders()
    found = World(collector, pages, secure, elsewhere, settings)
    _fill(found)
    yield found
    for server in (pages, secure, elsewhere):
        server.close()
    collector.stop()


def _fill(world: World) -> None:
    words = {
        "EXTERNAL": snippet(227, world.collector.url, style=Style.EXTERNAL),
        "HOST": world.collector.url,
        "ELSEWHERE": world.elsewhere.url.replace("127.0.0.1", "localhost"),
        "PAGES": world.pages.url,
        "UNTRUSTED": world.secure.url,
        "SILENT": f"http://127.0.0.1:{closed_port()}",
    }
    for server in (world.pages, world.secure):
        server.words = words
    for name, page in PAGES.items():
        world.pages.add(f"/{name}", page.html, page.status, **page.headers)
    script = builds.current().script
    java_script = {"Content_Type": "text/javascript"}
    world.elsewhere.add("/embed/gov-tracking.min.js", script, **java_script)
    world.elsewhere.add("/tracking", b"", 204)
    world.pages.add("/html/gov-tracking.min.js", "<!doctype html><p>Trang chủ</p>")
    world.pages.add(
        "/bundle.js",
        "var _govaq=[['trackPageView'],['setTrackerUrl','HOST/tracking'],['setSiteId','227']];"
        "var g=document.createElement('script');g.src='HOST/embed/gov-tracking.min.js';"
        "document.head.appendChild(g);",
        **java_script,
    )


@pytest.fixture(scope="session")
def results(world: World) -> dict[str, SiteResult]:
    """Every fixture page, checked: name → result."""
    found: dict[str, SiteResult] = {}
    for bounds in (PATIENT, SHORT, ACTING, DELAYED):
        names = [name for name, page in PAGES.items() if bounds_for(page) is bounds]
        wanted = [
            Wanted(
                f"{world.pages.url}/{name}",
                PAGES[name].site_id,
                world.pages.filled(PAGES[name].tracker),
            )
            for name in names
        ]
        found |= zip(names, world.check(*wanted, bounds=bounds), strict=True)
    return found


def closed_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def bounds_for(page: Page) -> Bounds:
    """How long to wait for a page, so that a slow machine cannot change what is found."""
    if page.reason == "delay":
        return DELAYED
    if page.reason in ("named", "unnamed", "interaction"):
        return ACTING
    sends = {"ok", "wrong_site_id", "fires_twice", "fires_but_refused", "hit_lost"}
    return PATIENT if page.codes[0] in sends else SHORT
