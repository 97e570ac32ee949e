"""The sample of subordinate sites: below the agency, the same for a month, another the month after."""

from __future__ import annotations

from datetime import date

import pytest

from thuocdo.assess.probes.target import Below
from thuocdo.assess.scans import below
from thuocdo.core import settings as instance
from thuocdo.core import snapshot
from thuocdo.core.snapshot import SiteEntry, Snapshot
from thuocdo.registry.models import Agency

DAY = date(2026, 11, 28)
OWN = SiteEntry(1, "H26-portal", "H26", "portal", ("hanoi.example.vn",))
SITES = (
    OWN,
    SiteEntry(2, "H26.1-portal", "H26.1", "portal", ("so1.example.vn", "so1.hanoi.example.vn")),
    SiteEntry(3, "H26-one_stop", "H26", "one_stop", ("hanoi.example.vn",)),
    SiteEntry(4, "H29-portal", "H29", "portal", ("hcm.example.vn",)),
    SiteEntry(5, "H26.2-portal", "H26.2", "portal"),
    SiteEntry(6, "H26.3-portal", "H26.3", "portal", ("cu.example.vn",), valid_to="2026-11-27"),
)


def chosen(sites=SITES, day=DAY, most=9, agencies=("H26", "H26.1", "H26.2", "H26.3")):
    return below.chosen(sites, OWN, agencies, day, most)


def test_only_sites_of_its_own_agencies_with_a_host_of_their_own_that_hold_today():
    assert chosen() == (Below(2, "so1.example.vn"),)


def test_a_site_that_ends_today_is_still_one():
    assert Below(6, "cu.example.vn") in chosen(day=date(2026, 11, 27))


def test_the_sample_stays_for_a_month_and_then_moves():
    many = [
        OWN,
        *(SiteEntry(n, "s", "H26.1", "portal", (f"s{n}.example.vn",)) for n in range(2, 99)),
    ]
    first = chosen(many, date(2026, 11, 1), 3)
    assert chosen(reversed(many), date(2026, 11, 30), 3) == first
    assert chosen(many, date(2026, 12, 1), 3) != first
    assert len(set(first)) == 3


@pytest.mark.django_db
def test_the_registry_says_what_is_below_mergers_included(tmp_path):
    for code, parent, successor, last in (
        ("H26", "", "", None),
        ("H26.1", "H26", "", None),
        ("H30", "", "H26", date(2025, 6, 30)),
        ("H29", "", "", None),
    ):
        Agency.objects.create(
            code=code, name=code, kind="province", parent=parent, successor=successor, valid_to=last
        )
    settings = instance.load({"THUOCDO_HOME": str(tmp_path)})
    settings.make_folders()
    merged = SiteEntry(7, "H30-portal", "H30", "portal", ("hanam.example.vn",))
    known = Snapshot(made_at=1, sites=(*SITES, merged), agencies=("H26", "H26.1", "H29", "H30"))
    snapshot.write(settings.snapshot_path, known)
    found = below.sample(settings, 1, DAY, 9)
    assert {each.site_id for each in found} == {2, 7}
    assert below.sample(settings, 99, DAY, 9) == ()
