"""The demonstration's office takes a measured trial to its end: appeals, answers, publication, a correction."""

from __future__ import annotations

import msgspec
import pytest

from thuocdo.assess.criteria.model import criteria_set
from thuocdo.assess.demo import servers
from thuocdo.assess.models import Appeal, Entry, Round
from thuocdo.assess.probes.catalogue import CHECKS
from thuocdo.assess.results import Fault, unmeasured
from thuocdo.assess.rounds import grading, office, trial
from thuocdo.core import settings as instance

pytestmark = pytest.mark.django_db


@pytest.fixture
def settings(tmp_path):
    return instance.load({"THUOCDO_HOME": str(tmp_path)})


@pytest.fixture
def held():
    """Planned and marked; no probe could measure anything."""
    with servers.serving() as served:
        made = trial.plan("thu", criteria_set("2024"), served)
    nothing = [unmeasured(check, Fault.CONNECT, "", 1) for check in CHECKS]
    made.entries.update(state=Entry.State.DONE, results=msgspec.to_builtins(nothing))
    return made


def test_appeals_are_decided_and_what_was_published_is_corrected_beside_it(settings, held):
    trial.conclude(held, settings)
    assert held.state == Round.State.PUBLISHED
    verdicts = sorted(Appeal.objects.values_list("verdict", flat=True))
    assert verdicts == [Appeal.Verdict.ALLOWED, Appeal.Verdict.DISMISSED]
    made = office.published(held, settings)
    points = {each.code: each.points for each in grading.graded(held)}
    (correction,) = office.corrections(held)
    (line,) = [each for each in made.systems if each.standing.code == correction.entry.code]
    published = next(each.points for each in line.checks if each.check == correction.key)
    assert published != points[correction.entry.code][correction.key] == correction.points


def test_a_second_time_changes_nothing(settings, held):
    trial.conclude(held, settings)
    signed = held.publication
    trial.conclude(held, settings)
    assert held.publication == signed
    assert (Appeal.objects.count(), len(office.corrections(held))) == (2, 1)


def test_everybody_of_the_demonstration_says_that_they_are_invented(settings, held):
    trial.conclude(held, settings)
    people = {mark.assessor for entry in held.entries.all() for mark in entry.marks.all()}
    assert len(people) == 2
    people |= {each.decided_by for each in Appeal.objects.all()}
    people |= {each.who for each in Appeal.objects.all()}
    people |= {each.who for each in office.corrections(held)}
    assert all("mô phỏng" in each or "dữ liệu mẫu" in each for each in people)


def test_a_site_as_it_was_differs_from_what_it_is():
    changed = [site for site in servers.sites() if site.before is not None]
    assert len(changed) >= 3
    for site in changed:
        was = site.as_it_was()
        assert (was.page, was.headers) != (site.page, site.headers)
        assert was.as_it_was() == was
