"""Opens one page as a visitor would, waits, accepts cookies, moves the mouse, and says what happened."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path
from typing import Final
from urllib.parse import urldefrag, urlsplit

import msgspec
from playwright.async_api import Browser, BrowserContext, Frame, Locator, Page, Response
from playwright.async_api import Error as BrowserError
from playwright.async_api import TimeoutError as BrowserTimeout

from thuocdo.assess.site_check import policy, proxy, snippet
from thuocdo.assess.site_check.browser import Bounds, fresh_context
from thuocdo.assess.site_check.model import Observation, Phase
from thuocdo.assess.site_check.snippet import Place, Snippet
from thuocdo.assess.site_check.watch import Watcher, kind_of
from thuocdo.assess.site_check.weight import Weight
from thuocdo.core.guard import Guard, endpoint

MAX_LINKS: Final = 500
_SCREENSHOT_MS: Final = 8000
_CLICK_MS: Final = 2000
_ERRORS_FROM: Final = 400
_LINKS: Final = "Array.from(document.links, function (link) { return link.href; })"
_HTML: Final = ("text/html", "application/xhtml+xml")


async def visit(
    browser: Browser, guard: Guard, tracker: str, url: str, bounds: Bounds, screenshot: Path
) -> Observation:
    """Everything seen on one page; never raises because of the page.

    screenshot  where the picture goes; its folder exists
    """
    if endpoint(url) is None:
        return Observation(url, url, None, "scheme", url)
    started = time.monotonic()
    async with (
        proxy.serving(guard, bounds.max_bytes) as way_out,
        fresh_context(browser, way_out) as context,
    ):
        watcher = Watcher(tracker, way_out, bounds)
        await watcher.attach(context)
        visiting = _Visit(context, watcher, way_out, bounds)
        try:
            async with asyncio.timeout(bounds.page_s):
                seen = await visiting.look(url, screenshot)
        except TimeoutError:
            seen = Observation(url, url, None, "timeout", f"{bounds.page_s:.0f} s")
        except BrowserError as problem:  # the page or its browser died under us
            weight = visiting.weight
            fault = ("size", weight.detail) if weight.is_too_much else ("crash", problem.message.splitlines()[0])  # fmt: skip
            seen = Observation(url, url, None, *fault)
    return msgspec.structs.replace(seen, seconds=round(time.monotonic() - started, 2))


class _Visit:
    """One page in one context."""

    def __init__(
        self, context: BrowserContext, watcher: Watcher, way_out: proxy.Proxy, bounds: Bounds
    ) -> None:
        self._context = context
        self._watcher = watcher
        self._proxy = way_out
        self._bounds = bounds
        self.weight = Weight()

    async def look(self, url: str, screenshot: Path) -> Observation:
        page = await self._context.new_page()
        await self.weight.watch(self._context, page)
        page.on("load", self._watcher.mark_loaded)
        answer, fault, detail = await self._open(page, url)
        if answer is None or fault:
            final = answer.url if answer else url
            status = answer.status if answer else None
            return Observation(url, final, status, fault, detail, _redirects(answer))
        found = snippet.find(await _text(answer))
        await self._watcher.wait_for_hit(self._bounds.quiet_s)
        consent = "" if self._watcher.has_hit else await self._accept(page, bool(found))
        if not self._watcher.has_hit:
            await self._move(page)
        if self._watcher.has_hit:
            await asyncio.sleep(self._bounds.settle_s)
            await self._watcher.wait_for_answers(self._bounds.answer_s)
        elif not any(each.place is Place.ACTIVE for each in found):
            found += await self._look_deeper(page, found)
        return Observation(
            url=url,
            final_url=page.url,
            status=answer.status,
            redirects=_redirects(answer),
            hits=self._watcher.seen_hits(),
            loads=self._watcher.seen_loads(),
            violations=tuple(self._watcher.violations),
            snippets=tuple(found),
            consent=consent,
            console=tuple(self._watcher.console),
            policy=(await answer.all_headers()).get("content-security-policy", ""),
            requests=self._watcher.requests,
            tracker_requests=self._watcher.tracker_requests(),
            screenshot=await _picture(page, screenshot),
            links=await _links(page),
        )

    async def _open(self, page: Page, url: str) -> tuple[Response | None, str, str]:
        """(the page's answer, fault, detail); waits until it has loaded, or long enough."""
        patience = self._bounds.navigation_s * 1000
        try:
            answer = await page.goto(url, wait_until="commit", timeout=patience)
        except BrowserError as problem:
            text = problem.message.splitlines()[0]
            return None, *(self._fault_on_the_way() or (_kind_of_page(text), text))
        if answer is None:
            return None, "network", "no answer"
        fault = await self._fault_of(answer)
        if fault is not None:
            return answer, *fault
        with contextlib.suppress(BrowserTimeout):  # a page that never ends loading is still a page
            await self._watcher.until_loaded_or_broken(page, patience)
        self._watcher.mark_loaded(page)
        fault = self._proxy.fault_of(answer.url)  # it may have grown too large
        return answer, *(fault or ("", ""))

    async def _fault_of(self, answer: Response) -> tuple[str, str] | None:
        """Why an answer is no page to look at; None when it is one."""
        fault = self._proxy.fault_of(answer.url)
        if fault is not None:
            return fault
        if await self._watcher.is_inner_page(answer.url):  # by a redirect
            return "guard", answer.url
        if answer.status >= _ERRORS_FROM:
            return "http", str(answer.status)
        content = (await answer.all_headers()).get("content-type", "text/html")
        return None if content.lower().startswith(_HTML) else ("not_html", content)

    def _fault_on_the_way(self) -> tuple[str, str] | None:
        """Why the proxy could not reach the page, or what it redirected to."""
        return next(filter(None, map(self._proxy.fault_of, self._watcher.navigations)), None)

    async def _accept(self, page: Page, has_tag: bool) -> str:
        """Accepts cookies where a banner asks; the framework's name, "" when there is none."""
        for frame in page.frames:
            with contextlib.suppress(BrowserError):  # a frame may go while it is looked at
                name, button = await _banner(frame, has_tag)
                if button is None:
                    continue
                self._watcher.phase = Phase.CONSENT
                await button.click(timeout=_CLICK_MS)
                await self._watcher.wait_for_hit(self._bounds.act_s)
                return name
        return ""

    async def _move(self, page: Page) -> None:
        """What people do first: scripts that wait for a visitor wait for one of these."""
        self._watcher.phase = Phase.INTERACTION
        with contextlib.suppress(BrowserError):
            await page.mouse.move(200, 200)
            await page.mouse.move(240, 260)
            await page.mouse.wheel(0, 600)
            await page.keyboard.press("Shift")
        await self._watcher.wait_for_hit(self._bounds.act_s)

    async def _look_deeper(self, page: Page, found: list[Snippet]) -> list[Snippet]:
        """Tags that came with a script: in the page as it is now, and in the scripts themselves."""
        deeper: list[Snippet] = []
        with contextlib.suppress(BrowserError):
            known = {each.excerpt for each in found}
            now = snippet.find(await page.content(), "rendered")
            deeper += [each for each in now if each.excerpt not in known]
        for response in self._watcher.scripts:
            with contextlib.suppress(BrowserError):
                body = await response.body()
                if len(body) <= self._bounds.max_script_bytes:
                    text = body.decode("utf-8", "replace")
                    deeper += snippet.find_in_script(text, response.url)
        return deeper


async def _banner(frame: Frame, has_tag: bool) -> tuple[str, Locator | None]:
    """The consent banner's framework and its accepting button."""
    known = policy.consent()
    button = frame.locator(", ".join(each.accept for each in known.frameworks)).locator(
        "visible=true"
    )
    if await button.count():
        for framework in known.frameworks:
            if await frame.locator(framework.accept).locator("visible=true").count():
                return framework.name, button.first
    if has_tag:
        button = frame.get_by_role("button", name=known.label)
        if await button.count():
            return "unknown", button.first
    return "", None


async def _text(answer: Response) -> str:
    try:
        return await answer.text()
    except (BrowserError, UnicodeDecodeError):  # gone with a client-side redirect, or not UTF-8
        with contextlib.suppress(BrowserError):
            return (await answer.body()).decode("latin-1")
        return ""


async def _picture(page: Page, path: Path) -> str:
    with contextlib.suppress(BrowserError):
        await page.screenshot(path=path, timeout=_SCREENSHOT_MS)
        return str(path)
    return ""


async def _links(page: Page) -> tuple[str, ...]:
    """Pages of the same host that the page names, in its order, itself left out."""
    with contextlib.suppress(BrowserError):
        here = urlsplit(page.url)
        addresses = [urldefrag(str(each)).url for each in await page.evaluate(_LINKS)]
        same = [each for each in addresses if urlsplit(each)[:2] == here[:2]]
        same = [each for each in dict.fromkeys(same) if each != urldefrag(page.url).url]
        return tuple(same[:MAX_LINKS])
    return ()


def _redirects(answer: Response | None) -> tuple[str, ...]:
    """The addresses that led to the page, first to last."""
    chain = []
    request = answer.request.redirected_from if answer else None
    while request is not None:
        chain.append(request.url)
        request = request.redirected_from
    return tuple(reversed(chain))


def _kind_of_page(text: str) -> str:
    return "not_html" if "ERR_ABORTED" in text or "Download" in text else kind_of(text)
