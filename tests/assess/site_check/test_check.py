"""What a check proves and what it leaves alone: figures, inner networks, other people's pages."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from tests.assess.fixtures.servers import Odd, page, silence, to
from tests.assess.site_check.conftest import PATIENT, SHORT, Pages, closed_port
from tests.command import thuocdo
from tests.run.browser import DEPLOYED

from thuocdo.assess.hosts.locks import Hosts
from thuocdo.assess.site_check.check import Wanted, check_sites, normal_url
from thuocdo.assess.site_check.model import Code, Phase
from thuocdo.cli.checks import check_site
from thuocdo.core.errors import ThuocdoError
from thuocdo.wire.events import Hit
from thuocdo.wire.matomo import parse_hit

COUNTED = f"<!doctype html><html><head>{DEPLOYED}</head><body>Cổng</body></html>"


def codes(result) -> list[str]:
    return [each.code.value for each in result.pages[0].findings]


# --- figures -------------------------------------------------------------------------------------


def test_a_check_reaches_the_real_collector_and_makes_no_event(world):
    world.pages.add("/mine", COUNTED)
    world.collector.forget()
    (result,) = world.check(Wanted(f"{world.pages.url}/mine"), bounds=PATIENT)
    assert codes(result) == ["ok"]
    (record,) = world.collector.records()
    assert isinstance(record, Hit)
    assert parse_hit(record) == []


def test_a_hit_for_another_collector_never_leaves_the_browser(world):
    world.pages.add("/theirs", COUNTED.replace("HOST", "ELSEWHERE"))
    world.elsewhere.seen.clear()
    (result,) = world.check(Wanted(f"{world.pages.url}/theirs"))
    assert codes(result) == ["wrong_tracker_host"]
    assert [path for path, _ in world.elsewhere.seen if path == "/tracking"] == []


# --- pages that hang ---------------------------------------------------------------------------------


def test_a_site_whose_pages_hang_costs_some_pages_and_not_all_that_were_asked_for(world):
    links = "".join(f"<a href=/{n}.html>{n}</a>" for n in range(12))
    paths = {"/robots.txt": page(b"", "Content-Type: text/plain"), "/": page(links.encode())}
    server = Odd(paths | {f"/{n}.html": silence for n in range(12)})
    bounds = replace(SHORT, page_s=4.0, navigation_s=1.0, at_once=1, lost_in_a_row=3)
    (result,) = world.check(Wanted(f"{server.url}/", pages=13), bounds=bounds)
    server.close()
    assert len([path for path in server.asked() if path.endswith(".html")]) == 3
    assert len(result.pages) == 13
    assert {each.observed.fault for each in result.pages[1:]} == {"timeout"}
    assert {each.findings[0].code for each in result.pages[1:]} == {Code.PAGE_UNREACHABLE}


def test_pages_behind_a_front_page_that_leads_to_where_a_scan_is_are_left_alone(world):
    links = b"<a href=/1.html>1</a><a href=/2.html>2</a>"
    paths = {"/robots.txt": page(b"", "Content-Type: text/plain"), "/": page(links)}
    led_to = Odd(paths | {f"/{n}.html": page(b"x") for n in (1, 2)})
    leads = Odd({"/": to(f"{led_to.url}/")})
    wanted = Wanted(f"{leads.url}/", pages=3)
    with Hosts.of(world.settings).held(led_to.url):
        (result,) = world.check(wanted)
    assert [each.observed.fault for each in result.pages[1:]] == ["busy", "busy"]
    assert not [path for path in led_to.asked() if path.endswith(".html")]
    (result,) = world.check(wanted)
    assert [each.observed.fault for each in result.pages[1:]] == ["", ""]
    assert Hosts.of(world.settings).is_free(led_to.url)
    led_to.close()
    leads.close()


# --- evidence -------------------------------------------------------------------------------------


def test_evidence_is_kept(world):
    world.pages.add("/moved", "", 302, Location="/deployed")
    world.pages.seen.clear()
    (result,) = world.check(Wanted(f"{world.pages.url}/moved"), bounds=PATIENT)
    assert all("ThuocDo-SiteCheck/" in agent for _, agent in world.pages.seen)  # who checks
    seen = result.pages[0].observed
    assert seen.redirects == (f"{world.pages.url}/moved",)
    assert seen.final_url == f"{world.pages.url}/deployed"
    assert Path(seen.screenshot).read_bytes().startswith(b"\x89PNG")
    assert [(each.line, each.site_id) for each in seen.snippets] == [(4, "227")]
    assert [hit.status for hit in seen.hits] == [204]
    assert seen.hits[0].phase is Phase.LOAD


def test_a_policy_is_answered_with_the_line_to_paste(results, world):
    host = world.collector.url
    inline = results["csp-inline"].pages[0].findings[0].paste
    assert inline.startswith(f"script-src 'self' {host} 'sha256-")
    assert results["csp-file"].pages[0].findings[0].paste == (
        f"script-src 'self' 'unsafe-inline' {host};\nconnect-src 'self' {host};"
    )
    assert results["csp-connect"].pages[0].findings[0].paste == f"connect-src 'self' {host};"


def test_the_line_to_paste_makes_the_browser_run_the_tag(results, world):
    line = results["csp-inline"].pages[0].findings[0].paste
    world.pages.add("/mended", f"{_html('csp-inline')}", Content_Security_Policy=line)
    (result,) = world.check(Wanted(f"{world.pages.url}/mended"), bounds=PATIENT)
    assert codes(result) == ["ok"]


def _html(name: str) -> str:
    from tests.assess.site_check.pages import PAGES

    return PAGES[name].html


# --- https ------------------------------------------------------------------------------------------


def test_a_certificate_nobody_signed_is_the_pages_fault(world):
    (result,) = world.check(Wanted(f"{world.secure.url}/x"))
    assert codes(result) == ["page_unreachable"]
    assert result.pages[0].findings[0].reason == "tls"
    assert result.exit_code == 2


def test_http_on_an_https_page_is_blocked(world, trusting_chromium):
    tracker = "http://tracker.example.vn"  # never asked: the browser stops before
    world.secure.add("/mixed", COUNTED.replace("HOST", tracker))
    (result,) = world.check(
        Wanted(f"{world.secure.url}/mixed", tracker=tracker), chromium=trusting_chromium
    )
    assert codes(result)[0] == "http_mixed_content"
    assert "https://tracker.example.vn/tracking" in result.pages[0].findings[0].paste


# --- inner networks ------------------------------------------------------------------------------


def test_inner_addresses_are_refused(world):
    world.pages.seen.clear()
    hosts = ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433")
    wanted = [Wanted(f"http://{host}:{world.pages.port}/") for host in hosts]
    results = world.check(*wanted, check_networks=())
    assert [each.pages[0].observed.fault for each in results] == ["guard"] * len(hosts)
    assert world.pages.seen == []


def test_a_redirect_into_the_inner_network_is_refused(world):

    from ipaddress import ip_network

    world.pages.add("/inward", "", 302, Location=f"http://127.0.0.2:{world.pages.port}/secret")
    (result,) = world.check(
        Wanted(f"{world.pages.url}/inward"), check_networks=(ip_network("127.0.0.1/32"),)
    )
    assert result.pages[0].observed.fault == "guard"


def test_sub_resources_and_their_redirects_stay_outside(world):
    from ipaddress import ip_network

    inner = f"http://127.0.0.2:{world.elsewhere.port}"
    world.pages.add("/hop", "", 302, Location=f"{inner}/by-redirect")
    world.pages.add(
        "/curious",
        f'<img src="{inner}/image"><iframe src="{inner}/frame"></iframe><img src="/hop">'
        f"<script>fetch('{inner}/fetch', {{mode: 'no-cors'}}); new WebSocket('{inner}/socket'"
        ".replace('http', 'ws'))</script>",
    )
    world.elsewhere.seen.clear()
    world.check(Wanted(f"{world.pages.url}/curious"), check_networks=(ip_network("127.0.0.1/32"),))
    assert world.elsewhere.seen == []


def test_our_own_collector_may_live_on_an_inner_address_but_shows_only_its_doors(world):
    from ipaddress import ip_network

    outside = Pages(host="127.0.0.2")
    metrics = f"{world.collector.url}/metrics"
    outside.add("/hop", "", 302, Location=metrics)
    outside.add("/tagged", COUNTED.replace("HOST", world.collector.url))
    hop, tagged, inner = world.check(
        Wanted(f"{outside.url}/hop"),
        Wanted(f"{outside.url}/tagged"),
        Wanted(f"{metrics}?/tracking"),
        check_networks=(ip_network("127.0.0.2/32"),),
    )
    outside.close()
    assert hop.pages[0].observed.fault == "guard"
    assert codes(inner) == ["page_unreachable"]
    assert codes(tagged) == ["ok", "other_host"]


# --- bounds -------------------------------------------------------------------------------------------


def test_a_page_that_does_not_answer_times_out(world):
    import socket

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        (result,) = world.check(Wanted(url), bounds=replace(SHORT, navigation_s=1.0))
    assert result.pages[0].findings[0].reason == "timeout"
    assert result.exit_code == 2


def test_a_page_without_end_is_cut(world):
    world.pages.add("/huge", b"<p>" + b"x" * 300_000)
    (result,) = world.check(
        Wanted(f"{world.pages.url}/huge"), bounds=replace(SHORT, max_bytes=100_000)
    )
    assert result.pages[0].observed.fault == "size"
    assert result.exit_code == 2


@pytest.mark.parametrize("url", ["ftp://x.vn/", "file:///etc/passwd", "https://a:b@x.vn/", "javascript://x/"])  # fmt: skip
def test_other_schemes_and_credentials_are_refused(url):
    with pytest.raises(ThuocdoError, match="not a web address"):
        normal_url(url)


def test_an_address_without_a_scheme_is_https():
    assert normal_url(" hanoi.gov.vn/tin ") == "https://hanoi.gov.vn/tin"


def test_an_unregistered_site_is_refused_before_a_browser_starts(world):
    with pytest.raises(ThuocdoError, match="not registered"):
        check_sites(world.settings, [Wanted("http://x.vn/", 4711)])


def test_a_missing_browser_is_named(world):
    with pytest.raises(ThuocdoError, match="THUOCDO_CHROMIUM"):
        world.check(Wanted(f"{world.pages.url}/absent"), chromium="/nowhere/chromium")


# --- several pages ----------------------------------------------------------------------------------------


def test_further_pages_are_those_the_first_links_to_and_robots_allow(world):
    world.pages.add("/robots.txt", "User-agent: ThuocDo-SiteCheck\nDisallow: /private/", Content_Type="text/plain")  # fmt: skip
    links = '<a href="/absent">1</a><a href="/private/2">2</a><a href="/x.pdf">3</a><a href="https://x.invalid/">4</a>'
    world.pages.add("/home", COUNTED.replace("Cổng", links))
    world.pages.seen.clear()
    (result,) = world.check(Wanted(f"{world.pages.url}/home", pages=5), bounds=SHORT)
    assert [each.observed.url.removeprefix(world.pages.url) for each in result.pages] == [
        *("/home", "/absent", "/private/2"),
    ]
    assert [each.findings[0].code for each in result.pages] == [
        *(Code.OK, Code.ABSENT, Code.PAGE_UNREACHABLE),
    ]
    assert result.exit_code == 1  # a page below does not count
    assert "/private/2" not in {path for path, _ in world.pages.seen}


# --- the command --------------------------------------------------------------------------------------------


def command(world, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "THUOCDO_HOME": str(world.collector.home),
        "THUOCDO_SECRET_KEY": "a secret for tests, long enough",
        "THUOCDO_COLLECTOR_URL": world.collector.url,
        "THUOCDO_CHECK_ALLOW_NETWORKS": "127.0.0.0/8",
    }
    return thuocdo("check-site", *arguments, environment=environment)


def test_the_command_speaks_vietnamese_and_says_by_its_exit_code_that_a_page_counts(world):
    done = command(world, f"{world.pages.url}/deployed")
    assert done.returncode == 0, done.stderr
    assert "ĐƯỢC TÍNH" in done.stdout
    assert "227" in done.stdout


def test_the_command_gives_json_with_the_line_to_paste(world):
    done = command(world, f"{world.pages.url}/unregistered", "--format", "json", "--lang", "en")
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    (finding,) = found["pages"][0]["findings"]
    assert found["counts"] is False
    assert finding["code"] == "wrong_site_id"
    assert finding["paste"] == "_govaq.push(['setSiteId', '227']);"
    assert finding["title"] == "The site id is wrong"


def test_the_command_says_2_when_it_cannot_look(world):
    done = command(world, f"http://127.0.0.1:{closed_port()}/")
    assert done.returncode == 2


def test_a_refusal_of_the_command_is_not_a_page_that_does_not_count(world, monkeypatch, capsys):
    monkeypatch.setenv("THUOCDO_HOME", str(world.collector.home))
    with pytest.raises(typer.Exit) as ended:
        check_site("file:///etc/passwd")
    assert ended.value.exit_code == 2
    assert "not a web address" in capsys.readouterr().err
