"""The demo's rounds: held once, by real scans, in a role that ends when its work is done."""

from __future__ import annotations

import threading
import time

import pytest

from thuocdo.assess.criteria.model import criteria_set
from thuocdo.assess.demo import servers
from thuocdo.assess.models import Round
from thuocdo.assess.rounds import office
from thuocdo.core import settings as instance
from thuocdo.run import demo_rounds
from thuocdo.run.supervisor import MOST_DEATHS, Role

QUICK = ("mau-khong-tra-loi", "mau-tu-choi")


@pytest.fixture
def settings(tmp_path):
    found = instance.load({"THUOCDO_HOME": str(tmp_path)})
    found.make_folders()
    return found


@pytest.mark.django_db
def test_a_round_of_the_fleet_is_scanned_published_and_not_held_again(settings):
    sites = [site for site in servers.sites() if site.code in QUICK]

    def hold():
        demo_rounds._hold_fleet(
            settings, "m", criteria_set("2024"), sites, 0, None, threading.Event()
        )

    hold()
    first = Round.objects.get(code="m")
    made = office.published(first, settings)
    assert {line.standing.unranked for line in made.systems} == {"connect", "robots"}
    hold()
    assert Round.objects.get(code="m").publication == first.publication


def test_what_was_done_is_not_done_again_and_nothing_is_begun_after_the_stop(settings):
    stop = threading.Event()
    stop.set()
    demo_rounds.run(settings, 1, stop)
    assert not demo_rounds.is_done(settings)
    (settings.state_dir / "demo-rounds.done").touch()
    demo_rounds.run(settings, 1, threading.Event())  # without a minute's rest


def test_programs_that_are_missing_are_named(settings, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert demo_rounds.what_is_missing(settings) == "node, npm, chromium"


def lived(role: Role) -> Role:
    """Looked after until it is over, its pauses passed over."""
    role.start()
    began = time.monotonic()
    while not role.is_over:
        assert time.monotonic() - began < 60
        role.look_after(time.monotonic() + 1000)
        time.sleep(0.02)
    return role


def test_a_role_with_one_thing_to_do_is_over_when_it_is_done(tmp_path):
    done = lived(Role("once", ["--help"], log_file=tmp_path / "log", once=True, nice=5))
    assert (done.process, done.deaths) == (None, 0)


def test_a_role_that_cannot_do_its_one_thing_is_given_up(tmp_path):
    given_up = lived(Role("once", ["no-such-command"], log_file=tmp_path / "log", once=True))
    assert given_up.deaths == MOST_DEATHS
