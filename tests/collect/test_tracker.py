"""The tracker: what is served is what the source says, small, and at home in the deployed snippets."""

from __future__ import annotations

import contextlib
import gzip
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.run.browser import DEPLOYED, MINIFIED

from thuocdo.collect.tracker.builds import CURRENT as TRACKER
from thuocdo.core.vocabulary import ViewKind
from thuocdo.wire.events import PageView, ServiceStep, Unreadable
from thuocdo.wire.matomo import parse_hit

MAX_GZIP = 1200
SOURCES = ("gov-tracking.js", "package.json", "package-lock.json", ".npmrc")
QUIET = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]
CHROMIUM = shutil.which("chromium") or "chromium"

BODY = """<title>Trang thử</title><a id="file" href="/mau-don.docx">mẫu đơn</a>
<a id="out" href="http://other.example/">ngoài</a> <a id="in" href="/khac">trong</a>
<script>document.addEventListener('click', function (e) { e.preventDefault(); });</script>"""


@contextlib.contextmanager
def portal(html: str) -> Iterator[str]:
    """A portal of one page on another origin than the collector's."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/p/home?x=1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a visitor of its own; an error on it fails the test."""
    context = browser.new_context()
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    assert context.cookies() == []
    context.close()
    assert errors == []


def parsed(collector: Any, count: int) -> list[PageView | ServiceStep | Unreadable]:
    """What the browser's requests say, once there are so many."""
    deadline = time.monotonic() + 10
    while len(collector.records()) < count and time.monotonic() < deadline:
        time.sleep(0.05)
    return [event for hit in collector.expect(count) for event in parse_hit(hit)]


@pytest.mark.parametrize("snippet", [DEPLOYED, MINIFIED], ids=["deployed", "minified"])
def test_the_deployed_snippet_counts_one_view_with_its_timings(
    collector: Any, page: Page, snippet: str
) -> None:
    with portal(snippet.replace("HOST", collector.url) + BODY) as url:
        page.goto(url)
        (view,) = parsed(collector, 1)
    assert isinstance(view, PageView)
    assert (view.site_id, view.kind, view.url) == (227, ViewKind.VIEW, url)
    assert view.client is None
    assert view.t_server_ms is not None
    assert view.t_dom_ms is not None
    assert view.t_load_ms is not None
    assert view.t_load_ms >= view.t_dom_ms >= view.t_server_ms


def test_track_dvc_is_a_step_and_its_third_argument_never_leaves_the_page(
    collector: Any, page: Page
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url + (request.post_data or "")))
    with portal(DEPLOYED.replace("HOST", collector.url) + BODY) as url:
        page.goto(url)
        parsed(collector, 1)
        page.evaluate(
            "_govaq.push(['trackDVC', '1.004194.000.00.00.H13', '1', '9;Nguyễn Văn Thử;079012345678'])"
        )
        step = parsed(collector, 2)[1]
    assert isinstance(step, ServiceStep)
    assert (step.site_id, step.procedure, step.state) == (227, "1.004194", "1")
    assert not any("079012345678" in request for request in asked)


def test_downloads_and_links_away_are_counted_and_links_inside_are_not(
    collector: Any, page: Page
) -> None:
    with portal(DEPLOYED.replace("HOST", collector.url) + BODY) as url:
        page.goto(url)
        parsed(collector, 1)
        for target in ("#in", "#file", "#out"):
            page.click(target)
        events = parsed(collector, 3)[1:]
    kinds = {event.kind: event.url for event in events if isinstance(event, PageView)}
    assert set(kinds) == {ViewKind.DOWNLOAD, ViewKind.OUTLINK}
    assert kinds[ViewKind.DOWNLOAD].endswith("/mau-don.docx")
    assert kinds[ViewKind.OUTLINK] == "http://other.example/"


def test_without_a_site_id_or_with_nonsense_nothing_is_sent_and_nothing_is_thrown(
    collector: Any, page: Page
) -> None:
    nonsense = DEPLOYED.replace("'227'", "''").replace(
        "_govaq.push(['enableLinkTracking']);",
        "_govaq.push(null, 5, ['noSuchCommand', {}], [], 'trackPageView');",
    )
    with portal(nonsense.replace("HOST", collector.url) + BODY) as url:
        page.goto(url)
        page.wait_for_function("_govaq.push !== Array.prototype.push")
        page.evaluate("_govaq.push(undefined, ['trackPageView'], ['trackDVC'])")
        page.wait_for_timeout(300)
    collector.expect(0)


def test_the_matomo_queue_name_is_an_alias(collector: Any, page: Page) -> None:
    with portal(DEPLOYED.replace("_govaq", "_paq").replace("HOST", collector.url) + BODY) as url:
        page.goto(url)
        (view,) = parsed(collector, 1)
    assert isinstance(view, PageView)
    assert view.url == url


def test_a_visitor_who_leaves_early_counts(collector: Any, page: Page) -> None:
    never_loads = (
        DEPLOYED.replace("HOST", collector.url) + BODY + '<img src="http://10.255.255.1/">'
    )
    with portal(never_loads) as url:
        page.goto(url, wait_until="domcontentloaded")
        page.wait_for_function("_govaq.push !== Array.prototype.push")
        page.goto("about:blank")
        (view,) = parsed(collector, 1)
    assert isinstance(view, PageView)
    assert view.url == url


def test_the_tracker_is_small() -> None:
    assert len(gzip.compress(TRACKER.read_bytes(), mtime=0)) <= MAX_GZIP


def test_the_served_file_is_built_from_the_source(tmp_path: Path) -> None:
    for name in SOURCES:
        shutil.copy(TRACKER.parent / name, tmp_path / name)
    for command in (["npm", "ci", "--silent"], ["npm", "run", "--silent", "build"]):
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / TRACKER.name).read_bytes() == TRACKER.read_bytes()


def test_the_lock_file_names_no_host() -> None:
    assert "://" not in (TRACKER.parent / "package-lock.json").read_text()
