"""What a figure was at a size of the log it is for ever, whatever lands, or is recorded, afterwards."""

from __future__ import annotations

import itertools
from datetime import date

import pytest

from thuocdo.core.clock import day_start_us, parse_period, to_datetime
from thuocdo.core.errors import ThuocdoError
from thuocdo.lake import compaction
from thuocdo.lake.ledger.ledger import extended
from thuocdo.measure.known import LogSize
from thuocdo.measure.refresh import refresh
from thuocdo.measure.service import Measure

MARCH = parse_period("2026-03")
CODES = ("portal_visits", "online_dossier_rate", "services_with_online_dossiers")


@pytest.fixture
def history(world):
    """The world, its figures after each of several batches, and the sizes of the log then.

    A batch that landed late carries an earlier `landed_at` than the ones before it: an import that
    took long, or a segment of a collector that was away.
    """
    numbers = itertools.count()

    def land(table, rows, landed):
        segment = f"w:{next(numbers)}"
        more = {"segment": segment, "landed_at": to_datetime(landed)}
        world.send(table, *({**row, **more, "event_id": n} for n, row in enumerate(rows)))

    def figures(measure, known=None):
        found = [measure.figures(code, MARCH, as_known=known) for code in CODES]
        return [
            (f.indicator, f.agency, f.numerator, f.denominator, f.value, f.coverage, f.rank)
            for each in found
            for f in each
        ]

    seen = []

    def keep():
        head = extended(world.settings, world.lake)
        refresh(world.settings, world.lake, head=head)
        measure = world.measure()
        assert {f.log_size for f in measure.figures(CODES[0], MARCH)} == {head.size}
        seen.append((LogSize(head.size), figures(measure)))

    monday = day_start_us(date(2026, 3, 2))
    service = {"agency": "H26", "procedure": "1.000001"}
    world.tell("services", {**service, "level": "full", "valid_from": date(2020, 1, 1)})
    land("page_views", [world.view(monday, visitor=v) for v in range(3)], monday + 50)
    keep()
    land("dossier_events", world.dossiers(date(2026, 3, 3), channel="online"), monday + 60)
    keep()
    land("dossier_events", world.dossiers(date(2026, 3, 4), channel="counter", count=2), monday + 5)
    land("page_views", [world.view(monday, visitor=9)], monday + 1)
    keep()
    world.tell("services", {**service, "level": "partial", "valid_from": date(2020, 1, 1)})
    world.tell("agencies", {"code": "H48", "name": "Đà Nẵng", "kind": "province"})
    keep()
    compaction.compact(world.lake)
    keep()
    return world, seen, figures


def test_every_size_of_the_log_gives_the_figures_of_then(history):
    world, seen, figures = history
    assert len({str(found) for _, found in seen}) == 4  # each batch changed something
    measure = Measure(world.settings, only_raw=True)
    for known, found in seen:
        assert figures(measure, known) == found


def test_an_instant_cannot_tell_what_was_still_on_its_way(history):
    """Why published figures are named by the log: rows landed before T came into the lake after it."""
    world, seen, figures = history
    instant = day_start_us(date(2026, 3, 2)) + 60
    assert figures(Measure(world.settings), instant) != seen[1][1]


def test_more_leaves_than_the_log_has_is_one_clear_sentence(history):
    world, seen, figures = history
    with pytest.raises(ThuocdoError) as refusal:
        figures(world.measure(), LogSize(seen[-1][0].leaves + 1))
    assert refusal.value.code == "log_too_short"
