"""The country an instance starts with, in both of its worlds."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date

import pytest

from thuocdo.registry.builtin import NATIONAL_PORTAL, load_builtin
from thuocdo.registry.models import Agency, Change, System

BEFORE = date(2022, 5, 1)
TODAY = date(2026, 11, 21)

# Every name of the published reports of weeks 18 and 40 of 2022, by block, and the last day of
# their periods.
GOLDEN = json.loads(
    """
{"2022-04-30": {"ministry": ["Bộ Y tế", "Bộ Giáo dục và Đào tạo", "Bộ Tài chính",
 "Bộ Kế hoạch và Đầu tư", "Bộ Tài nguyên và Môi trường", "Bộ Lao động - Thương binh và Xã hội",
 "Bộ Nông nghiệp và Phát triển nông thôn", "Bộ Ngoại giao", "Bộ Công Thương", "Bộ Nội vụ",
 "Bộ Văn hóa, Thể thao và Du lịch", "Bộ Xây dựng"],
 "province": ["Thừa Thiên Huế", "Bắc Giang", "Đắk Lắk", "Quảng Bình", "Thanh Hóa", "Gia Lai",
 "Trà Vinh", "Đắk Nông", "Tây Ninh", "Ninh Thuận", "Quảng Ninh", "TP. Hồ Chí Minh", "Lai Châu",
 "Hòa Bình", "Bắc Ninh", "Quảng Trị", "Hải Phòng", "Kon Tum", "Bắc Kạn", "Ninh Bình", "Hưng Yên",
 "Đồng Nai", "Nghệ An", "Bạc Liêu"]},
 "2022-09-27": {"ministry": ["Bộ Y tế", "Bộ Thông tin và Truyền thông", "Bộ Giáo dục và Đào tạo",
 "Bộ Nông nghiệp và Phát triển nông thôn", "Bộ Lao động - Thương binh và Xã hội",
 "Bộ Tài nguyên và Môi trường", "Bộ Kế hoạch và Đầu tư", "Ngân hàng Nhà nước Việt Nam",
 "Bảo hiểm Xã hội Việt Nam", "Bộ Tư pháp", "Bộ Văn hóa, Thể thao và Du lịch", "Bộ Xây dựng"],
 "province": ["Bắc Giang", "Thừa Thiên Huế", "Đắk Lắk", "Cà Mau", "Quảng Bình", "Hà Tĩnh",
 "Hậu Giang", "Tây Ninh", "Ninh Thuận", "Đắk Nông", "Yên Bái", "Bình Phước", "Hà Giang",
 "Quảng Nam", "Kon Tum", "Nghệ An", "Kiên Giang", "Sóc Trăng", "Lai Châu", "Hòa Bình",
 "Quảng Ninh", "Lạng Sơn", "Ninh Bình", "Đà Nẵng", "Vĩnh Long", "Bạc Liêu"]}}
