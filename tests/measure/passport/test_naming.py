"""A figure's name says the whole question, and changes with any digit of the answer."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.passport.naming import Answer, Question, name_of, parse

QUESTION = Question(
    indicator="online_dossier_rate",
    version="2024-11",
    identity="0123456789abcdef",
    first=date(2026, 7, 1),
    last=date(2026, 9, 30),
    agency="H26",
    block=None,
    procedure=None,
    organised=date(2026, 9, 30),
    trust="any",
    log_size=1284,
)
ANSWER = Answer(8845, 10000, "88.45", 4, 5, 3)


def test_a_name_can_be_read():
    name = name_of(QUESTION, ANSWER)
    assert name.startswith(
        "online_dossier_rate@2024-11:H26:2026-07-01..2026-09-30:o2026-09-30:any:n1284:"
    )
    assert parse(name, QUESTION.identity).question == QUESTION


@given(
    agency=st.sampled_from(["H26", "G18", "H26.01.02", None]),
    block=st.sampled_from(["ministry", "province", None]),
    procedure=st.sampled_from([None, "1.004194", "~unknown"]),
    trust=st.sampled_from(["any", "verified"]),
    log_size=st.integers(0, 10**12),
    landed_by=st.none() | st.integers(0, 10**18),
    own=st.booleans(),
)
def test_every_question_comes_back_from_its_name(
    agency, block, procedure, trust, log_size, landed_by, own
):
    question = msgspec.structs.replace(
        QUESTION,
        agency=agency,
        block=None if agency else block,
        procedure=procedure,
        trust=trust,
        log_size=log_size,
        landed_by=landed_by,
        own=own and agency is not None,
    )
    assert parse(name_of(question, ANSWER), QUESTION.identity).question == question


@pytest.mark.parametrize("field", ["numerator", "denominator", "reporting", "expected", "rank"])
def test_one_digit_of_the_answer_is_another_name(field):
    other = msgspec.structs.replace(ANSWER, **{field: getattr(ANSWER, field) + 1})
    assert name_of(QUESTION, other) != name_of(QUESTION, ANSWER)


def test_another_wording_of_the_definition_is_another_name():
    other = msgspec.structs.replace(QUESTION, identity="fedcba9876543210")
    assert name_of(other, ANSWER) != name_of(QUESTION, ANSWER)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "H26",
        name_of(QUESTION, ANSWER)[:-1],
        name_of(QUESTION, ANSWER) + "0",
        name_of(QUESTION, ANSWER).replace("2026-09-30", "2026-09-31"),
        name_of(QUESTION, ANSWER).replace("2026-07-01", "2026-12-01", 1),
        name_of(QUESTION, ANSWER).replace("H26", "~county"),
        "'; DROP TABLE figures --",
    ],
)
def test_what_is_no_name_is_refused_in_one_sentence(text):
    with pytest.raises(ThuocdoError) as refusal:
        parse(text)
    assert refusal.value.code in ("bad_figure_name", "bad_period")
