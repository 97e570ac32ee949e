"""A browser opens a page with the deployed snippet; the national overview counts it within seconds."""

from __future__ import annotations

import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.run.browser import DEPLOYED, MINIFIED, TRACK_DVC, chromium, page_server

IN_FIVE_SECONDS = 5.0
EVER = ("--period", "2026-01-01..2099-12-31")


def within(seconds: float, question: Callable[[], bool]) -> bool:
    """Ask until the answer is yes or the time is over."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if question():
            return True
        time.sleep(0.1)
    return question()


def overview(instance: Any) -> dict[str, int]:
    """The counts of today as the overview page prints them."""
    with urllib.request.urlopen(f"{instance.site}/", timeout=10) as answer:
        html = answer.read().decode()
    found = re.findall(r'data-value="(\w+)"[^>]*>([\d.]+)<', html)
    return {name: int(number.replace(".", "")) for name, number in found}


@pytest.fixture
def running(can_tho: Any) -> Iterator[Any]:
    with can_tho.serving():
        yield can_tho


@pytest.mark.parametrize("snippet", [DEPLOYED, MINIFIED], ids=["deployed", "minified"])
def test_an_opened_page_is_on_the_overview_within_five_seconds(running: Any, snippet: str) -> None:
    before = overview(running)["views"]
    html = f"<html><head>{snippet.replace('HOST', running.collector)}</head><body>Tin tức</body></html>"
    with page_server({"/": html}) as portal, chromium() as browser:
        page = browser.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{portal}/")
        page.wait_for_load_state("networkidle")
        opened = within(IN_FIVE_SECONDS, lambda: overview(running)["views"] == before + 1)
        assert opened, running.logs()
        assert not errors


def test_track_dvc_arrives_as_interest_and_never_as_a_dossier(running: Any) -> None:
    html = f"<html><head>{DEPLOYED.replace('HOST', running.collector)}</head><body>{TRACK_DVC}</body></html>"
    with page_server({"/": html}) as portal, chromium() as browser:
        page = browser.new_page()
        page.goto(f"{portal}/")
        page.wait_for_load_state("networkidle")
        assert within(IN_FIVE_SECONDS, lambda: overview(running)["steps"] == 1), running.logs()
    counts = overview(running)
    assert (counts["views"], counts["received"], counts["resolved"]) == (1, 0, 0)
    for path in running.home.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"079012345678" not in content, path
            assert "Nguyễn Văn Thử".encode() not in content, path


def test_a_second_serve_goes_on_from_where_the_first_was(can_tho: Any) -> None:
    html = f"<html><head>{DEPLOYED.replace('HOST', can_tho.collector)}</head><body></body></html>"
    for _ in range(2):
        with can_tho.serving(), page_server({"/": html}) as portal, chromium() as browser:
            page = browser.new_page()
            page.goto(f"{portal}/")
            page.wait_for_load_state("networkidle")
    can_tho.run("refresh")
    assert can_tho.figures("portal_visits", *EVER)["H13"]["value"] in {1, 2}
