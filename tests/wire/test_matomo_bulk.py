"""A bulk request becomes query strings, one for each hit, and no body makes the reader raise."""

from __future__ import annotations

from urllib.parse import parse_qsl

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thuocdo.core.vocabulary import RejectReason
from thuocdo.wire.events import Unreadable
from thuocdo.wire.matomo_bulk import MAX_REQUESTS, Bulk, is_bulk, read


def of(**body: object) -> Bulk:
    found = read(msgspec.json.encode(body))
    assert isinstance(found, Bulk)
    return found


@pytest.mark.parametrize(
    "item",
    [
        "?idsite=7&rec=1",
        "idsite=7&rec=1",
        "/matomo.php?idsite=7&rec=1",
        "https://thuocdo.gov.vn/matomo.php?idsite=7&rec=1",
        {"idsite": 7, "rec": True},
        {"idsite": "7", "rec": 1, "cvar": {"1": ["a", "b"]}, "url": None, "cdt": [1]},
    ],
)
def test_a_hit_may_be_written_in_many_ways(item: object) -> None:
    assert of(requests=[item]).requests == ["idsite=7&rec=1"]


def test_a_question_mark_of_an_address_is_left_in_it() -> None:
    assert of(requests=["idsite=7&url=https://a.vn/?b=c"]).requests == [
        "idsite=7&url=https://a.vn/?b=c"
    ]


def test_what_is_no_hit_costs_no_other() -> None:
    first, second, third = of(requests=[[], "?idsite=7", None]).requests
    assert second == "idsite=7"
    for bad in (first, third):
        assert isinstance(bad, Unreadable)
        assert bad.reason == RejectReason.MALFORMED


def test_a_token_and_the_wish_for_silence_stand_beside_the_hits() -> None:
    assert of(requests=[], token_auth="abc", send_image=0) == Bulk([], "abc", True)
    assert of(requests=[], token_auth=7, send_image="0").token == ""
    assert [of(requests=[], send_image=v).is_silent for v in (False, 1, "1")] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"requests":["?idsite=1"', RejectReason.MALFORMED),
        (b'{"requests":5}', RejectReason.MALFORMED),
        (b"{}", RejectReason.MALFORMED),
        (b'{"requests":["\xff"]}', RejectReason.MALFORMED),
        (b"[" * 100_000, RejectReason.MALFORMED),
        (msgspec.json.encode({"requests": [""] * (MAX_REQUESTS + 1)}), RejectReason.TOO_LARGE),
    ],
)
def test_a_body_that_holds_no_hits_says_why(body: bytes, reason: RejectReason) -> None:
    refused = read(body)
    assert isinstance(refused, Unreadable)
    assert refused.reason == reason


def test_json_is_known_by_its_brace_whatever_it_is_called() -> None:
    assert is_bulk(b'\xef\xbb\xbf\n {"requests":[]}', "text/plain")
    assert is_bulk(b"[]", "application/json")
    assert not is_bulk(b"idsite=1&url=%7B", "application/x-www-form-urlencoded")


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False)
        | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=12,
    )
)
def test_any_item_is_a_query_or_unreadable(value: object) -> None:
    (item,) = of(requests=[value]).requests
    assert isinstance(item, str | Unreadable)
    if isinstance(value, dict) and all(isinstance(each, str) for each in value.values()):
        assert isinstance(item, str)
        assert dict(parse_qsl(item, keep_blank_values=True)) == value


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_make_it_raise(body: bytes) -> None:
    assert isinstance(read(body), Bulk | Unreadable)
