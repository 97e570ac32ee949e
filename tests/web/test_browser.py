"""The running site in a real Chromium: it moves by itself, and does without script."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from tests.command import thuocdo

from thuocdo.core import settings as instance
from thuocdo.core.settings import Settings
from thuocdo.lake.imports import import_page_views
from thuocdo.lake.store import Lake
from thuocdo.measure.refresh import refresh

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
PATIENCE_S = 60.0


class Site:
    """A served instance of its own."""

    def __init__(self, home: Path) -> None:
        self.environ = {**os.environ, "THUOCDO_HOME": str(home), "NO_COLOR": "1"}
        self.settings: Settings = instance.load(self.environ)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def command(self, *words: str) -> None:
        thuocdo(*words, environment=self.environ).check_returncode()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "thuocdo", "web", "--port", str(self.port)], env=self.environ
        )
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                with urllib.request.urlopen(f"{self.address}/health") as answer:
                    assert answer.status == 200
                    return
            except OSError:
                assert time.monotonic() < deadline, "the site did not come up"
                time.sleep(0.1)

    def stop(self) -> int:
        """Ask it to end; its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE_S)
        self.process = None
        return code

    def view(self, folder: Path, name: str, day: date, count: int) -> None:
        """Count page views of today, as the pipeline would."""
        lines = [f"391,{day}T00:00:0{n}+07:00,{name}{n}" for n in range(count)]
        path = folder / f"{name}.csv"
        path.write_text("site_id,event_time,visitor\n" + "\n".join(lines) + "\n")
        lake = Lake.open(self.settings)
        import_page_views(self.settings, lake, [path], lambda _done, _total: None)
        refresh(self.settings, lake)


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("served")
    found = Site(folder / "home")
    sites = folder / "sites.csv"
    sites.write_text("site_id,agency,kind,name\n391,H26,portal,Cổng Hà Nội\n", encoding="utf-8")
    found.command("init")
    found.command("import", "sites", str(sites))
    found.start()
    yield found
    if found.process is not None:
        found.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield found
        found.close()


def test_the_counts_of_today_move_without_a_reload(site, browser, today, tmp_path):
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(site.address)
    views = page.locator('[data-value="views"]')
    expect(views).to_have_text("0")
    site.view(tmp_path, "first", today, 4)
    expect(views).to_have_text("4", timeout=PATIENCE_S * 1000)
    assert complaints == []
    page.close()


def test_without_script_a_reload_shows_the_same(site, browser, today, tmp_path):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    site.view(tmp_path, "second", today, 3)
    page.goto(f"{site.address}/en/")
    before = int(page.locator('[data-value="views"]').inner_text())
    site.view(tmp_path, "third", today, 2)
    page.reload()
    assert int(page.locator('[data-value="views"]').inner_text()) == before + 2
    context.close()


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize(
    "path",
    ["/", "/xep-hang/online_dossier_rate/", "/co-quan/H26/", "/phuong-phap/", "/connect?site=391"],
)
def test_no_page_is_wider_than_the_screen(site, browser, path, width):
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto(site.address + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_a_public_page_is_kept_and_a_private_one_is_not(site):
    def ask(path: str, **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", site.port)
        connection.request(
            "GET", path, headers={name.replace("_", "-"): v for name, v in headers.items()}
        )
        return connection.getresponse()

    first, second = ask("/phuong-phap/"), ask("/phuong-phap/")
    assert first.headers["ETag"] == second.headers["ETag"]
    assert first.read() == second.read() != b""
    assert ask("/phuong-phap/", if_none_match=first.headers["ETag"]).status == 304
    for path in ("/login", "/nowhere/", "/health"):
        assert ask(path).headers["ETag"] is None


def test_the_site_ends_when_it_is_asked_to(site):
    assert site.stop() == 0
