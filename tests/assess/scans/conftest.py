"""An instance of its own for each test, and fixture sites that answer on loopback."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

import pytest
from tests.tools import TOOLS

from thuocdo.assess.demo import servers
from thuocdo.core import settings as instance


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Loopback may be scanned, and operators of sites may write to somebody."""
    monkeypatch.setenv("THUOCDO_PROBE_TOOLS", str(TOOLS / "tools"))
    found = instance.load({"THUOCDO_HOME": str(tmp_path), "THUOCDO_CONTACT_MAIL": "emc@a.gov.vn"})
    found.make_folders()
    return replace(found, check_networks=(ipaddress.ip_network("127.0.0.0/8"),))


@pytest.fixture
def served():
    """code → address, of sites that are done with at once and of one that never ends."""
    wanted = ("mau-khong-tra-loi", "mau-vong-quanh", "mau-tu-choi", "mau-vo-tan")
    with servers.serving([each for each in servers.sites() if each.code in wanted]) as fleet:
        yield {each.site.code: each.url for each in fleet.served}
