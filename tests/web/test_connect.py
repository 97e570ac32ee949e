"""The page a webmaster takes the snippet from."""

from __future__ import annotations

from dataclasses import replace
from html import unescape

import pytest

from thuocdo.collect.tracker.snippet import Style, pixel, policy, snippet

COLLECTOR = "http://localhost:8001"


def page_of(client, query: str, language: str = "") -> str:
    response = client.get(f"{language}/connect{query}")
    assert response.status_code == 200
    return unescape(response.content.decode())


@pytest.mark.parametrize("style", Style)
def test_a_registered_site_gets_its_name_and_the_very_text_to_paste(client, country, style):
    page = page_of(client, f"?site=391&style={style}")
    assert "391: Cổng H26" in page
    assert "h26.vn" in page
    for text in (
        snippet(391, COLLECTOR, style=style),
        pixel(391, COLLECTOR),
        policy(391, COLLECTOR, style=style),
    ):
        assert text in page


def test_the_collectors_public_address_is_the_instances(client, country, settings):
    settings.THUOCDO = replace(country, collector_url="https://emc.vi.du")
    assert "https://emc.vi.du/embed/gov-tracking.min.js" in page_of(client, "?site=391")


def test_an_unregistered_site_is_told_that_it_would_be_refused(client, country):
    assert "unknown_site" in page_of(client, "?site=4064")
    assert "Site 4064 is not registered." in page_of(client, "?site=4064", "/en")


def test_without_a_site_the_page_explains_and_gives_no_snippet(client, country):
    page = page_of(client, "")
    assert "_govaq" not in page
    assert "X-Thuocdo" in page


def test_every_page_leads_to_it(client, country):
    assert 'href="/connect"' in client.get("/").content.decode()


@pytest.mark.parametrize("text", ["abc", "0", "-1", "99999999999", "٣"])
def test_what_is_no_site_id_is_refused_in_words(client, country, text):
    response = client.get("/connect", {"site": text})
    assert response.status_code == 400
    assert "Mã giám sát phải là một số nguyên dương." in response.content.decode()
