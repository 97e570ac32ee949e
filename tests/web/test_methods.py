"""Methods: every indicator in the index, and its versions side by side on a page of its own."""

from __future__ import annotations

import gzip

import pytest
from django.utils.html import escape

from thuocdo.measure.definitions import definitions

CODES = [indicator.code for indicator in definitions()]
LARGEST_PAGE = 60 * 1024


@pytest.mark.parametrize("language", ["/phuong-phap/", "/en/methods/"])
def test_the_index_names_every_indicator_once(client, country, language):
    page = client.get(language).content.decode()
    for code in CODES:
        assert page.count(f'href="{language}{code}/"') == 1, code
    assert len(gzip.compress(page.encode())) < LARGEST_PAGE


@pytest.mark.parametrize("code", CODES)
def test_every_version_has_its_words_source_and_mark(client, country, code):
    indicator = next(each for each in definitions() if each.code == code)
    page = client.get(f"/phuong-phap/{code}/").content.decode()
    for version in indicator.versions:
        assert f'id="{version.version}"' in page
        assert version.identity in page
        assert escape(version.source.place) in page
        assert escape(version.description.vi) in page
        for vector in version.vectors:
            assert escape(vector.name) in page
    assert len(gzip.compress(page.encode())) < LARGEST_PAGE


def test_an_english_page_says_the_definition_in_english(client, country):
    page = client.get("/en/methods/online_dossier_rate/").content.decode()
    assert "Dossiers submitted online, of all dossiers." in page
    assert "Versions side by side" in page


def test_an_unknown_indicator_is_told_what_to_do(client, country):
    response = client.get("/phuong-phap/nothing/")
    assert response.status_code == 404
    assert "Không có chỉ số nào mang mã" in response.content.decode()
