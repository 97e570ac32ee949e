"""A site that hangs on purpose costs little, is blamed for it, and gets nothing that was not measured."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from tests.assess.fixtures.servers import Answering, Odd, dripping_head, page, silence, to
from tests.tools import TOOLS

from thuocdo.assess import npm
from thuocdo.assess.citizen import Manners, agent
from thuocdo.assess.criteria.model import criteria_set
from thuocdo.assess.evidence import Kept
from thuocdo.assess.fetch import Fetcher, Limits
from thuocdo.assess.patience import Bounds, bounds
from thuocdo.assess.probes.catalogue import ASKED_ONLY, CHECKS
from thuocdo.assess.probes.scene import Depth
from thuocdo.assess.probes.target import Target
from thuocdo.assess.results import Blame, Fault, Result, combined, faults_of, obstructed
from thuocdo.assess.results import points as result_points
from thuocdo.assess.rounds.grading import by_people, worth
from thuocdo.assess.rounds.table import Graded, standings
from thuocdo.assess.scan import Scanner, scan
from thuocdo.assess.scoring import grade
from thuocdo.assess.site_check.browser import launched
from thuocdo.core import settings as instance
from thuocdo.core.guard import Guard

FRONT = page("<!doctype html><html lang=vi><title>Cổng</title><main><h1>Cổng</h1></main>".encode())
OURS = {
    *("security.dnssec", "security.caa", "page_load.field", "page_load.lab", "emc.tag"),
    *("emc.feeds", "emc.data_quality", "system_performance.load"),
}
"""What no fixture can have: a resolver, a registry, an appointment, and a lab where none was asked for."""


@dataclass
class Seen:
    results: dict[str, Result]
    seconds: float
    kept: Kept


def short(**given) -> Bounds:
    """The bounds of a scan, a tenth as long."""
    steps = {name: seconds / 10 for name, seconds in bounds().steps.items()}
    tools = {"site_seconds": 42.0, "browser": 6.0, "tools": 9.0, "close_seconds": 3.0}
    return msgspec.structs.replace(bounds(), **{"steps": steps, **tools, **given})


def scanned(
    home: Path,
    url: str,
    within: Bounds,
    depth: Depth | None = None,
    networks: str = "127.0.0.0/8",
    site_id: int | None = None,
) -> Seen:
    settings = instance.load({"THUOCDO_HOME": str(home)})

    async def work() -> list[Result]:
        fetcher = Fetcher(
            Guard((ipaddress.ip_network(networks),)), agent("mailto:a@b.vn"), Limits(seconds=1.5)
        )  # fmt: skip
        async with launched(settings) as browser:
            scanner = Scanner(
                settings,
                fetcher,
                Kept(home),
                browser,
                depth=depth or Depth(lab_runs=0),
                manners=Manners(pause=0.0),
                bounds=within,
            )
            return await scan(scanner, Target(url, url, site_id))

    began = time.monotonic()
    found = asyncio.run(work())
    assert sorted(each.check for each in found) == sorted(CHECKS)
    return Seen({each.check: each for each in found}, time.monotonic() - began, Kept(home))


def first(times: int, then: Answering) -> Answering:
    """Answers the front page a few times, and never again."""
    left = [times]

    def answer(connection: socket.socket) -> None:
        left[0] -= 1
        if left[0] >= 0:
            connection.sendall(FRONT)
        else:
            then(connection)

    return answer


class Hanging(Odd):
    """Whatever has no answer of its own hangs."""

    def __init__(self, paths: dict[str, Answering | bytes]) -> None:
        super().__init__(_Otherwise(paths))


class _Otherwise(dict[str, Answering | bytes]):
    def get(self, path, default=None):
        return super().get(path, silence)


ROBOTS = {"/robots.txt": page(b"", "Content-Type: text/plain")}


def test_a_site_that_shows_its_front_page_and_then_hangs_is_given_up(tmp_path):
    server = Hanging(ROBOTS | {"/": first(1, silence)})
    seen = scanned(tmp_path, f"{server.url}/", short(tools=4.0))
    server.close()
    # 6 s of the browser, 4.5 of requests, 4 of the moment: what comes after is not tried
    assert seen.seconds < 25
    assert "security.tls" in seen.results
    for check, found in seen.results.items():
        if found.share is None and check not in OURS and found.fault is not Fault.PROPOSED:
            assert (found.fault, found.fault.blame) == (Fault.TIMEOUT, Blame.SITE), check
    # what this scan would not have asked for is no fault of the site's
    assert seen.results["page_load.lab"].fault is Fault.NOT_ASKED
    # what its front page showed is measured, what it hid is not
    assert seen.results["security.csp"].share is not None
    assert seen.results["security.security_txt"].share is None
    for check in ("interface.title", "wcag.keyboard", "functions.pay", "security.tls"):
        assert seen.results[check].share is None, check
    (remark,) = seen.results["security.tls"].remarks
    assert (remark.code, remark.facts) == ("site_given_up", {"lost": "3"})


def test_the_evidence_of_a_time_out_says_what_was_asked_and_when(tmp_path):
    server = Hanging(ROBOTS | {"/": first(1, silence)})
    seen = scanned(tmp_path, f"{server.url}/", short(browser=2.0))
    server.close()
    (trace,) = [e for e in seen.results["security.tls"].evidence if e.kind == "trace"]
    text = seen.kept.read(trace.sha256).decode()
    assert f"GET {server.url}/: HTTP 200" in text
    assert f"browser {server.url}/: timeout" in text
    assert f"GET {server.url}/.well-known/security.txt: timeout, 1.5 s" in text


@pytest.mark.parametrize("hostility", [silence, dripping_head])
def test_a_site_that_hangs_at_once_costs_a_front_page_and_a_look_at_its_tls(tmp_path, hostility):
    server = Hanging(ROBOTS | {"/": hostility})
    seen = scanned(tmp_path, f"{server.url}/", short(tools=3.0))
    server.close()
    assert seen.seconds < 12
    assert seen.results["interface.title"].fault is Fault.TIMEOUT
    assert server.asked().count("/") == 1


def test_requests_of_one_probe_that_hang_leave_what_is_known_and_the_next_probe_asks_again(
    tmp_path,
):
    """A wall that lets whoever asks for folders wait is no site that hangs."""
    known = {"/": FRONT, "/sitemap.xml": page(b"<urlset></urlset>")}
    server = Hanging(ROBOTS | known)
    seen = scanned(tmp_path, f"{server.url}/", short())
    server.close()
    assert seen.results["security.exposed_directory"].fault is Fault.TIMEOUT
    assert seen.results["interface.sitemap"].share is not None
    assert seen.results["wcag.keyboard"].share is not None
    assert seen.results["availability.response"].share == 1
    folders = [path for path in server.asked() if path.endswith("/") and path != "/"]
    assert len(folders) <= bounds().requests_in_a_row


def test_one_that_answers_just_often_enough_ends_with_the_sites_time(tmp_path):
    def slowly(connection: socket.socket) -> None:
        time.sleep(1.2)
        connection.sendall(FRONT)

    server = Odd(ROBOTS | {"/": slowly, "/.well-known/security.txt": slowly})
    seen = scanned(tmp_path, f"{server.url}/", short(site_seconds=8.0))
    server.close()
    assert seen.seconds < 8 + 6
    late = seen.results["interface.title"]
    assert (late.fault, late.remarks[0].code) == (Fault.TIMEOUT, "site_time_spent")
    assert [e.kind for e in late.evidence] == ["trace"]


def test_a_lab_that_hangs_is_ended_and_what_was_measured_before_stays(tmp_path, monkeypatch):
    monkeypatch.setenv("THUOCDO_PROBE_TOOLS", str(TOOLS / "tools"))
    npm.packages(TOOLS)
    # the request, the browser, the door over http, thrice for the moment: the lab's is the seventh
    server = Odd(ROBOTS | {"/": first(6, silence)})
    seen = scanned(tmp_path, f"{server.url}/", short(lab=6.0), Depth(lab_runs=1))
    server.close()
    lab = seen.results["page_load.lab"]
    assert lab.share is None
    assert lab.fault.blame is Blame.SITE
    assert seen.results["interface.title"].share is not None
    assert seen.seconds < 40


def test_a_slow_and_honest_site_is_measured_whole(tmp_path):
    """0.4 seconds for every answer: as the bounds are a tenth here, four."""

    def honestly(answer: bytes) -> Answering:
        def slow(connection: socket.socket) -> None:
            time.sleep(0.4)
            connection.sendall(answer)

        return slow

    paths = {**ROBOTS, "/": FRONT, "/sitemap.xml": page(b"<urlset></urlset>")}
    server = Odd({path: honestly(answer) for path, answer in paths.items()})
    seen = scanned(tmp_path, f"{server.url}/", short())
    server.close()
    unseen = {check for check, each in seen.results.items() if each.share is None}
    assert unseen <= OURS | ASKED_ONLY | {"wcag.axe", "wcag.axe_2_1"}
    # it has one page, and what that does not show is for people to say
    assert {seen.results[check].fault for check in ASKED_ONLY} == {Fault.NOT_SEEN}


class Inner:
    """What must stay out of reach: another address of this machine, on the same port as a site that leads to it."""

    def __init__(self, port: int) -> None:
        self._listening = socket.create_server(("127.0.0.2", port))
        self._listening.settimeout(0.1)
        self.url = f"http://127.0.0.2:{port}/"

    def was_reached(self) -> bool:
        try:
            self._listening.accept()[0].close()
        except TimeoutError:
            return False
        finally:
            self._listening.close()
        return True


ONLY_ONE = "127.0.0.1/32"


def test_a_site_that_turns_inwards_in_the_middle_of_a_scan_leads_nobody_there(tmp_path):
    server = Odd(dict(ROBOTS))
    inner = Inner(server.port)
    away = to(f"{inner.url}secret")
    server.paths |= {
        "/": first(1, lambda connection: connection.sendall(away)),
        "/sitemap.xml": away,
        "/.well-known/security.txt": away,
    }
    seen = scanned(tmp_path, f"{server.url}/", short(), networks=ONLY_ONE)
    server.close()
    assert not inner.was_reached()
    assert seen.results["security.security_txt"].fault is Fault.GUARD
    assert seen.results["interface.title"].fault is Fault.GUARD
    assert seen.results["interface.sitemap"].share is None


def test_a_page_whose_parts_lie_inwards_is_seen_without_them(tmp_path):
    server = Odd(dict(ROBOTS))
    inner = Inner(server.port)
    parts = f"""<!doctype html><html lang=vi><title>Cong</title><h1>x</h1>
    <img src={inner.url}a.png><script src={inner.url}a.js></script><iframe src={inner.url}></iframe>
    <link rel=stylesheet href={inner.url}a.css><form action={inner.url}><input></form>
    <script>fetch({inner.url!r}); new WebSocket({inner.url.replace("http", "ws")!r});
    navigator.sendBeacon({inner.url!r}); new Image().src = {inner.url!r}</script>"""
    server.paths["/"] = page(parts.encode())
    seen = scanned(tmp_path, f"{server.url}/", short(), networks=ONLY_ONE)
    server.close()
    assert not inner.was_reached()
    assert seen.results["interface.title"].share is not None


@pytest.mark.parametrize("answers_well", [1, 2, 4, 7])
def test_a_name_that_turns_inwards_between_two_probes_gains_nothing(
    tmp_path, monkeypatch, answers_well
):
    """DNS rebinding: the first answers are the site's own, the later ones an inner address."""
    server = Odd(ROBOTS | {"/": FRONT})
    inner = Inner(server.port)
    asked = []
    resolve = socket.getaddrinfo

    def rebound(host, port, *args, **kwargs):
        if host != "rebind.example":
            return resolve(host, port, *args, **kwargs)
        asked.append(host)
        address = "127.0.0.1" if len(asked) <= answers_well else "127.0.0.2"
        return resolve(address, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    url = f"http://rebind.example:{server.port}/"
    seen = scanned(tmp_path, url, short(), networks=ONLY_ONE)
    server.close()
    assert not inner.was_reached()
    assert len(asked) > answers_well
    assert Fault.GUARD in {each.fault for each in seen.results.values()}


def graded(seen: Seen, code: str) -> Graded:
    """Under the rules of 2024; people gave every point they can, and what no fixture can have is none's."""
    rules = criteria_set("2024")
    results = list(seen.results.values())
    points = combined(result_points(rules, results), by_people(rules))
    points |= dict.fromkeys((OURS | {"wcag.axe"}) & worth(rules).keys(), Decimal(0))
    given = grade(rules, points, obstructed(rules, faults_of(results)))
    return Graded(code, code, "province", "", "", given, points, results)


def test_one_that_hangs_after_its_good_items_does_no_better_than_one_that_answers_them_badly(
    tmp_path,
):
    """It lets its front page be seen, by a request and a browser, and hides door, folders, TLS and the rest."""
    hanging = Hanging(ROBOTS | {"/": first(2, silence)})
    hidden = graded(scanned(tmp_path / "a", f"{hanging.url}/", short(tools=3.0)), "hanging")
    hanging.close()
    honest = Odd(ROBOTS | {"/": FRONT})
    shown = graded(scanned(tmp_path / "b", f"{honest.url}/", short()), "honest")
    honest.close()
    assert hidden.grade.obstructed > 5
    assert hidden.grade.points <= shown.grade.points
    assert (hidden.grade.withheld, hidden.grade.level) == (True, None)
    first_, last = standings([hidden, shown])
    assert (first_.code, last.code) == ("honest", "hanging")
    assert last.rank_best == last.rank  # nothing is held open for it
    assert first_.rank_worst == 1  # and it blurs nobody's rank


def test_one_that_answers_something_in_every_probe_is_given_up_when_it_let_too_much_wait(tmp_path):
    """Never three probes in a row without an answer: its front page always comes, and nothing else."""
    server = Hanging(ROBOTS | {"/": FRONT})
    seen = scanned(tmp_path, f"{server.url}/", short(requests_in_all=3))
    server.close()
    late = seen.results["security.tls"]
    assert (late.fault, late.remarks[0].code) == (Fault.TIMEOUT, "site_given_up_in_all")
    assert seen.results["security.csp"].share is not None


def test_half_a_character_in_a_page_costs_the_scan_nothing(tmp_path):
    """No UTF-8 can carry it: it would end the scan, and what is signed of the round could not be written."""
    script = """<!doctype html><html lang=vi><title>x</title><h1>x</h1><a href=x id=a>x</a>
    <script>document.title = "\\ud83d\\u000b"; a.textContent = "\\udc00"; a.setAttribute("title", "\\ud83d");
    a.setAttribute("href", "/\\ud83d"); document.documentElement.lang = "\\ud83d"</script>"""
    server = Odd(ROBOTS | {"/": page(script.encode())})
    seen = scanned(tmp_path, f"{server.url}/", short())
    server.close()
    assert Fault.INTERNAL not in {each.fault for each in seen.results.values()}
    (title,) = seen.results["interface.title"].remarks
    assert title.facts["title"] == "\ufffd\ufffd"
    msgspec.json.encode(list(seen.results.values()))


def test_a_robots_txt_that_breaks_the_parser_is_no_fault_of_ours(tmp_path):
    broken = page(
        "User-agent: *\nCrawl-delay: ²\nDisallow: http://[".encode(), "Content-Type: text/plain"
    )
    server = Odd({"/robots.txt": broken, "/": FRONT})
    seen = scanned(tmp_path, f"{server.url}/", short())
    server.close()
    assert seen.results["interface.title"].share is not None
    assert Fault.INTERNAL not in {each.fault for each in seen.results.values()}
