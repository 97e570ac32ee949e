"""axe, as published, finds nothing to complain of on any public page, light, dark and narrow."""

from __future__ import annotations

import contextlib
import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.clients.published import node_packages
from tests.web.held_round import IN_A_PROCESS
from tests.web.people import PASSWORD
from tests.web.test_browser import ARGUMENTS, CHROMIUM, Site

from thuocdo.lake.imports import import_dossiers
from thuocdo.lake.ledger.ledger import Ledger
from thuocdo.lake.store import Lake
from thuocdo.measure.refresh import refresh

PATHS = (
    "/",
    "/en/",
    "/xep-hang/online_dossier_rate/",
    "/ban-do/online_dossier_rate/",
    "/co-quan/",
    "/co-quan/H26/",
    "/co-quan/H26/khuyen-nghi/",
    "/dich-vu/",
    "/dich-vu/1.004194/",
    "/so-sanh/?a=H26&a=H29",
    "/chat-luong/",
    "/chat-luong/2026-2/",
    "/chat-luong/2026-2/H14-one_stop/",
    "/chat-luong/2026-2/nha-cung-cap/",
    "/chat-luong/2026-2/bo-tieu-chi/",
    "/chat-luong/2026-2/so-sanh/",
    "/chat-luong/2026-2/thu-doi/?bo=site-2026",
    "/truc-tiep/",
    "/tinh-trang/",
    "/tim-kiem/?q=ha",
    "/phuong-phap/",
    "/phuong-phap/online_dossier_rate/",
    "/bao-cao/",
    "/tro-giup/",
    "/lien-he/",
    "/gop-y/",
    "/quyen-rieng-tu/",
    "/kha-nang-tiep-can/",
    "/so-do-trang/",
    "/nowhere/",
)
WORKSPACE = (
    "",
    "co-quan/H26/",
    "co-quan/H26/ket-noi/",
    "co-quan/H26/ket-noi/H26-one_stop/",
    "co-quan/H26/ket-noi/391/",
    "co-quan/H26/bi-tu-choi/",
    "co-quan/H26/trang/",
    "co-quan/H26/trang/391/",
    "co-quan/H26/khoa/",
    "co-quan/H26/quet-thu/",
)
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
MOST_REQUESTS = 15
LOOKS = ((1280, "light"), (320, "dark"))
"""Width in CSS pixels, colour scheme."""
UNFOLDED = "document.querySelectorAll('main details').forEach((one) => { one.open = true })"


@pytest.fixture(scope="module")
def site(tmp_path_factory, today_of_module) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("accessible")
    found = Site(folder / "home")
    sites, services = folder / "sites.csv", folder / "services.csv"
    sites.write_text("site_id,agency,kind,name\n391,H26,portal,Cổng Hà Nội\n", encoding="utf-8")
    services.write_text(
        "agency,procedure,level,name\nH26,1.004194,full,Đăng ký tạm trú\n"
        "H29,1.004194,partial,Đăng ký tạm trú\n",
        encoding="utf-8",
    )
    found.command("init")
    found.command("import", "sites", str(sites))
    found.command("import", "services", str(services))
    subprocess.run([sys.executable, "-c", IN_A_PROCESS], env=found.environ, check=True)
    found.command(
        *("account", "create", "lan", "--role", "agency_admin", "--agency", "H26"),
        *("--password", PASSWORD),
    )
    _tell(found, folder, today_of_module)
    found.start()
    yield found
    found.stop()


@pytest.fixture(scope="module")
def today_of_module():
    from tests.web.conftest import TODAY

    return TODAY


def _tell(site: Site, folder: Path, today) -> None:
    day = today - timedelta(days=2)
    rows = [
        {
            "system": f"{agency}-one_stop",
            "agency": agency,
            "dossier": f"{agency}-{n}",
            "procedure": "1.004194",
            "status": "received",
            "event_time": f"{day}T09:00:00+07:00",
            "channel": "online" if n % 3 else "counter",
        }
        for agency, size in (("H26", 150), ("H29", 120), ("H14", 2))
        for n in range(size)
    ]
    path = folder / "dossiers.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    lake = Lake.open(site.settings)
    import_dossiers(site.settings, lake, [path], lambda _done, _total: None)
    refresh(site.settings, lake, head=Ledger(site.settings, lake).extend())


@pytest.fixture(scope="module")
def axe() -> str:
    packages = node_packages(Path(__file__).parent / "npm")
    return (packages / "axe-core" / "axe.min.js").read_text("utf-8")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield found
        found.close()


