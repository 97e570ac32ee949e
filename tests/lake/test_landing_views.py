"""The short way of an ordinary page view and the general parser come to the same row."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network
from urllib.parse import quote, quote_plus

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from thuocdo.core.clock import DAY_US, parse_instant
from thuocdo.lake.landing_reader import Reader
from thuocdo.lake.landing_views import Origin, Views
from thuocdo.lake.networks import Networks
from thuocdo.lake.redact import PATTERNS, WORTH_LOOKING
from thuocdo.lake.replays import order_of
from thuocdo.wire import hit_columns, matomo, matomo_plain
from thuocdo.wire.events import Hit, PageView
from thuocdo.wire.hit_columns import HitColumns
from thuocdo.wire.octets import Octets, Places, Span

NOW = parse_instant("2026-11-21T10:00:00")
SITES = (7, 227)
SECRET = b"a secret for tests, long enough"

PAGES = st.sampled_from(
    (
        "https://h57.vn/", "https://H57.vn:80/tin/1?tabid=7&ten=An", "http://a.vn/đi đâu?x=%2F+",
        "https://dichvucong.gov.vn/p?ma_thu_tuc=1.004194", "ftp://a.vn/", "/chi-duong-dan", "",
        "https://a.vn/0912345678", "https://a.vn/ho-so/Le-Thi-Hoa/", "http://a.vn/hoten/an", "http://a.vn/1.234.567.890", "http://a.vn/TinTuc/x,1:2.aspx", "https://a.vn/a%20b", "https://u@a.vn/\x01", "https://a.vn/" + "x" * 4100,
    )
)  # fmt: skip
VALUES = st.one_of(
    PAGES.map(lambda url: quote(url, safe="")),
    PAGES.map(quote_plus),
    PAGES,
    st.sampled_from(
        ["1", "0", "%31", "7", "227", "0227", "9", "0123456789abcdef", "0123456789ABCDEG", "80",
         "+80", "%38", "9999999", "-1", "-120", "--", "-%31", "-", "", "%", "%2", "%2531", "1.004194", "trang%3Fx"]
    ),
    st.text(max_size=6),
)  # fmt: skip
NAMES = st.sampled_from(
    [
        *sorted(matomo._WANTED),
        *matomo_plain._NAMES,
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
        "idsite=227&rec=1&rand=0.51234567&_id=0123456789abcdef&url=https%3A%2F%2Fh57.vn%2Ftin"
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


def hit(query: str, address: str = "203.0.113.7", agent: str = "Mozilla/5.0", at: int = 0) -> Hit:
    raw = query.encode("utf-8", "replace")
    return Hit(NOW + at, address, agent, "https://h57.vn/", raw, b"", "", "unverified")


CENTRES = Networks([ip_network("198.51.100.0/24"), ip_network("2001:db8:1::/48")])
HITS = st.builds(
    hit,
    QUERIES,
    st.sampled_from(["203.0.113.7", "198.51.100.9", "2001:db8::1", "2001:db8:1::5", ""]),
    st.sampled_from(["Mozilla/5.0", "Mozilla/5.0 (đẹp)", "", "curl/8"]),
    st.sampled_from([0, 1, 1500, -DAY_US, DAY_US]),
)


def segment(hits: Sequence[Hit]) -> tuple[Octets, HitColumns, Places]:
    """Hits as they lie in a segment."""
    records = [b"not a hit", *map(msgspec.msgpack.encode, hits)]
    end = np.cumsum([len(record) for record in records])
    octets = Octets(b"".join(records))
    found = hit_columns.read(octets, Span(np.concatenate([[0], end[:-1]]), end))
    return octets, found, np.full(len(records), NOW)


def landed(ways: Sequence[Hit]) -> tuple[Views, Views, int]:
    """What the short way takes of some hits, the same hits by the general parser, and how many."""
    short, general = (Views(Reader(SECRET), SITES) for _ in range(2))
    for views in (short, general):
        views._reader.networks = CENTRES
    octets, found, landed_at = segment(ways)
    taken = short.take(octets, found, landed_at, order_of(0, -1)) - 1
    for each in taken.tolist():
        (event,) = matomo.parse_hit(ways[each])
        assert isinstance(event, PageView), ways[each].query
        general.add(ways[each], event, Origin(NOW, order_of(0, each)))
    return short, general, len(taken)


@given(st.lists(HITS, min_size=1, max_size=12))
@hypothesis_settings(max_examples=150, deadline=None)
def test_the_short_way_and_the_general_parser_come_to_the_same(hits: list[Hit]) -> None:
    short, general, _ = landed(hits)
    assert in_any_order(short) == in_any_order(general)


def in_any_order(views: Views) -> list[str]:
    """Rows without their number, and what tells each from any other: equal ones in either order."""
    columns = views.columns()
    rows = columns.table(["w/1"]).drop_columns(["event_id"]).to_pylist()
    events = columns.events()
    known = zip(*(column.tolist() for column in events), strict=True)
    return sorted(map(repr, rows)) + sorted(map(repr, known))


def test_the_ordinary_hit_of_our_tracker_goes_the_short_way() -> None:
    odd = [
        "cdt=1", "dvc=1.004194", "ping=1", "rec=0", "rec=", "idsite=9", "_id=x", "url=x", "flag", "url=",
        "send_imag=1", "send_images=0", "idsite=227&idsite=227", "pf_srv=8e1", "pf_srv=", "pf_onl=600001",
    ]  # fmt: skip
    plain = ["", "&send_image=0", "&pv_id=a1B2c3", "&r=123456&h=1&m=2&s=3", "&pf_onl=600000"]
    queries = [ordinary([]) + more for more in plain]
    queries += [f"{ordinary([])}&{more}" for more in odd]
    assert landed([hit(query) for query in queries])[2] == len(plain)


def test_every_field_of_a_hit_is_found_where_it_lies() -> None:
    """The short way reads a record's bytes: it has to know when the record changes its shape."""
    hits = [
        Hit(NOW, "a" * length, "b" * (length % 400), "c", b"d" * length, b"", "", "verified", "")
        for length in (0, 1, 31, 32, 255, 256, 4096)
    ]
    octets, found, _ = segment(hits)
    assert found.rows.tolist() == list(range(1, len(hits) + 1))
    assert found.received.tolist() == [NOW] * len(hits)
    read = {
        name: octets.texts(getattr(found, name)).to_pylist()
        for name in ("address", "agent", "query", "body", "trust", "refused")
    }
    for place, each in enumerate(hits):
        assert read["address"][place] == each.address.encode()
        assert read["agent"][place] == each.agent.encode()
        assert read["query"][place] == each.query
        assert (read["body"][place], read["refused"][place]) == (b"", b"")
        assert read["trust"][place] == b"verified"


