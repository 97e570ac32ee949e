"""A fleet is scanned to its end whatever its sites do, and goes on where it died."""

from __future__ import annotations

import fcntl
import ipaddress

import pytest
from tests.tools import TOOLS

from thuocdo.assess.citizen import Manners
from thuocdo.assess.criteria.model import criteria_set
from thuocdo.assess.demo import servers
from thuocdo.assess.fetch import Limits
from thuocdo.assess.models import Entry
from thuocdo.assess.probes.catalogue import CHECKS
from thuocdo.assess.probes.scene import Depth
from thuocdo.assess.results import Fault
from thuocdo.assess.rounds import fleet, grading, trial
from thuocdo.assess.scans.looking import Scanning
from thuocdo.core import settings as instance
from thuocdo.core.errors import ThuocdoError

pytestmark = pytest.mark.django_db
HINDERED = {"mau-khong-tra-loi": "connect", "mau-vong-quanh": "redirects", "mau-tu-choi": "robots"}


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.setenv("THUOCDO_PROBE_TOOLS", str(TOOLS / "tools"))
    return instance.load({"THUOCDO_HOME": str(tmp_path)})


@pytest.fixture
def served():
    with servers.serving([site for site in servers.sites() if site.code in HINDERED]) as found:
        yield found


def scanning(served, contact="mailto:a@b.vn"):
    return Scanning(
        contact,
        (ipaddress.ip_network("127.0.0.0/8"),),
        str(served.authorities),
        served.keys,
        Depth(lab_runs=0),
        Manners(pause=0.0),
        Limits(seconds=3.0),
    )


def test_hindered_sites_end_with_typed_results_and_what_a_dead_scanner_left_is_done(
    settings, served
):
    held = trial.plan("thu", criteria_set("2024"), served)
    entries = {entry.code: entry for entry in held.entries.all()}
    running = Entry.State.RUNNING
    Entry.objects.filter(pk=entries["mau-tu-choi"].pk).update(state=running, attempts=1)
    Entry.objects.filter(pk=entries["mau-vong-quanh"].pk).update(state=running, attempts=2)
    told = []
    scanned = fleet.measure(settings, held, scanning(served), lambda *now: told.append(now))
    assert scanned == 2  # the one that was the death of two scanners is given up
    assert told[0] == (1, 3)
    assert told[-1] == (3, 3)
    for entry in held.entries.all():
        found = {result.check: result for result in grading.results_of(entry)}
        assert sorted(found) == sorted(CHECKS)
        given_up = entry.code == "mau-vong-quanh"
        fault = Fault.INTERNAL if given_up else Fault(HINDERED[entry.code])
        assert found["interface.title"].fault is fault
    assert fleet.measure(settings, held, scanning(served), lambda *_: None) == 0


def test_two_scanners_never_share_an_instance(settings, served):
    held = trial.plan("thu", criteria_set("2024"), served)
    settings.state_dir.mkdir(parents=True)
    with (settings.state_dir / "assess.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(ThuocdoError) as refusal:
            fleet.measure(settings, held, scanning(served), lambda *_: None)
    assert refusal.value.code == "scanning"


def test_a_scanner_that_nobody_can_write_to_does_not_start(settings, served):
    held = trial.plan("thu", criteria_set("2024"), served)
    with pytest.raises(ThuocdoError) as refusal:
        fleet.measure(settings, held, scanning(served, contact=" "), lambda *_: None)
    assert refusal.value.code == "no_contact"
