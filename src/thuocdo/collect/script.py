"""The tracker as browsers load it: at its deployed address, and at one address for each build.

Deployed snippets name one address for ever, so what lies there may change within the hour. A page
that pins a build names its content, and that answer never changes.
"""

from __future__ import annotations

import gzip
from typing import Final

from thuocdo.collect import replies
from thuocdo.collect.replies import Exchange, Headers, Scope
from thuocdo.collect.tracker import builds
from thuocdo.collect.tracker.builds import Build

DEPLOYED_NAME: Final = builds.CURRENT.name
DEPLOYED_SECONDS: Final = 3600  # how long a browser keeps the script without asking again
PINNED_SECONDS: Final = 365 * 86_400  # RFC 9111 sets no limit; a year is what caches understand
_DEPLOYED: Final = f"public, max-age={DEPLOYED_SECONDS}"
_PINNED: Final = f"public, max-age={PINNED_SECONDS}, immutable"  # RFC 8246


def routes() -> dict[str, Script]:
    """Path → handler of every address the tracker has."""
    pinned = {f"/embed/{build.name}": Script(build, _PINNED) for build in builds.released()}
    return {f"/embed/{DEPLOYED_NAME}": Script(builds.current(), _DEPLOYED)} | pinned


class Script:
    """One build, compressed and tagged once at start (RFC 9110: 8.8.3, 12.5.3, 13.1.2)."""

    def __init__(self, build: Build, keeping: str) -> None:
        """keeping  the value of Cache-Control"""
        self._plain = build.script
        self._gzipped = gzip.compress(build.script, mtime=0)
        self._tag = f'"{build.integrity}"'
        self._kept: Headers = [
            ("etag", self._tag),
            ("cache-control", keeping),
            (
                "access-control-allow-origin",
                "*",
            ),  # `integrity` needs `crossorigin`, which needs this
            ("cross-origin-resource-policy", "cross-origin"),
            ("vary", "accept-encoding"),
        ]
        self._full: Headers = [
            *self._kept,
            ("content-type", "text/javascript; charset=utf-8"),
            ("x-content-type-options", "nosniff"),
        ]

    async def __call__(self, scope: Scope, exchange: Exchange) -> None:
        if not replies.is_read(scope, exchange):
            return
        header = scope.headers.get
        if self._tag in (header("if-none-match") or ""):
            exchange.response_empty(304, self._kept)
        elif "gzip" in (header("accept-encoding") or ""):
            exchange.response_bytes(200, [*self._full, ("content-encoding", "gzip")], self._gzipped)
        else:
            exchange.response_bytes(200, self._full, self._plain)
