"""What a webmaster pastes: the snippet in the shape portals have carried for years, and its policy.

`PLAIN` is the deployed snippet to the letter (facts of the field: order of calls, names, comments),
so that checkers and templates that know it keep working. `PINNED` is the same, but names one build
by its content and hash, so that nothing else can ever run in the page. `EXTERNAL` needs no inline
script, for portals whose policy allows none.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from enum import StrEnum
from typing import Final

from thuocdo.collect.tracker import builds

_PLAIN: Final = """<!-- Begin EMC Tracking Code -->
<script type="text/javascript">{script}</script>
<!-- End EMC Tracking Code -->"""
_SCRIPT: Final = """
  var _govaq = window._govaq || [];
  _govaq.push(['trackPageView']);
  _govaq.push(['enableLinkTracking']);
  (function () {{
    _govaq.push(['setTrackerUrl', '{collector}/tracking']);
    _govaq.push(['setSiteId', '{site_id}']);
    var d = document, g = d.createElement('script'), s = d.getElementsByTagName('script')[0];
    g.type = 'text/javascript'; g.async = true; g.defer = true;
{pinned}    g.src = '{source}';
    s.parentNode.insertBefore(g, s);
  }})();
"""
_PINNED: Final = "    g.integrity = '{integrity}'; g.crossOrigin = 'anonymous';\n"
_EXTERNAL: Final = """<!-- Begin EMC Tracking Code -->
<script async src="{source}"
  integrity="{integrity}" crossorigin="anonymous"
  data-govaq='{commands}'></script>
<!-- End EMC Tracking Code -->"""
_PIXEL: Final = (
    '<noscript><img src="{collector}/tracking?idsite={site_id}&amp;rec=1" width="1" height="1" alt="" '
    'referrerpolicy="no-referrer-when-downgrade"></noscript>'
)


class Style(StrEnum):
    """The variants of the snippet."""

    PLAIN = "plain"
    PINNED = "pinned"
    EXTERNAL = "external"


def snippet(site_id: int, collector_url: str, *, style: Style = Style.PLAIN) -> str:
    """The HTML to paste into every page, once.

    collector_url  as in `core.settings`: an address that needs no quoting, no slash at the end
    """
    if style is Style.EXTERNAL:
        commands = (
            ("setTrackerUrl", f"{collector_url}/tracking"),
            ("setSiteId", str(site_id)),
            ("trackPageView",),
            ("enableLinkTracking",),
        )
        return _EXTERNAL.format(
            source=_source(collector_url, style),
            integrity=builds.current().integrity,
            commands=html.escape(json.dumps(commands), quote=False),
        )
    return _PLAIN.format(script=_script(site_id, collector_url, style))


def pixel(site_id: int, collector_url: str) -> str:
    """The HTML that counts a view where there is no JavaScript.

    The page is known by the Referer header, which must hold the whole address for it.
    """
    return _PIXEL.format(site_id=site_id, collector=collector_url)


def policy(site_id: int, collector_url: str, *, style: Style = Style.PLAIN) -> str:
    """What a Content-Security-Policy must allow, beside what the portal itself needs.

    An inline snippet is allowed by the hash of its text, byte for byte as `snippet` gives it.
    """
    origin = "/".join(collector_url.split("/")[:3])
    allowed = [origin]
    if style is not Style.EXTERNAL:
        digest = hashlib.sha256(_script(site_id, collector_url, style).encode()).digest()
        allowed.append(f"'sha256-{base64.b64encode(digest).decode()}'")
    return f"script-src {' '.join(allowed)}; connect-src {origin}; img-src {origin}"


def _script(site_id: int, collector_url: str, style: Style) -> str:
    pinned = style is Style.PINNED
    return _SCRIPT.format(
        site_id=site_id,
        collector=collector_url,
        source=_source(collector_url, style),
        pinned=_PINNED.format(integrity=builds.current().integrity) if pinned else "",
    )


def _source(collector_url: str, style: Style) -> str:
    name = builds.CURRENT.name if style is Style.PLAIN else builds.current().name
    return f"{collector_url}/embed/{name}"
