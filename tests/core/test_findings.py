"""A finding's name goes to paper and back, and says which questions are the same."""

from __future__ import annotations

from datetime import date

import pytest

from thuocdo.core.errors import ThuocdoError
from thuocdo.core.findings import FindingKey, parse

KEY = FindingKey("constant_level", "H26-one_stop", date(2026, 7, 1), date(2026, 9, 30))


def test_a_key_is_read_as_it_is_written() -> None:
    assert parse(f" {KEY} ") == KEY


@pytest.mark.parametrize(
    "text",
    [
        "",
        "constant_level",
        "constant_level:H26-one_stop:2026-07-01..2026-13-30",
        "constant_level:H26-one_stop:2026-09-30..2026-07-01",
        "constant_level:H26 one_stop:2026-07-01..2026-09-30",
    ],
)
def test_what_names_no_finding_is_refused(text: str) -> None:
    with pytest.raises(ThuocdoError) as refusal:
        parse(text)
    assert refusal.value.code == "bad_finding"


def test_the_same_question_about_days_in_common_is_the_same_question() -> None:
    later = KEY._replace(first=date(2026, 9, 30), last=date(2026, 12, 31))
    assert KEY.touches(later)
    assert later.touches(KEY)
    assert not KEY.touches(later._replace(first=date(2026, 10, 1)))
    assert not KEY.touches(KEY._replace(subject="H29-one_stop"))
    assert not KEY.touches(KEY._replace(detector="partial_as_full"))
