"""Whatever a host does, the scanner answers in time with a typed reason, and behaves itself."""

from __future__ import annotations

import asyncio
import ipaddress
import time

import pytest
from tests.assess.fixtures.servers import (
    Odd,
    dripping_head,
    endless_body,
    page,
    silence,
    to,
)

from thuocdo.assess.citizen import Citizen, Manners, agent
from thuocdo.assess.fetch import Answer, Failure, Fetcher, Limits
from thuocdo.assess.results import Fault
from thuocdo.core.guard import Guard

LOOPBACK = Guard((ipaddress.ip_network("127.0.0.0/8"),))
AGENT = agent("mailto:emc@example.gov.vn")
PATHS = {
    "/": page("<title>Cổng</title>".encode()),
    "/chunked": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nxin c\r\n3\r\nhao\r\n0\r\n\r\n"
    ),
    "/endless": endless_body,
    "/dripping": dripping_head,
    "/silent": silence,
    "/no-http": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "/short-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc",
    "/bad-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
    "/closed": lambda connection: connection.close(),
    "/huge-head": b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
    "/circle": to("/circle-2"),
    "/circle-2": to("/circle"),
    **{f"/long-{n}": to(f"/long-{n + 1}") for n in range(10)},
    "/once": to("/"),
    "/inner": to("http://10.0.0.1/"),
    "/cloud": to("http://169.254.169.254/latest/meta-data/"),
    "/file": to("file:///etc/passwd"),
    "/credentials": to("http://name:secret@127.0.0.1/"),
    "/pdf": page(b"%PDF", "Content-Type: application/pdf"),
    "/forbidden": page(b"no", status="403 Forbidden"),
    "/broken": page(b"no", status="500 Internal Server Error"),
    "/private/page": page(b"secret"),
    "/robots.txt": page(
        b"User-agent: ThuocDo-Assess\nDisallow: /private/\n\nUser-agent: *\nDisallow: /",
        "Content-Type: text/plain",
    ),
}


@pytest.fixture(scope="module")
def odd():
    server = Odd(PATHS)
    yield server
    server.close()


def citizen(guard: Guard = LOOPBACK, seconds: float = 2.0, **manners) -> Citizen:
    kept = Manners(**{"pause": 0.0, **manners})
    return Citizen(Fetcher(guard, AGENT, Limits(seconds=seconds, max_bytes=100_000)), kept)


def look(url: str, **how) -> Answer | Failure:
    return asyncio.run(citizen(**how).page(url))


def test_a_page_comes_with_its_headers_and_the_way_to_it(odd):
    found = look(f"{odd.url}/once")
    assert isinstance(found, Answer)
    assert (found.status, found.text) == (200, "<title>Cổng</title>")
    assert found.chain == (f"{odd.url}/once",)
    assert found.one("content-type") == "text/html; charset=utf-8"


def test_a_chunked_answer_is_put_together(odd):
    assert look(f"{odd.url}/chunked").text == "xin chao"


def test_every_request_says_who_asks_and_whom_to_write_to_and_nothing_else(odd):
    look(f"{odd.url}/")
    head = odd.seen[-1]
    assert "ThuocDo-Assess/" in head
    assert "+mailto:emc@example.gov.vn" in head
    assert not any(name in head.lower() for name in ("cookie:", "authorization:", "referer:"))


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        *[("/endless", Fault.SIZE), ("/dripping", Fault.TIMEOUT), ("/silent", Fault.TIMEOUT)],
        *[("/no-http", Fault.BAD_ANSWER), ("/short-chunk", Fault.BAD_ANSWER)],
        *[("/bad-chunk", Fault.BAD_ANSWER), ("/huge-head", Fault.BAD_ANSWER)],
        *[("/circle", Fault.REDIRECTS), ("/long-0", Fault.REDIRECTS)],
        *[("/inner", Fault.GUARD), ("/cloud", Fault.GUARD), ("/file", Fault.BAD_ANSWER)],
        *[("/credentials", Fault.BAD_ANSWER), ("/pdf", Fault.NOT_HTML)],
        *[("/forbidden", Fault.BLOCKED), ("/broken", Fault.HTTP), ("/private/page", Fault.ROBOTS)],
    ],
)
def test_what_is_no_page_has_a_typed_reason_within_the_bound(odd, path, fault):
    started = time.monotonic()
    found = look(f"{odd.url}{path}", seconds=1.0)
    assert isinstance(found, Failure)
    assert found.fault is fault, found.detail
    assert time.monotonic() - started < 4


