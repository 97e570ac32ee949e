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
from thuocdo.collect.hit_text import page_host, says_more, scrubbed, value_of
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
    """Judges the hits of one request.

    Under a key, several of one site are one request to its rate: a log may be sent as fast as it is
    read. Without one, each is one, or a bulk request would be the way around every rate.
    """

    def __init__(self, gate: Gate, sender: Sender, shown: Shown) -> None:
        """shown  what a credential opens that came with the request, not with a hit"""
        self._gate = gate
        self._sender = sender
        self._shown = shown
        self._barred: dict[int, str] = {}  # under a key: what each site said

    def __call__(self, query: str, form: str = "", *, is_told: bool = True) -> Judged:
        """A hit of a query and a form; where both name a parameter the query counts, as in Matomo.

        is_told  whether the sender is told what only landing will have against the hit; whoever
                 shows a key always is
        """
        text = f"{form}&{query}" if form else query
        says = says_more(text)
        claims = _claims(text) if says else _NOTHING
        opens = self._shown if self._shown is not None else opened(self._gate, claims.token)
        refused = self._refusal(text, opens) or _claims_refused(claims, opens)
        keyed = not refused and isinstance(opens, Opens)
        hit = Hit(
            self._sender.received,
            str(parsed(claims.address)) if keyed and claims.address else self._sender.address,
            claims.agent or self._sender.agent,
            self._sender.referrer,
            (scrubbed(query) if says else query).encode("utf-8", "replace"),
            (scrubbed(form) if says else form).encode("utf-8", "replace"),
            "",
            Trust.VERIFIED if keyed else Trust.UNVERIFIED,
            refused,
        )
        return Judged(hit, refused or (_unreadable(hit) if keyed or is_told else ""))

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
        if keyed and site.site_id in self._barred:
            return self._barred[site.site_id]
        why = self._gate.bars_site(site, keyed=keyed)
        reason = why.reason if why else ""
        if keyed:
            self._barred[site.site_id] = reason
        return reason


class _Claims(NamedTuple):
    """What a hit says of itself; texts are "" when it does not."""

    address: str = ""
    agent: str = ""
    is_dated: bool = False
    token: str = ""


_NOTHING: Final = _Claims()


def _claims(text: str) -> _Claims:
    return _Claims(
        value_of(text, "cip"),
        value_of(text, "ua")[:MAX_AGENT],
        bool(value_of(text, "cdt") or value_of(text, "cdo")),
        value_of(text, "token_auth"),
    )


def _claims_refused(claims: _Claims, opens: Shown) -> str:
    """What is not believed of what a hit says of itself."""
    if isinstance(opens, Opens):
        unread = claims.address and parsed(claims.address) is None
        return RejectReason.BAD_VALUE if unread else ""
    if claims.is_dated:
        return RejectReason.FORGED_TIME
    return RejectReason.BAD_KEY if claims.address else ""


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
