"""A feed is alive when EMC itself heard it; who is silent or unknown is told apart."""

from __future__ import annotations

from datetime import date

import pytest
from tests.measure.conftest import World

from thuocdo.assess.probes.feeds import probe
from thuocdo.assess.results import Fault, Outcome
from thuocdo.core.clock import day_start_us
from thuocdo.core.settings import DUCKDB

TODAY = date(2022, 4, 30)
AT = day_start_us(TODAY) + 10 * 3_600_000_000


@pytest.fixture
def world(tmp_path):
    found = World(tmp_path, DUCKDB)
    found.tell("agencies", {"code": "H26", "name": "Hà Nội", "kind": "province"})
    kind = {"agency": "H26", "kind": "one_stop"}
    found.tell("systems", {"code": "S-alive", **kind}, {"code": "S-silent", **kind})
    return found


def heard(world, system, day):
    return world.event(
        1, "received", day_start_us(day) + 9 * 3_600_000_000, system=system, agency="H26"
    )


def asked(world, system):
    state, findings = probe.asked(world.settings, system, AT)
    return {each.check: each for each in probe.judge(system, state, findings, AT)}


def test_heard_silent_and_unknown_are_three_things(world):
    world.send("dossier_events", heard(world, "S-alive", date(2022, 4, 27)))
    world.send("dossier_events", heard(world, "S-silent", date(2022, 3, 2)))
    world.refresh()
    assert asked(world, "S-alive")["emc.feeds"].outcome is Outcome.PASS
    silent = asked(world, "S-silent")
    assert [each.code for each in silent["emc.feeds"].remarks] == ["feed_silent"]
    assert silent["emc.data_quality"].fault is Fault.TOO_FEW
    assert asked(world, "S-nobody")["emc.feeds"].fault is Fault.NOT_REGISTERED
