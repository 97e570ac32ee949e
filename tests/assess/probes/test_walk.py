"""A walk is short, polite, the same each time, and keeps what it saw."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.assess.fixtures import portals
from tests.assess.fixtures.servers import Odd, page, silence, to
from tests.assess.test_citizen import citizen

from thuocdo.assess.citizen import Citizen
from thuocdo.assess.evidence import Kept
from thuocdo.assess.fetch import Answer
from thuocdo.assess.patience import Patience, bounds
from thuocdo.assess.probes.catalogue import ALSO
from thuocdo.assess.probes.look import Control
from thuocdo.assess.probes.reading import MAX_CONTROLS, read
from thuocdo.assess.probes.scene import Depth
from thuocdo.assess.probes.walk.walk import RULES, Walk, chosen, places, walk
from thuocdo.assess.results import Fault

USUAL = Depth().walk
SECONDS = bounds().steps["walk"]
ROBOTS = page(b"User-agent: *\nDisallow: /tin-tuc\nDisallow: /du-lieu-mo\n")


def walked(
    server: Odd, home: Path, most: int = USUAL, by: Citizen | None = None, seconds: float = SECONDS
) -> Walk:
    async def go() -> Walk:
        one = by or citizen()
        steps = {**bounds().steps, "walk": seconds}
        one.patience = Patience(msgspec.structs.replace(bounds(), steps=steps))
        front = await one.page(server.url + "/")
        assert isinstance(front, Answer), front
        return await walk(one, Kept(home), front, None, ALSO, most)

    return asyncio.run(go())


def paths(found: Walk) -> list[str]:
    return ["/" + each.url.split("/", 3)[3] for each in found.pages]


@pytest.fixture
def serving():
    servers: list[Odd] = []

    def serve(paths: dict) -> Odd:
        servers.append(Odd(paths))
        return servers[-1]

    yield serve
    for each in servers:
        each.close()


def test_two_walks_of_one_site_see_the_same_pages_in_the_same_order(serving, tmp_path):
    server = serving(portals.paths("pass"))
    one, other = (walked(server, tmp_path / name) for name in "ab")
    assert paths(one) == paths(other)
    assert one.evidence == other.evidence
    assert [each.evidence for each in one.pages] == [each.evidence for each in other.pages]


def test_the_page_that_lists_the_others_comes_first_and_its_links_are_followed(serving, tmp_path):
    found = paths(walked(serving(portals.paths("pass")), tmp_path))
    assert found[:2] == ["/", "/so-do-trang"]
    assert "/cong-khai-ngan-sach" in found


def test_each_page_is_asked_for_once_and_no_more_than_the_bound(serving, tmp_path):
    server = serving(portals.paths("pass"))
    found = walked(server, tmp_path, 5)
    assert len(found.pages) == 6
    asked = [each for each in server.asked() if each not in ("/robots.txt", "/sitemap.xml")]
    assert sorted(asked) == sorted(set(asked)) == sorted(paths(found))


def test_no_place_is_no_walk(serving, tmp_path):
    assert paths(walked(serving(portals.paths("pass")), tmp_path, 0)) == ["/"]


def test_every_page_is_kept_as_it_came(serving, tmp_path):
    kept = Kept(tmp_path)
    for each in walked(serving(portals.paths("pass")), tmp_path).pages:
        assert read(each.url, kept.read(each.evidence[0].sha256).decode()).title == each.title


def test_what_robots_txt_forbids_is_not_asked_for_and_is_told(serving, tmp_path):
    server = serving(portals.paths("pass") | {"/robots.txt": ROBOTS})
    found = walked(server, tmp_path)
    assert not {"/tin-tuc", "/du-lieu-mo"} & set(server.asked())
    assert {each.fault for each in found.missed if each.url.endswith("tin-tuc")} == {Fault.ROBOTS}


def test_a_host_that_wants_long_pauses_is_asked_for_fewer_pages_known_beforehand():
    assert places(USUAL, SECONDS, 0) == places(USUAL, SECONDS, 0.5) == USUAL
    assert places(USUAL, SECONDS, 10) == 3
    assert places(USUAL, SECONDS, 1000) == 0


def test_the_crawl_delay_is_kept_between_the_pages(serving, tmp_path):
    robots = page(b"User-agent: *\nCrawl-delay: 1\n")
    server = serving(portals.paths("pass") | {"/robots.txt": robots})
    begun = time.monotonic()
    found = walked(server, tmp_path, seconds=4.0)
    assert len(found.pages) == 1 + 2
    assert time.monotonic() - begun > 2.5


def test_the_budget_of_a_host_bounds_the_walk(serving, tmp_path):
    found = walked(serving(portals.paths("pass")), tmp_path, by=citizen(budget=4))
    assert len(found.pages) == 3  # the front page, /sitemap.xml, and two more
    assert Fault.BUDGET in {each.fault for each in found.missed}


def test_a_host_that_stops_answering_ends_the_walk_with_what_was_seen(serving, tmp_path):
    hanging = {path: silence for path in portals.paths("pass") if path != "/"}
    server = serving(portals.paths("pass") | hanging)
    begun = time.monotonic()
    found = walked(server, tmp_path, by=citizen(seconds=0.5))
    assert paths(found) == ["/"]
    assert time.monotonic() - begun < 5
    assert {each.fault for each in found.missed} == {Fault.TIMEOUT}


def test_time_ends_a_walk_with_what_was_seen(serving, tmp_path):
    slow = {"/so-do-trang": silence}
    found = walked(serving(portals.paths("pass") | slow), tmp_path, seconds=0.7)
    assert paths(found) == ["/"]
    assert found.missed[-1].fault is Fault.TIMEOUT


def test_a_page_that_leads_to_another_host_is_none_of_the_sites(serving, tmp_path):
    other = serving({"/gioi-thieu": page("<title>Giới thiệu</title>".encode())})
    away = {"/gioi-thieu": to(f"{other.url}/gioi-thieu")}
    found = walked(serving(portals.paths("pass") | away), tmp_path)
    assert "/gioi-thieu" not in paths(found)
    assert Fault.REDIRECTS in {each.fault for each in found.missed}


def test_the_sitemap_file_names_pages_no_link_does(serving, tmp_path):
    server = serving(
        {
            "/": page("<title>Cổng</title><h1>Cổng</h1>".encode()),
            "/chuyen-muc/du-lieu-mo.html": page("<h1>Dữ liệu mở</h1>".encode()),
        }
    )
    place = f"{server.url}/chuyen-muc/du-lieu-mo.html"
    server.paths["/sitemap.xml"] = page(f"<urlset><url><loc>{place}</loc></url></urlset>".encode())
    assert paths(walked(server, tmp_path)) == ["/", "/chuyen-muc/du-lieu-mo.html"]


LABELS = [topic.words[0] for topic in RULES.topics]
LINKS = st.lists(st.tuples(st.sampled_from(LABELS), st.integers(0, 9)), max_size=12)


@given(LINKS, st.integers(0, 99), st.integers(0, 10))
def test_the_order_of_links_and_their_repetition_choose_nothing(links, seed, places):
    pool = [Control(label, f"https://a.vn/trang-{number}") for label, number in links]
    shuffled = [*pool, *pool[:3]]
    random.Random(seed).shuffle(shuffled)
    one, other = (chosen(each, RULES.topics, places, "https://a.vn/") for each in (pool, shuffled))
    assert one == other
    assert len(one) <= places


@pytest.mark.parametrize(
    "href",
    [
        "https://b.vn/gioi-thieu",
        "https://a.vn/gioi-thieu.pdf",
        "javascript:void(0)",
        "mailto:gioi-thieu@a.vn",
        "https://a.vn/",
        "https://[gioi-thieu",
        "",
    ],
)
def test_only_pages_of_the_site_are_walked(href):
    assert chosen([Control("Giới thiệu", href)], RULES.topics, 5, "https://a.vn/") == []


def test_a_headline_names_no_section():
    said = "Giới thiệu với nhân dân cả nước những sản phẩm tiêu biểu của tỉnh nhà"
    assert chosen([Control(said, "https://a.vn/x")], RULES.topics, 5, "https://a.vn/") == []


def test_hostile_markup_is_read_and_bounded():
    """With time quadratic in its length this would not end."""
    text = "<a href='x'" * 100_000 + "<h1><a>y" * 100_000 + "<template>" * 100_000
    assert len(read("https://a.vn/", text).controls) <= MAX_CONTROLS


def test_what_is_not_shown_is_not_read():
    found = read(
        "https://a.vn/",
        "<!doctype html><?xml?><title>Cổng</title><style>p{}</style><script>var x='<a href=/y>Dữ liệu mở</a>'</script>"
        "<template><a href=/z>Mẫu</a></template><!-- <a href=/c>Chú thích</a> -->"
        "<h2>Tin <b>tức</b></h2><a href='/gioi-thieu#x' title='Xem'>  Giới\n thiệu </a>"
        "<a href=/b title='Dữ liệu mở'></a><img alt='Sơ đồ' src=s.png>",
    )
    assert found.controls == (
        Control("Giới thiệu", "https://a.vn/gioi-thieu"),
        Control("Dữ liệu mở", "https://a.vn/b"),
    )
    assert found.headings == ("Tin tức",)
    assert found.text == "Tin tức Giới thiệu"
    assert [each.alt for each in found.pictures] == ["Sơ đồ"]
