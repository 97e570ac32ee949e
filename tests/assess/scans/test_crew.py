"""A crew at work on real sites: rounds and requests take turns, a stop loses nothing, hostile sites end."""

from __future__ import annotations

import asyncio
import threading
import time

import msgspec
import pytest
from tests.assess.fixtures.servers import Odd, page, to

from thuocdo.assess.citizen import Manners
from thuocdo.assess.criteria.model import criteria_set
from thuocdo.assess.fetch import Limits
from thuocdo.assess.hosts.locks import Hosts
from thuocdo.assess.models import Entry, Round, ShadowScan
from thuocdo.assess.patience import Bounds, bounds
from thuocdo.assess.probes.catalogue import CHECKS
from thuocdo.assess.probes.scene import Depth
from thuocdo.assess.rounds import measuring, office
from thuocdo.assess.rounds.fleet import Systems
from thuocdo.assess.rounds.office import System
from thuocdo.assess.scans import crew, looking, shadows
from thuocdo.assess.scans.addresses import Choice
from thuocdo.assess.scans.looking import Scanning
from thuocdo.core.errors import ThuocdoError

pytestmark = pytest.mark.django_db


def planned(*urls: str) -> Round:
    systems = [System(f"s{n}", f"Hệ thống {n}", "province", url) for n, url in enumerate(urls)]
    held = office.plan("2026-1", criteria_set("2024"), systems, is_trial=False)
    measuring.start(held, "emc@a.gov.vn", 0)
    return held


def quick(settings, within: Bounds | None = None) -> Systems:
    """The rounds that are on, asked without pauses."""

    def scanning(held: Round) -> Scanning:
        return Scanning(
            held.contact,
            settings.check_networks,
            depth=Depth(lab_runs=0),
            manners=Manners(pause=0.0),
            limits=Limits(seconds=3.0),
            bounds=within or bounds(),
        )

    return Systems(settings, measuring.systems(settings).rounds, scanning)


def order_of(settings, held: Round, at_once: int) -> list[str]:
    """Codes as they were begun."""
    crew.work(
        settings, [shadows.Shadows(settings), quick(settings)], at_once, lambda: None, never()
    )
    begun = [(each.started_at, each.code) for each in held.entries.all()]
    begun += [(each.started_at, each.system) for each in ShadowScan.objects.all()]
    return [code for _at, code in sorted(begun)]


def never() -> threading.Event:
    return threading.Event()


def test_a_request_waits_for_one_system_of_a_running_round_and_not_for_the_round(settings, served):
    dead = served["mau-khong-tra-loi"]
    held = planned(*(f"{dead}{n}" for n in range(2)))
    for n, agency in enumerate(("H26", "H29")):
        shadows.ask(settings, agency, Choice(f"mine{n}", "x", dead, frozenset(), None), "lan")
    assert order_of(settings, held, 1) == ["mine0", "s0", "mine1", "s1"]
    for scan in ShadowScan.objects.all():
        found = shadows.results_of(scan)
        assert (scan.state, sorted(each.check for each in found)) == ("done", sorted(CHECKS))
    assert {each.fault for each in held.entries.all()} == {"connect"}


def test_asked_to_stop_in_the_middle_it_puts_back_what_was_begun_untried(settings, served):
    held = planned(served["mau-vo-tan"])
    stop = threading.Event()
    began = time.monotonic()

    def tick() -> None:
        if held.entries.filter(state=Entry.State.RUNNING).exists():
            stop.set()

    assert crew.work(settings, [measuring.systems(settings)], 2, tick, stop) == 0
    assert time.monotonic() - began < 20  # the site would have gone on for minutes
    entry = held.entries.get()
    assert (entry.state, entry.attempts) == (Entry.State.QUEUED, 0)


