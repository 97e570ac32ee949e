"""A figure's name is enough to make it again from raw events, later and elsewhere."""

from __future__ import annotations

import itertools
from datetime import date

import pytest

from thuocdo.core.clock import day_start_us, parse_period, to_datetime
from thuocdo.core.errors import ThuocdoError
from thuocdo.lake.ledger.ledger import extended
from thuocdo.measure.passport.asking import figure_name, verify
from thuocdo.measure.refresh import refresh
from thuocdo.measure.service import Measure

MARCH = parse_period("2026-03")
RATE = "online_dossier_rate"


@pytest.fixture
def told(world):
    """Hà Nội with a unit below it, dossiers in both, and a log; lands more when it is called."""
    world.tell(
        "agencies",
        {"code": "H26.01", "name": "Sở Tư pháp", "kind": "department", "parent": "H26"},
    )
    numbers = itertools.count()

    def land(rows, landed=0):
        segment = f"w:{next(numbers)}"
        when = to_datetime(day_start_us(date(2026, 3, 20)) + landed)
        more = {"segment": segment, "landed_at": when}
        world.send("dossier_events", *({**r, **more, "event_id": n} for n, r in enumerate(rows)))
        head = extended(world.settings, world.lake)
        refresh(world.settings, world.lake, head=head)

    land(world.dossiers(date(2026, 3, 2), channel="online", count=3))
    land(world.dossiers(date(2026, 3, 3), channel="counter", agency="H26.01"), 10)
    return world, land


ASKED = [
    {"agency": "H26"},
    {"agency": "H26.01"},
    {"agency": "H26", "by": "children"},
    {"by": "service"},
    {"by": "service", "agency": "H26.01"},
    {"by": "province"},
    {"agency": "H26", "as_known": day_start_us(date(2026, 3, 20)) + 5},
]


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_a_figure_is_made_again_whatever_lands_afterwards(told, asked):
    world, land = told
    measure = world.measure()
    found = measure.figures(RATE, MARCH, **asked)
    names = [figure_name(measure, figure) for figure in found]
    assert len(set(names)) == len(names)
    land(world.dossiers(date(2026, 3, 2), channel="postal", count=5))
    land(world.dossiers(date(2026, 3, 9), channel="online", agency="H26.01"), -100)
    raw = Measure(world.settings, only_raw=True)
    for name, figure in zip(names, found, strict=True):
        verdict = verify(raw, name)
        assert verdict.same, (name, verdict.here)
        assert verdict.figure.numerator == figure.numerator


def test_a_figure_that_was_tampered_with_is_told(told):
    world, _ = told
    (figure,) = world.measure().figures(RATE, MARCH, agency="H26.01")
    name = figure_name(world.measure(), figure)
    forged = name[:-16] + "0123456789abcdef"
    verdict = verify(Measure(world.settings, only_raw=True), forged)
    assert (verdict.same, verdict.here) == (False, name)


def test_a_name_of_somebody_who_is_not_there_is_one_clear_sentence(told):
    world, _ = told
    (figure,) = world.measure().figures(RATE, MARCH, agency="H26.01")
    name = figure_name(world.measure(), figure)
    for before, after, code in [
        ("H26.01", "H99", "unknown_agency"),
        ("online_dossier_rate", "offline_rate", "unknown_indicator"),
        ("@2024-11", "@2031-01", "unknown_version"),
    ]:
        with pytest.raises(ThuocdoError) as refusal:
            verify(Measure(world.settings, only_raw=True), name.replace(before, after))
        assert refusal.value.code == code


def test_without_a_log_a_figure_has_no_name(world):
    world.refresh()
    measure = world.measure()
    assert figure_name(measure, measure.figures(RATE, MARCH)[0]) is None
