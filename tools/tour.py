"""A screenshot of every public page, in both languages, wide and narrow, light, dark and on paper.

    python tools/tour.py http://127.0.0.1:8000 build/tour

Needs a running instance with figures in it (`make demo`). Says which page does not fit its screen or
complains, and ends with 1 then; an index.html beside the pictures shows them all.
"""

from __future__ import annotations

import re
import sys
from html import escape
from pathlib import Path
from typing import NamedTuple

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
    "problem": ("/co-quan/H999/", "/en/agencies/H999/"),
}


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
_PASSPORT = re.compile(r'href="((?:/en)?/(?:con-so|figures)/[^"]+)"')


def look(browser: Browser, address: str, view: View, target: Path) -> list[str]:
    """Take the picture; what is wrong with the page, in words."""
    page = browser.new_page(
        viewport={"width": view.width, "height": 900},
        color_scheme="dark" if view.scheme == "dark" else "light",
    )
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(address)
    page.emulate_media(media="print" if view.media == "print" else "screen")
    wide = int(page.evaluate("document.documentElement.scrollWidth"))
    if wide > view.width:
        said.append(f"{wide} px wide on a screen of {view.width}")
    page.screenshot(path=str(target), full_page=True)
    page.close()
    return said


def passport(browser: Browser, address: str) -> str:
    """The path of the first figure's passport on a ranking; empty where nothing is measured."""
    page = browser.new_page()
    page.goto(address)
    found = _PASSPORT.search(page.content())
    page.close()
    return found[1] if found else ""


def main(base: str, folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    wrong: list[str] = []
    rows: list[str] = []
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
        browser.close()
    (folder / "index.html").write_text("<br>\n".join(rows) + "\n", "utf-8")
    sys.stdout.write("\n".join([*wrong, f"{len(rows)} pictures in {folder}"]) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1].rstrip("/"), Path(sys.argv[2])))
