"""A canonical page view is handed on as the hit that landing reads, at the time its key vouches for."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thuocdo.core.clock import parse_instant, to_datetime
from thuocdo.core.snapshot import Snapshot
from thuocdo.wire import page_views
from thuocdo.wire.events import Hit, PageView, Refused
from thuocdo.wire.matomo import parse_hit

SECRET = b"a secret for tests, long enough"
NOW = parse_instant("2026-11-21T10:00:00")
RECORD = {
    "site_id": 101,
    "event_time": "2026-01-20T08:00:00.250",
    "visitor": "0123456789abcdef",
    "url": "https://dichvucong.example.gov.vn/tìm kiếm?q=đất đai&trang=2#đầu",
    "referrer": "https://www.example.gov.vn/?a=1&b=2",
    "user_agent": "Mozilla/5.0 (Windows NT 10.0)",
}


def judged(snapshot: Snapshot, record: Any = None, **more: Any) -> Hit | Refused:
    return page_views.validate(RECORD if record is None else record, snapshot, SECRET, NOW, **more)


def viewed(snapshot: Snapshot, **changes: Any) -> PageView:
    made = judged(snapshot, RECORD | changes)
    assert isinstance(made, Hit), made
    (view,) = parse_hit(made)
    assert isinstance(view, PageView)
    return view


def test_landing_reads_what_the_record_says(snapshot: Snapshot) -> None:
    view = viewed(snapshot)
    assert (view.site_id, view.kind, view.client) == (101, "view", RECORD["visitor"])
    assert (view.url, view.referrer) == (RECORD["url"], RECORD["referrer"])
    assert view.event_time == parse_instant(RECORD["event_time"])
    hit = judged(snapshot)
    assert (hit.agent, hit.address, hit.trust) == (RECORD["user_agent"], "", "verified")


def test_a_time_has_any_form_a_batch_may_write(snapshot: Snapshot) -> None:
    for text in ("2026-01-20T01:00:00Z", "2026-01-20 08:00:00", "20260120080000"):
        assert viewed(snapshot, event_time=text).event_time == parse_instant("2026-01-20T08:00:00")


def test_a_visitor_that_is_no_first_party_id_becomes_one(snapshot: Snapshot) -> None:
    named = viewed(snapshot, visitor="nguyenvanthu@example.vn")
    assert named.client == viewed(snapshot, visitor="nguyenvanthu@example.vn").client
    assert named.client != viewed(snapshot, visitor="other").client
    made = judged(snapshot, RECORD | {"visitor": "nguyenvanthu@example.vn"})
    assert b"nguyen" not in msgspec.msgpack.encode(made)


def test_views_without_a_visitor_are_each_somebodys_own(snapshot: Snapshot) -> None:
    clients = {
        viewed(snapshot, visitor=None, event_time=f"2026-01-20T08:00:0{second}").client
        for second in range(5)
    }
    assert len(clients) == 5
    assert viewed(snapshot, visitor="").client == viewed(snapshot, visitor=None).client


def test_what_is_not_said_is_not_made_up(snapshot: Snapshot) -> None:
    least = {"site_id": "101", "event_time": "2026-01-20"}
    made = judged(snapshot, least)
    assert isinstance(made, Hit)
    (view,) = parse_hit(made)
    assert (view.referrer, made.referrer, made.agent) == ("", "", "-")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"site_id": None}, "missing_field"),
        ({"site_id": "abc"}, "bad_value"),
        ({"site_id": 0}, "bad_value"),
        ({"site_id": True}, "bad_value"),
        ({"site_id": 1 << 40}, "bad_value"),
        ({"site_id": 999}, "unknown_site"),
        ({"event_time": ""}, "missing_field"),
        ({"event_time": "hôm qua"}, "bad_date"),
        ({"event_time": "2026-11-23"}, "bad_date"),
        ({"event_time": "1999-01-01"}, "bad_date"),
        ({"event_time": 1700000000}, "bad_value"),
        ({"url": "javascript:alert(1)"}, "bad_value"),
        ({"url": "https://a.vn/" + "x" * 5000}, "bad_value"),
        ({"url": ["https://a.vn/"]}, "bad_value"),
        ({"visitor": 7}, "bad_value"),
    ],
)
def test_what_cannot_count_is_refused_with_its_reason(
    snapshot: Snapshot, changes: dict[str, Any], reason: str
) -> None:
    made = judged(snapshot, RECORD | changes)
    assert isinstance(made, Refused)
    assert (made.reason, made.feed) == (reason, "canonical")
    assert "http" not in made.payload


def test_a_key_speaks_for_its_agency_and_sites_alone(snapshot: Snapshot) -> None:
    assert isinstance(judged(snapshot, agency="H29", sites={101}), Hit)
    for key in ({"agency": "H57"}, {"sites": {57}}, {"sites": frozenset[int]()}):
        made = judged(snapshot, **key)
        assert isinstance(made, Refused)
        assert (made.reason, made.site_id) == ("out_of_scope", 101)


anything = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text())


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(list(RECORD)), anything))
def test_no_value_of_any_field_makes_it_raise(snapshot: Snapshot, changes: dict[str, Any]) -> None:
    made = judged(snapshot, RECORD | changes)
    msgspec.msgpack.encode(made)
    if isinstance(made, Hit):
        assert len(parse_hit(made)) == 1


def test_a_key_vouches_for_no_view_older_than_it_is_known_to_be_new(snapshot) -> None:
    day = 86_400_000_000
    for age, taken in ((399, True), (401, False)):
        at = to_datetime(NOW - age * day).isoformat()
        outcome = page_views.validate(RECORD | {"event_time": at}, snapshot, SECRET, NOW)
        assert isinstance(outcome, Hit) is taken
