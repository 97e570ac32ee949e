"""The exact lines to paste: what an officer copies into the page, or an administrator into a server."""

from __future__ import annotations

import base64
import hashlib
from typing import Final
from urllib.parse import urlsplit

from thuocdo.collect.tracker.snippet import snippet

UNKNOWN_SITE: Final = "SITE_ID"
"""Stands for a number that only the registry's desk can give."""
_NO_SITE: Final = 0
_SCRIPT_DIRECTIVES: Final = ("script-src-elem", "script-src", "default-src")


def whole_tag(tracker: str, site_id: int | None) -> str:
    """The tag as portals carry it, for one site."""
    if site_id is None:
        return snippet(_NO_SITE, tracker).replace(f"'{_NO_SITE}'", f"'{UNKNOWN_SITE}'")
    return snippet(site_id, tracker)


def site_line(site_id: int | None) -> str:
    return f"_govaq.push(['setSiteId', '{site_id or UNKNOWN_SITE}']);"


def tracker_lines(tracker: str) -> str:
    """The two lines of the tag that name the collector."""
    return (
        f"_govaq.push(['setTrackerUrl', '{tracker}/tracking']);\n"
        f"g.src = '{tracker}/embed/gov-tracking.min.js';"
    )


def origin(url: str) -> str:
    """Scheme, host and port: what a policy names."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def hash_source(script: str) -> str:
    """The policy source that allows exactly one inline script (CSP level 3, 6.7.3)."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def policy_line(policy: str, directive: str, *sources: str) -> str:
    """The directive of a policy that has to change, with what it lacks."""
    wanted = (
        _SCRIPT_DIRECTIVES if directive.startswith("script-src") else (directive, "default-src")
    )
    given = _directives(policy)
    name = next((each for each in wanted if each in given), directive)
    kept = [each for each in given.get(name, []) if each.lower() != "'none'"]
    added = [each for each in sources if each not in kept]
    # What `default-src` gave is said anew for the one directive, so that nothing else opens up.
    named = wanted[-2] if name == "default-src" else name
    return " ".join([named, *kept, *added]) + ";"


def policy_lines(policy: str, directive: str, tracker: str, *sources: str) -> str:
    """As `policy_line`, and the line for sending where that would be stopped next."""
    found = [policy_line(policy, directive, *sources)]
    given = _directives(policy)
    sending = given.get("connect-src", given.get("default-src"))
    open_to = {"*", f"{urlsplit(tracker).scheme}:", origin(tracker)}
    if sending is not None and open_to.isdisjoint(sending):
        found.append(policy_line(policy, "connect-src", origin(tracker)))
    return "\n".join(found)


def _directives(policy: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part in policy.split(";"):
        words = part.split()
        if words:
            found.setdefault(words[0].lower(), words[1:])
    return found
