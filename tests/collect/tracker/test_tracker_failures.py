"""What pages, policies and browsers forbid: views still count where they can, and no page is hurt."""

from __future__ import annotations

import time
from typing import Any

import pytest
from tests.run.browser import DEPLOYED, page_server

EXTERNAL = """<script src="HOST/embed/gov-tracking.min.js" data-govaq='[["setTrackerUrl",
"HOST/tracking"],["setSiteId","227"],["trackPageView"],["enableLinkTracking"]]'></script>"""
POLICY = "default-src 'none'; script-src HOST; {also}"
NO_STORAGE = (
    """Object.defineProperty(window, 'localStorage', {get() { throw new Error('no'); }});"""
)
NO_BEACON = {
    "missing": "delete Navigator.prototype.sendBeacon;",
    "refusing": "Navigator.prototype.sendBeacon = () => false;",
}
KEPT_MS = 90_000_000


@pytest.mark.parametrize(
    "also",
    [
        "connect-src HOST",
        "connect-src HOST; require-trusted-types-for 'script'; trusted-types 'none'",
    ],
)
def test_a_strict_policy_that_names_the_collector_is_enough(portal: Any, also: str) -> None:
    portal.serve(EXTERNAL, {"Content-Security-Policy": POLICY.format(also=also)})
    portal.open()
    portal.got(1)
    portal.page.evaluate("history.pushState({}, '', '/q')")
    portal.settle()
    portal.got(2)


def test_a_policy_that_forbids_every_way_out_costs_the_page_nothing(portal: Any) -> None:
    portal.serve(EXTERNAL, {"Content-Security-Policy": POLICY.format(also="connect-src 'none'")})
    portal.open()
    portal.page.wait_for_function("window._govaq && _govaq.push !== Array.prototype.push")
    portal.settle()
    portal.got(0)


@pytest.mark.parametrize("beacon", NO_BEACON)
def test_where_beacons_do_not_work_a_picture_is_asked_for(portal: Any, beacon: str) -> None:
    portal.page.add_init_script(NO_BEACON[beacon])
    portal.serve()
    portal.open()
    assert portal.got(1)[0]["url"].endswith("/p")


def test_a_page_in_a_frame_counts_as_the_page_it_is(portal: Any) -> None:
    portal.serve({"/p": '<iframe src="/q"></iframe>', "/q": DEPLOYED})
    portal.open()
    view = portal.got(1)[0]
    assert (view["url"][-2:], view["urlref"][-2:]) == ("/q", "/p")


def test_a_page_that_may_store_nothing_counts(portal: Any) -> None:
    portal.serve({"/p": '<iframe src="/q" sandbox="allow-scripts"></iframe>', "/q": DEPLOYED})
    portal.open()
    portal.got(1)
    portal.page.frames[1].evaluate("_govaq.push(['optUserOut'], ['trackEvent', 'a', 'b'])")
    portal.settle()
    portal.got(1)


def test_storage_that_throws_stops_no_count(portal: Any) -> None:
    portal.page.add_init_script(NO_STORAGE)
    portal.serve()
    portal.open()
    portal.got(1)


def offline(portal: Any, *events: str) -> None:
    portal.serve()
    portal.open()
    portal.got(1)
    portal.context.set_offline(True)
    for event in events:
        portal.push("trackEvent", "a", event)


def test_what_happens_offline_arrives_when_the_browser_is_online_again(portal: Any) -> None:
    offline(portal, "một", "hai")
    portal.settle()
    portal.got(1)
    portal.context.set_offline(False)
    events = portal.got(3)[1:]
    assert {event["e_a"] for event in events} == {"một", "hai"}
    assert len({event["rand"] for event in events}) == 2
    assert portal.page.evaluate("localStorage._govaq") == ""


def test_what_happened_offline_arrives_with_the_next_page(portal: Any) -> None:
    offline(portal, "một")
    portal.page.evaluate(
        "window.addEventListener('online', (e) => e.stopImmediatePropagation(), true)"
    )
    waiting = portal.page.evaluate("localStorage._govaq")
    portal.page.close()
    portal.context.set_offline(False)
    portal.page = portal.watched(portal.context.new_page())
    portal.open("/q")
    old, new = sorted(portal.got(3)[1:], key=lambda query: "urlref" in query or "pf_srv" in query)
    assert (old["e_a"], new["url"][-2:]) == ("một", "/q")
    assert f"rand={old['rand']}" in waiting


def test_the_twenty_youngest_requests_of_a_day_wait_and_no_more(portal: Any) -> None:
    offline(portal, *(str(number) for number in range(25)))
    older = f"{int(time.time() * 1000) - KEPT_MS - 1000}{portal.collector.url}/tracking?idsite=227"
    portal.page.evaluate("(older) => { localStorage._govaq += ' ' + older + ' junk'; }", older)
    portal.context.set_offline(False)
    assert {event["e_a"] for event in portal.got(21)[1:]} == {str(n) for n in range(5, 25)}


def test_who_opts_out_while_offline_leaves_nothing_waiting(portal: Any) -> None:
    offline(portal, "một")
    portal.push("optUserOut")
    portal.context.set_offline(False)
    portal.settle()
    portal.got(1)
    assert portal.page.evaluate("localStorage._govaq") == ""


def test_a_full_storage_loses_what_waits_and_hurts_nobody(portal: Any) -> None:
    portal.page.add_init_script(
        "Object.defineProperty(window, 'localStorage', {value: new Proxy({}, "
        "{set() { throw new DOMException('', 'QuotaExceededError'); }})});"
    )
    offline(portal, "một")
    portal.context.set_offline(False)
    portal.push("trackEvent", "a", "hai")
    assert portal.got(2)[1]["e_a"] == "hai"


def test_a_collector_that_is_not_there_hurts_no_page(portal: Any) -> None:
    with page_server({}) as nobody:
        gone = nobody
    portal.serve(DEPLOYED.replace("HOST/tracking", f"{gone}/tracking"))
    portal.open()
    portal.push("trackEvent", "a", "b")
    portal.settle()
    portal.got(0)
