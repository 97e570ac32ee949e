"""Whose a packet for the national portal is: the agency, and the one-stop system it came from.

A packet names no system. It has `madonvi`, which many senders leave out or write in their own way, and
the number of the dossier, which begins with an agency's code as a rule (facts/emc.md 2C).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import NamedTuple

from thuocdo.core import codes
from thuocdo.core.snapshot import SiteEntry, Snapshot
from thuocdo.core.vocabulary import RejectReason
from thuocdo.wire.canonical import in_scope
from thuocdo.wire.dvcqg_fields import Bad, number_and_head
from thuocdo.wire.events import Unreadable


class Sender(NamedTuple):
    """Whose dossier it is, and by which system's account."""

    site: SiteEntry
    agency: str
    number: str | bytes


class Opens(NamedTuple):
    """For whom may be spoken: whom the registry knows on a day (Vietnam's), and what the key opens of it.

    agency, systems  None means everything
    """

    snapshot: Snapshot
    day: date
    agency: str | None
    systems: Collection[str] | None


def whose_is(fields: Mapping[str, object], sender: str, opens: Opens) -> Sender:
    """The agency that MaHoSo begins with, else the sender's; the one-stop system of the sender,
    else of that agency, else of whoever is above it. Raises Bad."""
    number, head = number_and_head(fields)
    known = opens.snapshot.knows_agency
    sending, named = codes.agency_code(sender), codes.agency_code(head)
    found = [code for code in (sending, named) if code is not None and known(code)]
    if not found:
        if not sender:
            raise Bad(Unreadable(RejectReason.MISSING_FIELD, "madonvi: missing"))
        if sending is None:
            raise Bad(Unreadable(RejectReason.BAD_VALUE, "madonvi: not an agency code"))
        raise Bad(Unreadable(RejectReason.UNKNOWN_AGENCY, "madonvi: not registered"))
    agency = found[-1]
    sites = [
        site for code in found for above in _lineage(code) for site in _one_stops(above, opens)
    ]
    if not sites:
        raise Bad(Unreadable(RejectReason.UNKNOWN_AGENCY, "madonvi: no one-stop system"))
    if opens.systems is not None:
        sites = [site for site in sites if site.system in opens.systems]
    if opens.agency is not None:
        own = _lineage(agency)
        sites = [s for s in sites if s.agency in own or in_scope(s.agency, opens.agency)]
    if not sites or not in_scope(agency, opens.agency):
        raise Bad(Unreadable(RejectReason.OUT_OF_SCOPE, "madonvi or MaHoSo: not this key's"))
    return Sender(sites[0], agency, number)


def _one_stops(agency: str, opens: Opens) -> list[SiteEntry]:
    """Sites of the one-stop systems an agency has on the day, the oldest number first."""
    day = opens.day.isoformat()
    return [
        site
        for site in opens.snapshot.one_stop_sites.get(agency, ())
        if (site.valid_from or "") <= day <= (site.valid_to or "9999")
    ]


def _lineage(code: str) -> list[str]:
    """`H29.98.38`, `H29.98`, `H29`."""
    parts = code.split(".")
    return [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
