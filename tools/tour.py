"""A screenshot of every page, in both languages, wide and narrow, light, dark and on paper.

    python tools/tour.py http://127.0.0.1:8000 build/tour [the instance's home]

Needs a running instance with figures in it (`make demo`). With its home the workspaces are visited too, by
accounts made for it that nobody can sign in to. Says which page does not fit its screen or complains, and
ends with 1 then; an index.html beside the pictures shows them all.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, sync_playwright

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
PAGES = {
    "overview": ("/", "/en/"),
    "ranking": ("/xep-hang/online_dossier_rate/", "/en/rankings/online_dossier_rate/"),
    "map": ("/ban-do/online_dossier_rate/", "/en/map/online_dossier_rate/"),
    "map-63": (
        "/ban-do/online_dossier_rate/?as_organised=2025-06-30",
        "/en/map/online_dossier_rate/?as_organised=2025-06-30",
    ),
    "agencies": ("/co-quan/", "/en/agencies/"),
    "agency": ("/co-quan/H26/", "/en/agencies/H26/"),
    "advice": ("/co-quan/H26/khuyen-nghi/", "/en/agencies/H26/advice/"),
    "services": ("/dich-vu/", "/en/services/"),
    "service": ("/dich-vu/2.000815/", "/en/services/2.000815/"),
    "compare": ("/so-sanh/?a=H26&a=H29&a=H49", "/en/compare/?a=H26&a=H29&a=H49"),
    "quality": ("/chat-luong/", "/en/quality/"),
    "live": ("/truc-tiep/", "/en/live/"),
    "status": ("/tinh-trang/", "/en/status/"),
    "search": ("/tim-kiem/?q=can+tho", "/en/search/?q=can+tho"),
    "reports": ("/bao-cao/", "/en/reports/"),
    "methods": ("/phuong-phap/", "/en/methods/"),
    "method": ("/phuong-phap/online_dossier_rate/", "/en/methods/online_dossier_rate/"),
    "passport": ("", ""),  # found on the ranking
    "open-data": ("/du-lieu-mo/", "/en/open-data/"),
    "api": ("/api/", "/en/api/"),
    "connect": ("/connect?site=391", "/en/connect?site=391"),
    "sites": ("/sites", "/en/sites"),
    "help": ("/tro-giup/", "/en/help/"),
    "contact": ("/lien-he/", "/en/contact/"),
    "feedback": ("/gop-y/", "/en/feedback/"),
    "privacy": ("/quyen-rieng-tu/", "/en/privacy/"),
    "accessibility": ("/kha-nang-tiep-can/", "/en/accessibility/"),
    "site-map": ("/so-do-trang/", "/en/sitemap/"),
    "login": ("/login", "/en/login"),
    "problem": ("/co-quan/H999/", "/en/agencies/H999/"),
}


WORK = {
    ("agency_admin", "H26"): {
        "work": ("", ""),
        "agency": ("co-quan/H26/", "agencies/H26/"),
        "connections": ("co-quan/H26/ket-noi/", "agencies/H26/connections/"),
        "connection": (
            "co-quan/H26/ket-noi/H26-one_stop/",
            "agencies/H26/connections/H26-one_stop/",
        ),
        "rejects": ("co-quan/H26/bi-tu-choi/", "agencies/H26/refused/"),
        "own-sites": ("co-quan/H26/trang/", "agencies/H26/sites/"),
        "keys": ("co-quan/H26/khoa/", "agencies/H26/keys/"),
        "catalogue": ("co-quan/H26/danh-muc/", "agencies/H26/catalogue/"),
        "findings": ("co-quan/H26/dau-hieu/", "agencies/H26/findings/"),
        "reconciling": ("co-quan/H26/doi-soat/", "agencies/H26/reconciliation/"),
        "agency-incidents": ("co-quan/H26/su-viec/", "agencies/H26/incidents/"),
        "agency-tasks": ("co-quan/H26/nhiem-vu/", "agencies/H26/tasks/"),
        "assessments": ("co-quan/H26/danh-gia/", "agencies/H26/assessments/"),
        "members": ("co-quan/H26/thanh-vien/", "agencies/H26/members/"),
        "alerts": ("canh-bao/", "alerts/"),
        "webhooks": ("canh-bao/webhook/", "alerts/webhooks/"),
        "inbox": ("hop-thu/", "inbox/"),
    },
    ("publisher", ""): {
        "queue": ("bao-cao/", "reports/"),
        "desk": ("bao-cao/2022-W18/", "reports/2022-W18/"),
        "coverage": ("do-phu/", "coverage/"),
        "library": ("dinh-nghia/", "definitions/"),
        "targets": ("chi-tieu/", "targets/"),
        "incidents": ("su-viec/", "incidents/"),
        "tasks": ("nhiem-vu/", "tasks/"),
        "task-give": ("nhiem-vu/giao/", "tasks/give/"),
        "all-findings": ("dau-hieu/", "findings/"),
        "check-site": ("kiem-tra/", "check/"),
    },
    ("round_keeper", ""): {"rounds": ("dot-danh-gia/", "rounds/")},
    ("assessor", ""): {"marks": ("cham-diem/", "marking/")},
}
"""(role, agency) → pages below /lam-viec/ and /en/work/ that are visited as such a person."""


class View(NamedTuple):
    """How a page is looked at."""

    name: str
    width: int
    scheme: str
    media: str


VIEWS = (
    View("desktop", 1280, "light", "screen"),
    View("desktop-dark", 1280, "dark", "screen"),
    View("phone", 360, "light", "screen"),
    View("narrow-dark", 320, "dark", "screen"),
    View("print", 794, "light", "print"),
)
_WORK_BASES = ("/lam-viec/", "/en/work/")
PATIENCE_MS = 120_000
Cookies = Sequence[dict[str, Any]]
_PASSPORT = re.compile(r'href="((?:/en)?/(?:con-so|figures)/[^"]+)"')


def session_of(home: str, role: str, agency: str) -> dict[str, Any]:
    """The cookie of somebody with one role who has shown a second factor; nobody has their password."""
    os.environ["THUOCDO_HOME"] = home
    from thuocdo.registry.setup import setup_django

    setup_django()
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.test import Client
    from tests.web.people import enter

    from thuocdo.registry.accounts import create_account
    from thuocdo.registry.rights import Role

    name = f"tour-{role}"
    if not User.objects.filter(username=name).exists():
        create_account(name, None, Role(role), agency)
        TOTP.activate(User.objects.get(username=name), generate_totp_secret())
    client = Client()
    enter(client, User.objects.get(username=name))
    return {"name": settings.SESSION_COOKIE_NAME, "value": client.session.session_key}


def look(
    browser: Browser, address: str, view: View, target: Path, cookies: Cookies = ()
) -> list[str]:
    """Take the picture; what is wrong with the page, in words."""
    context = browser.new_context(
        viewport={"width": view.width, "height": 900},
        color_scheme="dark" if view.scheme == "dark" else "light",
    )
    context.add_cookies([{**cookie, "url": address} for cookie in cookies])
    page = context.new_page()
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    answer = page.goto(address, timeout=PATIENCE_MS)
    if answer and answer.status >= 400 and "/H999/" not in address:
        said.append(f"answers {answer.status}")
    page.emulate_media(media="print" if view.media == "print" else "screen")
    wide = int(page.evaluate("document.documentElement.scrollWidth"))
    if wide > view.width:
        said.append(f"{wide} px wide on a screen of {view.width}")
    page.screenshot(path=str(target), full_page=True)
    context.close()
    return said


def passport(browser: Browser, address: str) -> str:
    """The path of the first figure's passport on a ranking; empty where nothing is measured."""
    page = browser.new_page()
    page.goto(address)
    found = _PASSPORT.search(page.content())
    page.close()
    return found[1] if found else ""


