"""Where a province is heading: what is settled, what is not, and what the targets mean for it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from thuocdo.core.clock import day_start_us, month_end, to_datetime
from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.outlook.model import Verdict, methods
from thuocdo.measure.outlook.outlook import look_ahead
from thuocdo.measure.targets.model import targets

RATE = "online_dossier_rate"
FULL = "full_online_rate"
LANDED = to_datetime(day_start_us(date(2025, 11, 20)))


def month(number):
    """Month `number` of 2025."""
    return date(2025, number, 3)


def send(world, received, *, online, of, agency="H36", resolved=True):
    """`online` of `of` dossiers online; what is resolved is so two days later."""
    done = received + timedelta(days=2) if resolved else None
    own = {"agency": agency, "system": f"{agency}-one_stop", "landed_at": LANDED, "resolved": done}
    world.send(
        "dossier_events",
        *world.dossiers(received, count=online, channel="online", **own),
        *world.dossiers(received, count=of - online, channel="counter", **own),
    )


def country(world, shares, *, agency="H36"):
    world.tell("agencies", {"code": agency, "name": "Lâm Đồng", "kind": "province"})
    world.tell("services", {"agency": agency, "procedure": "1.000001", "level": "full"})
    for number, share in enumerate(shares, start=1):
        if share is not None:
            send(world, month(number), online=share, of=20, agency=agency)
    world.refresh()
    return world.measure()


def only(outlook, code):
    return next(aim for aim in outlook.aims if aim.code == code)


def test_a_steady_rise_is_projected_to_the_day_it_gets_there(empty_world):
    measure = country(empty_world, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    seen = look_ahead(measure, RATE, agency="H36", value=Decimal(75), by=date(2026, 12, 31))
    assert (seen.line.trend, seen.line.saturated) == ("rising", False)
    assert 4.8 < seen.line.per_month < 5.1
    assert seen.line.low <= seen.line.per_month <= seen.line.high
    aim = only(seen, "asked")
    assert aim.verdict == Verdict.ON_PACE
    assert date(2026, 2, 1) < aim.reached_on < date(2026, 4, 30)
    assert aim.earliest <= aim.reached_on <= aim.latest
    assert aim.projection.high == 100, "nothing is more than all"


def test_what_does_not_rise_does_not_get_there_at_this_pace(empty_world):
    measure = country(empty_world, [10, 9, 9, 8, 8, 7, 7, 6, 6, 5])
    seen = look_ahead(measure, RATE, agency="H36", value=Decimal(75), by=date(2026, 12, 31))
    assert seen.line.trend == "falling"
    aim = only(seen, "asked")
    assert (aim.verdict, aim.reached_on, aim.latest) == (Verdict.BEHIND, None, None)
    assert aim.projection.low == 0, "nor less than nothing"


def test_an_unsteady_series_is_uncertain_and_not_called_either_way(empty_world):
    measure = country(empty_world, [4, 9, 3, 10, 5, 8, 4, 11, 5, 9])
    seen = look_ahead(measure, RATE, agency="H36", value=Decimal(60), by=date(2026, 6, 30))
    assert seen.line.trend == "uncertain"
    aim = only(seen, "asked")
    assert aim.verdict == Verdict.UNCERTAIN
    assert aim.projection.low < 60 <= aim.projection.high


def test_too_short_a_series_says_nothing(empty_world):
    measure = country(empty_world, [None] * 5 + [2, 3, 4, 5, 6])
    seen = look_ahead(measure, RATE, agency="H36", value=Decimal(60), by=date(2026, 6, 30))
    assert (seen.line, seen.needed) == (None, 6)
    aim = only(seen, "asked")
    assert (aim.verdict, aim.projection) == (Verdict.NOT_MEASURABLE, None)
    over = look_ahead(measure, RATE, agency="H36", value=Decimal(60), by=date(2025, 3, 31))
    assert only(over, "asked").verdict == Verdict.MISSED, (
        "that a day went by takes no trend to tell"
    )
    short = look_ahead(measure, RATE, agency="H36", value=Decimal(25))
    assert only(short, "asked").verdict == Verdict.REACHED, "but what is there is there"


def test_an_empty_instance_has_no_outlook(empty_world):
    seen = look_ahead(empty_world.measure(), RATE, value=Decimal(60), by=date(2026, 6, 30))
    assert (seen.points, seen.line, seen.as_of) == ((), None, None)
    assert only(seen, "asked").verdict == Verdict.NOT_MEASURABLE


def test_the_month_that_is_not_over_is_provisional(empty_world):
    measure = country(empty_world, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 1])
    seen = look_ahead(measure, RATE, agency="H36")
    states = {point.first.month: point.state for point in seen.points if point.first.year == 2025}
    assert states[11] == "provisional"
    assert states[10] == "used"
    assert seen.line.trend == "rising", "November's one dossier does not bend the line"


def test_a_rate_that_grows_while_dossiers_are_resolved_leaves_its_last_months_out(empty_world):
    measure = country(empty_world, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    seen = look_ahead(measure, FULL, agency="H36")
    states = {point.last.month: point.state for point in seen.points if point.first.year == 2025}
    # As of 20 November: October ended less than 30 days before, September more.
    assert (states[10], states[9]) == ("provisional", "used")


def test_a_saturated_series_stays_at_all(empty_world):
    measure = country(empty_world, [14, 15, 16, 17, 18, 19, 20, 20, 20, 20])
    seen = look_ahead(measure, RATE, agency="H36", value=Decimal(100), by=date(2026, 12, 31))
    assert seen.line.saturated
    assert only(seen, "asked").verdict == Verdict.REACHED


def test_targets_on_record_are_those_of_the_agency_and_its_block(empty_world):
    measure = country(empty_world, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    own = {aim.code for aim in look_ahead(measure, FULL, agency="H36").aims}
    assert own == {
        "cv-4338-2024-province",
        "cv-4338-2025-province",
        "lam-dong-2025-full-online",
    }
    block = {aim.code for aim in look_ahead(measure, FULL, block="ministry").aims}
    assert block == {"cv-4338-2024-ministry", "cv-4338-2025-ministry"}
    seen = look_ahead(measure, FULL, agency="H36")
    assert only(seen, "cv-4338-2024-province").verdict == Verdict.REACHED
    assert only(seen, "cv-4338-2025-province").verdict == Verdict.BEHIND
    empty_world.send(
        "page_views",
        empty_world.view(
            day_start_us(date(2026, 4, 1)), landed_at=to_datetime(day_start_us(date(2026, 4, 1)))
        ),
    )
    send(empty_world, date(2026, 1, 5), online=11, of=20)
    empty_world.refresh()
    later = look_ahead(empty_world.measure(), FULL, agency="H36")
    assert only(later, "cv-4338-2025-province").verdict == Verdict.MISSED


def test_weeks_are_drawn_as_months_are(empty_world):
    world = empty_world
    world.tell("agencies", {"code": "H36", "name": "Lâm Đồng", "kind": "province"})
    monday = date(2025, 8, 4)
    for number in range(10):
        send(world, monday + timedelta(weeks=number), online=2 + number, of=20)
    world.refresh()
    seen = look_ahead(world.measure(), RATE, agency="H36", step="week", until=date(2025, 10, 12))
    used = [point for point in seen.points if point.state == "used"]
    assert len(used) == 10
    assert (used[-1].first, used[-1].last) == (date(2025, 10, 6), date(2025, 10, 12))
    assert 20.5 < seen.line.per_month < 22  # five points a week


def test_a_block_is_the_ratio_of_its_sums(empty_world):
    country(empty_world, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    measure = country(empty_world, [4, 5, 6, 7, 8, 9, 10, 11, 12, 13], agency="H29")
    seen = look_ahead(measure, RATE, block="province")
    october = next(point for point in seen.points if point.last == month_end(2025, 10))
    assert (october.numerator, october.denominator) == (24, 40)


def test_the_same_facts_give_the_same_outlook(empty_world):
    measure = country(empty_world, [4, 9, 3, 10, 5, 8, 4, 11, 5, 9])
    seen = look_ahead(measure, RATE, agency="H36", value=Decimal("33.3"), by=date(2026, 6, 30))
    empty_world.refresh(full=True)
    again = empty_world.measure()
    assert (
        look_ahead(again, RATE, agency="H36", value=Decimal("33.3"), by=date(2026, 6, 30)) == seen
    )


@pytest.mark.parametrize(
    ("given", "code"),
    [({"value": Decimal(101)}, "bad_target"), ({"by": date(2026, 1, 1)}, "bad_target")],
)
def test_what_is_no_target_is_refused(empty_world, given, code):
    measure = country(empty_world, [2])
    with pytest.raises(ThuocdoError) as refused:
        look_ahead(measure, RATE, agency="H36", **given)
    assert refused.value.code == code


def test_every_target_is_of_one_block_or_agency_and_names_its_source():
    assert len({target.code for target in targets()}) == len(targets())
    for target in targets():
        assert target.block is None or target.agency is None
        assert 0 < Decimal(target.value) <= 100
        assert target.source.document
        assert target.title.vi
        assert target.title.en
    assert methods()[0].fewest >= 5, "an interval needs five periods"
