"""A hit that says something of its own sender or time, or comes to a site that asks for a key.

Matomo's parameters for it are `token_auth` (here: a site key), `cip` (the visitor's address), `cdt`
and `cdo` (when it was) and `ua` (the visitor's agent). Whoever shows a key that opens the site may
say all of them, and the hit is verified. Without one, an address or a time of its own is refused,
however recent: Matomo takes a time of the last 24 hours from anybody, and so it can be made to count
yesterday. An agent anybody may say, for it is as easily said in the header.

An address that was said takes the place of the sender's, which no row keeps; neither it nor the key
is written with the parameters.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from thuocdo.collect.addresses import parsed
from thuocdo.collect.gate import Gate, Opens, host_is_of
from thuocdo.collect.hit_text import page_host, scrubbed, value_of
from thuocdo.collect.limits import MAX_AGENT
from thuocdo.core.snapshot import SiteEntry
from thuocdo.core.vocabulary import Feed, RejectReason, Trust
from thuocdo.wire.canonical import in_scope
from thuocdo.wire.events import Hit, Unreadable
from thuocdo.wire.matomo import parse_hit

_FEED: Final = Feed.TRACKING.value
_NO_TOKEN: Final = ("", "anonymous")
"""`anonymous` is what Matomo's clients send when they were given no token."""

Shown = Opens | Unreadable | None


class Sender(NamedTuple):
    """What is known of who sends, besides what the hit says. `received` is µs UTC."""

    received: int
    address: str
    agent: str
    referrer: str


class Judged(NamedTuple):
    """What is written of a hit, and why it does not count ("" when it does)."""

    hit: Hit
    refused: str

    @property
    def is_written(self) -> bool:
        return self.refused is not RejectReason.TOO_MANY  # a flood is told once a second


class Judge:
    """Judges the hits of one request: several of one site are one request to its rate."""

    def __init__(self, gate: Gate, sender: Sender, shown: Shown) -> None:
        """shown  what a credential opens that came with the request, not with a hit"""
        self._gate = gate
        self._sender = sender
        self._shown = shown
        self._barred: dict[int, str] = {}

    def __call__(self, query: str, form: str = "") -> Judged:
        """A hit of a query and a form; where both name a parameter the query counts, as in Matomo."""
        text = f"{form}&{query}" if form else query
        opens = self._shown
        if opens is None:
            opens = opened(self._gate, value_of(text, "token_auth"))
        said = value_of(text, "cip")
        refused = self._refusal(text, opens) or self._claims_refused(text, said, opens)
        keyed = not refused and isinstance(opens, Opens)
        hit = Hit(
            self._sender.received,
            str(parsed(said)) if keyed and said else self._sender.address,
            value_of(text, "ua")[:MAX_AGENT] or self._sender.agent,
            self._sender.referrer,
            scrubbed(query).encode("utf-8", "replace"),
            scrubbed(form).encode("utf-8", "replace"),
            "",
            Trust.VERIFIED if keyed else Trust.UNVERIFIED,
            refused,
        )
        return Judged(hit, refused or _unreadable(hit))

    def refused(self, why: Unreadable) -> Judged:
        """What is written of something that is no hit at all."""
        sender = self._sender
        hit = Hit(
            sender.received, sender.address, sender.agent, sender.referrer, b"", b"", "",
            Trust.UNVERIFIED, why.reason,
        )  # fmt: skip
        return Judged(hit, why.reason)

    def _refusal(self, text: str, opens: Shown) -> str:
        """What a site has against this hit."""
        written = value_of(text, "idsite")
        if written not in self._gate.sites:
            return _no_site(written)
        if isinstance(opens, Unreadable):
            return opens.reason
        site = self._gate.snapshot.site_by_id[int(written)]
        if opens is not None and not _covers(opens, site):
            return RejectReason.OUT_OF_SCOPE
        if not site.is_guarded:
            return ""
        return is_foreign(site, text, self._sender.referrer) or self._bars(
            site, keyed=opens is not None
        )

    def _bars(self, site: SiteEntry, *, keyed: bool) -> str:
        if site.site_id not in self._barred:
            why = self._gate.bars_site(site, keyed=keyed)
            self._barred[site.site_id] = why.reason if why else ""
        return self._barred[site.site_id]

    @staticmethod
    def _claims_refused(text: str, address: str, opens: Shown) -> str:
        """What is not believed of what a hit says of itself."""
        if isinstance(opens, Opens):
            return RejectReason.BAD_VALUE if address and parsed(address) is None else ""
        if value_of(text, "cdt") or value_of(text, "cdo"):
            return RejectReason.FORGED_TIME
        return RejectReason.BAD_KEY if address else ""


def opened(gate: Gate, token: str) -> Shown:
    """What a token opens for page views; None when there is none."""
    return None if token in _NO_TOKEN else gate.open(token, _FEED)


def is_foreign(site: SiteEntry, text: str, referrer: str) -> str:
    """The reason when a page is on none of the hosts its site insists on, else ""."""
    if not (site.only_hosts and site.hostnames) or host_is_of(site, page_host(text, referrer)):
        return ""
    return RejectReason.FOREIGN_HOST


def _no_site(written: str) -> str:
    if not written:
        return RejectReason.MISSING_FIELD
    return RejectReason.UNKNOWN_SITE if written.isdecimal() else RejectReason.BAD_VALUE


def _covers(opens: Opens, site: SiteEntry) -> bool:
    return in_scope(site.agency, opens.agency) and (
        opens.sites is None or site.site_id in opens.sites
    )


def _unreadable(hit: Hit) -> str:
    """What landing will say against a hit, said now."""
    events = parse_hit(hit)
    return next((event.reason for event in events if isinstance(event, Unreadable)), "")