def test_a_site_that_never_ends_ends(settings, served):
    held = planned(served["mau-vo-tan"], served["mau-vong-quanh"], served["mau-tu-choi"])
    crew.work(settings, [quick(settings)], 2, lambda: None, never())
    assert sorted(held.entries.values_list("fault", flat=True)) == [
        *("redirects", "robots", "timeout"),
    ]
    assert measuring.progress(held).hindered == [("redirects", 1), ("robots", 1), ("timeout", 1)]


def test_a_site_that_leads_to_a_host_at_which_a_scan_is_waits_for_it(settings):
    """Else that host would be scanned twice at once."""

    def slowly(connection) -> None:
        time.sleep(0.5)
        connection.sendall(page(b"<!doctype html><title>x</title>"))

    led_to = Odd({"/": slowly})
    leads = Odd({"/": to(f"{led_to.url}/")})
    held = planned(f"{led_to.url}/", f"{leads.url}/")
    crew.work(settings, [quick(settings)], 2, lambda: None, never())
    led_to.close()
    leads.close()
    first, second = held.entries.order_by("turn")
    assert (first.state, second.state, second.fault, second.attempts) == ("done", "done", "", 1)
    assert second.started_at >= first.finished_at
    assert leads.asked().count("/") == 2  # once to find out, once when its turn had come
    assert Hosts.of(settings).is_free(led_to.url)


def test_a_pause_lets_what_was_begun_end_and_begins_nothing_new(settings, served):
    dead = served["mau-khong-tra-loi"]
    held = planned(*(f"{dead}{n}" for n in range(3)))

    def tick() -> None:
        if held.entries.filter(state=Entry.State.DONE).count() == 1:
            Round.objects.filter(pk=held.pk, scanning="on").update(scanning="paused")

    crew.work(settings, [quick(settings)], 1, tick, never())
    held.refresh_from_db()
    states = list(held.entries.order_by("turn").values_list("state", flat=True))
    assert states == ["done", "queued", "queued"]
    measuring.resume(held)
    crew.work(settings, [quick(settings)], 1, lambda: None, never())
    assert measuring.progress(held).done == 3


class Exited(BaseException):
    """In place of the process's end."""


def test_a_scan_that_holds_its_thread_beyond_every_bound_ends_the_process_and_costs_nobody_else(
    settings, served, monkeypatch
):
    """No clock of an event loop runs while something of ours holds it, and no thread can be killed."""

    async def stuck(scanner, target):
        if target.url == served["mau-vo-tan"]:
            time.sleep(6)
        await asyncio.sleep(6)

    def leave(code: int) -> None:
        raise Exited(code)

    monkeypatch.setattr(looking, "scan", stuck)
    monkeypatch.setattr(crew.os, "_exit", leave)
    never_waits = dict.fromkeys(bounds().steps, 0.0)
    short = {"steps": never_waits, "site_seconds": 1.0, "turn_seconds": 1.0, "close_seconds": 0.5}
    within = msgspec.structs.replace(bounds(), **short)
    held = planned(served["mau-vo-tan"], served["mau-vong-quanh"])
    later = time.monotonic() + 1.0

    def tick() -> None:  # the second begins later, and is not overdue
        if time.monotonic() < later:
            held.entries.filter(turn=1).update(state="done")
        elif held.entries.filter(turn=1, state="done", started_at=None).exists():
            held.entries.filter(turn=1).update(state="queued")

    with pytest.raises(Exited):
        crew.work(settings, [quick(settings, within)], 2, tick, never())
    hung, other = held.entries.order_by("turn")
    assert (hung.state, hung.fault) == (Entry.State.DONE, "internal")
    assert (other.state, other.attempts) == (Entry.State.QUEUED, 0)


def test_one_crew_to_an_instance(settings):
    def tick() -> None:
        with pytest.raises(ThuocdoError) as refused:
            crew.work(settings, [], 1, lambda: None, never())
        assert refused.value.code == "scanning"

    crew.work(settings, [], 1, tick, never())
