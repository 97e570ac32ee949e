"""What a figure leaves out is listed by reason, to the last view and dossier."""

from __future__ import annotations

from datetime import date

import pytest

from thuocdo.core.clock import day_start_us, parse_period
from thuocdo.core.vocabulary import BotReason, RejectReason
from thuocdo.measure.exclusions import Missing, Sort, exclusions

APRIL = parse_period("2022-04")
RATE = "online_dossier_rate"
MINUTE_US = 60_000_000


def noon(day):
    return day_start_us(day) + 12 * 3_600_000_000


def counted(found):
    return {(one.sort, one.reason): one.count for one in found}


def reject(day, reason, **more):
    return {"day": day, "reason": reason, "feed": "mcdt"} | more


@pytest.fixture(scope="module")
def full(small_world, tmp_path_factory):
    """For reading alone."""
    world = small_world.copy(tmp_path_factory.mktemp("full"))
    world.tell("sites", {"site_id": 2, "agency": "G18", "kind": "portal"})
    world.tell("sites", {"site_id": 3, "agency": "H26", "kind": "one_stop"})
    start = noon(date(2022, 4, 5))
    world.send(
        "page_views",
        world.view(start, bot="crawler"),
        world.view(start + 1, bot="crawler"),
        world.view(start + 2, bot="monitor"),
        world.view(start + 3),
        world.view(start + 4, site=2, bot="headless"),
        world.view(start + 5, site=3, bot="crawler"),
        world.view(noon(date(2022, 5, 1)), bot="crawler"),
        *[world.view(start + n * MINUTE_US, visitor=77) for n in range(30)],
    )
    world.send(
        "dossier_events",
        *world.dossiers(date(2022, 4, 2), count=3, channel="online"),
        *world.dossiers(date(2022, 4, 2), count=2),
        *world.dossiers(date(2022, 4, 2), count=4, agency="G18"),
        *world.dossiers(date(2022, 5, 2), count=7),
    )
    day = date(2022, 4, 6)
    world.send(
        "rejects",
        reject(day, "foreign_host", site_id=1),
        reject(day, "unknown_procedure", agency="H26.01"),
        reject(day, "unknown_procedure", agency="H26"),
        reject(day, "bad_date", agency="G18"),
        reject(date(2022, 3, 6), "bad_date", agency="H26"),
    )
    world.tell("services", {"agency": "H26", "procedure": "1.000001", "level": "full"})
    world.refresh()
    return world


def test_robots_and_endless_reloads_are_counted_by_reason(full):
    found = exclusions(full.measure(), "portal_visits", APRIL, agency="H26")
    assert counted(found) == {
        (Sort.VIEW, "refresh_loop"): 30,
        (Sort.VIEW, "crawler"): 2,
        (Sort.VIEW, "monitor"): 1,
        (Sort.REFUSED, "foreign_host"): 1,
    }
    assert [one.count for one in found] == [30, 2, 1, 1]
    assert all(one.vi != one.en for one in found)


def test_what_is_left_out_and_what_is_counted_make_all_views(full):
    measure = full.measure()
    left_out = sum(
        one.count for one in exclusions(measure, "portal_visits", APRIL) if one.sort == Sort.VIEW
    )
    kept = sum(measure.counts(date(2022, 4, day)).views for day in range(1, 31))
    assert left_out + kept == 3 + 1 + 1 + 30  # the one-stop system's crawler is no portal's


def test_dossiers_that_lack_what_the_definition_asks_are_counted(full):
    measure = full.measure()
    found = counted(exclusions(measure, RATE, APRIL, agency="H26", version="2024-11"))
    assert found == {
        (Sort.DOSSIER, "unknown_channel"): 2,
        (Sort.REFUSED, "unknown_procedure"): 2,
    }
    ministry = counted(exclusions(measure, RATE, APRIL, agency="G18", version="2024-11"))
    assert ministry == {(Sort.DOSSIER, "unknown_channel"): 4, (Sort.REFUSED, "bad_date"): 1}


def test_a_definition_that_asks_for_a_level_counts_those_without(full):
    found = counted(exclusions(full.measure(), "full_online_rate", APRIL, agency="G18"))
    assert found[Sort.DOSSIER, "unknown_level"] == 4
    services = counted(
        exclusions(full.measure(), "services_with_online_dossiers", APRIL, agency="G18")
    )
    assert services[Sort.DOSSIER, "unlisted_procedure"] == 4


def test_as_known_before_anything_landed_nothing_was_left_out(full):
    known = noon(date(2022, 5, 1))
    assert exclusions(full.measure(), "portal_visits", APRIL, as_known=known) == ()


def test_what_was_known_after_all_landed_is_what_is_stored(full):
    known = noon(date(2026, 6, 1))
    for code in ("portal_visits", RATE):
        now = exclusions(full.measure(), code, APRIL)
        assert counted(exclusions(full.measure(), code, APRIL, as_known=known)) == counted(now)


def test_every_reason_has_words_in_both_languages():
    from thuocdo.core.vocabulary import BOT_TEXTS, REJECT_TEXTS
    from thuocdo.measure.exclusions import _MISSING_TEXTS

    for reasons, texts in (
        (BotReason, BOT_TEXTS),
        (RejectReason, REJECT_TEXTS),
        (Missing, _MISSING_TEXTS),
    ):
        assert set(reasons) == set(texts)
        assert all(vi and en and vi != en for vi, en in texts.values())
