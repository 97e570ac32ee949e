"""Pages that change their address without a load, and pages that are loaded without being shown."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.run.browser import ARGUMENTS, CHROMIUM, DEPLOYED

AHEAD = """<script type="speculationrules">
{"prerender": [{"source": "list", "urls": ["/b"], "eagerness": "immediate"}]}</script>
<script>setTimeout(function () { location.href = '/b'; }, 3000);</script>"""
ROUTER = """<script>
  function go(path) {
    history.pushState({}, '', path);
    Promise.resolve().then(function () { _govaq.push(['trackPageView']); });
  }
</script>"""


@pytest.fixture
def portal(portal: Any) -> Any:
    portal.serve(DEPLOYED + ROUTER)
    portal.open()
    portal.got(1)
    return portal


def paths(portal: Any, count: int) -> list[tuple[str, str]]:
    """(page, referrer) of every view, without the portal's own address."""
    return [
        (
            query["url"].removeprefix(portal.address),
            query.get("urlref", "").removeprefix(portal.address),
        )
        for query in portal.got(count)
    ]


def test_a_pushed_or_replaced_address_is_a_view_whose_referrer_is_the_page_before(
    portal: Any,
) -> None:
    for step in ("pushState({}, '', '/q?trang=2')", "replaceState({}, '', '/r')"):
        portal.page.evaluate(f"history.{step}")
        portal.settle()
    assert paths(portal, 3) == [("/p", ""), ("/q?trang=2", "/p"), ("/r", "/q?trang=2")]
    assert "pf_srv" not in portal.queries()[1]


def test_going_back_is_a_view(portal: Any) -> None:
    portal.page.evaluate("history.pushState({}, '', '/q')")
    portal.settle()
    portal.page.evaluate("history.back()")
    portal.settle()
    assert [page for page, _ in paths(portal, 3)] == ["/p", "/q", "/p"]


def test_an_address_that_stays_or_is_replaced_at_once_is_no_view(portal: Any) -> None:
    portal.page.evaluate("history.replaceState({scroll: 1}, '', location.href)")
    portal.page.evaluate(
        "() => { history.pushState({}, '', '/q'); history.replaceState({}, '', '/r'); }"
    )
    portal.settle()
    assert paths(portal, 2)[1] == ("/r", "/p")


def test_a_place_in_the_page_is_no_view_and_a_hash_route_is(portal: Any) -> None:
    for place in ("#muc-3", "#", "#/thu-tuc/7", "#!/tra-cuu"):
        portal.page.evaluate("(place) => { location.hash = place; }", place)
        portal.settle()
    assert [page for page, _ in paths(portal, 3)] == ["/p", "/p#/thu-tuc/7", "/p#!/tra-cuu"]


def test_a_router_that_counts_its_own_views_is_not_counted_twice(portal: Any) -> None:
    for path in ("/q", "/r"):
        portal.page.evaluate("(path) => go(path)", path)
        portal.settle()
    assert paths(portal, 3) == [("/p", ""), ("/q", "/p"), ("/r", "/q")]


def test_a_bad_address_fails_as_it_would_without_the_tracker(portal: Any) -> None:
    name = portal.page.evaluate(
        "() => { try { history.pushState({}, '', 'http://other.example/'); } catch (e) { return e.name; } }"
    )
    assert name == "SecurityError"


def test_without_a_first_view_a_changed_address_is_none(make_portal: Any) -> None:
    portal = make_portal()
    portal.serve(DEPLOYED.replace("_govaq.push(['trackPageView']);", ""))
    portal.open()
    portal.page.wait_for_function("_govaq.push !== Array.prototype.push")
    portal.page.evaluate("history.pushState({}, '', '/q')")
    portal.settle()
    portal.got(0)


def test_a_page_that_comes_back_from_the_browsers_cache_is_a_view(
    portal: Any,
) -> None:
    portal.page.evaluate("window.kept = 1")
    portal.open("/q")
    portal.got(2)
    portal.page.evaluate("history.back()")
    portal.page.wait_for_function("window.kept === 1")
    portal.settle()
    assert [query["url"][-2:] for query in portal.got(3)] == ["/p", "/q", "/p"]


def test_a_page_rendered_ahead_counts_once_it_is_shown(portal: Any, tmp_path: Path) -> None:
    said = "<script>_govaq.push(['trackEvent', 'ahead', '' + document.prerendering])</script>"
    portal.serve({"/a": AHEAD, "/b": DEPLOYED + said})
    portal.collector.forget()
    # A browser that is driven renders nothing ahead, so this one is only started.
    command = [CHROMIUM, *ARGUMENTS, f"--user-data-dir={tmp_path}", portal.address + "/a"]
    browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert portal.got(1)[0]["e_a"] == "true"
        portal.settle()
        view = portal.got(2)[1]
        assert (view["url"][-2:], view["urlref"][-2:]) == ("/b", "/a")
    finally:
        browser.terminate()
        browser.wait(30)
