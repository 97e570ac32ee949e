"""Matomo's tracking parameters become page views and steps, and nothing makes the parser raise."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thuocdo.core.clock import parse_instant
from thuocdo.core.vocabulary import RejectReason, ViewKind
from thuocdo.wire.events import Hit, PageView, ServiceStep, Unreadable
from thuocdo.wire.matomo import _WANTED, MAX_URL, Parsed, parse_hit

NOW = parse_instant("2026-11-21T10:00:00")
PAGE = "https://dichvucong.example.gov.vn/p/home?id=1&x=á"


def hit(
    query: str | bytes = b"",
    body: bytes = b"",
    *,
    content_type: str = "",
    referrer: str = "",
    trust: str = "unverified",
) -> Hit:
    raw = query if isinstance(query, bytes) else query.encode()
    return Hit(NOW, "203.0.113.7", "Mozilla", referrer, raw, body, content_type, trust)


def one(query: str = "", **more: str) -> Parsed:
    (event,) = parse_hit(hit(query, **more))  # type: ignore[arg-type]
    return event


def asked(**parameters: object) -> str:
    return urlencode({"idsite": 227, "rec": 1, "url": PAGE} | parameters)


def test_a_get_is_a_view_of_its_page_now() -> None:
    assert one(asked(urlref="https://www.google.com/")) == PageView(
        227, NOW, ViewKind.VIEW, PAGE, "https://www.google.com/", None, None
    )


def test_the_page_is_the_referer_header_when_the_query_names_none() -> None:
    view = one("idsite=227", referrer=PAGE)
    assert isinstance(view, PageView)
    assert view.url == PAGE


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", ""])
def test_a_post_is_read_whatever_its_content_type(content_type: str) -> None:
    (view,) = parse_hit(hit(b"", asked().encode(), content_type=content_type))
    assert isinstance(view, PageView)
    assert (view.site_id, view.url) == (227, PAGE)


def test_the_query_counts_before_a_form_and_the_last_of_two_before_the_first() -> None:
    (view,) = parse_hit(hit("url=https://a.vn/&url=https://b.vn/", b"idsite=7&url=https://c.vn/"))
    assert isinstance(view, PageView)
    assert (view.site_id, view.url) == (7, "https://b.vn/")


def test_downloads_links_and_searches_have_their_kind() -> None:
    file = "https://x.gov.vn/mau-don.docx"
    view = one(asked(download=file))
    assert isinstance(view, PageView)
    assert (view.kind, view.url, view.referrer) == (ViewKind.DOWNLOAD, file, PAGE)
    view = one(asked(link="https://example.org/"))
    assert isinstance(view, PageView)
    assert (view.kind, view.url) == (ViewKind.OUTLINK, "https://example.org/")
    view = one(asked(search="khai sinh"))
    assert isinstance(view, PageView)
    assert (view.kind, view.url) == (ViewKind.SEARCH, PAGE)


@pytest.mark.parametrize(
    "action",
    [
        {"ping": 1},
        {"ping": 6},
        {"e_c": "Biểu mẫu", "e_a": "nộp", "e_v": 1},
        {"e_c": "a", "e_a": "b", "download": PAGE},
        {"idgoal": 3, "revenue": 0},
        {"idgoal": 0, "ec_id": "D-1", "ec_items": "[]"},
        {"c_n": "Khẩu hiệu", "c_p": "a.png"},
        {"c_n": "Khẩu hiệu", "c_i": "click"},
        {"ca": 1},
        {"ca": 1, "ma_id": "x1"},
        {"ca": 1, "cra": "TypeError"},
    ],
)
def test_matomos_other_actions_are_no_views(action: dict[str, object]) -> None:
    assert parse_hit(hit(asked(**action))) == []


@pytest.mark.parametrize(
    ("parameters", "kind"),
    [
        ({"ping": 0}, ViewKind.VIEW),
        ({"ca": 0, "new_visit": 1, "bots": 1, "queuedtracking": 0}, ViewKind.VIEW),
        ({"e_c": "a"}, ViewKind.VIEW),
        ({"e_c": " ", "e_a": "b"}, ViewKind.VIEW),
        ({"idgoal": -1}, ViewKind.VIEW),
        ({"search": ""}, ViewKind.VIEW),
        ({"_pks": "sku", "uadata": "{}", "dimension1": "x", "cs": "windows-1258"}, ViewKind.VIEW),
        ({"link": PAGE, "c_n": "a", "c_i": "click"}, ViewKind.OUTLINK),
        ({"download": PAGE, "ca": 1}, ViewKind.DOWNLOAD),
        ({"search": "x", "search_count": 0, "ca": 1}, ViewKind.SEARCH),
    ],
)
def test_what_only_accompanies_a_view_leaves_it_one(
    parameters: dict[str, object], kind: ViewKind
) -> None:
    view = one(asked(**parameters))
    assert isinstance(view, PageView)
    assert view.kind == kind


@pytest.mark.parametrize(
    ("parameters", "client"),
    [
        ({"_id": "0123456789abcdef"}, "0123456789abcdef"),
        ({"_id": "0123456789abcdef" * 2}, "0123456789abcdef"),
        ({"_id": "0123456789abcdef", "cid": "FEDCBA9876543210"}, "FEDCBA9876543210"),
        ({"_id": "0123456789abcdef", "cid": "FEDCBA9876543210" * 2}, "0123456789abcdef"),
        ({"_id": "AA814767-7B1F-5C81-8F1D-8E47AD7D2982"}, None),
        ({"_id": "Nguyễn Văn A"}, None),
        ({"_id": ""}, None),
    ],
)
def test_the_first_party_id_counts_only_in_its_form(
    parameters: dict[str, object], client: str | None
) -> None:
    view = one(asked(**parameters))
    assert isinstance(view, PageView)
    assert view.client == client


def test_an_address_without_end_is_cut_and_its_view_counts() -> None:
    view = one(asked(url="https://x.vn/?q=" + "x" * MAX_URL))
    assert isinstance(view, PageView)
    assert len(view.url) == MAX_URL


@pytest.mark.parametrize(
    ("sent", "url"),
    [
        ("https://x.vn/a%20b+c", "https://x.vn/a b c"),
        ("https://x.vn/%zz%", "https://x.vn/%zz%"),
        ("https://x.vn/%E1%BB%A5", "https://x.vn/ụ"),
        ("https://x.vn/%F4%20", "https://x.vn/\ufffd "),
    ],
)
def test_escapes_are_undone_as_far_as_they_are_some(sent: str, url: str) -> None:
    view = one(f"idsite=1&rec=1&url={sent}")
    assert isinstance(view, PageView)
    assert view.url == url


def test_arrays_name_no_parameter() -> None:
    assert one(f"idsite[]=1&url={PAGE}") == Unreadable(
        RejectReason.MISSING_FIELD, "idsite: missing"
    )
    view = one(f"idsite=1&url={PAGE}&url[]=x&search[a]=b")
    assert isinstance(view, PageView)
    assert view.kind == ViewKind.VIEW


def test_timings_are_the_sums_of_matomos_stages() -> None:
    stages = {"pf_net": 3, "pf_srv": 120, "pf_tfr": 10, "pf_dm1": 300, "pf_dm2": 100, "pf_onl": 5}
    view = one(asked(**stages))
    assert isinstance(view, PageView)
    assert (view.t_server_ms, view.t_dom_ms, view.t_load_ms) == (120, 433, 538)


@pytest.mark.parametrize("value", ["-1", "600001", "9999999999", "1e9", "²", "NaN", ""])
def test_an_absurd_timing_is_unmeasured_and_the_view_counts(value: str) -> None:
    view = one(asked(pf_srv=value, pf_tfr=1, pf_dm1=1))
    assert isinstance(view, PageView)
    assert (view.t_server_ms, view.t_dom_ms, view.t_load_ms) == (None, None, None)


def test_track_dvc_is_a_step_with_the_national_code() -> None:
    assert one("idsite=227&rec=1&dvc=1.000110.000.00.00.H01&dvc_state=-1") == ServiceStep(
        227, NOW, "1.000110", "-1", None
    )


def test_a_claimed_time_needs_somebody_who_vouches_for_it() -> None:
    assert one(asked(cdt="2026-11-20 08:00:00")) == Unreadable(
        RejectReason.FORGED_TIME, "cdt: needs a key", 227
    )
    view = one(asked(cdt="2026-11-20 08:00:00"), trust="verified")
    assert isinstance(view, PageView)
    assert view.event_time == parse_instant("2026-11-20T08:00:00+00:00")
    seconds = parse_instant("2026-11-20T08:00:00Z") // 1_000_000
    view = one(asked(cdt=seconds), trust="verified")
    assert isinstance(view, PageView)
    assert view.event_time == seconds * 1_000_000


def test_an_offset_is_taken_from_the_time_that_is_vouched_for() -> None:
    assert one(asked(cdo=90)) == Unreadable(RejectReason.FORGED_TIME, "cdo: needs a key", 227)
    for cdo in (90, -90):
        view = one(asked(cdo=cdo), trust="verified")
        assert isinstance(view, PageView)
        assert view.event_time == NOW - 90_000_000
    view = one(asked(cdt="2026-11-20 08:00:00", cdo=60), trust="verified")
    assert isinstance(view, PageView)
    assert view.event_time == parse_instant("2026-11-20T07:59:00Z")
    refused = one(asked(cdo="lâu"), trust="verified")
    assert isinstance(refused, Unreadable)
    assert refused.reason == RejectReason.BAD_DATE


@pytest.mark.parametrize(
    "cdt", ["1", "99999999999", "2051-01-01 00:00:00", "yesterday", "0001-01-01"]
)
def test_an_absurd_time_is_a_bad_date_even_with_a_key(cdt: str) -> None:
    refused = one(asked(cdt=cdt), trust="verified")
    assert isinstance(refused, Unreadable)
    assert (refused.reason, refused.site_id) == (RejectReason.BAD_DATE, 227)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("rec=1", RejectReason.MISSING_FIELD),
        ("idsite=&url=https://x.vn", RejectReason.MISSING_FIELD),
        ("idsite=-5&url=https://x.vn", RejectReason.BAD_VALUE),
        ("idsite=99999999999999999999&url=https://x.vn", RejectReason.BAD_VALUE),
        ("idsite=4294967295&url=https://x.vn", RejectReason.BAD_VALUE),
        ("idsite=1%00&url=https://x.vn", RejectReason.BAD_VALUE),
        ("idsite=1", RejectReason.MISSING_FIELD),
        ("idsite=1&url=javascript:alert(1)", RejectReason.BAD_VALUE),
        ("idsite=1&url=https://x.vn/%00", RejectReason.BAD_VALUE),
        ("idsite=1&rec=0&url=https://x.vn", RejectReason.BAD_VALUE),
        ("idsite=1&dvc=a%20b&dvc_state=1", RejectReason.BAD_VALUE),
        ("idsite=1&dvc=1.000110&dvc_state=" + quote("Nguyễn Văn A"), RejectReason.BAD_VALUE),
    ],
)
def test_what_cannot_be_read_says_why(query: str, reason: RejectReason) -> None:
    refused = one(query)
    assert isinstance(refused, Unreadable)
    assert refused.reason == reason


def test_every_parameter_that_is_read_is_documented() -> None:
    documented = (Path(__file__).parents[2] / "docs" / "tracking-api.md").read_text()
    for name in _WANTED:
        assert re.search(rf"`{name}[`=]", documented), name


names = st.sampled_from(
    [
        *("idsite", "rec", "url", "urlref", "_id", "cid", "cdt", "cdo", "dvc", "dvc_state", "ping"),
        *("pf_srv", "link", "download", "search", "e_c", "e_a", "idgoal", "ca", "c_n"),
    ]
)
pairs = st.tuples(names, st.binary(max_size=20)).map(lambda p: p[0].encode() + b"=" + p[1])


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(st.binary(max_size=120), st.lists(pairs, max_size=8).map(b"&".join)),
    st.binary(max_size=120),
    st.sampled_from(["", "application/json", "text/plain"]),
    st.sampled_from(["verified", "unverified"]),
)
def test_no_bytes_make_it_raise(query: bytes, body: bytes, content_type: str, trust: str) -> None:
    for event in parse_hit(hit(query, body, content_type=content_type, trust=trust)):
        assert isinstance(event, PageView | ServiceStep | Unreadable)
        if not isinstance(event, Unreadable):
            assert 0 < event.site_id < 1 << 31
