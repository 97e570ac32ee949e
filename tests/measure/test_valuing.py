"""From counts to values by the definition's rules: exact, rounded once, null with its reason."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from thuocdo.core.vietnamese import percent
from thuocdo.measure.definitions import definition
from thuocdo.measure.valuing import Ratio, of_parts, of_ratio, share_of

COUNTS = st.integers(0, 10**9)


def only(code):
    return definition(code).versions[0]


@given(COUNTS, st.integers(1, 10**9))
def test_a_percentage_is_rounded_as_at_school(numerator, denominator):
    found = of_ratio(only("on_time_rate"), "percent", numerator, denominator)
    assert found.value == float(percent(numerator, denominator))


def test_two_rules_for_a_zero_denominator_stand_in_one_group():
    petitions = only("qd766_petition_processing_on_time")
    dossiers = only("qd766_dossier_receiving_satisfaction")
    assert of_ratio(petitions, "points", 0, 0).value == 6
    assert of_ratio(dossiers, "points", 0, 0).value == 0
    assert of_ratio(only("qd766_on_time"), "points", 0, 0).value is None
    assert of_ratio(petitions, "points", 0, 0).flags == {"zero_denominator_by_rule"}


def test_full_marks_begin_at_the_threshold_and_fall_in_a_line_below():
    satisfied = only("qd766_dossier_receiving_satisfaction")
    assert of_ratio(satisfied, "points", 90, 100).value == 6
    assert of_ratio(satisfied, "points", 100, 100).value == 6
    assert of_ratio(satisfied, "points", 45, 100).value == 3
    assert of_ratio(satisfied, "points", 899, 1000).value == 5.99


def payment(a, b, c=None):
    """6A + min(2, 2.5B) + 2.5C with the third part measured, or not."""
    version = only("qd766_online_payment")
    connected = only("qd766_services_payment_connected")
    if c is not None:
        connected = only("qd766_paid_online")
    return of_parts(
        version,
        {
            "qd766_paid_online": Ratio(only("qd766_paid_online"), *a),
            "qd766_services_paid_online": Ratio(only("qd766_services_paid_online"), *b),
            "qd766_services_payment_connected": Ratio(connected, *(c or (None, None))),
        },
    )


def test_payment_is_made_of_its_three_parts():
    assert payment((1, 2), (4, 10), (2, 5)).value == 5
    assert payment((1, 1), (1, 1), (1, 1)).value == 10
    assert payment((0, 0), (0, 0), (0, 0)).value == 0
    assert payment((1, 2), (4, 10), (2, 5)).flags == set()


def test_points_are_rounded_once_from_the_exact_parts():
    assert payment((1, 3), (1, 3), (1, 3)).value == 3.67  # 2 + 0.8333 + 0.8333 = 3.6666
    assert payment((2, 3), (1, 3)).value == 4.83


def test_a_part_that_is_not_computable_is_left_out_and_said():
    assert payment((1, 2), (4, 10)).value == 4
    assert payment((1, 2), (4, 10)).flags == {"partial_points"}


def test_a_part_without_data_leaves_no_points():
    assert payment((None, None), (1, 2)).value is None
    assert payment((None, None), (1, 2)).flags == {"no_data"}


@given(COUNTS, COUNTS)
def test_a_share_is_exact_or_what_the_definition_says(numerator, denominator):
    found = share_of(only("on_time_rate"), numerator, denominator)
    assert found == (Fraction(numerator, denominator) if denominator else None)
