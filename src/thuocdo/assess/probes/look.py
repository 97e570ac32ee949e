"""One visit of the browser, which several probes judge: what a page shows, wide, narrow and by keyboard.

The visit goes through the guarding proxy (site_check/proxy.py) and past the watcher that keeps it from
being anybody's page view (site_check/watch.py).
"""

from __future__ import annotations

import asyncio
import contextlib
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
from playwright.async_api import Browser, Page
from playwright.async_api import Error as BrowserError
from playwright.async_api import TimeoutError as BrowserTimeout

from thuocdo.assess.evidence import Kept
from thuocdo.assess.fetch import Failure
from thuocdo.assess.printable import fit_all
from thuocdo.assess.results import Evidence, Fault
from thuocdo.assess.site_check import proxy
from thuocdo.assess.site_check.browser import Bounds, fresh_context
from thuocdo.assess.site_check.watch import Watcher, kind_of
from thuocdo.assess.site_check.weight import Weight
from thuocdo.core.guard import Guard

HERE: Final = Path(__file__).parent
NARROW: Final = {"width": 320, "height": 640}
MAX_STOPS: Final = 30
"""Of the keyboard: enough to see a trap and whether focus shows."""
_ERROR_PAGE: Final = "chrome-error:"
_NETWORK: Final = "net::"
_LED_AWAY: Final = "the page leads to where nothing answers"
_BY_OUR_PROXY: Final = ("ERR_HTTP_RESPONSE_CODE_FAILURE", "ERR_TUNNEL_CONNECTION_FAILED")
"""How the browser says that the proxy would not go, or could not, where a redirect sent it."""
_SPARE: Final = 8
"""Tabs beyond the controls there are: some take several."""
_STANDARD: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
"""WCAG 2.0 A and AA (TT 22/2023, annex II), and what 2.1 adds (LOSI 2024, 210); the judge tells them apart."""
_AXE: Final = "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations', 'incomplete'], elementRef: false})"


class Control(msgspec.Struct, frozen=True):
    text: str
    href: str


class Field(msgspec.Struct, frozen=True):
    text: str
    type: str
    role: str
    in_search: bool


class Facts(msgspec.Struct, frozen=True):
    """What `facts.js` says; text is cut."""

    lang: str
    title: str
    viewport: str
    headings: list[int]
    has_main: bool
    has_nav: bool
    controls: list[Control]
    fields: list[Field]
    text: str


class Narrow(msgspec.Struct, frozen=True):
    """At 320 CSS pixels; `out` stick out on the right, `cut` hide a part of their own text."""

    width: int
    scroll_width: int
    out: list[str]
    cut: list[str]


class Stop(msgspec.Struct, frozen=True):
    """Where one press of Tab led; -1 is no control of the page."""

    stop: int
    visible: bool
    element: str


class Keyboard(msgspec.Struct, frozen=True):
    """`stops` controls there are; `dead` take a click and no focus."""

    stops: int
    dead: list[str]
    walked: list[Stop]


class AxeNode(msgspec.Struct, frozen=True):
    html: str


class AxeRule(msgspec.Struct, frozen=True):
    id: str
    nodes: list[AxeNode]
    impact: str | None = None
    help: str = ""
    tags: list[str] = []


class Axe(msgspec.Struct, frozen=True):
    violations: list[AxeRule]
    incomplete: list[AxeRule]


class Look(msgspec.Struct, frozen=True):
    """One visit. `axe` is None when axe-core was not there."""

    facts: Facts
    narrow: Narrow
    keyboard: Keyboard
    axe: Axe | None
    evidence: tuple[Evidence, ...]