def test_a_name_without_an_address_and_a_port_without_a_server():
    assert look("http://nobody.invalid/").fault is Fault.DNS
    assert look("http://127.0.0.1:1/").fault is Fault.CONNECT


def test_our_own_network_is_out_of_reach_unless_allowed(odd):
    assert look(f"{odd.url}/", guard=Guard()).fault is Fault.GUARD


def test_a_page_that_robots_txt_closes_is_never_asked_for(odd):
    look(f"{odd.url}/private/page")
    assert "/private/page" not in odd.asked()


def test_a_robots_txt_that_cannot_be_had_closes_everything():
    server = Odd({"/": page(b"x"), "/robots.txt": page(b"", status="503 Service Unavailable")})
    assert look(f"{server.url}/").fault is Fault.ROBOTS
    assert server.asked() == ["/robots.txt"]
    server.close()


@pytest.mark.parametrize(
    "line",
    [
        "Crawl-delay: ²",
        "Request-rate: 1/²",
        f"Request-rate: {'9' * 5000}/1",
        "Disallow: http://[",
        "Disallow: %2F/[",
        "Allow: //[",
    ],
)
def test_a_line_of_robots_txt_that_nobody_can_read_is_passed_over(line):
    rules = f"User-agent: *\n{line}\nDisallow: /closed".encode()
    paths = {"/robots.txt": page(rules, "Content-Type: text/plain"), "/": page(b"x")}
    server = Odd(paths | {"/closed": page(b"x")})
    assert isinstance(look(f"{server.url}/"), Answer)
    assert look(f"{server.url}/closed").fault is Fault.ROBOTS
    server.close()


def test_a_crawl_delay_of_more_digits_than_there_are_seconds_is_a_refusal():
    rules = f"User-agent: *\nCrawl-delay: {'9' * 5000}".encode()
    paths = {"/robots.txt": page(rules, "Content-Type: text/plain"), "/": page(b"x")}
    server = Odd(paths)
    assert look(f"{server.url}/").fault is Fault.ROBOTS
    server.close()


@pytest.mark.parametrize("place", ["http://[", "//[", "http://[::1]:x/", "javascript:alert(1)"])
def test_a_redirect_to_what_is_no_address_is_a_bad_answer_of_the_site(place):
    server = Odd({"/": to(place)})
    assert look(f"{server.url}/").fault is Fault.BAD_ANSWER
    server.close()


def test_crawl_delay_is_kept_and_an_endless_one_is_a_refusal():
    slow = page(b"User-agent: *\nCrawl-delay: 1", "Content-Type: text/plain")
    server = Odd({"/": page(b"x"), "/robots.txt": slow})

    async def twice(longest: float) -> Answer | Failure:
        asking = citizen(longest_pause=longest)
        await asking.page(f"{server.url}/")
        return await asking.page(f"{server.url}/")

    started = time.monotonic()
    assert isinstance(asyncio.run(twice(2.0)), Answer)
    assert time.monotonic() - started >= 1.0
    assert asyncio.run(twice(0.5)).fault is Fault.ROBOTS
    server.close()


def test_a_host_is_asked_no_more_often_than_its_budget():
    server = Odd({"/": page(b"x")})

    async def thrice() -> list[Answer | Failure]:
        asking = citizen(budget=2)
        return [await asking.get(f"{server.url}/") for _ in range(3)]

    found = asyncio.run(thrice())
    assert isinstance(found[1], Answer)
    assert found[2].fault is Fault.BUDGET
    assert server.asked().count("/") == 2
    server.close()
