"""The measuring system is measured by itself: its own public site stands at level A, and not by a favour.

The real site and collector run behind TLS, and a round with the rules for public sites is held over
them: the same scanner, Lighthouse with as many runs as a round needs, the load test with the leave of
its owner, its name looked up in a signed zone of a small domain name system of its own. What loopback
cannot show (load times of real visitors) stays open, is not 0 and is not given; the level is A whatever
those points would be.
"""

from __future__ import annotations

import ipaddress
import warnings
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from tests.assess.fixtures import names
from tests.assess.own_site import SITE_ID, serving
from tests.tools import TOOLS

from thuocdo.assess.citizen import Manners
from thuocdo.assess.criteria.model import criteria_set
from thuocdo.assess.evidence import Kept
from thuocdo.assess.models import Entry
from thuocdo.assess.probes.load.appointment import PATH as LEAVE
from thuocdo.assess.probes.page_load.probe import RULES as LAB
from thuocdo.assess.probes.scene import Depth
from thuocdo.assess.results import Outcome
from thuocdo.assess.rounds import fleet, grading, office
from thuocdo.assess.rounds.office import System
from thuocdo.assess.rounds.table import OWN
from thuocdo.assess.scans.looking import Scanning

pytestmark = [pytest.mark.django_db, pytest.mark.alone]
RULES = criteria_set("site-2026")
CODE = "emc"
OPEN = {"page_load.field"}
"""What loopback cannot show: nobody visits a test."""
ZONES = (
    names.Area("."),
    names.Area("localhost", '@ 300 IN A 127.0.0.1\n@ 300 IN CAA 0 issue "ca.example.vn"\n'),
)


def held_over(own, resolving, name="own"):
    """A round over our own site alone, measured to its end."""
    system = System(CODE, "Hệ thống EMC", OWN, own.url, plain_url=own.plain_url, site_id=SITE_ID)
    held = office.plan(name, RULES, [system], is_trial=False)
    scanning = Scanning(
        contact="mailto:emc@example.gov.vn",
        allowed=(ipaddress.ip_network("127.0.0.0/8"),),
        authorities=str(own.authorities),
        trusted_keys=(own.key,),
        depth=Depth(lab_runs=LAB.min_runs, load_step_s=4.0),
        manners=Manners(pause=0.0),
        resolving=resolving,
    )
    assert fleet.measure(own.settings, held, scanning, lambda *_: None) == 1
    return held


def measured_in_peace(own, resolving):
    """The round of a machine that has time: one spoilt by its neighbours is held once more, and says why."""
    held = held_over(own, resolving)
    (graded,) = grading.graded(held)
    if graded.grade.level == "A":
        return held
    spoilt = [(each.check, each.detail, each.remarks) for each in graded.results if each.share != 1]
    warnings.warn(f"measured again: {spoilt}", stacklevel=1)
    return held_over(own, resolving, "own-again")


def permit_a_load_test(own):
    """The owner's leave, put where the owner of any site puts it."""
    since = timezone.now() - timedelta(minutes=1)
    token = own.command(
        "assess", "appoint", own.url, "--owner", "G06", "--since", since.isoformat(), "--hours", "1"
    )
    path = own.settings.home / LEAVE.strip("/")
    path.parent.mkdir(parents=True)
    path.write_text(token, "utf-8")


def test_our_own_site_is_at_level_a_and_nothing_is_scored_that_was_not_measured(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("THUOCDO_PROBE_TOOLS", str(TOOLS / "tools"))
    resolver = names.Resolver(names.grown(ZONES))
    with serving(tmp_path / "home") as own, names.serving(resolver) as resolving:
        permit_a_load_test(own)
        held = measured_in_peace(own, resolving)
    (graded,) = grading.graded(held)
    by_check = {each.check: each for each in graded.results}
    told = {
        key: (each.outcome.value, each.detail, [r.code for r in each.remarks])
        for key, each in by_check.items()
    }
    criteria = {f"{group.code}.{each.code}": each for group, each in RULES.criteria()}
    unmeasured = {key for key in criteria if graded.points[key] is None}
    assert unmeasured == OPEN, told
    for key, criterion in criteria.items():
        result = by_check[key]
        assert (graded.points[key] is None) == (result.outcome is Outcome.UNMEASURED)
        if result.outcome is Outcome.PASS:
            assert graded.points[key] == criterion.points
    assert graded.grade.unmeasured == sum(criteria[key].points for key in OPEN)
    assert graded.grade.points + graded.grade.unmeasured == Decimal(100), told
    assert graded.grade.level == "A"
    evidence = Kept(own.settings.home)
    for each in graded.results:
        for kept in each.evidence:
            assert evidence.read(kept.sha256)
    assert held.entries.get().state == Entry.State.DONE
