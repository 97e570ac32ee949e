"""The short way of an ordinary page view and the general parser come to the same row."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from thuocdo.core.clock import parse_instant
from thuocdo.lake.landing_rows import Reader
from thuocdo.lake.landing_views import Views
from thuocdo.lake.redact import _WORTH_LOOKING, PATTERNS
from thuocdo.wire import matomo
from thuocdo.wire.events import Hit, PageView

NOW = parse_instant("2026-11-21T10:00:00")
SITES = (7, 227)
SECRET = b"a secret for tests, long enough"

PAGES = st.sampled_from(
    (
        "https://h57.vn/", "https://H57.vn:80/tin/1?tabid=7&ten=An", "http://a.vn/đi đâu?x=%2F+",
        "https://dichvucong.gov.vn/p?ma_thu_tuc=1.004194", "ftp://a.vn/", "/chi-duong-dan", "",
        "https://a.vn/0912345678", "https://a.vn/a%20b", "https://u@a.vn/\x01", "https://a.vn/" + "x" * 4100,
    )
)  # fmt: skip
VALUES = st.one_of(
    PAGES.map(lambda url: quote(url, safe="")),
    PAGES.map(quote_plus),
    PAGES,
    st.sampled_from(
        ["1", "0", "%31", "7", "227", "0227", "9", "0123456789abcdef", "0123456789ABCDEG", "80",
         "+80", "%38", "9999999", "-1", "", "%", "%2", "%2531", "1.004194", "trang%3Fx"]
    ),
    st.text(max_size=6),
)  # fmt: skip
NAMES = st.sampled_from(
    [
        *sorted(matomo._WANTED),
        "rand",
        "res",
        "?url",
        "URL",
        "i%64site",
        "pf_srv",
        "pf_dm1",
        "pf_tfr",
    ]
)


def ordinary(changes: list[tuple[str, str]]) -> str:
    query = (
        "idsite=227&rec=1&rand=0.5&_id=0123456789abcdef&url=https%3A%2F%2Fh57.vn%2Ftin"
        "&urlref=https%3A%2F%2Fwww.google.com%2F&pf_srv=80&pf_tfr=3&pf_dm1=400"
    )
    return "&".join([query, *(f"{name}={value}" for name, value in changes)])


QUERIES = st.one_of(
    st.lists(st.tuples(NAMES, VALUES), max_size=3).map(ordinary),
    st.lists(st.tuples(NAMES, VALUES), max_size=8).map(
        lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)
    ),
    st.text(alphabet="idste=&?%url27rec1+", max_size=40),
)


def hit(query: str) -> Hit:
    raw = query.encode("utf-8", "replace")
    return Hit(NOW, "203.0.113.7", "Mozilla/5.0", "https://h57.vn/", raw, b"", "", "unverified")


@given(st.lists(QUERIES, min_size=1, max_size=6))
@hypothesis_settings(max_examples=250, deadline=None)
def test_the_short_way_and_the_general_parser_come_to_the_same(queries: list[str]) -> None:
    short, general = (Views(Reader(SECRET), SITES) for _ in range(2))
    for query in queries:
        if not short.plain(hit(query), NOW, "w/1"):
            continue
        (event,) = matomo.parse_hit(hit(query))
        assert isinstance(event, PageView), query
        general.add(hit(query), event, NOW, "w/1")
    assert short.table().to_pylist() == general.table().to_pylist()


def test_the_ordinary_hit_of_our_tracker_goes_the_short_way() -> None:
    views = Views(Reader(SECRET), SITES)
    assert views.plain(hit(ordinary([])), NOW, "w/1")
    for odd in ("cdt=1", "dvc=1.004194", "ping=1", "rec=0", "idsite=9", "_id=x", "url=x", "flag"):
        assert not views.plain(hit(f"{ordinary([])}&{odd}"), NOW, "w/1"), odd
    assert len(views) == 1


@given(st.data())
@hypothesis_settings(max_examples=100, deadline=None)
def test_no_personal_number_is_passed_over_unlooked_at(data: st.DataObject) -> None:
    _, pattern = data.draw(st.sampled_from(PATTERNS))
    found = data.draw(st.from_regex(pattern, fullmatch=True))
    assert _WORTH_LOOKING.search(found)
