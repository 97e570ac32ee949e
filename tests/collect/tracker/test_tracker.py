"""The tracker: what is served is what the source says, small, and at home in the deployed snippets."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.run.browser import DEPLOYED, MINIFIED

from thuocdo.collect.tracker import builds
from thuocdo.core.vocabulary import ViewKind
from thuocdo.wire.events import PageView, ServiceStep
from thuocdo.wire.matomo import parse_hit

MAX_GZIP = 1200
SOURCES = ("gov-tracking.js", "package.json", "package-lock.json", ".npmrc")
ES2015 = """require('acorn').parse(require('fs').readFileSync(process.argv[1], 'utf8'),
  {ecmaVersion: 2015, sourceType: 'script'})"""


def events(portal: Any, count: int) -> list[Any]:
    """What the collector makes of the requests."""
    portal.got(count)
    return [event for hit in portal.collector.records() for event in parse_hit(hit)]


@pytest.mark.parametrize("snippet", [DEPLOYED, MINIFIED], ids=["deployed", "minified"])
def test_the_deployed_snippet_counts_one_view_with_its_timings(portal: Any, snippet: str) -> None:
    portal.serve(snippet)
    portal.open("/p?x=1")
    (view,) = events(portal, 1)
    assert isinstance(view, PageView)
    assert (view.site_id, view.kind, view.url) == (227, ViewKind.VIEW, portal.address + "/p?x=1")
    assert view.client is None
    assert view.t_server_ms is not None
    assert view.t_dom_ms is not None
    assert view.t_load_ms is not None
    assert view.t_load_ms >= view.t_dom_ms >= view.t_server_ms


def test_track_dvc_is_a_step_and_its_third_argument_never_leaves_the_page(portal: Any) -> None:
    asked: list[str] = []
    portal.page.on("request", lambda request: asked.append(request.url + (request.post_data or "")))
    portal.serve()
    portal.open()
    portal.got(1)
    portal.push("trackDVC", "1.004194.000.00.00.H13", "1", "9;Nguyễn Văn Thử;079012345678")
    step = events(portal, 2)[1]
    assert isinstance(step, ServiceStep)
    assert (step.site_id, step.procedure, step.state) == (227, "1.004194", "1")
    assert not any("079012345678" in request for request in asked)


def test_downloads_and_links_away_are_counted_and_others_are_not(portal: Any) -> None:
    portal.serve()
    portal.open()
    portal.got(1)
    for target in ("#in", "#mail", "#file", "#saved", "#out svg"):
        portal.page.click(target)
    kinds = {(view.kind, view.url.rpartition("/")[2]) for view in events(portal, 4)[1:]}
    assert kinds == {
        (ViewKind.DOWNLOAD, "mau-don.docx"),
        (ViewKind.DOWNLOAD, "7"),
        (ViewKind.OUTLINK, ""),
    }


def test_a_middle_click_is_a_link_followed_and_a_right_click_is_not(portal: Any) -> None:
    portal.serve()
    portal.open()
    portal.got(1)
    portal.page.click("#out", button="right")
    portal.page.click("#file", button="middle")
    assert "download" in portal.got(2)[1]


def test_link_tracking_asked_for_twice_counts_a_link_once(portal: Any) -> None:
    portal.serve()
    portal.open()
    portal.push("enableLinkTracking")
    portal.got(1)
    portal.page.click("#file")
    portal.settle()
    portal.got(2)


def test_without_a_site_or_an_address_or_with_nonsense_nothing_is_sent_or_thrown(
    portal: Any,
) -> None:
    nonsense = "_govaq.push(null, 5, ['noSuchCommand', {}], [], 'trackPageView', ['trackEvent', '\\ud800']);"
    broken = DEPLOYED.replace("_govaq.push(['enableLinkTracking']);", nonsense)
    portal.serve(
        {
            "/p": broken.replace("'227'", "''"),
            "/q": broken.replace("_govaq.push(['setTrackerUrl', 'HOST/tracking']);", ""),
        }
    )
    for path in ("/p", "/q"):
        portal.open(path)
        portal.page.wait_for_function("_govaq.push !== Array.prototype.push")
        portal.page.evaluate("_govaq.push(undefined, ['trackPageView'], ['trackDVC'])")
        portal.settle()
    portal.got(0)


def test_the_matomo_queue_name_is_an_alias(portal: Any) -> None:
    portal.serve(DEPLOYED.replace("_govaq", "_paq"))
    portal.open()
    portal.got(1)
    portal.page.evaluate("_paq.push(['trackEvent', 'a', 'b'])")
    portal.got(2)


def test_a_portals_own_matomo_keeps_its_queue(portal: Any) -> None:
    own = "<script>var _paq = [['setSiteId', '9'], ['trackPageView']];</script>"
    portal.serve(own + DEPLOYED)
    portal.open()
    assert portal.got(1)[0]["idsite"] == "227"
    assert portal.page.evaluate("[_paq.length, _paq.push === [].push]") == [2, True]


def test_a_visitor_who_leaves_early_counts(portal: Any) -> None:
    portal.serve(DEPLOYED + '<img src="http://10.255.255.1/">')
    portal.page.goto(portal.address + "/p", wait_until="commit")
    portal.page.wait_for_function("_govaq.push !== Array.prototype.push")
    portal.page.goto("about:blank")
    assert portal.got(1)[0]["url"] == portal.address + "/p"


def test_a_snippet_pasted_twice_counts_once_and_goes_on_working(portal: Any) -> None:
    portal.serve(DEPLOYED + "<p>chân trang</p>" + DEPLOYED)
    portal.open()
    portal.got(1)
    portal.push("trackDVC", "1.004194", "1")
    portal.settle()
    assert "dvc" in portal.got(2)[1]


def test_every_request_has_a_number_of_its_own(portal: Any) -> None:
    portal.serve()
    portal.open()
    portal.got(1)
    portal.push("trackDVC", "1.004194", "1")
    portal.push("trackDVC", "1.004194", "1")
    assert len({query["rand"] for query in portal.got(3)}) == 3


def test_the_tracker_is_small() -> None:
    script = builds.CURRENT.read_bytes()
    named = len(gzip.compress(script, 9, mtime=0)) + len(builds.CURRENT.name) + 1
    assert named <= MAX_GZIP  # as `gzip -9` makes it, the file's name in its header


def test_the_current_build_is_released() -> None:
    assert builds.current() in builds.released()
    for path in builds.RELEASED.iterdir():
        assert path.name == builds.Build(path.read_bytes()).name, "a released build was changed"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tracker's folder as a stranger builds it."""
    folder = tmp_path_factory.mktemp("tracker")
    for name in SOURCES:
        shutil.copy(builds.FOLDER / name, folder / name)
    for command in (["npm", "ci", "--silent"], ["npm", "run", "--silent", "build"]):
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


def test_the_served_file_is_built_from_the_source(built: Path) -> None:
    assert (built / builds.CURRENT.name).read_bytes() == builds.CURRENT.read_bytes()


def test_browsers_of_2015s_language_can_read_it(built: Path) -> None:
    subprocess.run(
        ["node", "-e", ES2015, str(built / builds.CURRENT.name)],
        cwd=built,
        check=True,
        capture_output=True,
    )


def test_the_lock_file_names_no_host() -> None:
    assert "://" not in (builds.FOLDER / "package-lock.json").read_text()
