"""Every way a tag was ever written is found, with its number, its addresses and its line."""

from __future__ import annotations

import pytest
from tests.assess.site_check.pages import BARE, EMPTY_VARIABLE, NEXT, PAQ, VARIABLE
from tests.run.browser import DEPLOYED, MINIFIED

from thuocdo.assess.site_check import snippet
from thuocdo.assess.site_check.snippet import Place
from thuocdo.collect.tracker.snippet import Style
from thuocdo.collect.tracker.snippet import snippet as written

COLLECTOR = "https://do.example.vn"
HEAD = "<!doctype html>\n<html>\n<head>\n"
MATOMO = """<script>
  var _paq = window._paq = window._paq || [];
  _paq.push(['trackPageView']);
  (function() {
    var u="//do.example.vn/", id = 227;
    _paq.push(['setTrackerUrl', u+'matomo.php']); _paq.push(['setSiteId', id]);
    var d=document, g=d.createElement('script'); g.src=u+'matomo.js'; d.head.appendChild(g);
  })();
</script>"""


def only(html: str) -> snippet.Snippet:
    (found,) = snippet.find(HEAD + html.replace("HOST", COLLECTOR))
    return found


@pytest.mark.parametrize(
    ("html", "line"),
    [
        (DEPLOYED, 7),
        (BARE, 7),
        (DEPLOYED.replace(' type="text/javascript"', ""), 7),
        (DEPLOYED.replace('type="text/javascript"', 'type="module"'), 7),
        (MINIFIED, 4),
        (PAQ, 7),
        (VARIABLE, 8),
        (DEPLOYED.replace("'", '"'), 7),
        (DEPLOYED.replace("'", "`"), 7),
        (DEPLOYED.replace("var _govaq", "/* EMC */ // http://x\n  var _govaq"), 8),
        (DEPLOYED.replace("g.async = true;", "g.async = true; /* <!-- */"), 7),
        (written(227, COLLECTOR), 7),
        (written(227, COLLECTOR, style=Style.PINNED), 7),
        (written(227, COLLECTOR, style=Style.EXTERNAL), 5),
    ],
)
def test_a_tag_that_runs_is_read_whole(html, line):
    found = only(html)
    assert found.place is Place.ACTIVE
    assert found.site_id == "227"
    assert found.tracker_url == f"{COLLECTOR}/tracking"
    assert found.script_url
    assert found.script_url.startswith(f"{COLLECTOR}/embed/gov-tracking.")
    assert found.line == line


def test_matomos_own_snippet_is_put_together_from_its_variables():
    found = only(MATOMO)
    assert found.tracker_url == "//do.example.vn/matomo.php"
    assert found.script_url == "//do.example.vn/matomo.js"
    assert (found.site_id, found.from_variable) == ("227", True)


@pytest.mark.parametrize(
    ("html", "site_id"),
    [
        (f"<!-- {BARE} -->", "227"),
        (f"<!-- {BARE.replace('227', '')} -->", ""),
        (f"<!--[if IE]>{BARE}<![endif]-->", "227"),
        ("<script>/* var _govaq = []; _govaq.push(['setSiteId', '33']); */</script>", "33"),
        ("<script>\n// _govaq.push(['setSiteId', '33']);\n</script>", "33"),
    ],
)
def test_a_tag_in_a_comment_is_known_as_one(html, site_id):
    found = only(html)
    assert (found.place, found.site_id) == (Place.COMMENT, site_id)


@pytest.mark.parametrize(
    "html",
    [
        DEPLOYED.replace("text/javascript", "text/plain", 1),
        f"<template>{BARE}</template>",
        f"<noscript>{BARE}</noscript>",
    ],
)
def test_a_tag_that_browsers_do_not_run_is_known_as_one(html):
    assert only(html).place is Place.INERT


@pytest.mark.parametrize(
    "html",
    [
        NEXT,
        f'<input value="{BARE.replace(chr(34), "&quot;")}">',
        "<pre>_govaq.push(['setSiteId', '227']); _govaq.push(['trackPageView']);</pre>",
    ],
)
def test_a_tag_kept_as_text_is_not_taken_for_one_that_runs(html):
    found = only(html)
    assert (found.place, found.site_id) == (Place.DATA, "227")


@pytest.mark.parametrize(
    ("html", "site_id", "variable"),
    [
        (DEPLOYED.replace("227", ""), "", False),
        (EMPTY_VARIABLE, "", True),
        (DEPLOYED.replace("'227'", "window.site"), None, True),
        (DEPLOYED.replace("_govaq.push(['setSiteId', '227']);", ""), None, False),
    ],
)
def test_a_number_that_is_empty_missing_or_known_only_at_run_time(html, site_id, variable):
    found = only(html)
    assert (found.site_id, found.from_variable) == (site_id, variable)


def test_a_page_with_another_analytics_has_no_tag_of_ours():
    assert snippet.find("<script>gtag('config', 'G-1'); ga.push(['setSiteId', '1'])</script>") == []


def test_a_tag_in_a_bundle_is_found_with_its_line():
    (found,) = snippet.find_in_script(
        "\n\n" + "window._govaq=[['setSiteId',4064]]", "https://a.vn/t.js"
    )
    assert (found.source, found.line, found.site_id) == ("https://a.vn/t.js", 3, "4064")


@pytest.mark.parametrize("piece", ["<!--", "<a ", "<![", "<?", "</", '<a b="', "<script>", '\\"', "/*", "'\"", "['setSiteId','", "`"])  # fmt: skip
def test_a_hostile_page_is_read_to_its_end(piece):
    """Every piece made a reader that goes back take quadratic time, or raise: minutes, not this test."""
    hostile = piece * (400_000 // len(piece))
    for page in (f"_govaq{hostile}", f'<script>_govaq;"{hostile}', f"<script>_govaq;{hostile}"):
        assert len(snippet.find(page)) <= 2
