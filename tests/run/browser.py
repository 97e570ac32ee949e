"""A page server and a real Chromium, as a visitor of a portal would have."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from playwright.sync_api import Browser, sync_playwright

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]

_POLL_S = 0.02  # how soon a page server notices that it is to end

DEPLOYED = """<!-- Begin EMC Tracking Code -->
<script type="text/javascript">
  var _govaq = window._govaq || [];
  _govaq.push(['trackPageView']);
  _govaq.push(['enableLinkTracking']);
  (function () {
    _govaq.push(['setTrackerUrl', 'HOST/tracking']);
    _govaq.push(['setSiteId', '227']);
    var d = document, g = d.createElement('script'), s = d.getElementsByTagName('script')[0];
    g.type = 'text/javascript'; g.async = true; g.defer = true;
    g.src = 'HOST/embed/gov-tracking.min.js';
    s.parentNode.insertBefore(g, s);
  })();
</script>
<!-- End EMC Tracking Code -->"""
"""facts/emc.md 1A: the snippet as the portals carry it; only the host is another."""

MINIFIED = (
    '<script>var _govaq=window._govaq||[];_govaq.push(["trackPageView"]),'
    '_govaq.push(["enableLinkTracking"]),function(){_govaq.push(["setTrackerUrl",'
    '"HOST/tracking"]),_govaq.push(["setSiteId","227"]);var a=document,b=a.createElement("script"),'
    'c=a.getElementsByTagName("script")[0];b.type="text/javascript",b.async=!0,b.defer=!0,'
    'b.src="HOST/embed/gov-tracking.min.js",c.parentNode.insertBefore(b,c)}();</script>'
)
"""The minified, double-quoted variant with comma operators (Sơn La's service portal)."""

TRACK_DVC = """<script>
  try { if (_govaq) { _govaq.push(['trackDVC', '1.004194.000.00.00.H13', '1',
    '98765;21112026;Nguyễn Văn Thử;079012345678']); } } catch (e) {}
</script>"""
"""The officer's screen of a one-stop system: a name and an identity number in the third argument."""


@contextlib.contextmanager
def page_server(pages: dict[str, str], headers: Mapping[str, str] = {}) -> Iterator[str]:
    """Serves HTML pages by path on a loopback port, each with the headers; yields the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            html = pages.get(self.path.partition("?")[0])
            self.send_response(200 if html else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write((html or "").encode())

        def log_message(self, *_: Any) -> None:
            """Quiet: the test's own assertions speak."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(_POLL_S,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def chromium(without: list[str] | None = None) -> Iterator[Browser]:
    """A browser; `without` names arguments of Playwright's own that it is to leave out."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=ARGUMENTS, ignore_default_args=without
        )
        try:
            yield browser
        finally:
            browser.close()
