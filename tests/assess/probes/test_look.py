"""A page that fights the browser ends in a typed reason within the bound, or is seen as it is."""

from __future__ import annotations

import asyncio
import ipaddress
import time
import zlib

import pytest
from tests.assess.fixtures.servers import Odd, page

from thuocdo.assess.evidence import Kept
from thuocdo.assess.fetch import Failure
from thuocdo.assess.probes.look import Look, look
from thuocdo.assess.results import Fault
from thuocdo.assess.site_check import weight
from thuocdo.assess.site_check.browser import launched
from thuocdo.core import settings as instance
from thuocdo.core.guard import Guard

BOUND_S, PATIENT_S = 12.0, 60.0
"""For what never ends; and for what ends by itself, however busy the machine is."""
ENDLESS = ("/endless-script", "/eats-memory")
BOMB, UNFOLDED = "/bomb", 400_000_000
HOSTILE = {
    "/endless-script": b"<!doctype html><title>x</title><script>for(;;){}</script>",
    "/dialogs": b"<!doctype html><title>x</title><p>a<script>for(let i=0;i<30;i++)alert(i)</script>",
    "/away": b"<!doctype html><title>x</title><script>location='http://10.0.0.1/'</script>",
    "/broken-tools": (
        b"<!doctype html><title>x</title><p>a<script>Array.from=null;document.querySelectorAll=null</script>"
    ),
    "/eats-memory": (
        b"<!doctype html><title>x</title><p>a<script>"
        b"const eaten = []; for (let n = 0;; n += 1) eaten.push(Array.from({length: 1e6}, () => ({n})))"
        b"</script>"
    ),
}


def bomb() -> bytes:
    """A page that unfolds to a thousand times what comes over the line."""
    packing = zlib.compressobj(9, wbits=31)
    page_of = b"<!doctype html><title>x</title>" + b"<p>" + b"a" * 1_000_000
    parts = [packing.compress(page_of) for _ in range(UNFOLDED // len(page_of))]
    return b"".join((*parts, packing.flush()))


@pytest.fixture(scope="module")
def looked(tmp_path_factory):
    """Every hostile page, looked at in one browser: path → (what came of it, seconds)."""
    paths = {path: page(body) for path, body in HOSTILE.items()}
    server = Odd(paths | {BOMB: page(bomb(), "Content-Encoding: gzip")})
    home = tmp_path_factory.mktemp("look")
    settings = instance.load({"THUOCDO_HOME": str(home)})
    guard = Guard((ipaddress.ip_network("127.0.0.0/8"),))

    async def one(browser, path):
        bound = BOUND_S if path in ENDLESS else PATIENT_S
        begun = time.monotonic()
        found = await look(
            browser, guard, "http://localhost:1", "T", server.url + path, Kept(home), "", bound
        )
        return found, time.monotonic() - begun

    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr(weight, "MAX_UNFOLDED", UNFOLDED // 20)

    async def every():
        async with launched(settings) as browser:
            found = await asyncio.gather(*(one(browser, path) for path in HOSTILE))
            return dict(zip(HOSTILE, found, strict=True)) | {BOMB: await one(browser, BOMB)}

    yield asyncio.run(every())
    server.close()
    monkeypatch.undo()


def test_what_never_ends_is_ended_within_its_bound(looked):
    for path in ENDLESS:
        _, seconds = looked[path]
        assert seconds < BOUND_S + 8, path


def test_a_script_that_never_ends_is_a_timeout(looked):
    found, _ = looked["/endless-script"]
    assert isinstance(found, Failure)
    assert found.fault is Fault.TIMEOUT


def test_dialogs_are_sent_away(looked):
    assert isinstance(looked["/dialogs"][0], Look)


def test_a_page_that_leads_inwards_shows_nothing_of_it(looked):
    found, _ = looked["/away"]
    assert isinstance(found, Failure), found
    assert found.fault is Fault.GUARD


def test_a_page_that_breaks_the_tools_is_a_crash_and_no_result(looked):
    found, _ = looked["/broken-tools"]
    assert isinstance(found, Failure)
    assert found.fault is Fault.CRASH


def test_a_script_that_eats_all_memory_ends_its_page_and_nobody_elses(looked):
    found, _ = looked["/eats-memory"]
    assert isinstance(found, Failure)
    assert found.fault in (Fault.CRASH, Fault.TIMEOUT)
    assert isinstance(looked["/dialogs"][0], Look)


def test_a_page_that_unfolds_to_gigabytes_is_too_large(looked):
    found, _ = looked[BOMB]
    assert isinstance(found, Failure), found
    assert found.fault is Fault.SIZE
