"""What would move an agency most: simulated on its own dossiers, and measured to be so."""

from __future__ import annotations

from datetime import date

import pytest

from thuocdo.core.clock import day_start_us, parse_period, to_datetime
from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.advice.recommend import recommend
from thuocdo.measure.definitions import FOLDER

AUGUST = parse_period("2026-08")
RATE = "full_online_rate"
OWN_VERSION = """
  - version: "2026-01"
    valid_from: 2026-01-01
    source: {document: "Quyết định của bộ", place: "Điều 2"}
    description: {vi: Trên hồ sơ đã giải quyết., en: Of resolved dossiers.}
    numerator: {count: dossiers, event: resolved, full_online: true}
    denominator: {count: dossiers, event: resolved}
    coverage_threshold: 0.5
    vectors:
      - name: none
        period: 2026-01-01..2026-01-31
        expect: {numerator: null, denominator: null, value: null}
"""
DAY, DONE = date(2026, 8, 3), date(2026, 8, 6)

# Of Hà Nội: procedure → (level, why it is not full, online dossiers, dossiers at the counter).
SERVICES = {
    "1.000001": ("full", None, 4, 6),
    "1.000002": ("partial", None, 30, 10),
    "1.000003": ("partial", None, 7, 0),
    "1.000004": ("information", None, 0, 5),
    "1.000005": ("partial", "Luật yêu cầu có mặt", 9, 1),
    "1.000006": ("partial", None, 2, 0),
}


def dossiers(world, procedure, *, online, counter, agency="H26", **more):
    own = {"procedure": procedure, "agency": agency, "system": f"{agency}-one_stop"}
    return [
        *world.dossiers(DAY, count=online, channel="online", resolved=DONE, **own, **more),
        *world.dossiers(DAY, count=counter, channel="counter", resolved=DONE, **own),
    ]


def populate(world):
    """Hà Nội with six services, two provinces that are ahead, and a ministry apart."""
    names = {"H26": "Hà Nội", "H29": "TP. Hồ Chí Minh", "H57": "Huế"}
    world.tell(
        "agencies",
        *({"code": code, "name": name, "kind": "province"} for code, name in names.items()),
        {"code": "H26.01", "name": "Sở Y tế", "kind": "department", "parent": "H26"},
        {"code": "G18", "name": "Bộ Y tế", "kind": "ministry"},
    )
    for procedure, (level, reason, online, counter) in SERVICES.items():
        row = {"agency": "H26", "procedure": procedure, "level": level, "reason_not_full": reason}
        world.tell("services", row | {"name": f"Thủ tục {procedure[-1]}"})
        world.send("dossier_events", *dossiers(world, procedure, online=online, counter=counter))
    for code, online, counter in (("H29", 8, 2), ("H57", 1, 9)):
        world.tell("services", {"agency": code, "procedure": "1.000002", "level": "full"})
        world.send(
            "dossier_events",
            *dossiers(world, "1.000002", online=online, counter=counter, agency=code),
        )
    world.tell("services", {"agency": "G18", "procedure": "1.000003", "level": "full"})
    world.send("dossier_events", *dossiers(world, "1.000003", online=3, counter=0, agency="G18"))


@pytest.fixture(scope="module")
def populated(new_world, tmp_path_factory):
    """What each `country` begins as."""
    world = new_world(tmp_path_factory.mktemp("country"))
    populate(world)
    world.refresh()
    return world


@pytest.fixture
def country(populated, tmp_path):
    return populated.copy(tmp_path / "first")


def procedures(found):
    return [one.procedure for one in found]


def raise_to_full(world, *wanted):
    world.tell(
        "services",
        *({"agency": "H26", "procedure": procedure, "level": "full"} for procedure in wanted),
    )
    world.refresh()


def test_services_stand_in_the_order_of_what_they_would_move(country):
    advice = recommend(country.measure(), "H26", AUGUST)

    assert procedures(advice.to_full) == ["1.000002", "1.000003", "1.000006"]
    assert [one.gain.dossiers for one in advice.to_full] == [30, 7, 2]
    assert (advice.full_online, advice.dossiers, advice.rate) == (4, 74, 5.41)
    assert [one.reach for one in advice.to_full] == [(30, 45.95), (37, 55.41), (39, 58.11)]
    first = advice.to_full[0]
    assert first.gain.agency_points == 40.54
    assert first.gain.block_points == 31.91  # 30 of the 94 dossiers of the three provinces


def test_the_rate_today_is_the_figure_everybody_else_sees(country):
    measure = country.measure()
    advice = recommend(measure, "000.00.00.H26", AUGUST)
    (figure,) = measure.figures(RATE, AUGUST, agency="H26")
    own = (figure.numerator, figure.denominator, figure.value)
    assert (advice.full_online, advice.dossiers, advice.rate) == own
    nation = measure.national(measure.figures(RATE, AUGUST, block="province"), "province")
    assert (advice.block_full_online, advice.block_dossiers) == (
        nation.numerator,
        nation.denominator,
    )


