"""The fixture fleet, scanned once for all tests by a real browser with real tools."""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.tools import TOOLS

from thuocdo.assess import npm
from thuocdo.assess.citizen import Manners, agent
from thuocdo.assess.demo import servers
from thuocdo.assess.evidence import Kept
from thuocdo.assess.fetch import Fetcher, Limits
from thuocdo.assess.probes.scene import Depth
from thuocdo.assess.probes.target import Target
from thuocdo.assess.results import Result
from thuocdo.assess.scan import Scanner, scan
from thuocdo.assess.site_check.browser import launched
from thuocdo.core import settings as instance
from thuocdo.core.guard import Guard


@dataclass(frozen=True)
class Scanned:
    """Results of the fleet's sites by code, and where their evidence lies."""

    kept: Kept
    results: dict[str, list[Result]]

    def of(self, code: str) -> dict[str, Result]:
        return {result.check: result for result in self.results[code]}


@pytest.fixture(scope="session")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Scanned:
    home = tmp_path_factory.mktemp("scan")
    return asyncio.run(scan_fleet(home, Depth(lab_runs=0)))


async def scan_fleet(home: Path, depth: Depth, codes: tuple[str, ...] = ()) -> Scanned:
    """Scans the fleet, or some of it."""
    settings = instance.load({"THUOCDO_HOME": str(home)})
    axe = (npm.packages(TOOLS) / "axe-core" / "axe.min.js").read_text("utf-8")
    chosen = [site for site in servers.sites() if not codes or site.code in codes]
    found = {}
    with servers.serving(chosen) as fleet:
        guard = Guard((ipaddress.ip_network("127.0.0.0/8"),))
        fetcher = Fetcher(
            guard,
            agent("mailto:a@b.vn"),
            Limits(seconds=8.0),
            str(fleet.authorities),
            fleet.keys,
        )
        async with launched(settings, fleet.keys) as browser:
            scanner = Scanner(
                settings, fetcher, Kept(home), browser, axe, depth, Manners(pause=0.0)
            )
            for each in fleet.served:
                found[each.site.code] = await scan(scanner, Target(each.url, each.plain_url))
    return Scanned(Kept(home), found)