async def look(
    browser: Browser,
    guard: Guard,
    tracker: str,
    agent: str,
    url: str,
    kept: Kept,
    axe: str,
    seconds: float,
) -> Look | Failure:
    """Everything seen in one visit; never raises because of the page.

    axe  the text of axe-core; "" leaves `Look.axe` None
    """
    bounds = Bounds(navigation_s=min(25.0, seconds))
    async with (
        proxy.serving(guard, bounds.max_bytes) as way_out,
        fresh_context(browser, way_out, agent) as context,
    ):
        await Watcher(tracker, way_out, bounds).attach(context)
        page = await context.new_page()
        page.on("dialog", lambda dialog: asyncio.ensure_future(_away(dialog)))
        weight = Weight()
        try:
            async with asyncio.timeout(seconds):
                await weight.watch(context, page)
                await _open(page, url, bounds)
                seen = await _see(page, kept, axe)
                if page.url.startswith(_ERROR_PAGE):  # the page led on to where nothing can be seen
                    return _why(way_out, url, _LED_AWAY)
                return seen
        except TimeoutError:
            return Failure(Fault.TIMEOUT, f"{seconds:g} s")
        except BrowserTimeout:
            return Failure(Fault.TIMEOUT, f"{bounds.navigation_s:g} s")
        except (BrowserError, msgspec.ValidationError) as problem:
            if weight.is_too_much:
                return Failure(Fault.SIZE, weight.detail)
            return _why(way_out, url, str(problem).splitlines()[0])


def _why(way_out: proxy.Proxy, url: str, line: str) -> Failure:
    """Why a visit came to nothing: what the proxy could not reach, else what the browser says."""
    fault = way_out.fault_of(url) or next(iter(way_out.faults.values()), None)
    is_led = line == _LED_AWAY or any(code in line for code in _BY_OUR_PROXY)
    if fault is not None and (is_led or way_out.fault_of(url)):
        return Failure(_FAULTS.get(fault[0], Fault.CONNECT), fault[1])
    is_network = line == _LED_AWAY or _NETWORK in line
    kind = _FAULTS.get(kind_of(line), Fault.CONNECT) if is_network else Fault.CRASH
    return Failure(kind, line[:200])


_FAULTS: Final = {
    **{name: Fault(name) for name in ("dns", "guard", "connect", "timeout", "size", "tls")},
    "network": Fault.CONNECT,
}


async def _away(dialog: Any) -> None:
    with contextlib.suppress(BrowserError):
        await dialog.dismiss()


async def _open(page: Page, url: str, bounds: Bounds) -> None:
    await page.goto(url, wait_until="domcontentloaded", timeout=bounds.navigation_s * 1000)
    with contextlib.suppress(BrowserError):  # one that never falls silent is seen as it is
        await page.wait_for_load_state("networkidle", timeout=bounds.quiet_s * 1000)


async def _see(page: Page, kept: Kept, axe: str) -> Look:
    evidence = [kept.keep("screenshot", await page.screenshot(type="jpeg", quality=60))]
    facts = msgspec.convert(fit_all(await page.evaluate(_script("facts.js"))), Facts)
    found = None
    if axe:
        await page.evaluate(axe)
        raw = fit_all(await page.evaluate(_AXE, _STANDARD))
        evidence.append(kept.keep("axe", msgspec.json.encode(raw)))
        found = msgspec.convert(raw, Axe)
    keyboard = await _walk(page)
    await page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    await page.wait_for_timeout(200)
    narrow = msgspec.convert(fit_all(await page.evaluate(_script("narrow.js"))), Narrow)
    evidence.append(kept.keep("screenshot_320", await page.screenshot(type="jpeg", quality=60)))
    return Look(facts, narrow, keyboard, found, tuple(evidence))


async def _walk(page: Page) -> Keyboard:
    """Tab after Tab, until the round is made."""
    begun = fit_all(await page.evaluate(f"({_script('focus.js')}).remember()"))
    walked: list[Stop] = []
    for _ in range(min(MAX_STOPS, int(begun["stops"]) + _SPARE)):
        await page.keyboard.press("Tab")
        stop = fit_all(await page.evaluate(f"({_script('focus.js')}).now()"))
        walked.append(msgspec.convert(stop, Stop))
    return Keyboard(int(begun["stops"]), begun["dead"], walked)


@cache
def _script(name: str) -> str:
    return (HERE / name).read_text("utf-8")