def test_the_predicted_gain_is_measured_exactly_once_the_catalogue_says_full(
    country, populated, tmp_path
):
    advice = recommend(country.measure(), "H26", AUGUST)
    for steps in range(1, len(advice.to_full) + 1):
        second = populated.copy(tmp_path / f"second-{steps}")
        raise_to_full(second, *procedures(advice.to_full[:steps]))
        (figure,) = second.measure().figures(RATE, AUGUST, agency="H26")
        gained, rate = advice.to_full[steps - 1].reach
        assert (figure.numerator, figure.value) == (advice.full_online + gained, rate)
        block = second.measure().figures(RATE, AUGUST, block="province")
        assert sum(f.numerator or 0 for f in block) == advice.block_full_online + gained


def test_other_stages_stay_as_they_were_in_the_simulation(country, populated, tmp_path):
    second = populated.copy(tmp_path / "second")
    for world in (country, second):
        own = {"procedure": "1.000003"}
        world.send(
            "dossier_events",
            *world.dossiers(DAY, channel="online", resolved=DONE, payment="offline", **own),
            *world.dossiers(DAY, channel="online", resolved=DONE, returned_by_post=True, **own),
            *world.dossiers(DAY, channel="online", rejected=DONE, **own),
            *world.dossiers(DAY, count=2, channel="online", **own),
            *world.dossiers(DAY, resolved=DONE, **own),
        )
        world.refresh()
    advice = recommend(country.measure(), "H26", AUGUST)
    one = next(one for one in advice.to_full if one.procedure == "1.000003")
    assert (one.dossiers, one.online, one.ready, one.gain.dossiers) == (13, 12, 7, 7)
    assert (advice.losses.unresolved, advice.losses.paid_offline, advice.losses.by_post) == (
        3,
        1,
        1,
    )
    lost = sum(getattr(advice.losses, name) for name in advice.losses.__struct_fields__)
    assert lost + advice.full_online == advice.dossiers
    raise_to_full(second, "1.000003")
    (figure,) = second.measure().figures(RATE, AUGUST, agency="H26")
    assert figure.numerator == advice.full_online + one.gain.dossiers


def test_a_service_raised_in_mid_period_counts_only_what_is_left_to_gain(country):
    country.tell(
        "services",
        {
            "agency": "H26",
            "procedure": "1.000006",
            "level": "full",
            "valid_from": date(2026, 8, 1),
            "valid_to": date(2026, 8, 3),
        },
    )
    country.send(
        "dossier_events",
        *country.dossiers(
            date(2026, 8, 10), channel="online", resolved=date(2026, 8, 12), procedure="1.000006"
        ),
    )
    country.refresh()
    advice = recommend(country.measure(), "H26", AUGUST)
    one = next(one for one in advice.to_full if one.procedure == "1.000006")
    assert (one.ready, one.full_online, one.gain.dossiers) == (3, 2, 1)


def test_agencies_of_the_block_that_are_ahead_are_named_the_busiest_first(country):
    first, second, _ = recommend(country.measure(), "H26", AUGUST).to_full
    assert (first.peers_at_full, [peer.name for peer in first.peers]) == (
        2,
        ["Huế", "TP. Hồ Chí Minh"],
    )
    assert "peers_at_full" in first.rules
    assert second.peers_at_full == 0, "a ministry is in another block"
    assert "peers_at_full" not in second.rules


def test_the_second_scenario_lets_the_online_share_rise_to_the_blocks(country):
    country.send("dossier_events", *dossiers(country, "1.000006", online=0, counter=8))
    country.tell("services", {"agency": "H29", "procedure": "1.000006", "level": "full"})
    country.send(
        "dossier_events",
        *dossiers(country, "1.000006", online=3, counter=1, agency="H29"),
        *dossiers(country, "1.000006", online=0, counter=1, agency="H57"),
    )
    country.refresh()
    by_procedure = {
        one.procedure: one for one in recommend(country.measure(), "H26", AUGUST).to_full
    }
    one = by_procedure["1.000006"].uptake
    # 3 of 4 where it is full (not Huế's, which offers nothing): 7 of our 10; 2 are online already.
    assert (one.block_online, one.block_dossiers, one.online) == (3, 4, 7)
    assert one.gain.dossiers == 7
    assert by_procedure["1.000003"].uptake is None
    ahead = by_procedure["1.000002"].uptake
    assert (ahead.online, ahead.gain.dossiers) == (30, 30), "nobody is asked to fall back"


def test_a_service_with_a_legal_reason_stands_apart_with_it(country):
    advice = recommend(country.measure(), "H26", AUGUST)
    (one,) = advice.apart
    assert (one.procedure, one.reason_not_full) == ("1.000005", "Luật yêu cầu có mặt")
    assert (one.target, one.gain.dossiers) == (None, 9)
    assert one.reach is None


