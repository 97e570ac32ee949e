"""The Tracking API over real HTTP: what a sender is told, and what is on disk of each hit."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.collect.conftest import KEY, KEY_EXPIRED, KEY_FOR_PAGES, Collector

from thuocdo.collect import limits
from thuocdo.collect.hit_text import form_of, page_host, scrubbed, site_of, value_of
from thuocdo.core.ids import key_hash
from thuocdo.core.snapshot import KeyEntry, SiteEntry, Snapshot
from thuocdo.wire.events import Hit, PageView
from thuocdo.wire.matomo import parse_hit

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"
PERSON = "079012345678"
OTHERS_SITE = 57
GUARDED_SITE = 300
SLOW_SITE = 301
PAGE = {"idsite": "227", "rec": "1", "url": "https://example.gov.vn/"}
PAST = {"cdt": "2026-01-20 08:00:00"}
PAST_US = 1_768_896_000_000_000


def registry(secret: bytes) -> Snapshot:
    return Snapshot(
        made_at=1,
        sites=(
            SiteEntry(227, "H29-portal", "H29", "portal"),
            SiteEntry(OTHERS_SITE, "H57-portal", "H57", "portal"),
            SiteEntry(
                GUARDED_SITE, "H29-news", "H29", "portal", ("tin.gov.vn",), only_hosts=True,
                needs_key=True, per_second=1,
            ),
            SiteEntry(SLOW_SITE, "H29-slow", "H29", "portal", per_second=1),
        ),
        keys=(
            KeyEntry(key_hash(secret, KEY), "H29", agency="H29"),
            KeyEntry(key_hash(secret, KEY_FOR_PAGES), "dossiers alone", feeds=("mcdt",)),
            KeyEntry(key_hash(secret, KEY_EXPIRED), "old", expires="2025-12-31"),
        ),
        agencies=("H29", "H57"),
    )  # fmt: skip


@pytest.fixture
def one(serving: Callable[..., Collector]) -> Collector:
    return serving("hits", registry)


def sent(one: Collector, **parameters: object) -> tuple[int, str]:
    answer = httpx.get(f"{one.url}/matomo.php", params=PAGE | parameters)  # type: ignore[arg-type]
    return answer.status_code, answer.headers.get("x-thuocdo", "")


def stored(one: Collector) -> Hit:
    (hit,) = one.expect(1)
    assert isinstance(hit, Hit)
    return hit


@pytest.mark.parametrize("way", ["query", "form", "bearer", "bulk", "item", "bulk query"])
def test_a_key_vouches_for_a_time_and_an_address_however_it_is_shown(
    one: Collector, way: str
) -> None:
    claims = PAGE | PAST | {"cip": "2001:db8::7", "ua": AGENT}
    url = f"{one.url}/matomo.php"
    if way == "query":
        answer = httpx.get(url, params=claims | {"token_auth": KEY})
    elif way == "form":
        answer = httpx.post(url, params=claims, data={"token_auth": KEY})
    elif way == "bearer":
        answer = httpx.post(url, data=claims, headers={"authorization": f"Bearer {KEY}"})
    elif way == "bulk":
        answer = httpx.post(url, json={"requests": [claims], "token_auth": KEY})
    elif way == "item":
        answer = httpx.post(url, json={"requests": [claims | {"token_auth": KEY}]})
    else:
        answer = httpx.post(url, params={"token_auth": KEY}, json={"requests": [claims]})
    assert answer.is_success
    hit = stored(one)
    assert (hit.address, hit.agent, hit.trust) == ("2001:db8::7", AGENT, "verified")
    (view,) = parse_hit(hit)
    assert isinstance(view, PageView)
    assert view.event_time == PAST_US
    assert KEY.encode() not in one.bytes_on_disk()


@pytest.mark.parametrize(
    ("claims", "status", "why"),
    [
        (PAST, 400, "forged_time"),
        ({"cdt": "1768896000"}, 400, "forged_time"),
        ({"cdo": "30"}, 400, "forged_time"),
        ({"cip": "203.0.113.7"}, 401, "bad_key"),
        (PAST | {"token_auth": "anonymous"}, 400, "forged_time"),
        ({"token_auth": "wrong"}, 401, "bad_key"),
        ({"token_auth": KEY_EXPIRED}, 401, "bad_key"),
        ({"token_auth": KEY_FOR_PAGES}, 403, "out_of_scope"),
        ({"token_auth": KEY, "idsite": OTHERS_SITE}, 403, "out_of_scope"),
        ({"token_auth": KEY, "idsite": 999}, 400, "unknown_site"),
        ({"token_auth": KEY, "cip": "mạng nội bộ"}, 400, "bad_value"),
        ({"token_auth": KEY, "cdt": "2051-01-01 00:00:00"}, 400, "bad_date"),
        ({"token_auth": KEY, "cdt": "hôm qua"}, 400, "bad_date"),
        ({"idsite": "1 "}, 400, "bad_value"),
        ({"idsite": "227,57"}, 400, "bad_value"),
        ({"idsite": "0227"}, 400, "unknown_site"),
        ({"idsite": ""}, 400, "missing_field"),
        ({"url": "https://example.gov.vn/" + "x" * limits.MAX_QUERY}, 413, "too_large"),
    ],
)
def test_what_is_not_believed_is_refused_with_its_reason(
    one: Collector, claims: dict[str, object], status: int, why: str
) -> None:
    assert sent(one, **claims) == (status, why)
    assert stored(one).trust == ("verified" if why == "bad_date" else "unverified")


def test_what_says_nothing_of_the_sender_needs_no_key(one: Collector) -> None:
    for quiet in ({"cdt": ""}, {"cip": ""}, {"token_auth": ""}, {"token_auth": "anonymous"}):
        assert sent(one, **quiet) == (200, "")
    assert {hit.trust for hit in one.expect(4)} == {"unverified"}  # type: ignore[union-attr]


def test_an_agent_may_be_said_by_anybody_and_is_cut(one: Collector) -> None:
    assert sent(one, ua=AGENT + "x" * 4000) == (200, "")
    assert stored(one).agent == (AGENT + "x" * 4000)[: limits.MAX_AGENT]


def test_user_ids_and_custom_variables_never_reach_the_disk(one: Collector) -> None:
    personal = {"uid": PERSON, "_cvar": PERSON, "cvar": PERSON, "dvc_data": PERSON}
    assert sent(one, **personal) == (200, "")
    httpx.post(f"{one.url}/matomo.php", data=PAGE | personal)
    httpx.post(f"{one.url}/matomo.php", json={"requests": [PAGE | personal]})
    one.expect(3)
    assert PERSON.encode() not in one.bytes_on_disk()


def test_a_bulk_is_judged_hit_by_hit_and_counted_as_matomo_counts(one: Collector) -> None:
    hits = [
        "?idsite=227&rec=1&url=https%3A%2F%2Fa.vn%2F",
        {"idsite": 227, "rec": 1, "url": "https://b.vn/", "bw_bytes": 5, "cvar": {"1": ["a", "b"]}},
        "idsite=227&rec=1&url=https%3A%2F%2Fc.vn%2F%3Fx",
        f"{one.url}/piwik.php?idsite=227&rec=1&url=https%3A%2F%2Fd.vn%2F",
        {"idsite": 999, "url": "https://e.vn/"},
        f"?{urlencode(PAGE | PAST)}",
        7,
        {"idsite": 227, "url": "không phải địa chỉ"},
    ]
    answer = httpx.post(f"{one.url}/matomo.php", json={"requests": hits})
    assert answer.json() == {"status": "success", "tracked": 4, "invalid": 4}
    assert (answer.status_code, answer.headers["x-thuocdo"]) == (200, "unknown_site")
    records = one.expect(8)
    reasons = ["unknown_site", "forged_time", "malformed", ""]
    assert [hit.refused for hit in records] == [*[""] * 4, *reasons]  # type: ignore[union-attr]
    views = [event for hit in records[:4] for event in parse_hit(hit)]  # type: ignore[arg-type]
    assert [view.url for view in views] == [  # type: ignore[union-attr]
        "https://a.vn/", "https://b.vn/", "https://c.vn/?x", "https://d.vn/",
    ]  # fmt: skip


def test_a_key_is_told_which_hits_of_a_bulk_do_not_count(one: Collector) -> None:
    hits = [PAGE, PAGE | {"idsite": OTHERS_SITE}, PAGE | PAST]
    body = {"requests": hits, "token_auth": KEY}
    answer = httpx.post(f"{one.url}/piwik.php", json=body)
    expected = {"status": "success", "tracked": 2, "invalid": 1, "invalid_indices": [1]}
    assert answer.json() == expected
    trusts = [hit.trust for hit in one.expect(3)]  # type: ignore[union-attr]
    assert trusts == ["verified", "unverified", "verified"]
    silent = httpx.post(f"{one.url}/piwik.php", json=body | {"send_image": 0})
    assert (silent.status_code, silent.content) == (204, b"")
    assert silent.headers["x-thuocdo"] == "out_of_scope"


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        (b'{"requests":["?idsite=227"', 400, "malformed"),
        (b'{"requests":{}}', 400, "malformed"),
        (b'\xef\xbb\xbf{"requests":"?idsite=227"}', 400, "malformed"),
        (json.dumps({"requests": ["?idsite=227"] * 1001}).encode(), 413, "too_large"),
        (json.dumps({"requests": [PAGE], "token_auth": "wrong"}).encode(), 401, "bad_key"),
        (b"x" * (limits.MAX_HIT_BODY + 1), 413, "too_large"),
    ],
)
def test_a_bulk_that_cannot_be_taken_is_refused_whole_and_kept_as_one(
    one: Collector, body: bytes, status: int, why: str
) -> None:
    answer = httpx.post(f"{one.url}/matomo.php", content=body)
    assert (answer.status_code, answer.headers["x-thuocdo"]) == (status, why)
    assert answer.json()["status"] == "error"
    assert stored(one).refused == why


def test_what_no_browser_could_send_at_once_is_refused_alone(one: Collector) -> None:
    url = f"{one.url}/matomo.php"
    long = urlencode(PAGE | {"action_name": "x" * limits.MAX_FORM})
    assert httpx.post(url, content=long.encode()).status_code == 413
    answer = httpx.post(url, json={"requests": [long, PAGE]})
    assert (answer.json()["tracked"], answer.headers["x-thuocdo"]) == (1, "too_large")
    assert [hit.refused for hit in one.expect(3)] == ["too_large", "too_large", ""]  # type: ignore[union-attr]


def test_an_empty_bulk_is_no_error_and_leaves_nothing(one: Collector) -> None:
    answer = httpx.post(f"{one.url}/matomo.php", content=b' {"requests":[]}')
    assert answer.json() == {"status": "success", "tracked": 0, "invalid": 0}
    one.expect(0)


@pytest.mark.parametrize(
    "content_type",
    ["text/plain;charset=UTF-8", "application/x-www-form-urlencoded; charset=UTF-8", ""],
)
def test_a_beacon_is_read_whatever_it_says_it_is(one: Collector, content_type: str) -> None:
    url, headers = f"{one.url}/matomo.php", {"content-type": content_type}
    form = httpx.post(url, content=urlencode(PAGE).encode() + b"\r\n", headers=headers)
    bulk = json.dumps({"requests": ["?" + urlencode(PAGE)], "send_image": 0}).encode()
    batch = httpx.post(url, content=bulk, headers=headers)
    assert [form.status_code, batch.status_code] == [204, 204]
    assert all(len(parse_hit(hit)) == 1 for hit in one.expect(2))  # type: ignore[arg-type]


def test_a_form_of_many_parts_is_one_too(one: Collector) -> None:
    parts = {name: (None, value) for name, value in (PAGE | {"uid": PERSON}).items()}
    assert httpx.post(f"{one.url}/matomo.php", files=parts).status_code == 204
    (view,) = parse_hit(stored(one))
    assert isinstance(view, PageView)
    assert view.url == PAGE["url"]
    assert PERSON.encode() not in one.bytes_on_disk()


def test_the_query_counts_before_the_form_and_the_last_of_two_before_the_first(
    one: Collector,
) -> None:
    url = f"{one.url}/matomo.php"
    httpx.post(f"{url}?url=https%3A%2F%2Fa.vn%2F", data=PAGE | {"url": "https://b.vn/"})
    (view,) = parse_hit(stored(one))
    assert view.url == "https://a.vn/"  # type: ignore[union-attr]
    twice = f"token_auth={KEY}&rec=1&url=https%3A%2F%2Fa.vn&idsite=227&idsite={OTHERS_SITE}"
    answer = httpx.get(f"{url}?{twice}")
    assert answer.headers["x-thuocdo"] == "out_of_scope"


def test_a_guarded_site_asks_for_a_key_and_for_its_own_hosts(one: Collector) -> None:
    there = {"idsite": GUARDED_SITE, "url": "https://www.tin.gov.vn/bai"}
    assert sent(one, **there) == (401, "bad_key")
    assert sent(one, **there, token_auth=KEY) == (200, "")
    assert sent(one, **there | {"url": "https://khac.vn/"}, token_auth=KEY) == (403, "foreign_host")
    twice = urlencode(there | {"token_auth": KEY}) + "&url=https%3A%2F%2Fkhac.vn%2F"
    assert httpx.get(f"{one.url}/matomo.php?{twice}").status_code == 403
    bulk = [there] * 20  # one request to the site's rate, however many hits
    answer = httpx.post(f"{one.url}/matomo.php", json={"requests": bulk, "token_auth": KEY})
    assert answer.json()["tracked"] == 20


def test_a_bulk_is_no_way_around_a_rate(serving: Callable[..., Collector]) -> None:
    one = serving("hits at a rate", registry)  # its own: a row about the rest comes a second later
    bulk = {"requests": [PAGE | {"idsite": SLOW_SITE}] * 100 + [PAGE]}
    answer = httpx.post(f"{one.url}/matomo.php", json=bulk)
    tracked = answer.json()["tracked"]
    assert 1 < tracked < 20
    assert answer.headers["x-thuocdo"] == "too_many"
    hits = [hit for hit in one.records() if isinstance(hit, Hit)]
    assert [hit.refused for hit in hits] == [""] * tracked


def test_a_browser_that_sends_credentials_may_read_the_answer(one: Collector) -> None:
    """Else js/piwik.js takes the answer for none, and sends the hit once more."""
    headers = {"origin": "https://cong.gov.vn", "authorization": "Basic bmFtZTpwYXNz"}
    for body in (urlencode(PAGE).encode(), json.dumps({"requests": [PAGE]}).encode(), b"idsite=9"):
        answer = httpx.post(f"{one.url}/matomo.php", content=body, headers=headers)
        assert answer.headers["access-control-allow-origin"] == "https://cong.gov.vn"
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert answer.headers["vary"] == "origin"
    ahead = httpx.options(f"{one.url}/matomo.php", headers=headers)
    assert ahead.headers["access-control-allow-origin"] == "https://cong.gov.vn"


def test_what_is_no_view_is_accepted(one: Collector) -> None:
    for other in ({"ping": 1}, {"e_c": "a", "e_a": "b"}, {"idgoal": 0}, {"ca": 1}, {"c_n": "a"}):
        assert sent(one, **other) == (200, "")
    assert [parse_hit(hit) for hit in one.expect(5)] == [[]] * 5  # type: ignore[arg-type]


texts = st.text(alphabet="idsteurlcp=&?%2757+ ", max_size=40)


@settings(max_examples=200, deadline=None)
@given(texts)
def test_the_gate_and_landing_read_the_same_site_of_any_text(text: str) -> None:
    site = site_of(text)
    assert value_of(text, "idsite") == value_of(f"idsite={site}", "idsite") or "?" in text
    assert "cip" not in [pair.partition("=")[0] for pair in scrubbed(text).split("&")]
    page_host(text, "")


types = st.sampled_from(["multipart/form-data; boundary=b", "multipart/form-data", "", "x"])


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(st.binary(max_size=80), texts.map(lambda t: f"--b\r\n{t}\r\n--b--".encode())), types
)
def test_no_body_makes_a_form_that_cannot_be_had(body: bytes, content_type: str) -> None:
    form_of(body, content_type).encode("utf-8", "replace")
