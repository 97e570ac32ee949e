"""Watches one page's network and console, and lets nothing through that would change a figure.

Our collector's hits go on, marked (hits.py); those to anybody else's are answered here, so that a
check is nobody's page view.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.async_api import (
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    Route,
    WebError,
)
from playwright.async_api import Error as BrowserError

from thuocdo.assess.site_check import hits
from thuocdo.assess.site_check.browser import Bounds
from thuocdo.assess.site_check.model import Hit, Load, Phase, Violation
from thuocdo.assess.site_check.proxy import Proxy
from thuocdo.core.guard import endpoint

MAX_CONSOLE: Final = 40
MAX_LINE: Final = 400
_OWN_PATHS: Final = ("/embed/", *hits.DOORS)
_BAD_GATEWAY: Final = 502
_MIXED: Final = "mixed"
_LISTEN: Final = """
document.addEventListener('securitypolicyviolation', function (event) {
  if (event.disposition === 'enforce') window['NAME']({
    directive: event.effectiveDirective, blocked: event.blockedURI,
    policy: event.originalPolicy, line: event.lineNumber || 0,
  });
});
"""


class Watcher:
    """What happens in one browser context, collected as it happens."""

    def __init__(self, tracker: str, proxy: Proxy, bounds: Bounds) -> None:
        self.phase = Phase.LOAD
        self.loaded_at: float | None = None
        self.violations: list[Violation] = []
        self.console: list[str] = []
        self.mixed: list[str] = []
        self.scripts: list[Response] = []
        self.navigations: list[str] = []
        self.requests = 0
        self._tracker = tracker
        self._proxy = proxy
        self._bounds = bounds
        self._sent: list[tuple[Request, hits.View, Phase, float]] = []
        self._loads: list[Request] = []
        self._answers: dict[Request, Response] = {}
        self._failures: dict[Request, str] = {}
        self._news = asyncio.Event()
        self._broken = asyncio.Event()

    async def attach(self, context: BrowserContext) -> None:
        name = f"_{secrets.token_hex(8)}"
        await context.expose_binding(name, self._on_violation)
        await context.add_init_script(_LISTEN.replace("NAME", name))
        await context.route("**/*", self._on_route)
        context.on("request", self._on_request)
        context.on("response", self._on_response)
        context.on("requestfailed", self._on_failure)
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)

    def mark_loaded(self, page: Page) -> None:  # noqa: ARG002 (the browser's signature)
        self.loaded_at = self.loaded_at or time.monotonic()

    # --- waiting ---------------------------------------------------------------------------------

    @property
    def has_hit(self) -> bool:
        """Whether a page view went to our collector."""
        return any(hits.is_of(request.url, self._tracker) for request, *_ in self._sent)

    async def wait_for_hit(self, seconds: float) -> bool:
        """Whether one came within the time, counting those that had come before."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self.has_hit:
                    self._news.clear()
                    await self._news.wait()
        return self.has_hit

    async def until_loaded_or_broken(self, page: Page, milliseconds: float) -> None:
        """Until the page has loaded or broke off. Raises Playwright's TimeoutError after the time."""
        loading = asyncio.ensure_future(page.wait_for_load_state("load", timeout=milliseconds))
        breaking = asyncio.ensure_future(self._broken.wait())
        try:
            await asyncio.wait((loading, breaking), return_when=asyncio.FIRST_COMPLETED)
            if loading.done():
                loading.result()
        finally:
            breaking.cancel()
            loading.cancel()
            await asyncio.gather(loading, breaking, return_exceptions=True)

    async def wait_for_answers(self, seconds: float) -> None:
        """Until every hit to our collector was answered or has failed, or the time is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while any(self._is_open(request) for request, *_ in self._sent):
                    self._news.clear()
                    await self._news.wait()

    def _is_open(self, request: Request) -> bool:
        known = request in self._answers or request in self._failures
        return hits.is_of(request.url, self._tracker) and not known

    # --- what was seen -----------------------------------------------------------------------------

    def seen_hits(self) -> tuple[Hit, ...]:
        return tuple(self._hit(*row) for row in self._sent)

    def seen_loads(self) -> tuple[Load, ...]:
        return tuple(self._load(request) for request in self._loads)

    def tracker_requests(self) -> tuple[str, ...]:
        addresses = [request.url for request in self._loads]
        addresses += [request.url for request, *_ in self._sent]
        return tuple(dict.fromkeys(addresses))

    def failure_of(self, request: Request) -> tuple[str, str]:
        """(kind as in `Load.failure`, detail) of a request; ("", "") when it was answered."""
        fault = self._proxy.fault_of(request.url)
        answer = self._answers.get(request)
        text = self._failures.get(request, "")
        if fault and (text or answer is None or answer.status == _BAD_GATEWAY):
            return fault
        if text and (answer is None or answer.ok):
            return kind_of(text), text
        return "", ""

    def _hit(self, request: Request, view: hits.View, phase: Phase, at: float) -> Hit:
        answer = self._answers.get(request)
        ours = hits.is_of(request.url, self._tracker)
        kind, detail = self.failure_of(request) if ours else ("", "")
        status = answer.status if answer and ours and not kind else None
        if ours and status is None and not kind:
            kind = "timeout"
        return Hit(
            url=request.url,
            site_id=view.site_id,
            page_url=view.page_url,
            ours=ours,
            phase=phase,
            after_ms=round((at - (self.loaded_at or at)) * 1000),
            status=status,
            reason=answer.headers.get("x-thuocdo", "") if answer and status else "",
            failure=f"{kind}: {detail}" if kind else "",
        )

    def _load(self, request: Request) -> Load:
        answer = self._answers.get(request)
        kind, detail = self.failure_of(request)
        ours = hits.is_of(request.url, self._tracker)
        if not kind and request.url in self.mixed:
            kind = _MIXED
        if answer is None or kind:
            return Load(request.url, ours, failure=kind or "timeout", detail=detail)
        content = answer.headers.get("content-type", "")
        if not answer.ok:
            kind = "http"
        elif any("integrity" in line and request.url in line for line in self.console):
            kind = "integrity"
        elif content and "javascript" not in content and "ecmascript" not in content:
            kind = "mime"
        return Load(request.url, ours, answer.status, content, kind, detail)

    # --- the browser's events ------------------------------------------------------------------------

    async def _on_route(self, route: Route) -> None:
        request = route.request
        self.requests += 1
        try:
            if self.requests > self._bounds.max_requests or await self.is_inner_page(request.url):
                await route.abort("blockedbyclient")
            elif hits.is_hit(request.url):
                await self._on_hit(route, request)
            else:
                await route.continue_()
        except BrowserError:
            pass  # the page went on without waiting for this request

    async def _on_hit(self, route: Route, request: Request) -> None:
        body = request.post_data
        for view in hits.views(request.url, body):
            self._sent.append((request, view, self.phase, time.monotonic()))
        self._news.set()
        if hits.is_of(request.url, self._tracker):
            url, marked_body = hits.marked(request.url, body)
            await route.continue_(url=url, post_data=marked_body)
        else:
            await route.fulfill(status=204, headers={"access-control-allow-origin": "*"})

    async def is_inner_page(self, url: str) -> bool:
        """Whether an address uses our collector's leave for another page than the tracker's."""
        found = endpoint(url)
        own = self._proxy.guard.own
        path = urlsplit(url).path
        if found is None or found != own or any(each in path for each in _OWN_PATHS):
            return False
        return not await self._proxy.guard.is_public(*found)

    def _on_request(self, request: Request) -> None:
        if request.is_navigation_request():
            self.navigations.append(request.url)
        if hits.is_tracker_file(request.url):
            self._loads.append(request)

    def _on_response(self, response: Response) -> None:
        self._answers[response.request] = response
        self._news.set()
        if response.request.resource_type == "script":
            self.scripts.append(response)

    def _on_failure(self, request: Request) -> None:
        self._failures[request] = request.failure or "failed"
        if request.url in self.navigations[:1] or request.redirected_from is not None:
            self._broken.set()
        self._news.set()

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and len(self.console) < MAX_CONSOLE:
            self.console.append(message.text[:MAX_LINE])
        if message.text.startswith("Mixed Content:"):
            self.mixed.append(message.text)

    def _on_error(self, error: WebError) -> None:
        """An exception no script caught."""
        if len(self.console) < MAX_CONSOLE:
            self.console.append(error.error.message[:MAX_LINE])

    def _on_violation(self, _source: dict[str, Any], report: dict[str, Any]) -> None:
        self.violations.append(
            Violation(
                str(report.get("directive", "")),
                str(report.get("blocked", "")),
                str(report.get("policy", "")),
                int(report.get("line") or 0),
            )
        )


def kind_of(text: str) -> str:
    """The kind of failure that Chromium's words mean."""
    kinds = (
        (("ERR_CERT", "ERR_SSL", "ERR_BAD_SSL"), "tls"),
        (("mixed-content", "ERR_BLOCKED_BY_MIXED"), _MIXED),
        (("csp", "ERR_BLOCKED_BY_CSP"), "csp"),
        (("ERR_NAME_NOT_RESOLVED",), "dns"),
        (("TIMED_OUT", "Timeout"), "timeout"),
        (("ERR_TOO_MANY_REDIRECTS",), "redirects"),
        (("ERR_CONNECTION", "ERR_ADDRESS", "ERR_EMPTY_RESPONSE"), "connect"),
    )
    return next((kind for words, kind in kinds if any(word in text for word in words)), "network")
