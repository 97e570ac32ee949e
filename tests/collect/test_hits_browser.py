"""A browser's own ways of sending, across origins, in a real Chromium."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page
from tests.collect.conftest import Collector
from tests.collect.test_hits import registry
from tests.run.browser import chromium, page_server

from thuocdo.wire.events import Hit, PageView
from thuocdo.wire.matomo import parse_hit

PAGE = "idsite=227&rec=1&url=https%3A%2F%2Fexample.gov.vn%2F"
BULK = f'{{"requests":["?{PAGE}","?{PAGE}&uid=079012345678"],"send_image":0}}'
FORM = "application/x-www-form-urlencoded; charset=UTF-8"
POST = """([url, body, type]) => new Promise((done) => {
  const xhr = new XMLHttpRequest();
  xhr.open('POST', url, true);
  xhr.onreadystatechange = () => { if (xhr.readyState === 4) done(xhr.status); };
  xhr.setRequestHeader('Content-Type', type);
  xhr.withCredentials = true;
  xhr.send(body);
})"""
"""As js/piwik.js posts: whoever sees no status sends the hit once more."""
BEACON = "([url, make]) => navigator.sendBeacon(url, (0, eval)(make))"


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with chromium() as browser, page_server({"/": "<title>Trang thử</title>"}) as address:
        page = browser.new_page()
        page.goto(f"{address}/")
        yield page


@pytest.fixture
def one(serving: Callable[..., Collector]) -> Collector:
    return serving("hits", registry)


def hits(one: Collector, count: int) -> list[Any]:
    deadline = time.monotonic() + 10
    while len(one.records()) < count and time.monotonic() < deadline:
        time.sleep(0.02)
    return one.expect(count)


@pytest.mark.parametrize(
    ("body", "content_type", "status", "count"),
    [
        (PAGE, FORM, 204, 1),
        (BULK, FORM, 204, 2),
        (BULK, "application/json", 204, 2),
        (PAGE.replace("227", "999"), FORM, 400, 1),
    ],
)
def test_a_page_that_posts_with_credentials_sees_what_became_of_it(
    page: Page, one: Collector, body: str, content_type: str, status: int, count: int
) -> None:
    assert page.evaluate(POST, [f"{one.url}/matomo.php", body, content_type]) == status
    assert len(hits(one, count)) == count


@pytest.mark.parametrize(
    "made",
    [
        f"'{PAGE}'",
        f"new Blob(['{PAGE}'], {{type: '{FORM}'}})",
        f"new Blob(['{PAGE}'])",
        f"new URLSearchParams('{PAGE}')",
        f"(() => {{ const f = new FormData(); new URLSearchParams('{PAGE}').forEach((v, k) => f.append(k, v)); return f; }})()",
    ],
)
def test_a_beacon_of_any_kind_is_a_view(page: Page, one: Collector, made: str) -> None:
    assert page.evaluate(BEACON, [f"{one.url}/matomo.php", made])
    (hit,) = hits(one, 1)
    assert isinstance(hit, Hit)
    (view,) = parse_hit(hit)
    assert isinstance(view, PageView)
    assert view.url == "https://example.gov.vn/"
