"""Both written forms of agency codes name the same agency (facts/emc.md 5B)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thuocdo.core import codes


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("000.00.00.H57", "H57"),
        ("000.00.01.H29", "H29.01"),
        ("38.98.H29", "H29.98.38"),
        ("000.15.02.G18", "G18.02.15"),
        (" h26.12 ", "H26.12"),
        ("G01.105", "G01.105"),
        ("nonsense", None),
        ("", None),
        ("H99999", None),
    ],
)
def test_old_and_new_forms_resolve(written: str, code: str | None) -> None:
    assert codes.agency_code(written) == code


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1.004194", ("1.004194", None)),
        ("1.004194.000.00.00.H13", ("1.004194", "H13")),
        ("2.000635.000.00.01.H29", ("2.000635", "H29.01")),
        ("BCT-HC01", ("BCT-HC01", None)),
    ],
)
def test_long_procedure_codes_give_their_agency(
    written: str, expected: tuple[str, str | None]
) -> None:
    assert codes.procedure_code(written) == expected


@pytest.mark.parametrize("written", ["", "a b", "x" * 80, "<script>", "1.00;drop"])
def test_what_can_be_no_procedure_code_is_none(written: str) -> None:
    assert codes.procedure_code(written) is None


@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    codes.procedure_code(text)
    code = codes.agency_code(text)
    assert code is None or codes.agency_code(code) == code
