"""From figures to the frozen report: the published lists, the words, the honest gaps."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from thuocdo.core.clock import Period
from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.definitions import definitions
from thuocdo.report import words
from thuocdo.report.assemble import definitions_on
from thuocdo.report.editions import edition_on, editions, published_periods
from thuocdo.report.model import freeze, thaw


@pytest.mark.parametrize("week", ["2022-W18", "2022-W40"])
def test_a_published_report_comes_out_name_for_name(make, told, week):
    report, golden = msgspec.to_builtins(make(week)), told(week)

    for key in ("report", "number", "date", "period"):
        assert list(report[key]) == list(golden[key])
    assert list(report["tables"]) == list(golden["tables"])
    for number, table in golden["tables"].items():
        made = report["tables"][number]
        assert made.get("unit") == table.get("unit")
        for key in ("title", "indicator", "block", "top_n"):
            assert made[key] == table[key]
        assert sorted(map(tuple, made["top"])) == sorted(map(tuple, table["top"]))
        assert sorted(map(tuple, made["bottom"])) == sorted(map(tuple, table["bottom"]))
        assert [value for _, value in made["top"]] == [value for _, value in table["top"]]
        assert [value for _, value in made["bottom"]] == [value for _, value in table["bottom"]]
    for name, value in golden.get("national", {}).items():
        assert report["national"][name] == value


def test_the_frozen_json_is_the_report(w18):
    assert thaw(freeze(w18)) == w18
    assert freeze(w18) == freeze(thaw(freeze(w18)))
    assert b'"as_known": "2022-05-06T10:00:00Z"' in freeze(w18)


def test_counts_stay_whole_and_percentages_stay_decimal(w18):
    assert b'"B\xe1\xbb\x99 Y t\xe1\xba\xbf",\n     9941921\n' in freeze(w18)
    assert isinstance(w18.tables["3"].top[0][1], float)


def test_a_report_without_a_number_leaves_room_for_it(make):
    assert make("2022-W18", number=None).number == "…/BC-UBQGCĐS"


def test_the_narrative_speaks_from_the_data_alone(w18, empty):
    assert w18.texts.narrative[0].startswith(
        "Tính đến tháng 4/2022, tỷ lệ hồ sơ trực tuyến trung bình đạt 24,89% "
    )
    assert "khối địa phương cao nhất là TP. Hồ Chí Minh (72,31%)" in w18.texts.narrative[1]
    assert empty.texts.narrative == [
        "Tính đến tháng 4/2022, chưa có bộ, ngành, địa phương nào đủ số liệu "
        "để tính tỷ lệ hồ sơ trực tuyến trung bình."
    ]


def test_a_period_that_closes_no_month_is_named_by_its_day():
    assert words.until(Period(date(2022, 1, 1), date(2022, 9, 27))) == "ngày 27/9/2022"
    assert words.until(Period(date(2022, 1, 1), date(2022, 2, 28))) == "tháng 2/2022"


def test_sources_that_feed_two_indicators_are_counted_once(w18):
    # 16 printed agencies, each with 5 portals and 5 one-stop systems, 4 of which report.
    assert "128/160 nguồn số liệu (80,00%)" in w18.texts.coverage


def test_the_notes_are_the_published_sentences(w18):
    assert w18.sections[1].notes == [
        "Tỷ lệ DVCTT phát sinh hồ sơ trực tuyến được tính bằng số lượng DVCTT mức độ 3, 4 có phát sinh "
        "hồ sơ trực tuyến so với số lượng DVCTT mức độ 3, 4."
    ]
    assert w18.sections[0].notes == []


def test_an_agency_without_a_value_is_named_with_the_reason(empty):
    table = empty.tables["1"]
    assert (table.top, table.bottom, table.ranking) == ([], [], [])
    assert len(table.unranked) == 6
    assert table.remarks == ["Chưa có cơ quan nào có số liệu được xếp hạng trong kỳ."]
    assert any(
        "Bảng 1: không xếp hạng Bộ Giáo dục và Đào tạo, " in line for line in empty.texts.quality
    )


def test_every_edition_names_indicators_that_exist_and_sheets_that_excel_takes():
    known = {indicator.code for indicator in definitions()}
    for edition in editions():
        specs = [spec for section in edition.sections for spec in section.tables]
        assert {spec.indicator for spec in specs} | {edition.headline} <= known
        assert all(len(spec.sheet) <= 31 for spec in specs)
        assert len({spec.sheet for spec in specs}) == len(specs)


def test_the_edition_and_the_definitions_follow_the_date_of_the_report():
    assert edition_on(date(2022, 5, 6)).edition == "weekly-2022"
    assert edition_on(date(2024, 11, 1)).edition == "weekly-2024-11"
    assert edition_on(date(2021, 1, 1)).edition == "weekly-2022"
    codes = ["services_with_online_dossiers", "online_dossier_rate"]
    for day, versions in {
        date(2022, 5, 6): ["2022-05", "2022-05"],
        date(2022, 10, 7): ["2022-10", "2022-05"],
        date(2026, 11, 20): ["2024-11", "2024-11"],
    }.items():
        found = definitions_on(definitions(), codes, day)
        assert [one.version for one in found.values()] == versions


def test_a_published_week_remembers_its_own_period():
    assert str(published_periods()["2022-W18"]) == "2022-01-01..2022-04-30"
    assert str(published_periods()["2022-W40"]) == "2022-01-01..2022-09-27"


def test_a_layout_that_is_none_is_refused(tmp_path):
    from thuocdo.report import editions as room

    path = tmp_path / "weekly-x.yaml"
    path.write_text("edition: weekly-x\n", encoding="utf-8")
    with pytest.raises(ThuocdoError, match=r"weekly-x\.yaml"):
        room._read(path, room.Edition)
