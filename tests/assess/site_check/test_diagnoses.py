"""Every diagnosis, on a page that deserves it, in a real browser against a real collector."""

from __future__ import annotations

import pytest
from tests.assess.site_check.pages import PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_page_gets_its_diagnosis(results, name):
    page = results[name].pages[0]
    assert tuple(each.code.value for each in page.findings) == PAGES[name].codes, page
    if PAGES[name].reason:
        assert page.findings[0].reason == PAGES[name].reason, page
