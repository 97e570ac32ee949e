"""The demonstration shows a check that does not hold, and one that was mended; nothing else is touched."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests import homes

from thuocdo.core import clock
from thuocdo.core.clock import Period
from thuocdo.core.settings import Settings
from thuocdo.measure.service import Measure
from thuocdo.registry.models import Service
from thuocdo.registry.publish import publish
from thuocdo.run import demo_flaw
from thuocdo.run.demo_flaw import DOSSIERS, MENDED, STANDING
from thuocdo.steer.models import Incident


@pytest.fixture
def home(tmp_path: Path, settings: Any, db: None) -> Settings:
    found = homes.made(tmp_path, settings)
    for agency in (STANDING, MENDED):
        Service.objects.create(agency=agency, procedure="1.004194", level="full")
    publish(found)
    return found


def dossiers(home: Settings) -> dict[str, int | None]:
    today = clock.local_day(clock.now_us())
    last = Period(today - timedelta(days=30), today)
    found = Measure(home).figures("online_dossier_rate", last, block="ministry")
    return {each.agency: each.denominator for each in found if each.denominator}


def test_one_ministry_s_slip_stands_and_the_other_s_was_mended(home: Settings) -> None:
    for _ in range(2):  # killed and started again
        demo_flaw.plant_and_mend(home)
    assert dossiers(home) == {STANDING: DOSSIERS, MENDED: DOSSIERS}
    rows = Incident.objects.filter(kind="broken_invariant")
    assert {row.agency: row.is_open for row in rows} == {STANDING: True, MENDED: False}
    for row in rows:
        assert row.evidence["rule"] == "due_not_before_received"
        assert f"{DOSSIERS} trên {DOSSIERS} hồ sơ" in row.evidence["shown"]
    assert not list(home.state_dir.glob("demo-flaw*"))
