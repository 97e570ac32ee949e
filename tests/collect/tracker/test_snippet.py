"""What webmasters paste, pasted: under its own policy, in a real browser, on a real collector."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser
from tests.run.browser import DEPLOYED

from thuocdo.collect.tracker import builds
from thuocdo.collect.tracker.snippet import Style, pixel, policy, snippet

STYLES = pytest.mark.parametrize("style", Style)
FORBIDDEN = "default-src 'none'; "


def test_the_plain_snippet_is_the_deployed_one_to_the_letter() -> None:
    collector = "https://emc.vi.du"
    assert snippet(227, collector) == DEPLOYED.replace("HOST", collector)


@STYLES
def test_every_style_counts_a_view_under_its_own_policy(portal: Any, style: Style) -> None:
    allowed = FORBIDDEN + policy(227, portal.collector.url, style=style)
    portal.serve(
        snippet(227, portal.collector.url, style=style), {"Content-Security-Policy": allowed}
    )
    portal.open()
    view = portal.got(1)[0]
    assert (view["idsite"], view["url"]) == ("227", portal.address + "/p")


@STYLES
def test_no_style_counts_under_a_policy_that_does_not_name_the_collector(
    portal: Any, style: Style
) -> None:
    portal.serve(
        snippet(227, portal.collector.url, style=style),
        {"Content-Security-Policy": "script-src 'self'"},
    )
    portal.open()
    portal.settle()
    portal.got(0)


@pytest.mark.parametrize("style", [Style.PINNED, Style.EXTERNAL])
def test_a_page_that_pins_a_build_runs_no_other(portal: Any, style: Style) -> None:
    pinned = snippet(227, portal.collector.url, style=style)
    portal.serve(pinned.replace(builds.current().integrity, f"sha384-{'A' * 64}"))
    portal.open()
    portal.settle()
    portal.got(0)


def test_without_javascript_the_picture_counts_the_page_it_is_on(
    make_portal: Any, browser: Browser
) -> None:
    portal = make_portal(browser.new_context(java_script_enabled=False))
    portal.serve(pixel(227, portal.collector.url))
    portal.page.goto(portal.address + "/p?x=1")
    portal.got(1)
    (hit,) = portal.collector.records()
    assert hit.referrer == portal.address + "/p?x=1"


def test_with_javascript_the_picture_is_not_asked_for(portal: Any) -> None:
    portal.serve(snippet(227, portal.collector.url) + pixel(227, portal.collector.url))
    portal.open()
    portal.settle()
    portal.got(1)


def test_a_pinned_build_is_kept_for_ever_and_the_deployed_one_for_an_hour(collector: Any) -> None:
    for build in builds.released():
        answer = httpx.get(f"{collector.url}/embed/{build.name}")
        assert answer.content == build.script
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["access-control-allow-origin"] == "*"
    deployed = httpx.get(f"{collector.url}/embed/gov-tracking.min.js")
    assert deployed.content == builds.current().script
    assert deployed.headers["cache-control"] == "public, max-age=3600"


def test_a_build_that_never_was_is_not_there(collector: Any) -> None:
    answer = httpx.get(f"{collector.url}/embed/gov-tracking.000000000000.min.js")
    assert answer.status_code == 404
