"""The scanner's probe of the tag sees what a site check sees, and counts pages."""

from __future__ import annotations

import asyncio
import ipaddress
from decimal import Decimal

import pytest

from thuocdo.assess.citizen import Citizen, Manners, agent
from thuocdo.assess.evidence import Kept
from thuocdo.assess.fetch import Fetcher
from thuocdo.assess.probes.emc_tag import probe
from thuocdo.assess.probes.scene import Depth, Scene, Target
from thuocdo.assess.results import Fault
from thuocdo.assess.site_check.browser import launched
from thuocdo.core.guard import Guard


def probed(world, name: str, site_id: int | None):
    async def run():
        fetcher = Fetcher(Guard((ipaddress.ip_network("127.0.0.0/8"),)), agent("mailto:a@b.vn"))
        citizen = Citizen(fetcher, Manners(pause=0.0))
        async with launched(world.settings) as browser:
            scene = Scene(
                settings=world.settings,
                target=Target(f"{world.pages.url}/{name}", site_id=site_id),
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
