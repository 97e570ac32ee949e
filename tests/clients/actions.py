"""What every client is asked to do, and what the lake and its answers must show of it afterwards."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, NamedTuple

SITE: Final = 227
CLOSED_SITE: Final = 57
UNKNOWN_SITE: Final = 999
HOST: Final = "h29.example.gov.vn"
PAGES: Final = f"https://{HOST}"
PERSON: Final = "079012345678"
"""Stands for everything personal: a title, a user id, a search word, an order."""
KEY: Final = "key-of-h29"
WRONG_KEY: Final = "0123456789abcdef0123456789abcdef"
AGENT: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36"
)
PAST: Final = datetime(2026, 1, 20, 8, tzinfo=UTC)
TIMINGS: Final = (120, 435, 539)
"""Server, until DOM ready, until loaded: of the stages 10, 120, 5, 300, 100, 4 ms."""


class View(NamedTuple):
    """A row of `page_views`, as far as the actions tell rows apart."""

    kind: str
    host: str
    path: str
    trust: str = "unverified"


class Action(NamedTuple):
    """What one action leaves: rows, and reasons of refusal."""

    views: tuple[View, ...] = ()
    refused: tuple[str, ...] = ()


ACTIONS: Final = {
    "view": Action((View("view", HOST, "/xem"),)),
    "search": Action((View("search", HOST, "/tim-kiem"),)),
    "download": Action((View("download", HOST, "/tep/mau-don.docx"),)),
    "outlink": Action((View("outlink", "vneid.gov.vn", "/dang-nhap"),)),
    "event": Action(),
    "ping": Action(),
    "goal": Action(),
    "order": Action(),
    "content": Action(),
    "past": Action((View("view", HOST, "/qua-khu", "verified"),)),
    "behind": Action((View("view", HOST, "/sau", "verified"),) * 2),
    "bulk": Action((View("view", HOST, "/lo/1"), View("view", HOST, "/lo/2")), ("bad_value",)),
    "forged": Action(refused=("forged_time",)),
    "wrong_key": Action(refused=("bad_key",)),
    "closed": Action(refused=("out_of_scope",)),
    "unknown": Action(refused=("unknown_site",)),
}
"""`behind` are two visitors of a server that says their addresses; `bulk` holds one hit that is none."""

STATUS: Final = {"forged": 400, "wrong_key": 401, "closed": 403, "unknown": 400}
"""What a client hears of a single hit that is refused; of any other it hears nothing worse than 204."""
