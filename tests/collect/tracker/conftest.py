"""A portal in a real Chromium, and what the collector got from it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from tests.run.browser import DEPLOYED, chromium, page_server

PATIENCE_S = 15.0
SETTLED_MS = 450  # longer than the tracker lets an address settle

BODY = """<!DOCTYPE html><title>Trang thử</title>
<a id="file" href="/mau-don.docx">mẫu đơn</a> <a id="saved" href="/tai/7" download>tải</a>
<a id="out" href="http://other.example/"><svg width="9" height="9"><use href="#x"/></svg> ngoài</a>
<a id="in" href="/khac">trong</a> <a id="mail" href="mailto:ai@vi.du">thư</a>
<script>document.addEventListener('click', function (e) { e.preventDefault(); });</script>"""


class Portal:
    """One site's pages under test in one visitor's browser, seen from the collector's side."""

    def __init__(self, collector: Any, context: BrowserContext, stack: ExitStack) -> None:
        self.collector = collector
        self.context = context
        self.errors: list[str] = []
        self._pages: list[Page] = []
        self.page = self.watched(context.new_page())
        self.address = ""
        self._stack = stack

    def watched(self, page: Page) -> Page:
        """The page; an error on it fails the test."""
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        self._pages.append(page)
        return page

    def close(self) -> None:
        for page in self._pages:
            page.close()

    def serve(
        self,
        pages: str | dict[str, str] = DEPLOYED,
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """Serve pages (or one snippet, on every test page) whose HOST is the collector."""
        wanted = (
            dict.fromkeys(("/p", "/q", "/r"), BODY + pages) if isinstance(pages, str) else pages
        )
        filled = {path: html.replace("HOST", self.collector.url) for path, html in wanted.items()}
        said = {
            name: value.replace("HOST", self.collector.url)
            for name, value in (headers or {}).items()
        }
        self.address = self._stack.enter_context(page_server(filled, said))
        return self.address

    def open(self, path: str = "/p") -> None:
        self.page.goto(self.address + path)

    def push(self, *command: object) -> None:
        """Push a command as the page would."""
        self.page.evaluate("(command) => { (window._govaq || _paq).push(command); }", list(command))

    def settle(self) -> None:
        self.page.wait_for_timeout(SETTLED_MS)

    def queries(self) -> list[dict[str, str]]:
        """The parameters of every request on the collector's disk."""
        return [
            {name: values[0] for name, values in parse_qs(hit.query.decode()).items()}
            for hit in self.collector.records()
        ]

    def got(self, count: int) -> list[dict[str, str]]:
        """The requests, once there are so many; there must be no more."""
        deadline = time.monotonic() + PATIENCE_S
        while len(self.collector.records()) < count and time.monotonic() < deadline:
            time.sleep(0.03)
        found = self.queries()
        assert len(found) == count, found
        return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One that keeps the pages it leaves, as browsers do that nobody drives."""
    with chromium(without=["--disable-back-forward-cache"]) as running:
        yield running


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One visitor for all tests: each portal has a port, hence a storage, of its own."""
    shared = browser.new_context()
    yield shared
    assert shared.cookies() == []
    shared.close()


@pytest.fixture
def make_portal(collector: Any, context: BrowserContext) -> Iterator[Callable[..., Portal]]:
    """Portals whose pages end with the test; none may have had an error."""
    made: list[Portal] = []
    with ExitStack() as stack:

        def make(context: BrowserContext = context) -> Portal:
            made.append(Portal(collector, context, stack))
            return made[-1]

        yield make
        context.set_offline(False)
        for each in made:
            each.close()
            assert each.errors == []


@pytest.fixture
def portal(make_portal: Callable[..., Portal]) -> Portal:
    return make_portal()
