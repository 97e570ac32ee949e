"""A passkey in a real Chromium, on a telephone's width: made after the first sign-in, then used alone."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import sync_playwright
from tests.web.test_browser import ARGUMENTS, CHROMIUM, Site

NAME, PASSWORD = "van-hanh", "mot-mat-khau-that-dai-2026"
DEVICE = {
    **{"protocol": "ctap2", "transport": "internal", "hasResidentKey": True},
    **{"hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True},
}


def test_the_first_operator_makes_a_passkey_and_signs_in_by_it(tmp_path: Path) -> None:
    site = Site(tmp_path / "home")
    site.command("init")
    site.command("account", "create", NAME, "--password", PASSWORD)
    site.start()
    address = f"http://localhost:{site.port}"  # passkeys are bound to names, not to numbers
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            page = browser.new_page(viewport={"width": 360, "height": 740})
            devices = page.context.new_cdp_session(page)
            devices.send("WebAuthn.enable")
            devices.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
            page.goto(f"{address}/login")
            page.fill("[name=login]", NAME)
            page.fill("[name=password]", PASSWORD)
            page.click("main form button.button >> nth=0")
            page.wait_for_url("**/account/")
            assert page.evaluate("document.documentElement.scrollWidth") == 360
            assert page.goto(f"{address}/admin/").status == 403
            page.goto(f"{address}/account/webauthn/add/")
            page.fill("[name=password]", PASSWORD)
            page.click("main form button.button")
            page.click("form[data-passkey] button")
            page.wait_for_url("**/recovery-codes/")
            assert page.goto(f"{address}/admin/").status == 200
            page.goto(f"{address}/logout")
            page.click("main form.stack-form button")
            page.wait_for_url("**/login")
            page.click("form[data-passkey=login] button")
            page.wait_for_url("**/lam-viec/")
            assert page.goto(f"{address}/admin/").status == 200
            browser.close()
    finally:
        site.stop()
