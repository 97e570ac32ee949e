"""Public pages are made once for each state of the data, and nothing else is kept."""

from __future__ import annotations

import asyncio
from functools import wraps

import pytest

from thuocdo.web.access import PUBLIC_PAGE
from thuocdo.web.kept import LONGEST_S, OLD_S, KeptPages


class Site:
    """An application that counts its answers, and a clock and a state to be set."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.now, self.state = 0.0, "first"
        self.headers = {b"Content-Type": b"text/html; charset=utf-8"}
        self.status, self.is_public, self.fails = 200, True, False
        self.gate = asyncio.Event()
        self.gate.set()
        self.most = 1 << 20

    def kept(self) -> KeptPages:
        return KeptPages(self, lambda: self.state, clock=lambda: self.now, most_bytes=self.most)

    async def __call__(self, scope, receive, send) -> None:
        assert (await receive())["type"] == "http.request"
        self.asked.append(scope["path"])
        await self.gate.wait()
        if self.fails:
            raise RuntimeError("no page today")
        if self.is_public:
            scope[PUBLIC_PAGE] = True
        body = f"answer {len(self.asked)} of {scope['path']}".encode()
        headers = {b"Content-Length": str(len(body)).encode(), **self.headers}
        headers = [(name, value) for name, value in headers.items() if value]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body[:6], "more_body": True})
        await send({"type": "http.response.body", "body": body[6:]})


class Answer:
    def __init__(self) -> None:
        self.status, self.headers, self.body = 0, {}, b""

    async def __call__(self, message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
        else:
            self.body += message["body"]


async def ask(kept, path="/", *, method="GET", query=b"", **headers) -> Answer:
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query,
        "headers": [(name.replace("_", "-").encode(), value) for name, value in headers.items()],
    }
    answer = Answer()

    spoken = []

    async def receive():
        if spoken:
            await asyncio.Event().wait()  # the reader stays
        spoken.append(True)
        return {"type": "http.request", "body": b"", "more_body": False}

    await kept(scope, receive, answer)
    return answer


def in_loop(test):
    @wraps(test)
    def run(**given):
        asyncio.run(test(**given))

    return run


@in_loop
async def test_a_page_is_made_once_while_the_data_stand() -> None:
    site = Site()
    kept = site.kept()
    first = await ask(kept)
    site.now = LONGEST_S - 1
    second = await ask(kept)
    assert site.asked == ["/"]
    assert (first.status, first.body) == (second.status, second.body) == (200, b"answer 1 of /")
    assert first.headers == second.headers


@in_loop
async def test_moved_data_make_it_anew_and_the_reader_waits() -> None:
    site = Site()
    kept = site.kept()
    await ask(kept)
    site.now, site.state = 0.1, "second"
    assert (await ask(kept)).body == b"answer 2 of /"
    site.now += LONGEST_S
    assert (await ask(kept)).body == b"answer 3 of /"


@in_loop
async def test_while_others_are_made_the_last_page_is_given_and_renewed_behind() -> None:
    site = Site()
    kept = site.kept()
    await ask(kept)
    site.now, site.state = OLD_S - 1, "second"
    site.gate.clear()
    other = asyncio.create_task(ask(kept, "/other"))
    await asyncio.sleep(0)
    assert (await ask(kept)).body == b"answer 1 of /"
    site.gate.set()
    await other
    while len(site.asked) < 3:
        await asyncio.sleep(0)
    await asyncio.sleep(0.01)
    assert (await ask(kept)).body == b"answer 3 of /"
    assert site.asked == ["/", "/other", "/"]


@in_loop
async def test_a_page_too_old_is_not_given_however_many_are_made() -> None:
    site = Site()
    kept = site.kept()
    await ask(kept)
    site.now, site.state = OLD_S + 1, "second"
    site.gate.clear()
    other = asyncio.create_task(ask(kept, "/other"))
    await asyncio.sleep(0)
    asking = asyncio.create_task(ask(kept))
    await asyncio.sleep(0)
    site.gate.set()
    assert (await asking).body != b"answer 1 of /"
    await other


@in_loop
async def test_a_crowd_has_one_page_made() -> None:
    site = Site()
    kept = site.kept()
    answers = await asyncio.gather(*(ask(kept) for _ in range(50)))
    assert site.asked == ["/"]
    assert {answer.body for answer in answers} == {b"answer 1 of /"}


@in_loop
async def test_two_at_most_are_made_for_those_who_wait() -> None:
    site = Site()
    kept = site.kept()
    site.gate.clear()
    waiting = [asyncio.create_task(ask(kept, f"/{n}")) for n in range(9)]
    await asyncio.sleep(0.01)
    assert len(site.asked) == 2
    site.gate.set()
    await asyncio.gather(*waiting)
    assert len(site.asked) == 9


@pytest.mark.parametrize(
    "headers",
    [
        {"cookie": b"session=abc"},
        {"cookie": b"theme=dark; session=abc"},
        {"cookie": b"session=abc; theme=dark"},
        {"authorization": b"Bearer x"},
        {"range": b"bytes=0-1"},
    ],
)
@in_loop
async def test_whoever_says_who_they_are_is_never_answered_from_here(headers) -> None:
    site = Site()
    kept = site.kept()
    await ask(kept)
    assert (await ask(kept, **headers)).body == b"answer 2 of /"
    assert (await ask(kept)).body == b"answer 1 of /"


@in_loop
async def test_theme_query_host_and_packing_tell_pages_apart() -> None:
    site = Site()
    kept = site.kept()
    asked = [
        {},
        {"cookie": b"theme=dark"},
        {"query": b"block=province"},
        {"host": b"another.vn"},
        {"accept_encoding": b"gzip, br"},
        {"x_forwarded_proto": b"https"},
    ]
    for each in asked * 2:
        await ask(kept, **each)
    assert len(site.asked) == len(asked)


@pytest.mark.parametrize(
    "told",
    [
        {"status": 404},
        {"is_public": False},
        {"headers": {b"content-type": b"text/html", b"set-cookie": b"csrf=1"}},
        {"headers": {b"content-type": b"text/html", b"cache-control": b"no-store"}},
        {"headers": {b"content-type": b"text/html", b"Content-Length": b""}},
        {"headers": {b"content-type": b"text/event-stream"}},
    ],
)
@in_loop
async def test_what_is_no_whole_public_page_goes_by_unkept(told) -> None:
    site = Site()
    for name, value in told.items():
        setattr(site, name, value)
    kept = site.kept()
    assert (await ask(kept)).body == b"answer 1 of /"
    assert (await ask(kept)).body == b"answer 2 of /"


@in_loop
async def test_a_stream_holds_no_place() -> None:
    site = Site()
    site.headers = {b"content-type": b"text/event-stream"}
    kept = site.kept()
    for number in range(9):
        await ask(kept, f"/{number}")
    site.headers = {b"content-type": b"text/html"}
    assert (await ask(kept)).status == 200


@pytest.mark.parametrize(("path", "method"), [("/api/v1/x", "GET"), ("/", "HEAD"), ("/", "POST")])
@in_loop
async def test_programs_and_other_methods_pass(path, method) -> None:
    site = Site()
    kept = site.kept()
    await ask(kept, path, method=method)
    await ask(kept, path, method=method)
    assert len(site.asked) == 2


@in_loop
async def test_who_has_the_page_is_told_so() -> None:
    site = Site()
    site.headers[b"cache-control"] = b"no-cache"
    kept = site.kept()
    first = await ask(kept)
    again = await ask(kept, if_none_match=b'"x", ' + first.headers[b"etag"])
    assert (again.status, again.body) == (304, b"")
    assert again.headers[b"cache-control"] == b"no-cache"
    assert b"content-length" not in again.headers


@in_loop
async def test_a_fault_is_nobodys_page() -> None:
    site = Site()
    kept = site.kept()
    site.fails = True
    for _ in range(5):
        with pytest.raises(RuntimeError):
            await ask(kept)
    site.fails = False
    assert (await ask(kept)).status == 200


@in_loop
async def test_the_oldest_pages_make_room() -> None:
    site = Site()
    site.most = 40
    kept = site.kept()
    for path in ("/a", "/b", "/a", "/c", "/d"):
        await ask(kept, path)
    assert site.asked == ["/a", "/b", "/c", "/d"]
    await ask(kept, "/b")
    assert site.asked[-1] == "/b"
