"""Pseudonyms: stable where they must be, unlinkable where they must not."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from thuocdo.core import ids

SECRET = b"a secret of at least sixteen"


def test_a_dossier_number_is_the_same_however_it_is_typed() -> None:
    one = ids.dossier_key(SECRET, "H29-one_stop", "000.00.01.h29-260310-0420")
    assert one == ids.dossier_key(SECRET, "H29-one_stop", "  000.00.01.H29-260310 -0420 ")


def test_two_systems_may_use_the_same_number() -> None:
    assert ids.dossier_key(SECRET, "A", "1") != ids.dossier_key(SECRET, "B", "1")


def test_the_boundary_between_system_and_number_cannot_be_forged() -> None:
    assert ids.dossier_key(SECRET, "A1", "1") != ids.dossier_key(SECRET, "A", "11")


def test_another_secret_gives_other_pseudonyms() -> None:
    assert ids.dossier_key(SECRET, "A", "1") != ids.dossier_key(
        b"another secret of length", "A", "1"
    )


def test_visitors_cannot_be_followed_across_days_or_sites() -> None:
    monday, tuesday = (ids.day_salt(SECRET, date(2026, 11, day)) for day in (16, 17))
    same = {
        ids.visitor_key(monday, 1, "203.0.113.9 Firefox"),
        ids.visitor_key(tuesday, 1, "203.0.113.9 Firefox"),
        ids.visitor_key(monday, 2, "203.0.113.9 Firefox"),
    }
    assert len(same) == 3


@given(st.text(max_size=60), st.text(max_size=60))
def test_both_halves_fit_signed_64_bits(system: str, number: str) -> None:
    for half in ids.dossier_key(SECRET, system, number):
        assert -(2**63) <= half < 2**63