"""
)


@pytest.mark.parametrize("day", sorted(GOLDEN))
def test_every_name_of_the_published_reports_is_one_agency_of_its_block(country, day) -> None:
    for block, names in GOLDEN[day].items():
        for name in names:
            assert Agency.objects.on(date.fromisoformat(day)).get(name=name).kind == block


@pytest.mark.parametrize(
    ("day", "ministries", "provinces"),
    [
        (BEFORE, 23, 63),
        (date(2025, 2, 28), 23, 63),
        (date(2025, 3, 1), 17, 63),
        (date(2025, 6, 30), 17, 63),
        (date(2025, 7, 1), 17, 34),
        (TODAY, 17, 34),
    ],
)
def test_the_country_has_the_agencies_of_the_day(country, day, ministries, provinces) -> None:
    kinds = Counter(Agency.objects.on(day).values_list("kind", flat=True))
    assert kinds == {"ministry": ministries, "province": provinces}


def test_names_codes_and_gso_codes_are_each_unique_on_a_day(country) -> None:
    for day in (BEFORE, date(2025, 3, 1), TODAY):
        rows = Agency.objects.on(day)
        for column in ("code", "name", "name_en"):
            assert max(Counter(rows.values_list(column, flat=True)).values()) == 1
        codes = [code for code in rows.values_list("gso_code", flat=True) if code]
        assert max(Counter(codes).values()) == 1


@pytest.mark.parametrize(
    ("code", "heir"),
    [
        ("G04", "Bộ Xây dựng"),
        ("G05", "Bộ Tài chính"),
        ("G07", "Bộ Nội vụ"),
        ("G10", "Bộ Nông nghiệp và Môi trường"),
        ("G13", "Bộ Nông nghiệp và Môi trường"),
        ("G14", "Bộ Khoa học và Công nghệ"),
        ("G21", "Bộ Dân tộc và Tôn giáo"),
        ("G24", "Bộ Tài chính"),
        ("H33", "An Giang"),
        ("H02", "Bắc Ninh"),
        ("H57", "Huế"),
        ("H60", "Tuyên Quang"),
    ],
)
def test_who_ends_in_a_merger_points_to_who_goes_on(country, code, heir) -> None:
    before = Agency.objects.on(BEFORE).get(code=code)
    assert Agency.objects.on(TODAY).get(code=before.successor).name == heir


def test_every_agency_that_ended_has_an_heir_the_day_after(country) -> None:
    from datetime import timedelta

    for ended in Agency.objects.filter(valid_to__isnull=False):
        day_after = ended.valid_to + timedelta(days=1)
        assert Agency.objects.on(day_after).filter(code=ended.successor).exists(), ended


@pytest.mark.parametrize(
    ("gso", "before", "after"),
    [
        ("15", "H63", "H38"),
        ("24", "H02", "H05"),
        ("44", "H46", "H50"),
        ("52", "H08", "H21"),
        ("80", "H39", "H53"),
        ("82", "H58", "H20"),
        ("91", "H33", "H01"),
    ],
)
def test_seven_gso_codes_change_hands_though_the_h_codes_follow_the_names(
    country, gso, before, after
) -> None:
    assert Agency.objects.on(BEFORE).get(gso_code=gso).code == before
    assert Agency.objects.on(TODAY).get(gso_code=gso).code == after


def test_a_province_that_becomes_a_city_keeps_its_name_and_row(country) -> None:
    row = Agency.objects.on(TODAY).get(name="Đồng Nai")
    assert not row.is_city_on(date(2026, 4, 29))
    assert row.is_city_on(date(2026, 4, 30))
    cities = [agency.name for agency in Agency.objects.on(TODAY) if agency.is_city_on(TODAY)]
    assert len(cities) == 9


@pytest.mark.parametrize(
    ("day", "count"),
    [
        (BEFORE, 23 + 63 + 1),
        (date(2025, 6, 30), 17 + 63 + 1),
        (date(2025, 7, 1), 17 + 1),
        (date(2026, 1, 31), 17 + 1),
        (date(2026, 2, 1), 1),
    ],
)
def test_service_portals_close_and_the_national_one_remains(country, day, count) -> None:
    portals = System.objects.on(day).filter(kind="service_portal")
    assert portals.count() == count
    assert portals.get(code=NATIONAL_PORTAL).agency == "G22"


def test_portals_and_one_stop_systems_are_there_for_every_agency_of_the_day(country) -> None:
    for day in (BEFORE, TODAY):
        agencies = set(Agency.objects.on(day).values_list("code", flat=True))
        for kind in ("portal", "one_stop"):
            owners = System.objects.on(day).filter(kind=kind).values_list("agency", flat=True)
            assert set(owners) == agencies
            assert len(owners) == len(agencies)


def test_loading_twice_adds_nothing_and_keeps_what_an_operator_corrected(country) -> None:
    Agency.objects.filter(code="H26", valid_to__isnull=True).update(name_en="Hanoi")
    assert load_builtin() == 0
    assert Agency.objects.get(code="H26", valid_to__isnull=True).name_en == "Hanoi"
    assert Change.objects.filter(what="builtin").count() == 1
