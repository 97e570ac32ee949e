"""What makes a tracking request itself, so that the same request sent twice is told from two requests.

A tracker that was not answered sends again; its author cannot know whether the first try arrived. A
request says so itself when it carries a number drawn for it alone:

    pv_id  one page view's, six letters (Matomo's js/piwik.js, `configIdPageView`)
    rand   "a random value that is generated before each request"
           (https://developer.matomo.org/api-reference/tracking-api)
    r      six digits of Math.random(), drawn for each request (js/piwik.js, `getRequest`)

Such a number is too short to tell views apart alone, so the content of a request is all its
parameters as they were sent, but for those that only say how it travels: js/piwik.js changes
`send_image` when it tries another transport, and a queue that was offline says in `cdo` for how long.
A visitor's own id (`_id`, `cid`) is no nonce: it comes with every view. A pixel without a nonce says
nothing about itself and is never taken for a replay.
"""

from __future__ import annotations

from typing import Final

NONCES: Final = ("pv_id", "rand", "r")
SHORTEST_NONCE: Final = 6
"""Characters. `r=1`, written into a page by hand, is no nonce."""
_NONCE_MARKS: Final = tuple(name.encode() + b"=" for name in NONCES)
_TRAVEL: Final = (b"send_image", b"cdo")


def content(text: bytes) -> bytes | None:
    """What stays the same when a request is sent again; None when nothing tells it from others.

    text  the parameters of one request, encoded, from a query or a form
    """
    pieces = text.lstrip(b"?").split(b"&")
    return canonical(text) if any(map(_is_nonce, pieces)) else None


def canonical(text: bytes) -> bytes:
    """The parameters of a request without those that only say how it travels."""
    text = text.lstrip(b"?").strip(b"&")
    if b"send_image" not in text and b"cdo" not in text:
        return text
    return b"&".join(piece for piece in text.split(b"&") if piece.partition(b"=")[0] not in _TRAVEL)


def _is_nonce(piece: bytes) -> bool:
    return any(
        piece.startswith(mark) and len(piece) - len(mark) >= SHORTEST_NONCE for mark in _NONCE_MARKS
    )
