"""A list of systems is read whole, or every fault of it is named."""

from __future__ import annotations

import unicodedata

import pytest

from thuocdo.assess.rounds.planning import systems_of

HEAD = "code,name,block,url,vendor\n"


def read(*lines: str):
    found, wrong = systems_of((HEAD + "\n".join(lines)).encode())
    return found, [(each.line, each.column, each.why) for each in wrong]


def test_a_vendor_that_is_written_in_several_ways_is_one_vendor():
    spelled = ("Viễn thông A", "VIỄN THÔNG A", "Viễn  thông A ", "Vien thong A.", "Viễn thông A")
    spelled = (*spelled, unicodedata.normalize("NFD", "Viễn thông A"))
    found, wrong = read(
        *(f"s{n},S,province,https://s{n}.vn/,{each}" for n, each in enumerate(spelled))
    )
    assert wrong == []
    assert {each.vendor for each in found} == {"Viễn thông A"}


def test_other_vendors_stay_others_and_none_stays_none():
    found, _ = read(
        "a,A,province,https://a.vn/,VNPT",
        "b,B,province,https://b.vn/,Công ty VNPT",
        "c,C,province,https://c.vn/,",
    )
    assert [each.vendor for each in found] == ["VNPT", "Công ty VNPT", ""]


@pytest.mark.parametrize("code", ["a/b", "a b", "a?b", "a#b", "..", "%2F", "-a"])
def test_a_code_that_no_address_can_hold_is_refused(code):
    assert read(f"{code},A,province,https://a.vn/,V")[1] == [(2, "code", "no_code")]


def test_a_name_with_a_sign_that_no_report_can_print_is_refused():
    assert read("a,Cổng\x0bA\x1b,province,https://a.vn/,V")[1] == [(2, "name", "unprintable")]


def test_one_code_in_two_spellings_of_the_same_letters_is_twice():
    twice = (f"{unicodedata.normalize(form, 'đắk')},A,province,https://a.vn/,V" for form in ("NFC", "NFD"))  # fmt: skip
    assert read(*twice)[1] == [(3, "code", "twice")]
