"""The fleet as the scanner sees it: what is good passes, what is wrong is named, what hinders is typed."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import msgspec
import pytest
from tests.assess.conftest import scan_fleet
from tests.tools import TOOLS

from thuocdo.assess import npm, results
from thuocdo.assess.criteria.model import criteria_set
from thuocdo.assess.probes.catalogue import ASKED_ONLY, CHECKS
from thuocdo.assess.probes.page_load import probe as page_load
from thuocdo.assess.probes.page_load.probe import Run
from thuocdo.assess.probes.scene import Depth
from thuocdo.assess.results import Blame, Fault, Outcome
from thuocdo.assess.scoring import grade

SEEN_BY_BROWSER = [
    check for check in CHECKS if check.startswith(("interface", "wcag", "functions"))
]
NOT_HERE = {
    *("security.dnssec", "security.caa", "emc.tag", "emc.feeds", "emc.data_quality"),
    *("page_load.lab", "page_load.field", "system_performance.load"),
}
"""A resolver, a registry, an appointment: what the fleet lacks."""
PEOPLES = ASKED_ONLY
"""What its one page does not show is for people to say (probes/test_losi.py)."""


def codes(result):
    return {remark.code for remark in result.remarks}


def test_every_site_gets_one_result_for_every_check(scanned):
    for code, found in scanned.results.items():
        assert sorted(result.check for result in found) == sorted(CHECKS), code


def test_the_good_site_passes_everything_that_could_be_measured(scanned):
    found = scanned.of("mau-tot")
    assert {check for check, each in found.items() if each.outcome is Outcome.FAIL} == set()
    assert {
        check for check, each in found.items() if each.outcome is Outcome.UNMEASURED
    } <= NOT_HERE | PEOPLES


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ("interface.responsive", {"no_viewport", "sideways"}),
        ("interface.language", {"no_language"}),
        ("interface.title", {"dull_title"}),
        ("interface.structure", {"no_h1", "heading_skipped", "no_main", "no_nav"}),
        ("interface.search", {"no_search"}),
        ("interface.contact", {"no_phone", "no_mail"}),
        ("interface.sitemap", {"no_sitemap_link", "no_sitemap_file"}),
        ("interface.help", {"no_help"}),
        ("interface.feedback", {"no_feedback"}),
        ("interface.languages", {"no_languages"}),
        ("interface.agencies", {"no_agencies"}),
        ("interface.apps", {"no_apps"}),
        ("wcag.axe_2_1", {"axe_violation"}),
        ("wcag.axe", {"axe_violation"}),
        ("wcag.keyboard", {"keyboard_dead", "focus_unseen"}),
        ("wcag.zoom", {"sideways", "text_cut"}),
        ("security.tls", {"no_https"}),
        ("security.exposed_directory", {"directory_listed"}),
    ],
)
def test_what_is_wrong_with_the_poor_site_is_named(scanned, check, expected):
    result = scanned.of("mau-yeu")[check]
    assert result.share < 1
    assert codes(result) == expected


def test_the_affected_element_is_shown(scanned):
    found = scanned.of("mau-yeu")["wcag.keyboard"]
    assert "onclick" in found.remarks[0].element


def test_evidence_of_the_visit_is_kept_under_its_hash(scanned):
    evidence = {each.kind: each for each in scanned.of("mau-tot")["wcag.axe"].evidence}
    assert set(evidence) == {"screenshot", "axe", "screenshot_320"}
    assert scanned.kept.read(evidence["screenshot"].sha256).startswith(b"\xff\xd8")


def test_what_was_not_seen_names_the_list_of_the_pages_looked_at(scanned):
    (listing,) = scanned.of("mau-trung-binh")["losi.219"].evidence
    assert listing.kind == "walk"
    told = msgspec.json.decode(scanned.kept.read(listing.sha256))
    assert [each["title"] for each in told["pages"]] == ["Một cửa điện tử"]
    assert {each["fault"] for each in told["missed"]} == {"http"}  # its links lead nowhere


@pytest.mark.parametrize(
    ("code", "fault", "blame"),
    [
        ("mau-tu-choi", Fault.ROBOTS, Blame.OWNER),
        ("mau-khong-tra-loi", Fault.CONNECT, Blame.SITE),
        ("mau-vo-tan", Fault.TIMEOUT, Blame.SITE),
        ("mau-vong-quanh", Fault.REDIRECTS, Blame.SITE),
    ],
)
def test_a_site_that_cannot_be_looked_at_is_given_nothing_and_no_zero(scanned, code, fault, blame):
    found = scanned.of(code)
    for check in SEEN_BY_BROWSER:
        assert (found[check].share, found[check].fault, found[check].fault.blame) == (
            None,
            fault,
            blame,
        )
    criteria = criteria_set("2024")
    graded = grade(criteria, results.points(criteria, scanned.results[code]))
    assert (graded.points, graded.level) == (0, None)
    assert graded.unmeasured == criteria.total


def test_the_sites_come_out_in_their_order(scanned):
    criteria = criteria_set("2024")
    totals = [
        grade(criteria, results.points(criteria, scanned.results[code])).points
        for code in ("mau-tot", "mau-kha", "mau-trung-binh", "mau-yeu")
    ]
    assert totals == sorted(totals, reverse=True)
    assert len(set(totals)) == len(totals)


def test_a_second_scan_gives_the_same_points(scanned, tmp_path):
    """Without the lab (test_steady.py): two are enough to see a probe that throws dice."""
    again = asyncio.run(scan_fleet(tmp_path, Depth(lab_runs=0), ("mau-kha", "mau-yeu")))
    for criteria in map(criteria_set, ("2024", "losi-2024")):
        for code, found in again.results.items():
            before = scanned.results[code]
            assert results.points(criteria, found) == results.points(criteria, before)


def test_the_lab_measures_a_page_in_a_real_browser(tmp_path, monkeypatch):
    monkeypatch.setenv("THUOCDO_PROBE_TOOLS", str(TOOLS / "tools"))
    npm.packages(TOOLS)
    found = asyncio.run(scan_fleet(tmp_path, Depth(lab_runs=1), ("mau-cham",))).of("mau-cham")
    lab = found["page_load.lab"]
    assert 0 < lab.share < 1, lab
    assert codes(lab) == {"lab_slow"}
    assert {measure.name for measure in lab.measures} == {"lab_score", "fcp", "lcp", "tbt"}
    assert [each.kind for each in lab.evidence] == ["report"]


def runs(*scores, error=""):
    return [Run(None if score is None else Decimal(score) / 100, error, "12") for score in scores]


def test_one_run_that_was_disturbed_does_not_spoil_the_others():
    found = page_load.judge(runs(90, 31, 90, 89, 90), 5, 1, [])
    assert (found.measures[0].value, found.measures[0].spread) == (90, 59)


def test_the_labs_median_counts_and_its_spread_is_told():
    found = page_load.judge(runs(40, 45, 50, 44, 47), 5, 1, [])
    assert found.share == Decimal("0.5000")
    assert (found.measures[0].value, found.measures[0].spread) == (45, 10)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (runs(90, 90), Fault.NO_TOOL),
        ([*runs(90, 90, 90, 90), *runs(None, error="NO_FCP")], Fault.HTTP),
        (runs(90, 60, 40, 90, 60), Fault.UNSTABLE),
        ([], Fault.NO_TOOL),
    ],
)
def test_a_lab_that_was_not_steady_or_not_complete_measures_nothing(given, fault):
    assert page_load.judge(given, 5, 1, []).fault is fault
