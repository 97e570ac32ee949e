"""A site's clock runs while the site is waited for, and stands while we wait for ourselves."""

from __future__ import annotations

import asyncio
import time

import msgspec
import pytest

from thuocdo.assess.patience import Bounds, Patience, bounds
from thuocdo.assess.probes.catalogue import PROBES
from thuocdo.assess.probes.page_load import turns
from thuocdo.assess.probes.page_load.turns import Crowded, turn


def short(**given) -> Bounds:
    steps = dict.fromkeys(bounds().steps, given.pop("step", 5.0))
    return msgspec.structs.replace(bounds(), steps=steps, **given)


def test_every_probe_has_a_bound_of_its_own_and_the_file_says_why():
    wanted = {"front", "look", "walk", *(probe.name for probe in PROBES)}
    assert set(bounds().steps) == wanted
    assert bounds().why.vi
    assert bounds().why.en
    assert max(bounds().steps.values()) < bounds().site_seconds


def test_what_we_wait_for_is_not_the_sites_time():
    async def scan() -> float:
        patience = Patience(short(step=0.3))
        async with patience.within(0.3), patience.step("transport"):
            async with patience.ours():
                await asyncio.sleep(0.5)
            return patience.left

    assert 0.1 < asyncio.run(scan()) <= 0.3


def test_a_pause_the_site_asks_for_is_its_own_time_and_not_its_probes():
    async def scan(whole: float) -> None:
        patience = Patience(short(step=0.2))
        pause = patience.ours(is_asked_for=True)
        async with patience.within(whole), patience.step("transport"), pause:
            await asyncio.sleep(0.4)

    asyncio.run(scan(2.0))
    with pytest.raises(TimeoutError):
        asyncio.run(scan(0.3))


def test_a_clock_that_ran_out_is_not_set_going_again():
    async def scan() -> None:
        patience = Patience(short())
        async with patience.within(0.05):
            time.sleep(0.1)  # something that holds the loop
            async with patience.ours():
                await asyncio.sleep(0.01)
            await asyncio.sleep(5)

    with pytest.raises(TimeoutError):
        asyncio.run(scan())


@pytest.mark.parametrize(
    ("told", "lost"),
    [
        ("---", 3),
        ("--+", 0),  # an answer, whatever it says, is an answer
        ("+--", 2),
        ("-*-", 1),  # one answer among time-outs: the site is there
        ("- -", 2),  # a probe that asked nothing says nothing
    ],
)
def test_steps_that_came_to_nothing_but_time_outs_are_lost(told, lost):
    async def scan() -> int:
        patience = Patience(short())
        for each in told:
            async with patience.step("transport"):
                if each in "-*":
                    patience.unanswered("GET", "timeout")
                if each in "+*":
                    patience.answered("GET", "HTTP 200")
        assert patience.has_given_up is (lost >= 3)
        return patience.lost

    assert asyncio.run(scan()) == lost


def test_a_step_that_was_cut_short_is_lost_and_one_that_was_called_off_is_not():
    patience = Patience(short(step=0.1), lost=1)

    async def cut(seconds: float) -> None:
        async with asyncio.timeout(seconds), patience.step("transport"):
            patience.answered("GET", "HTTP 200")
            await asyncio.sleep(5)

    with pytest.raises(TimeoutError):
        asyncio.run(cut(5.0))
    assert patience.lost == 2
    with pytest.raises(TimeoutError):  # called off from outside, after an answer
        asyncio.run(cut(0.01))
    assert patience.lost == 0


def test_a_turn_in_the_lab_is_waited_for_on_our_own_time_and_not_for_ever(monkeypatch):
    monkeypatch.setattr(turns, "_LOOK_AGAIN_S", 0.01)
    taken = 0
    while turns._PLACES.acquire(blocking=False):
        taken += 1

    async def scan(turn_seconds: float) -> None:
        patience = Patience(short(step=0.1, turn_seconds=turn_seconds))
        async with patience.within(0.1), patience.step("page_load"), turn(patience):
            pass

    async def others() -> None:
        scanning = asyncio.create_task(scan(5.0))
        await asyncio.sleep(0.4)  # longer than the site may take
        turns._PLACES.release()
        await scanning

    try:
        with pytest.raises(Crowded):
            asyncio.run(scan(0.2))
        asyncio.run(others())
    finally:
        for _ in range(taken - 1):
            turns._PLACES.release()
