"""What is scanned."""

from __future__ import annotations

import msgspec


class Below(msgspec.Struct, frozen=True):
    """A subordinate site of the system's agency. host: a name, and a port where it is none of the usual."""

    site_id: int
    host: str


class Target(msgspec.Struct, frozen=True):
    """One site to be scanned.

    url        its front page
    plain_url  the same over http, where it is not `http://host/`
    site_id    the number its pages should count for; None when the registry has none
    tracker    the collector its tag should send to; "" is this instance's own
    system     the registry's code of the system, whose feeds are asked about; "" when it has none
    below      subordinate sites whose front pages are part of the sample the tag is looked for on
    """

    url: str
    plain_url: str = ""
    site_id: int | None = None
    tracker: str = ""
    system: str = ""
    below: tuple[Below, ...] = ()
