"""The map of organisations: mergers, successors, both forms of a code."""

from __future__ import annotations

from datetime import date

import pytest

from thuocdo.core.clock import parse_period
from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.organisation import Organisation

BEFORE, AFTER = date(2022, 4, 30), date(2025, 7, 1)


def row(code, name, kind="province", parent=None, successor=None, first=None, last=None):
    return {
        "code": code,
        "name": name,
        "name_en": None,
        "kind": kind,
        "parent": parent,
        "successor": successor,
        "valid_from": first,
        "valid_to": last,
    }


@pytest.fixture
def country():
    end, start = date(2025, 6, 30), date(2025, 7, 1)
    return Organisation(
        [
            row("H22", "Hà Giang", successor="H60", last=end),
            row("H60", "Tuyên Quang", successor="H60", last=end),
            row("H60", "Tuyên Quang mới", first=start),
            row("H22.05", "Sở Y tế", kind="department", parent="H22"),
            row("H60.77", "Xã mới", kind="commune", parent="H60", first=start),
            row(
                "G05", "Bộ Kế hoạch và Đầu tư", "ministry", successor="G12", last=date(2025, 2, 28)
            ),
            row("G12", "Bộ Tài chính", "ministry"),
            row("G24", "Bảo hiểm Xã hội Việt Nam", "ministry", last=date(2025, 2, 28)),
        ]
    )


def test_a_code_that_ended_counts_for_its_successor(country):
    assert country.top("H22", BEFORE).name == "Hà Giang"
    assert country.top("H22", AFTER).name == "Tuyên Quang mới"
    assert country.top("G05", AFTER).code == "G12"


def test_a_code_that_goes_on_maps_to_its_row_of_the_day(country):
    assert country.top("H60", BEFORE).name == "Tuyên Quang"
    assert country.top("H60", AFTER).name == "Tuyên Quang mới"


def test_a_unit_follows_its_parent_and_the_parents_successor(country):
    assert country.top("H22.05", BEFORE).code == "H22"
    assert country.top("H22.05", AFTER).code == "H60"


def test_a_unit_nobody_registered_counts_for_the_nearest_above_it(country):
    assert [agency.code for agency in country.path("H22.05.09", BEFORE)] == ["H22.05", "H22"]
    assert country.top("H22.99", AFTER).code == "H60"


def test_a_unit_founded_later_counts_for_its_province_on_an_older_map(country):
    assert country.top("H60.77", BEFORE).name == "Tuyên Quang"


def test_a_code_without_successor_is_nobodys_after_its_end(country):
    assert country.top("G24", BEFORE).code == "G24"
    assert country.top("G24", AFTER) is None


def test_both_written_forms_name_the_same_agency(country):
    assert country.find("000.00.05.H22", BEFORE) == country.find("H22.05", BEFORE)
    assert country.find("h22", BEFORE).code == "H22"


def test_an_unknown_agency_is_a_clear_refusal(country):
    with pytest.raises(ThuocdoError, match="H99") as refusal:
        country.find("H99", BEFORE)
    assert refusal.value.code == "unknown_agency"


def test_the_tops_of_a_day_are_those_that_exist_on_it(country):
    assert {a.code for a in country.tops(BEFORE, "province")} == {"H22", "H60"}
    assert {a.code for a in country.tops(AFTER, "province")} == {"H60"}
    assert {a.code for a in country.tops(AFTER)} == {"H60", "G12"}


def test_successors_in_a_circle_do_not_hang():
    end = date(2020, 1, 1)
    circle = Organisation(
        [row("H01", "A", successor="H02", last=end), row("H02", "B", successor="H01", last=end)]
    )
    assert circle.top("H01", AFTER) is None


GSO_END, GSO_START = date(2025, 6, 30), date(2025, 7, 1)


@pytest.fixture
def renumbered():
    """15 was Yên Bái's number and is Lào Cai's: the number follows the place, H38 the name."""
    return Organisation(
        [
            row("H63", "Yên Bái", successor="H38", last=GSO_END) | {"gso_code": "15"},
            row("H38", "Lào Cai", successor="H38", last=GSO_END) | {"gso_code": "10"},
            row("H38", "Lào Cai", first=GSO_START) | {"gso_code": "15"},
            row("H26", "Hà Nội", last=GSO_END) | {"gso_code": "01"},
            row("H26", "Hà Nội", first=GSO_START) | {"gso_code": "01"},
            row("20", "Đơn vị cũ", "unit", parent="H26"),
            row("H37", "Lạng Sơn") | {"gso_code": "20"},
        ]
    )


def test_a_gso_number_names_its_owner_of_the_day_and_is_derived_from_nothing(renumbered):
    assert renumbered.find("15", BEFORE).code == "H63"
    assert renumbered.find("15", AFTER).code == "H38"
    assert renumbered.find("10", BEFORE).code == "H38"
    with pytest.raises(ThuocdoError) as refusal:
        renumbered.find("10", AFTER)
    assert refusal.value.code == "unknown_agency"


def test_a_number_with_two_owners_over_the_dates_of_a_question_is_refused(renumbered):
    with pytest.raises(ThuocdoError) as refusal:
        renumbered.find("15", AFTER, parse_period("2025"))
    assert refusal.value.code == "ambiguous_agency"
    assert str(refusal.value) == (
        "The code '15' names more than one agency: Lào Cai (H38) from 2025-07-01 and "
        "Yên Bái (H63) until 2025-06-30. Write the identifier: H38 or H63."
    )


def test_a_number_that_kept_its_owner_over_the_merger_is_no_riddle(renumbered):
    assert renumbered.find("01", AFTER, parse_period("2025")).code == "H26"


def test_a_code_that_is_an_identifier_and_another_agencys_number_is_refused(renumbered):
    with pytest.raises(ThuocdoError) as refusal:
        renumbered.find("20", BEFORE)
    assert refusal.value.code == "ambiguous_agency"
    assert str(refusal.value).endswith("Lạng Sơn (H37) and 20. Write the identifier: H37.")


def test_an_agency_registered_under_both_written_forms_at_once_is_refused():
    doubled = Organisation(
        [row("000.00.01.H29", "Sở A", "department"), row("H29.01", "Sở B", "department")]
    )
    with pytest.raises(ThuocdoError) as refusal:
        doubled.find("000.00.01.H29", BEFORE)
    assert refusal.value.code == "ambiguous_agency"


@pytest.mark.parametrize(
    ("code", "day", "said"),
    [
        ("G24", AFTER, "ended on 2025-02-28 without a successor"),
        ("H60.77", BEFORE, "exists from 2025-07-01 on"),
    ],
)
def test_an_agency_outside_its_days_is_one_clear_sentence(country, code, day, said):
    with pytest.raises(ThuocdoError, match=said) as refusal:
        country.find(code, day)
    assert refusal.value.code == "agency_not_there"
    assert refusal.value.hint


def test_children_are_those_directly_below_on_the_day_the_predecessors_among_them(country):
    assert {a.code for a in country.children("H60", AFTER)} == {"H22.05", "H60.77"}
    assert [a.code for a in country.children("H22", BEFORE)] == ["H22.05"]


def test_agencies_that_merged_inside_a_period_are_named(country):
    year, june = parse_period("2025"), parse_period("2025-06")
    assert country.merged_in(year, AFTER) == {"H60", "G12"}
    assert country.merged_in(year, BEFORE) == {"H60", "G12", "H22", "G05"}
    assert country.merged_in(june, AFTER) == frozenset()