def test_information_with_dossiers_becomes_partial_first(country):
    (one,) = recommend(country.measure(), "H26", AUGUST).to_partial
    assert (one.procedure, one.level, one.target) == ("1.000004", "information", "partial")
    assert one.rules == ("information_with_dossiers",)


def test_what_the_catalogue_lacks_is_listed_apart(country):
    country.send(
        "dossier_events", *dossiers(country, "9.000009", online=1, counter=1, level="full")
    )
    country.refresh()
    (one,) = recommend(country.measure(), "H26", AUGUST).not_listed
    assert (one.procedure, one.level, one.dossiers) == ("9.000009", None, 2)
    assert (one.full_online, one.gain.dossiers) == (1, 0), "the declared level counts already"


def test_a_service_offered_at_two_levels_is_as_low_as_its_lowest(country):
    country.tell("services", {"agency": "H26.01", "procedure": "1.000003", "level": "full"})
    country.send(
        "dossier_events", *dossiers(country, "1.000003", online=5, counter=0, agency="H26.01")
    )
    country.refresh()
    advice = recommend(country.measure(), "H26", AUGUST)
    one = next(one for one in advice.to_full if one.procedure == "1.000003")
    assert (one.mixed, one.level, one.dossiers, one.gain.dossiers) == (True, "partial", 12, 7)
    unit = recommend(country.measure(), "H26.01", AUGUST)
    assert (unit.agency, unit.dossiers, unit.rate, unit.to_full) == ("H26.01", 5, 100, ())
    assert unit.block_dossiers == advice.block_dossiers


def test_before_the_law_only_peers_or_volume_ask_for_full(empty_world):
    world = empty_world
    world.tell("agencies", {"code": "H26", "name": "Hà Nội", "kind": "province"})
    for procedure, count in (("1.000001", 80), ("1.000002", 15), ("1.000003", 5)):
        world.tell("services", {"agency": "H26", "procedure": procedure, "level": "partial"})
        world.send(
            "dossier_events",
            *world.dossiers(
                date(2025, 3, 2),
                count=count,
                channel="online",
                resolved=date(2025, 3, 3),
                procedure=procedure,
            ),
            *world.dossiers(DAY, count=count, channel="online", resolved=DONE, procedure=procedure),
        )
    world.refresh()
    before = recommend(world.measure(), "H26", parse_period("2025-03"))
    assert (before.policy, procedures(before.to_full)) == ("2022-08", ["1.000001"])
    after = recommend(world.measure(), "H26", parse_period("2026-08"))
    assert (after.policy, len(after.to_full)) == ("2026-07", 3)
    assert after.to_full[2].rules == ("full_by_default",)


def test_what_was_not_known_yet_moves_nobody(country):
    country.send(
        "dossier_events",
        *dossiers(
            country,
            "1.000006",
            online=50,
            counter=0,
            landed_at=to_datetime(day_start_us(date(2026, 11, 1))),
        ),
    )
    country.refresh()
    measure = country.measure()
    known = day_start_us(date(2026, 10, 1))
    assert recommend(measure, "H26", AUGUST).to_full[0].procedure == "1.000006"
    then = recommend(measure, "H26", AUGUST, as_known=known)
    assert (then.to_full[0].procedure, then.dossiers) == ("1.000002", 74)


def test_increments_give_what_a_rebuild_gives(country):
    country.send("dossier_events", *dossiers(country, "1.000006", online=1, counter=1))
    country.refresh()
    patched = recommend(country.measure(), "H26", AUGUST)
    country.refresh(full=True)
    assert recommend(country.measure(), "H26", AUGUST) == patched


def test_a_period_without_dossiers_has_nothing_to_say(country):
    advice = recommend(country.measure(), "H26", parse_period("2020-03"))
    assert (advice.rate, advice.to_full, advice.dossiers) == (None, (), 0)


def test_an_unknown_agency_is_refused(country):
    with pytest.raises(ThuocdoError) as refused:
        recommend(country.measure(), "H99", AUGUST)
    assert refused.value.code == "unknown_agency"


def test_the_operators_own_version_is_the_one_that_is_simulated_or_refused(country):
    """A definition that counts other dossiers than the simulation does is no ground for advice."""
    assert recommend(country.measure(), "H26", AUGUST).version == "2024-11"
    folder = country.settings.home / "indicators"
    folder.mkdir()
    packaged = (FOLDER / f"{RATE}.yaml").read_text("utf-8")
    ended = packaged.replace("from: 2024-11-01", "from: 2024-11-01\n    valid_to: 2025-12-31")
    (folder / f"{RATE}.yaml").write_text(ended + OWN_VERSION, "utf-8")
    with pytest.raises(ThuocdoError) as refused:
        recommend(country.measure(), "H26", AUGUST)
    assert refused.value.code == "not_simulated"
