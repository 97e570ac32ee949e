"""Each detector of dossiers finds what is planted, at the office where it is, and lets its honest double go."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.measure.quality.conftest import BAD, CODES, Dossier, every, working_days

SYSTEM = f"{BAD}-one_stop"
_ENDS = {month: working_days(date(2026, month, 1), date(2026, month, 31))[-1] for month in (7, 8)}


def piled(one: Dossier) -> Dossier:
    """The result on the month's last working day."""
    return replace(one, took=float((_ENDS[one.received.month] - one.received).days))


def raised(one: Dossier) -> Dossier:
    return replace(one, declared="full" if one.catalogue == "partial" else one.declared)


PLANTED = {
    "constant_level": every(declared="partial"),
    "partial_as_full": raised,
    "postal_as_online": lambda one: replace(
        one,
        channel="online" if one.channel == "postal" else one.channel,
        submitted=-4.0 if one.channel == "postal" else one.submitted,
    ),
    "always_zero_portal": every(national=False),
    "saturated_online": every(channel="online"),
    "saturated_on_time": lambda one: replace(one, took=min(one.took, 3.0)),
    "month_end_burst": piled,
    "closed_in_seconds": lambda one: replace(one, took=one.took if one.number % 4 else 10 / 86_400),
    "office_hours_online": lambda one: replace(
        one, submitted=None if one.submitted is None else 8.2
    ),
}
ALSO = {"partial_as_full": {"constant_level"}, "saturated_online": {"postal_as_online"}}
"""What else is then true: a level that is always "full" is a constant, all online is post online."""


@pytest.mark.parametrize("detector", PLANTED)
def test_what_is_planted_is_found_there_and_nowhere_else(provinces, detector: str) -> None:
    said = provinces.dossiers(PLANTED[detector]).look()
    found = {key for key, one in said.items() if one.found}
    assert found == {(name, SYSTEM) for name in {detector} | ALSO.get(detector, set())}
    finding = said[detector, SYSTEM]
    assert finding.flags == (f"quality:{detector}",)
    assert finding.evidence
    assert "{" not in finding.text.vi + finding.text.en


def test_honest_offices_are_asked_nothing(provinces) -> None:
    said = provinces.dossiers().look()
    assert not [key for key, one in said.items() if one.found]
    assert {said[name, SYSTEM].state for name in PLANTED} == {"not_found"}


@pytest.mark.parametrize(
    ("detector", "change"),
    [
        ("constant_level", every(declared="full", catalogue="full")),
        ("postal_as_online", lambda one: replace(
            one, channel="counter" if one.channel == "postal" else one.channel, by_post=False)),
        ("saturated_on_time", every(took=1.0)),
        ("closed_in_seconds", lambda one: replace(
            one, took=15 / 86_400 if (one.procedure, one.channel) == ("1.000001", "online")
            else one.took)),
        ("month_end_burst", lambda one: replace(
            one, took=float((4 - one.received.weekday()) % 7 or 7))),
    ],
    ids=["all services are full", "nobody uses the post", "always early", "one is automatic",
         "signs on Fridays"],
)  # fmt: skip
def test_the_honest_double_is_let_go(provinces, detector: str, change) -> None:
    assert not provinces.dossiers(change).look()[detector, SYSTEM].found


def test_a_small_perfect_office_cannot_be_told_from_chance(provinces) -> None:
    perfect = every(channel="online", took=3.0, submitted=8.2)
    said = provinces.dossiers(perfect, count=30).look()
    for detector in ("saturated_online", "saturated_on_time", "office_hours_online"):
        assert said[detector, SYSTEM].state == "not_measurable", detector
        assert said[detector, SYSTEM].reason == "too_few"


def test_a_feed_without_times_or_a_word_for_post_is_not_judged_by_them(provinces) -> None:
    one_stop = every(feed="mcdt", channel="online", took=10 / 86_400, submitted=8.2)
    said = provinces.dossiers(one_stop).look()
    assert said["closed_in_seconds", SYSTEM].reason == "no_times"
    assert said["office_hours_online", SYSTEM].reason == "no_times"
    assert said["postal_as_online", SYSTEM].reason == "no_word_for_post"


def test_days_without_hours_are_not_seconds(provinces) -> None:
    said = provinces.dossiers(every(arrived=0.0, submitted=0.0, took=0.0)).look()
    assert said["closed_in_seconds", SYSTEM].reason == "no_times"
    assert said["office_hours_online", SYSTEM].reason == "no_times"


def test_levels_are_not_judged_without_a_catalogue(provinces) -> None:
    said = provinces.dossiers(every(declared="partial", catalogue=None)).look()
    assert said["constant_level", SYSTEM].reason == "no_catalogue"


def test_two_feeds_that_contradict_each_other_are_enough(provinces) -> None:
    provinces.dossiers()
    again = [
        provinces.world.event(n + 1, "processing", 1_783_000_000_000_000, home_month="2026-07",
                          system=SYSTEM, agency=BAD, channel="postal", feed="dvcqg")
        for n in range(0, 200, 20)
    ]  # fmt: skip
    provinces.world.send("dossier_events", *again)
    finding = provinces.look()["postal_as_online", SYSTEM]
    assert finding.found
    assert finding.unit == "count"


def test_it_says_since_when(provinces) -> None:
    change = date(2026, 8, 3)

    def since(one: Dossier) -> Dossier:
        return raised(one) if one.received >= change else replace(one, catalogue="full")

    finding = provinces.dossiers(since).look()["partial_as_full", SYSTEM]
    assert finding.found
    assert change - timedelta(days=7) <= finding.since <= change


def test_the_others_of_the_block_are_still_its_peers_when_one_agency_is_asked_for(
    provinces,
) -> None:
    provinces.dossiers(PLANTED["saturated_online"])
    said = provinces.look(agency=BAD)
    assert said["saturated_online", SYSTEM].found
    assert {one.agency for one in said.values()} == {BAD}
    assert not provinces.look(agency=CODES[1])["saturated_online", f"{CODES[1]}-one_stop"].found
