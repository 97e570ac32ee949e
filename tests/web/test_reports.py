"""Saved weekly reports: listed, shown under their own policy, downloaded."""

from __future__ import annotations

import pytest

from thuocdo.measure.service import Measure
from thuocdo.report.making import make_weekly
from thuocdo.report.render import Format

WEEK = "2025-W40"


@pytest.fixture
def reported(country):
    """The measured country with one report kept in two formats."""
    make_weekly(country, Measure(country), WEEK, formats=(Format.HTML, Format.XLSX))
    return country


def test_a_kept_report_is_listed_with_its_formats(client, reported):
    page = client.get("/bao-cao/").content.decode()
    assert f'href="/bao-cao/{WEEK}.html"' in page
    assert f'href="/bao-cao/{WEEK}.xlsx"' in page
    assert f'href="/bao-cao/{WEEK}.json"' in page
    assert f"/bao-cao/{WEEK}.pdf" not in page
    assert f'href="/en/reports/{WEEK}.html"' in client.get("/en/reports/").content.decode()


def test_the_page_of_a_report_is_shown_with_only_its_own_styles_allowed(client, reported):
    response = client.get(f"/bao-cao/{WEEK}.html")
    assert response["Content-Disposition"].startswith("inline")
    assert "style-src 'sha256-" in response["Content-Security-Policy"]
    assert "unsafe" not in response["Content-Security-Policy"]
    assert " style=" not in response.content.decode()


def test_the_other_formats_are_downloaded_as_they_were_saved(client, reported):
    response = client.get(f"/bao-cao/{WEEK}.xlsx")
    kept = reported.reports_dir / WEEK / "bao-cao-tuan-40-2025.xlsx"
    assert response.content == kept.read_bytes()
    assert response["Content-Disposition"] == 'attachment; filename="bao-cao-tuan-40-2025.xlsx"'


def test_a_format_that_was_not_printed_is_a_clear_404(client, reported):
    response = client.get(f"/bao-cao/{WEEK}.pdf")
    assert response.status_code == 404
    assert "Chưa có báo cáo" in response.content.decode()
