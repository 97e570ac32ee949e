"""What a site may say to the tracker, and what the collector gets of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.run.browser import DEPLOYED

COMMANDS = [
    ["setTrackerUrl", "HOST/tracking"],
    ["setSiteId", "227"],
    ["trackPageView"],
    ["enableLinkTracking"],
]
EXTERNAL = f"""<script async src="HOST/embed/gov-tracking.min.js"
  data-govaq='{json.dumps(COMMANDS)}'></script>"""
REFUSED = "Object.defineProperty(navigator, '{name}', {{value: {value}}});"


def opened(portal: Any, snippet: str = DEPLOYED) -> Any:
    portal.serve(snippet)
    portal.open()
    portal.got(1)
    return portal


def test_an_event_has_a_category_an_action_and_perhaps_a_name_and_a_value(portal: Any) -> None:
    opened(portal)
    portal.push("trackEvent", "Biểu mẫu", "mở")
    portal.push("trackEvent", "Biểu mẫu", "gửi", "tạm trú", 0)
    plain, full = portal.got(3)[1:]
    assert (plain["e_c"], plain["e_a"]) == ("Biểu mẫu", "mở")
    assert not {"e_n", "e_v"} & set(plain)
    assert (full["e_n"], full["e_v"], full["url"]) == ("tạm trú", "0", portal.address + "/p")


def test_a_search_without_results_says_so_and_no_category_is_none(portal: Any) -> None:
    opened(portal)
    portal.push("trackSiteSearch", "khai sinh", False, 0)
    search = portal.got(2)[1]
    assert (search["search"], search["search_count"]) == ("khai sinh", "0")
    assert "search_cat" not in search


def test_a_search_page_may_count_its_search_instead_of_a_view_before_it_says_who_it_is(
    portal: Any,
) -> None:
    portal.serve(DEPLOYED.replace("['trackPageView']", "['trackSiteSearch', 'cư trú', 'TTHC', 3]"))
    portal.open()
    assert portal.got(1)[0]["search_cat"] == "TTHC"


def test_a_custom_address_stands_for_the_pages_own(portal: Any) -> None:
    custom = "_govaq.push(['setCustomUrl', 'https://cong.vi.du/a']); _govaq.push(['trackPageView'])"
    portal.serve(DEPLOYED.replace("_govaq.push(['trackPageView'])", custom))
    portal.open()
    portal.got(1)
    portal.page.evaluate("history.pushState({}, '', '/q')")
    portal.settle()
    portal.push("setCustomUrl", "https://cong.vi.du/b")
    portal.push("trackPageView")
    first, second = portal.got(2)
    assert (first["url"], second["url"]) == ("https://cong.vi.du/a", "https://cong.vi.du/b")
    assert second["urlref"] == first["url"]


def test_titles_never_leave_the_page_and_commands_without_a_job_are_accepted(portal: Any) -> None:
    titled = "_govaq.push(['setDocumentTitle', 'Hồ sơ của A'], ['disableCookies']); "
    portal.serve(
        DEPLOYED.replace(
            "_govaq.push(['trackPageView'])", titled + "_govaq.push(['trackPageView', 'B'])"
        )
    )
    portal.open()
    assert "action_name" not in portal.got(1)[0]


def test_who_opts_out_is_not_counted_on_any_later_page_until_they_take_it_back(
    portal: Any,
) -> None:
    opened(portal)
    portal.push("optUserOut")
    portal.push("trackDVC", "1.004194", "1")
    portal.open("/q")
    portal.push("trackEvent", "a", "b")
    portal.settle()
    portal.got(1)
    portal.push("forgetUserOptOut")
    portal.open("/r")
    assert portal.got(2)[1]["url"].endswith("/r")


@pytest.mark.parametrize(
    ("name", "value"), [("doNotTrack", "'1'"), ("globalPrivacyControl", "true")]
)
def test_a_wish_not_to_be_tracked_is_honoured_where_the_site_asks_for_it(
    portal: Any, name: str, value: str
) -> None:
    portal.page.add_init_script(REFUSED.format(name=name, value=value))
    honouring = DEPLOYED.replace(
        "_govaq.push(['track", "_govaq.push(['setDoNotTrack', true], ['track"
    )
    portal.serve({"/counted": DEPLOYED, "/honoured": honouring})
    portal.open("/counted")
    portal.got(1)
    portal.open("/honoured")
    portal.push("trackDVC", "1.004194", "1")
    portal.settle()
    portal.got(1)


def test_without_a_wish_a_site_that_would_honour_it_counts(portal: Any) -> None:
    opened(
        portal,
        DEPLOYED.replace("_govaq.push(['track", "_govaq.push(['setDoNotTrack', true], ['track"),
    )


def test_a_page_without_inline_script_says_its_commands_in_an_attribute(portal: Any) -> None:
    policy = "default-src 'none'; script-src HOST; connect-src HOST; img-src HOST"
    portal.serve(
        {"/p": f'<a id="file" href="/a.pdf">a</a>{EXTERNAL}'}, {"Content-Security-Policy": policy}
    )
    portal.open()
    assert portal.got(1)[0]["idsite"] == "227"
    portal.page.click("#file")
    assert "download" in portal.got(2)[1]


def test_the_attribute_leaves_a_portals_own_matomo_alone(portal: Any) -> None:
    portal.serve("<script>var _paq = [['setSiteId', '9'], ['trackPageView']];</script>" + EXTERNAL)
    portal.open()
    assert portal.got(1)[0]["idsite"] == "227"
    assert portal.page.evaluate("[_paq.length, _paq.push === [].push]") == [2, True]


def test_nothing_is_stored_in_the_browser(portal: Any) -> None:
    opened(portal)
    portal.push("trackEvent", "a", "b")
    portal.got(2)
    assert portal.page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
