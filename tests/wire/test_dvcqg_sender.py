"""Whose a packet is: by its sender's code, its number, and what its key opens."""

from __future__ import annotations

import msgspec
import pytest
from tests.wire.packets import STEP, bare, judged, told, why

from thuocdo.core.snapshot import SiteEntry, Snapshot
from thuocdo.wire.dvcqg import PROGRESS, SYNC


@pytest.mark.parametrize(
    ("number", "sender", "agency", "system"),
    [
        ("38.98.H29-210519-0013", "", "H29.98.38", "H29-one_stop"),
        ("H29.98.38-210519-0013", "000.00.00.H29", "H29.98.38", "H29-one_stop"),
        ("HS-0013", "000.00.01.H29", "H29.01", "H29-one_stop"),
        ("HS-0013", "H57", "H57", "H57-one_stop"),
        ("000.00.00.H29-1-1", "what the vendor calls it", "H29", "H29-one_stop"),
        ("G14-1-1", "000.00.00.H57", "G14", "H57-one_stop"),
    ],
)
def test_the_sender_is_found_by_either_form_of_its_code(
    snapshot: Snapshot, number: str, sender: str, agency: str, system: str
) -> None:
    for service, item in (
        (SYNC, bare(MaHoSo=number, MaTTHC="2.000635")),
        (PROGRESS, STEP | {"MaHoSo": number}),
    ):
        (event,) = judged(snapshot, item, service, sender)
        assert (event.agency, event.system) == (agency, system)


def test_a_department_with_a_system_of_its_own_is_that_systems(snapshot: Snapshot) -> None:
    own = SiteEntry(102, "H29-so", "H29.01", "one_stop")
    gone = SiteEntry(90, "H29-old", "H29.01", "one_stop", valid_to="2025-06-30")
    more = msgspec.structs.replace(snapshot, sites=(*snapshot.sites, gone, own))
    assert {event.system for event in told(more)} == {"H29-so"}
    by_key = judged(more, trust="verified", agency="H29", systems={"H29-one_stop"})
    assert {event.system for event in by_key} == {"H29-one_stop"}


def test_a_key_speaks_for_its_agency_and_systems_alone(snapshot: Snapshot) -> None:
    key = {"trust": "verified", "systems": None}
    assert isinstance(judged(snapshot, agency="H29", **key), list)
    assert isinstance(judged(snapshot, agency="H29.01", **key), list)
    assert why(judged(snapshot, agency="H57", **key)) == "out_of_scope"
    borrowed = judged(snapshot, agency="H29", sender="H57", **key)
    assert {event.system for event in borrowed} == {"H29-one_stop"}
    none = {"trust": "verified", "agency": None, "systems": frozenset({"H57-one_stop"})}
    assert why(judged(snapshot, **none)) == "out_of_scope"