def main(base: str, folder: Path, home: str = "") -> int:
    folder.mkdir(parents=True, exist_ok=True)
    wrong: list[str] = []
    rows: list[str] = []
    sessions = {who: session_of(home, *who) for who in WORK} if home else {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for name, paths in PAGES.items():
            for language, own, ranking in zip(("vi", "en"), paths, PAGES["ranking"], strict=True):
                path = own or passport(browser, base + ranking)
                for view in VIEWS if path else ():
                    picture = f"{name}-{language}-{view.name}.png"
                    found = look(browser, base + path, view, folder / picture)
                    wrong += [f"{path} ({view.name}): {each}" for each in found]
                    rows.append(f'<a href="{picture}">{escape(picture)}</a>')
        for who, cookie in sessions.items():
            pages, cookies = WORK[who], [cookie]
            for name, paths in pages.items():
                for language, own, below in zip(("vi", "en"), paths, _WORK_BASES, strict=True):
                    for view in VIEWS:
                        picture = f"work-{name}-{language}-{view.name}.png"
                        found = look(browser, base + below + own, view, folder / picture, cookies)
                        wrong += [f"{below}{own} ({view.name}): {each}" for each in found]
                        rows.append(f'<a href="{picture}">{escape(picture)}</a>')
        browser.close()
    (folder / "index.html").write_text("<br>\n".join(rows) + "\n", "utf-8")
    sys.stdout.write("\n".join([*wrong, f"{len(rows)} pictures in {folder}"]) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1].rstrip("/"), Path(sys.argv[2]), *sys.argv[3:4]))
