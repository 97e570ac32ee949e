"""Whatever way a personal number, an address or a name is written into a URL, it does not land."""

from __future__ import annotations

import re
from itertools import pairwise
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from thuocdo.lake.enrich import host_of, place_of
from thuocdo.lake.redact import redact

MANY = hypothesis_settings(max_examples=150, deadline=None)
GAPS = st.sampled_from(["", " ", ".", "-", "+", "_"])
DIGITS = st.integers(0, 10**12 - 1).map(lambda number: f"{number:012d}")


def grouped(digits: str, sizes: tuple[int, ...], gap: str) -> str:
    """Digits in groups, a gap between them."""
    places = [sum(sizes[:n]) for n in range(len(sizes) + 1)]
    assert places[-1] == len(digits)
    return gap.join(digits[a:b] for a, b in pairwise(places))


CCCD = st.builds(
    lambda province, rest, sizes, gap: grouped(f"{province:03d}{rest[:9]}", sizes, gap),
    st.integers(1, 96),
    DIGITS,
    st.sampled_from(
        [(12,), (3, 9), (3, 3, 6), (4, 4, 4), (3, 3, 3, 3), (6, 6), (3, 1, 2, 6), (3, 4, 5)]
    ),
    GAPS,
)
CMND = st.builds(
    lambda rest, sizes, gap: grouped(rest[:9], sizes, gap),
    DIGITS,
    st.sampled_from([(9,), (3, 3, 3), (2, 3, 4)]),
    GAPS,
)
TAX = st.builds(
    lambda rest, sizes, gap, branch: grouped(rest[:10], sizes, gap) + branch,
    DIGITS,
    st.sampled_from([(10,), (2, 8), (4, 3, 3), (3, 3, 4), (1, 3, 3, 3)]),
    GAPS,
    st.sampled_from(["", "-001", "001", " 001", ".012"]),
)
MOBILE = st.builds(
    lambda before, first, rest, sizes, gap: before + grouped(first + rest[:8], sizes, gap),
    st.sampled_from(
        ["0", "+84", "84", "+84 ", "+84-", "(+84) ", "0084", "+84 (0) ", "(84)", "84.", "+840"]
    ),
    st.sampled_from("35789"),
    DIGITS,
    st.sampled_from(
        [(9,), (3, 3, 3), (2, 3, 4), (2, 4, 3), (3, 2, 2, 2), (4, 2, 3), (4, 5), (5, 4), (3, 2, 4)]
    ),
    GAPS,
)
LANDLINE = st.builds(
    lambda before, area, after, rest, sizes, gap: (
        f"{before}{area}{after}{gap}{grouped(rest[: sum(sizes)], sizes, gap)}"
    ),
    st.sampled_from(["0", "+84 ", "84", "(0", "+84 (0", "(+84) "]),
    st.sampled_from(["24", "28", "234", "225", "290"]),
    st.just(""),
    DIGITS,
    st.sampled_from([(3, 4), (4, 4), (4, 3), (7,), (8,)]),
    GAPS,
)
EMAIL = st.builds(
    lambda user, host: f"{user}@{host}",
    st.from_regex(r"[a-z][a-z0-9._+-]{0,20}[a-z0-9]", fullmatch=True),
    st.sampled_from(["gmail.com", "hue.gov.vn", "a-b.example.org"]),
)
NUMBERS = st.one_of(CCCD, CMND, TAX, MOBILE, LANDLINE)
PERSONAL = st.one_of(NUMBERS, EMAIL)

ENCODINGS = st.sampled_from(
    [
        lambda text: text,
        lambda text: quote(text, safe=""),
        lambda text: quote(quote(text, safe=""), safe=""),
        lambda text: quote(quote(quote(text, safe=""), safe=""), safe=""),
        quote_plus,
        lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
        lambda text: text.replace(" ", "+"),
    ]
)
PLACES = st.sampled_from(
    [
        "https://a.gov.vn/ho-so/{}",
        "https://a.gov.vn/ho-so/{}/xem",
        "https://a.gov.vn/x-{}.html",
        "https://a.gov.vn/x_{}_y",
        "https://a.gov.vn/xem?id={}",
        "https://a.gov.vn/xem?lang=vi&p={}&x=1",
        "https://a.gov.vn/xem?matthc={}",
        "https://a.gov.vn/xem?q={}",
        "https://a.gov.vn/xem;so={}",
        "https://a.gov.vn/xem#{}",
        "https://a.gov.vn/tim-kiem/{}",
        "https://{}@a.gov.vn/",
    ]
)


