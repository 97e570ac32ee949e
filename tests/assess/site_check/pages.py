"""Pages that carry a tag rightly, wrongly, or not at all: at least one for every diagnosis.

HOST is the collector, ELSEWHERE another collector that answers, PAGES the page server itself.
Variants of the tag are those that were deployed (facts of portals, 2020–2023).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.run.browser import DEPLOYED, MINIFIED


@dataclass(frozen=True)
class Page:
    """A page, and the codes its check must give: `codes` exactly, the weightiest first.

    reason  of the first finding
    """

    html: str
    codes: tuple[str, ...]
    reason: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    site_id: int | None = None
    tracker: str = ""


def page(head: str = "", body: str = "<h1>Cổng thông tin</h1>") -> str:
    return f'<!doctype html><html lang="vi"><head><meta charset="utf-8"><title>Thử</title>{head}</head><body>{body}</body></html>'


BARE = DEPLOYED.replace("<!-- Begin EMC Tracking Code -->", "").replace(
    "<!-- End EMC Tracking Code -->", ""
)
PAQ = DEPLOYED.replace("_govaq", "_paq")
VARIABLE = DEPLOYED.replace("'227'", "siteId").replace(
    "var _govaq =", "var siteId = '227';\n  var _govaq ="
)
EMPTY_VARIABLE = VARIABLE.replace("var siteId = '227'", "var siteId = ''")
TWO_HOSTS = DEPLOYED.replace("HOST", "ELSEWHERE")
NEXT = (
    '<script>(self.__next_f=self.__next_f||[]).push([1,"b:[\\"$\\",\\"script\\",null,'
    '{\\"dangerouslySetInnerHTML\\":{\\"__html\\":\\"var _govaq = window._govaq || [];'
    "_govaq.push(['trackPageView']);_govaq.push(['setTrackerUrl', 'HOST/tracking']);"
    "_govaq.push(['setSiteId', '227']);\\\"}}]\"])</script>"
)
HELPER = """<script>
function govTag(u, site) {
  window._govaq = window._govaq || [];
  _govaq.push(['trackPageView']); _govaq.push(['setTrackerUrl', u + '/tracking']); _govaq.push(['setSiteId', site]);
  var g = document.createElement('script'); g.async = true; g.src = u + '/embed/gov-tracking.min.js';
  document.head.appendChild(g);
}
</script>"""
BUTTON = '<div id="cookie-law"><button type="button" {id} onclick="{run}">{label}</button></div>'
BEACON = """<script>
  navigator.sendBeacon('HOST{door}?idsite=227&rec=1&url=' + encodeURIComponent(location.href));
</script>"""

OWN = """<script>
  var _govaq = [['setTrackerUrl', 'HOST/tracking'], ['setSiteId', '227']];
  navigator.sendBeacon('HOST/tracking?idsite=227&rec=1&url=' + encodeURIComponent(location.href));
