"""What strangers wrote can be kept, signed and printed."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from thuocdo.assess.printable import fit, fit_all, fit_struct
from thuocdo.assess.results import Remark, measured

ANY = st.text(st.characters(exclude_categories=()), max_size=40)


@given(ANY)
def test_any_text_can_be_encoded_and_stands_in_xml(text):
    found = fit(text)
    found.encode()
    escaped = found.replace("&", "&amp;").replace("<", "&lt;")
    assert ET.fromstring(f"<p>{escaped}</p>") is not None
    assert len(found) == len(text)
    assert fit(found) == found


def test_vietnamese_in_either_form_tabs_lines_and_joined_signs_stay():
    for text in ("Đắk Lắk, Thừa Thiên Huế", "Cần Thơ", "a\tb\r\nc", "👩‍💻", "“—…”"):
        assert fit(text) == text


def test_what_turns_the_direction_of_writing_and_half_a_character_does_not():
    assert fit("mức \u202eA\u202c \ud83d\x0b") == "mức \ufffdA\ufffd \ufffd\ufffd"
    assert fit_all({"a\x00": ["\udc00", 1, None, {"b": "\x1b"}]}) == {
        "a\ufffd": ["\ufffd", 1, None, {"b": "\ufffd"}]
    }


def test_a_result_keeps_its_figures():
    result = measured("interface.title", Decimal("0.25"), 7, Remark("x", {"t": "\ud83d"}, "<\x0b>"))
    found = fit_struct(result)
    assert found.remarks == (Remark("x", {"t": "\ufffd"}, "<\ufffd>"),)
    assert msgspec.structs.replace(found, remarks=result.remarks) == result