LEFT = 6
"""A longer number may be taken in two parts, of which a short one that is nobody's can stay."""


def digits_of(text: str) -> str:
    return "".join(re.findall(r"[0-9]", text))


@given(number=NUMBERS, edge=st.sampled_from(["/", "-", "_", "=", ",", "(", "x/"]))
@MANY
def test_no_personal_number_survives_in_any_grouping(number: str, edge: str) -> None:
    assert len(digits_of(redact(f"/ho-so{edge}{number}"))) < LEFT, number


@given(secret=PERSONAL, encode=ENCODINGS, place=PLACES)
@MANY
def test_no_encoding_and_no_place_hides_it(secret: str, encode, place: str) -> None:
    kept = place_of(place.format(encode(secret)))
    said = f"{kept.host} {kept.path}"
    assert "@" not in said
    assert len(digits_of(said)) < LEFT, said
    assert secret not in said


@given(secret=NUMBERS, encode=ENCODINGS)
@MANY
def test_a_referrer_says_no_number(secret: str, encode) -> None:
    referrers = (f"https://{encode(secret)}.a.vn/x", f"https://a.vn/{encode(secret)}")
    assert all(len(digits_of(host_of(url) or "")) < LEFT for url in referrers)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://a.vn/x?hoTen=Nguyen+Van+An&tabid=7", "/x?tabid=7"),
        ("https://a.vn/x?fullname=An&ten=Binh&name=Chi&HOTEN=D", "/x"),
        ("https://a.vn/x?id=Nguyễn+Văn+An", "/x?id={name}"),
        ("https://a.vn/x?id=Nguy%25E1%25BB%2585n%2520An", "/x?id={text}"),
        ("https://a.vn/x?id=ho+so+cua+an", "/x?id={text}"),
        ("https://a.vn/hoten/nguyen-van-an/xem", "/hoten/{name}/xem"),
        ("https://a.vn/HoTen/An", "/HoTen/{name}"),
        ("https://a.vn/tra-cuu/ho-ten=Lan&cccd=1", "/tra-cuu/ho-ten={name}&cccd=1"),
        ("https://a.vn/xem;hoten=Lan", "/xem;hoten={name}"),
        ("https://a.vn/ho-so/Nguyễn Văn An", "/ho-so/{name}"),
        ("https://a.vn/ho-so/Nguy%E1%BB%85n%20Th%E1%BB%8B%20%C3%81nh", "/ho-so/{name}"),
        ("https://a.vn/ho-so/TRAN_THI_BICH_NGOC.pdf", "/ho-so/{name}.pdf"),
        ("https://a.vn/ho-so/Le+Thi+Hoa/1", "/ho-so/{name}/1"),
        ("https://a.vn/don-cua-Phạm-Quang-Huy", "/don-cua-{name}"),
        ("https://a.vn/tim-kiem/ong nguyen van an", "/tim-kiem/{words}"),
        ("https://a.vn/vi/search/an?page=2", "/vi/search/{words}"),
    ],
)
def test_a_name_is_known_by_the_word_before_it_or_by_its_capitals(url: str, path: str) -> None:
    assert place_of(url).path == path


@pytest.mark.parametrize(
    "path",
    [
        "/gioi-thieu/UBND-TP-Ho-Chi-Minh",
        "/tin/duong-nguyen-van-linh-thong-xe",
        "/Pages/TinTuc/ChiTiet.aspx",
        "/web/guest/Le-Loi",
        "/tin/03-05-2022-12",
        "/tin/08-2021-1234",
        "/tin/2022-04-30-1",
        "/van-ban/1234-QD-UBND-2022",
        "/thu-tuc/1.004194.000.00.00.H13/xem",
        "/danh-muc/ten-goi",
        "/searching/x",
        "/goi-19001096",
        "/Hoang-Sa-Truong-Sa",
        "/Đảo Hoàng Sa Việt Nam",
        "/PHAN-THIET-BINH-THUAN",
    ],
)
def test_places_dates_laws_and_services_stay(path: str) -> None:
    assert place_of(f"https://a.gov.vn{path}").path == path


def test_articles_with_numbers_like_personal_ones_still_group() -> None:
    urls = [f"https://a.vn/tin-tuc/{number}" for number in (123456789, 987654321)]
    assert {place_of(url).path for url in urls} == {"/tin-tuc/{id}"}


def test_what_is_encoded_beyond_reason_is_not_kept() -> None:
    text = "001099012345"
    for _ in range(9):
        text = "".join(f"%{byte:02x}" for byte in text.encode())[:2000]
    assert place_of(f"https://a.vn/x/{text}").path == "{encoded}"