def spoilt(record: bytes, place: int, byte: int, length: int) -> bytes:
    """A record with another byte somewhere, cut somewhere."""
    changed = bytearray(record)
    changed[place % len(changed)] = byte
    return bytes(changed[: max(1, length % (len(changed) * 3))])


RECORDS = st.one_of(
    st.binary(min_size=1, max_size=60),
    st.builds(
        spoilt,
        HITS.map(msgspec.msgpack.encode),
        st.integers(0, 400),
        st.integers(0, 255),
        st.integers(1, 4000),
    ),
)


@given(st.lists(RECORDS, min_size=1, max_size=8))
@hypothesis_settings(max_examples=100, deadline=None)
def test_what_is_read_in_columns_is_what_the_decoder_reads(records: list[bytes]) -> None:
    end = np.cumsum([len(record) for record in records])
    octets = Octets(b"".join(records))
    found = hit_columns.read(octets, Span(np.concatenate([[0], end[:-1]]), end))
    Views(Reader(SECRET), SITES).take(octets, found, np.full(len(records), NOW), 0)
    queries = octets.texts(found.query).to_pylist()
    agents = octets.texts(found.agent).to_pylist()
    for row, query, agent in zip(found.rows.tolist(), queries, agents, strict=True):
        try:
            hit = msgspec.msgpack.decode(records[row], type=Hit)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue  # a text that is no UTF-8, or of another kind: our collector writes none
        assert (hit.query, hit.agent.encode()) == (query, agent)


@given(st.data())
@hypothesis_settings(max_examples=100, deadline=None)
def test_no_personal_number_is_passed_over_unlooked_at(data: st.DataObject) -> None:
    _, pattern = data.draw(st.sampled_from(PATTERNS))
    found = data.draw(st.from_regex(pattern, fullmatch=True))
    assert WORTH_LOOKING.search(found)
