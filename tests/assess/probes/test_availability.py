"""Availability over the week where the monitor saw enough, else of the moment, which says that it is one."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import msgspec
import pytest
from tests.assess.fixtures.servers import Odd, page

from thuocdo.assess.probes.availability import probe
from thuocdo.assess.probes.files import texts
from thuocdo.assess.probes.scene import Scene
from thuocdo.assess.results import Fault, Outcome, Result
from thuocdo.assess.watching.kept import Journal
from thuocdo.assess.watching.model import Look

STEP = 300_000_000
CODE = "H29-portal"
ANSWER = page(b"<title>x</title>")


@pytest.fixture
def look(probing):
    """The probe's result for a front page, the system watched for so many intervals before, some of them failing."""

    def run(front: bytes = ANSWER, *, looks: int = 0, failing: range = range(0)) -> Result:
        async def watched(scene: Scene) -> list[Result]:
            journal = Journal(scene.settings.watching_dir)
            for back in range(looks):
                fault = Fault.HTTP if back in failing else None
                journal.add(Look(CODE, scene.at - back * STEP, fault, 200, 100 + back % 7, 4))
            journal.close()
            scene.target = msgspec.structs.replace(scene.target, system=CODE)
            return await probe.run(scene)

        server = Odd({"/": front})
        try:
            (found,) = probing(dataclasses.replace(probe.PROBE, run=watched), f"{server.url}/")
        finally:
            server.close()
        return found

    return run


@pytest.mark.parametrize(
    ("failing", "outcome", "word"),
    [
        (range(0), Outcome.PASS, "availability_week"),
        (range(100, 110), Outcome.PASS, "availability_week"),
        (range(100, 400), Outcome.FAIL, "availability_low"),
    ],
)
def test_the_week_is_told_where_enough_was_seen(look, failing, outcome, word):
    found = look(page(b"", status="500 Oops"), looks=7 * 288 + 12, failing=failing)
    assert (found.outcome, found.remarks[0].code) == (outcome, word)
    told = {measure.name: measure for measure in found.measures}
    assert set(told) == {"availability", "downtime", "ttfb_p50", "ttfb_p95"}
    assert told["downtime"].value == 5 * len(failing)
    assert told["ttfb_p50"].value == 103
    if outcome is Outcome.FAIL:
        share = Decimal(told["availability"].runs - 300) / told["availability"].runs
        assert 0 <= share - found.share < Decimal("0.0001")


def test_a_moment_says_that_it_is_one(look):
    found = look(looks=100)
    assert (found.outcome, found.remarks[0].code) == (Outcome.PASS, "availability_moment")
    assert found.remarks[0].facts["answered"] == "3"
    assert found.remarks[0].facts["measured"] == "99"  # the interval that runs is not over
    assert [measure.name for measure in found.measures] == ["ttfb"]


def test_a_page_that_cannot_be_had_is_not_measurable_when_nobody_watched(look):
    found = look(page(b"", status="500 Oops"))
    assert (found.outcome, found.fault) == (Outcome.UNMEASURED, Fault.HTTP)


def test_every_remark_has_its_words():
    words = [each for code, each in texts().items() if code.startswith(("availability_", "answers_"))]  # fmt: skip
    assert len(words) == 4
    assert all("{measured}" in text for each in words for text in (each.vi, each.en))
