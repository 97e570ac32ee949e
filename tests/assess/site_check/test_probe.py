"""The scanner's probe of the tag sees what a site check sees, and counts pages."""

from __future__ import annotations

import asyncio
import ipaddress
from decimal import Decimal

import pytest
from tests.assess.site_check.conftest import Pages

from thuocdo.assess.citizen import Citizen, Manners, agent
from thuocdo.assess.evidence import Kept
from thuocdo.assess.fetch import Fetcher
from thuocdo.assess.probes.emc_tag import probe
from thuocdo.assess.probes.scene import Depth, Scene
from thuocdo.assess.probes.target import Below, Target
from thuocdo.assess.results import Fault
from thuocdo.assess.site_check.browser import launched
from thuocdo.collect.tracker.snippet import Style, snippet
from thuocdo.core.guard import Guard


def page_of(script: str) -> str:
    return (
        f"<!doctype html><html lang=vi><title>Trang của đơn vị</title>{script}<h1>Trang</h1></html>"
    )


def probed(world, name: str, site_id: int | None, below: tuple[Below, ...] = ()):
    async def run():
        fetcher = Fetcher(Guard((ipaddress.ip_network("127.0.0.0/8"),)), agent("mailto:a@b.vn"))
        citizen = Citizen(fetcher, Manners(pause=0.0))
        async with launched(world.settings) as browser:
            scene = Scene(
                settings=world.settings,
                target=Target(f"{world.pages.url}/{name}", site_id=site_id, below=below),
                citizen=citizen,
                kept=Kept(world.settings.home),
                depth=Depth(pages=1),
                page=await citizen.page(f"{world.pages.url}/{name}"),
                browser=browser,
                at=1,
            )
            return await probe.PROBE.run(scene)

    (found,) = asyncio.run(run())
    return found


GOOD, ABSENT = "minified", "absent"


@pytest.mark.parametrize(("name", "share"), [(GOOD, 1), (ABSENT, 0)])
def test_a_page_counts_or_it_does_not(world, name, share):
    found = probed(world, name, 227)
    assert found.share == Decimal(share), found
    assert [each.kind for each in found.evidence] == ["trace"]


def test_a_site_that_is_not_registered_has_nothing_to_be_expected_of(world):
    assert probed(world, GOOD, None).fault is Fault.NOT_REGISTERED


def test_subordinate_sites_are_part_of_the_sample_each_for_its_own_number(world):
    """One counts, one sends to its superior's number, one cannot be reached: that one says nothing."""
    good, wrong = Pages(), Pages()
    try:
        for pages, number in ((good, 101), (wrong, 227)):
            pages.add("/", page_of(snippet(number, world.collector.url, style=Style.EXTERNAL)))
        below = tuple(
            Below(site_id, f"127.0.0.1:{port}")
            for site_id, port in ((101, good.port), (95, wrong.port), (96, 9))
        )
        found = probed(world, GOOD, 227, below)
    finally:
        good.close()
        wrong.close()
    assert found.share == Decimal("0.6667"), found
    (remark,) = found.remarks
    assert (remark.code, remark.facts["url"]) == ("tag_silent", f"{wrong.url}/")
    assert len(found.evidence) == 3