def violations(page: Page, axe: str, address: str) -> list[str]:
    """What axe finds on the page that is open, everything unfolded, at a desk and on a phone.

    And that it is never wider than the screen.
    """
    page.evaluate(axe)
    found = []
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        page.evaluate(UNFOLDED)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        found += [f"{address} {width} {scheme} {one}" for one in found_on(page)]
    return found


def found_on(page: Page) -> list[str]:
    """What axe, loaded before, finds on a page as it stands."""
    found = page.evaluate(
        "asked => axe.run(document, asked)",
        {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]},
    )["violations"]
    return [
        f"{one['id']}: {node['target']} {node['html'][:160]}"
        for one in found
        for node in one["nodes"]
    ]


@contextlib.contextmanager
def opened(browser: Browser, **options: Any) -> Iterator[Page]:
    """A page of a fresh visitor, into which axe can be put whatever the site's policy says."""
    context = browser.new_context(bypass_csp=True, **options)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_accessible_fits_the_screen_and_asks_little_of_our_own_site_alone(
    site, browser, axe, path
):
    with opened(browser) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(site.address + path)
        assert violations(page, axe, path) == []
        assert len(asked) <= MOST_REQUESTS
        assert all(url.startswith(site.address) for url in asked), json.dumps(asked)


@pytest.fixture(scope="module")
def signed_in(site, browser) -> Any:
    """What the browser of an agency's administrator holds."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{site.address}/login")
    page.fill("input[name=login]", "lan")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/lam-viec/**")
    state = context.storage_state()
    context.close()
    return state


@pytest.mark.parametrize("path", WORKSPACE)
def test_axe_finds_no_violation_in_the_workspace(site, browser, axe, signed_in, path):
    with opened(browser, storage_state=signed_in) as page:
        page.goto(f"{site.address}/lam-viec/{path}")
        assert violations(page, axe, path) == []


def test_axe_finds_no_violation_on_a_passport(site, browser, axe):
    with opened(browser) as page:
        page.goto(site.address + "/en/rankings/online_dossier_rate/")
        page.locator("a.value").first.click()
        assert "Passport of a figure" in page.inner_text("main")
        assert violations(page, axe, page.url) == []


@pytest.mark.parametrize("path", ["/", "/en/rankings/"])
def test_on_a_phone_the_menu_opens_by_keyboard_and_leaves_the_page_its_room(
    site, browser, axe, path
):
    page = browser.new_page(viewport={"width": 320, "height": 800}, java_script_enabled=False)
    page.goto(site.address + path)
    assert page.locator("header.head").bounding_box()["height"] <= 64
    menu, button = page.locator("#site-menu"), page.locator(".head .opener")
    assert not menu.is_visible()
    button.press("Enter")
    assert menu.is_visible()
    page.keyboard.press("Tab")
    assert page.locator("#site-menu a").first.evaluate("link => link === document.activeElement")
    page.keyboard.press("Escape")
    assert not menu.is_visible()
    page.close()
    page = browser.new_page(viewport={"width": 320, "height": 800}, bypass_csp=True)
    page.goto(site.address + path)
    page.locator(".head .opener").click()
    page.evaluate(axe)
    assert found_on(page) == []
    page.set_viewport_size({"width": 1280, "height": 800})
    assert page.locator("#site-menu a").first.is_visible()
    assert not page.locator(".head .opener").is_visible()
    page.close()


def test_a_province_of_the_map_is_reached_by_keyboard_and_opened(site, browser):
    page = browser.new_page()
    page.goto(site.address + "/ban-do/online_dossier_rate/")
    page.locator('svg.map a[aria-label^="Hà Nội"]').focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/co-quan/H26/")
    page.close()


def test_the_last_hour_moves_by_events_and_does_without_script(site, browser):
    page = browser.new_page()
    with page.expect_request("**/live/stream"):
        page.goto(site.address + "/truc-tiep/")
    page.close()
    context = browser.new_context(java_script_enabled=False)
    still = context.new_page()
    still.goto(site.address + "/truc-tiep/")
    assert still.locator("svg.columns-chart").count() == 1
    context.close()


def test_the_code_for_paper_is_seen_in_print_alone(site, browser):
    page = browser.new_page()
    page.goto(site.address + "/xep-hang/online_dossier_rate/")
    page.locator("a.value").first.click()
    code = page.locator("svg.qr")
    assert not code.is_visible()
    page.emulate_media(media="print")
    assert code.is_visible()
    page.close()