</script>"""

PAGES: dict[str, Page] = {
    # --- it counts, however the tag is written ------------------------------------------------
    "deployed": Page(page(DEPLOYED), ("ok",), "known"),
    "minified": Page(page(MINIFIED), ("ok",)),
    "paq": Page(page(PAQ), ("ok",)),
    "by-bundle": Page(page('<script src="/bundle.js"></script>'), ("ok",)),
    "pasted-twice": Page(page(DEPLOYED + DEPLOYED), ("ok",)),
    "external": Page(
        page("EXTERNAL"), ("ok",), headers={"Content-Security-Policy": "script-src HOST"}
    ),
    # --- the tag is not there, or not for browsers ---------------------------------------------
    "absent": Page(page(), ("absent",)),
    "commented-out": Page(page(f"<!-- {BARE} -->"), ("commented_out",)),
    "next-data-only": Page(page(NEXT), ("not_run",), "data"),
    "script-error": Page(
        page(
            "<script>var _govaq=[];_govaq.push(['trackPageView']);"
            "_govaq.push(['setTrackerUrl','HOST/tracking']);_govaq.push(['setSiteId','227']);"
            "loadTheTracker();</script>"
        ),
        ("not_run",),
        "error",
    ),
    # --- the number --------------------------------------------------------------------------
    "empty-site-id": Page(page(DEPLOYED.replace("227", "")), ("empty_site_id",), "empty"),
    "empty-variable": Page(page(EMPTY_VARIABLE), ("empty_site_id",), "variable"),
    "unregistered": Page(
        page(DEPLOYED.replace("227", "99999")), ("wrong_site_id",), "not_registered"
    ),
    "other-site": Page(
        page(DEPLOYED.replace("227", "101")), ("wrong_site_id", "other_host"), "other", site_id=227
    ),
    "other-host": Page(page(DEPLOYED.replace("227", "101")), ("ok", "other_host"), site_id=101),
    # --- the address ---------------------------------------------------------------------------
    "old-tracker": Page(
        page(DEPLOYED.replace("HOST", "https://f-emc.ngsp.gov.vn")),
        ("wrong_tracker_host", "script_not_loaded"),
        "instead",
    ),
    "elsewhere": Page(page(TWO_HOSTS), ("wrong_tracker_host",), "instead"),
    "both-trackers": Page(
        page(BEACON.replace("{door}", "/tracking") + TWO_HOSTS),
        ("ok", "wrong_tracker_host"),
        "known",
    ),
    # --- the browser stops it ------------------------------------------------------------------
    "csp-file": Page(
        page(DEPLOYED),
        ("csp_blocks_script",),
        "file",
        {"Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline'"},
    ),
    "csp-inline": Page(
        page(DEPLOYED),
        ("csp_blocks_script",),
        "inline",
        {"Content-Security-Policy": "script-src 'self' HOST; object-src 'none'"},
    ),
    "csp-meta": Page(
        page(
            '<meta http-equiv="Content-Security-Policy" content="script-src \'unsafe-inline\'">'
            + DEPLOYED
        ),
        ("csp_blocks_script",),
        "file",
    ),
    "csp-connect": Page(
        page(DEPLOYED),
        ("csp_blocks_connect",),
        "",
        {"Content-Security-Policy": "script-src 'unsafe-inline' HOST; connect-src 'self'"},
    ),
    "matomo-names": Page(
        page(BEACON.replace("{door}", "/matomo.php") + '<script src="HOST/matomo.js"></script>'),
        ("ok", "blocked_by_client"),
    ),
    # --- it waits ----------------------------------------------------------------------------------
    "consent-known": Page(
        page(
            HELPER,
            BUTTON.format(
                id='id="onetrust-accept-btn-handler"', run="govTag('HOST', '227')", label="OK"
            ),
        ),
        ("consent_banner",),
        "named",
    ),
    "consent-unknown": Page(
        page(HELPER, BUTTON.format(id="", run="govTag('HOST', '227')", label="Đồng ý")),
        ("consent_banner",),
        "unnamed",
    ),
    "consent-held": Page(
        page(DEPLOYED.replace("text/javascript", "text/plain", 1)), ("consent_banner",), "held"
    ),
    "late-interaction": Page(
        page(
            HELPER + "<script>addEventListener('mousemove', function () { govTag('HOST', '227') },"
            " { once: true })</script>"
        ),
        ("late",),
        "interaction",
    ),
    "late-delay": Page(
        page(HELPER + "<script>setTimeout(function () { govTag('HOST', '227') }, 2300)</script>"),
        ("late",),
        "delay",
    ),
    # --- the script ------------------------------------------------------------------------------------
    "script-404": Page(
        page(DEPLOYED.replace("gov-tracking.min", "gov-tracking.v9")),
        ("script_not_loaded",),
        "http",
    ),
    "script-html": Page(
        page(
            '<script src="PAGES/html/gov-tracking.min.js"></script>'
            "<script>var _govaq=[['setSiteId','227'],['setTrackerUrl','HOST/tracking']];</script>"
        ),
        ("script_not_loaded",),
        "mime",
    ),
    "script-integrity": Page(
        page(
            '<script>var _govaq=[["trackPageView"],["setSiteId","227"],'
            '["setTrackerUrl","HOST/tracking"]];</script>'
            '<script src="HOST/embed/gov-tracking.min.js" crossorigin integrity="sha384-'
            'oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC"></script>'
        ),
        ("script_not_loaded",),
        "integrity",
    ),
    "script-unresolved": Page(
        page(DEPLOYED.replace("g.src = 'HOST", "g.src = 'http://tracker.invalid")),
        ("script_not_loaded",),
        "dns",
    ),
    "script-tls": Page(
        page(DEPLOYED.replace("g.src = 'HOST", "g.src = 'UNTRUSTED")),
        ("script_not_loaded",),
        "tls",
    ),
    # --- the collector ---------------------------------------------------------------------------------
    "twice-duplicated": Page(page(OWN + OWN), ("fires_twice",), "duplicated"),
    "twice-repeated": Page(
        page(BEACON.replace("{door}", "/tracking") * 2), ("fires_twice",), "repeated"
    ),
    "twice-two-trackers": Page(
        page(DEPLOYED + BEACON.replace("{door}", "/matomo.php")), ("fires_twice",), "two_trackers"
    ),
    "refused": Page(
        page(BEACON.replace("{door}", "/tracking").replace("rec=1", "rec=1&cdt=1700000000")),
        ("fires_but_refused",),
    ),
    "hit-lost": Page(
        page(BEACON.replace("HOST{door}", "SILENT/tracking")),
        ("hit_lost",),
        "connect",
        tracker="SILENT",
    ),
    # --- the page ----------------------------------------------------------------------------------------
    "missing": Page("Không có trang này", ("page_unreachable",), "http", status=404),
    "a-file": Page(
        "%PDF-1.7", ("page_unreachable",), "not_html", {"Content-Type": "application/pdf"}
    ),
}
