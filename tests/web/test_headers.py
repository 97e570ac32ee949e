"""What every answer carries besides its body, and that no page needs a script."""

from __future__ import annotations

import re

import pytest

PAGES = ("/", "/en/", "/xep-hang/portal_visits/", "/co-quan/H26/", "/phuong-phap/", "/nowhere/")


@pytest.mark.parametrize("address", PAGES)
def test_public_pages_carry_a_strict_policy(client, country, address):
    headers = client.get(address).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize("address", PAGES)
def test_pages_keep_to_their_own_policy(client, country, address):
    page = client.get(address).content.decode()
    assert " style=" not in page
    assert "<style" not in page
    assert not re.search(r"\son[a-z]+=", page)
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)
    # that the other language has this address is told to crawlers in full, as they want it
    own = re.sub(r'<link rel="alternate"[^>]*href="http://testserver/', "<link ", page)
    assert not re.search(r'(?:src|href|action)="https?://', own)


def test_a_style_sheet_address_changes_with_its_content(client, country):
    page = client.get("/").content.decode()
    assert re.search(r'href="/static/web/site\.css\?v=[0-9a-f]{12}"', page)


def test_the_style_sheet_and_the_mark_are_served(client, db):
    for path in ("/static/web/site.css", "/static/web/mark.svg", "/static/web/live.js"):
        assert client.get(path).status_code == 200


def test_pages_are_compressed_when_the_reader_can_read_that(client, country):
    response = client.get("/", headers={"accept-encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"


def test_a_public_page_sets_no_cookie(client, country):
    response = client.get("/")
    assert not response.cookies
    assert "Cookie" in response.headers["Vary"]
    assert response.headers["Cache-Control"] == "no-cache"
