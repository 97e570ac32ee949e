"""The map: every province of the day is drawn, linked and said in the table beside it."""

from __future__ import annotations

import re
from datetime import date

import pytest

from thuocdo.registry.models import Agency
from thuocdo.web import mapping

MAP = "/ban-do/online_dossier_rate/"


@pytest.mark.parametrize(("day", "count"), [(date(2025, 6, 30), 63), (date(2025, 7, 1), 34)])
def test_the_provinces_of_a_day_are_those_of_the_registry(country, day, count):
    registered = set(Agency.objects.on(day).filter(kind="province").values_list("code", flat=True))
    assert set(mapping.outlines_on(day)) == registered
    assert len(registered) == count


def test_every_province_is_a_link_with_its_value_and_rank(client, country):
    page = client.get(MAP).content.decode()
    drawing = page[page.index('<svg class="map"') :]
    drawing = drawing[: drawing.index("</svg>")]
    assert len(re.findall(r'<a href="/co-quan/H\d+/" aria-label="', drawing)) == 34
    assert 'aria-label="Hà Nội: 80,00% (80/100), hạng 1"' in drawing
    assert "Quần đảo Hoàng Sa" in drawing
    assert "Quần đảo Trường Sa" in drawing


def test_the_table_beside_the_map_has_every_province(client, country):
    page = client.get(MAP).content.decode()
    table = page[page.index("<table") :]
    assert table.count('<th scope="row">') == 34


def test_the_map_of_an_earlier_day_has_63_provinces(client, country):
    page = client.get(MAP + "?as_organised=2025-06-30").content.decode()
    assert page.count('aria-label="') >= 63
    assert "63 tỉnh, thành phố của ngày đã chọn." in page


def test_a_count_too_small_is_blank_on_the_map(client, country):
    page = client.get(MAP).content.decode()
    assert re.search(r'aria-label="Cà Mau: [^"]*quá nhỏ[^"]*"><path class="m0"', page)
    assert "1/3" not in page


def test_steps_of_a_percentage_are_even_and_half_open():
    bounds = mapping.thresholds([1.0, 99.0], "percent")
    assert [mapping.step_of(value, bounds) for value in (None, 0.0, 19.99, 20.0, 80.0, 100.0)] == [
        0, 1, 1, 2, 5, 5,
    ]  # fmt: skip


def test_steps_of_counts_are_fifths_and_never_more_than_five():
    bounds = mapping.thresholds([float(n) for n in range(10)], "count")
    assert [mapping.step_of(float(n), bounds) for n in range(10)] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert mapping.thresholds([], "count") == ()


def test_the_legend_is_in_words(client, country):
    page = client.get(MAP.replace("/ban-do/", "/en/map/")).content.decode()
    assert "from 20.00% to less than 40.00%" in page
    assert "not measured, or not published" in page
