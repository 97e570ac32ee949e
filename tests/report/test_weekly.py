"""A weekly report out of raw events: a small country on real Delta tables, measured and printed."""

from __future__ import annotations

import json
from datetime import date

import msgspec
import pyarrow as pa
import pytest

from thuocdo.core import settings as instance
from thuocdo.core.clock import day_start_us, parse_period, to_datetime
from thuocdo.core.errors import ThuocdoError
from thuocdo.lake import dimensions
from thuocdo.lake.schemas import DIMENSIONS, EVENT_TABLES
from thuocdo.lake.store import Lake
from thuocdo.measure import disclosure
from thuocdo.measure.refresh import refresh
from thuocdo.measure.service import Measure
from thuocdo.report import archive
from thuocdo.report.making import make_weekly
from thuocdo.report.render import Format
from thuocdo.report.weekly import build

HOUR_US = 3_600_000_000
DAY = day_start_us(date(2022, 3, 10))
LANDED = day_start_us(date(2022, 5, 2))
NAMES = {
    "G01": "Bộ Công an",
    "G02": "Bộ Công Thương",
    "H01": "An Giang",
    "H02": "Bắc Giang",
    "H03": "Cà Mau",
}


def rows(schemas, name, base, found):
    schema = schemas[name][0]
    return pa.Table.from_pylist(
        [dict.fromkeys(schema.names) | base | row for row in found], schema=schema
    )


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """Five agencies: agency number n has n visits and 20·n of 140 dossiers processed online."""
    made = instance.load({"THUOCDO_HOME": str(tmp_path_factory.mktemp("country"))})
    made.make_folders()
    lake = Lake.open(made)
    lake.create()
    told = {"recorded_at": to_datetime(day_start_us(date(2020, 1, 1))), "withdrawn": False}
    kinds = {"G": "ministry", "H": "province"}
    dims = {"agencies": [], "systems": [], "sites": [], "services": []}
    views, events = [], []
    for place, (code, name) in enumerate(NAMES.items(), start=1):
        dims["agencies"].append({"code": code, "name": name, "kind": kinds[code[0]]})
        for kind in ("portal", "one_stop"):
            dims["systems"].append({"code": f"{code}-{kind}", "agency": code, "kind": kind})
        site = {"site_id": place, "system": f"{code}-portal", "agency": code, "kind": "portal"}
        dims["sites"].append(site | {"name": name, "hostnames": []})
        dims["services"].append({"agency": code, "procedure": "1.000001", "level": "full"})
        for visitor in range(place):
            at = to_datetime(DAY + visitor * HOUR_US)
            view = {"day": date(2022, 3, 10), "event_time": at, "site_id": place, "kind": "view"}
            views.append(view | {"visitor": visitor})
        for dossier in range(140):
            events += dossier_of(code, place, dossier, online=dossier < 20 * place)
    for name, found in dims.items():
        dimensions.write(lake, name, rows(DIMENSIONS, name, told, found))
    landed = {
        "landed_at": to_datetime(LANDED),
        "segment": "test:1",
        "event_id": 0,
        "feed": "import",
        "trust": "verified",
    }
    for name, found in {"page_views": views, "dossier_events": events}.items():
        lake.append(name, rows(EVENT_TABLES, name, landed, found), app_id="test", version=0)
    refresh(made, lake)
    return made


def dossier_of(code, place, dossier, *, online):
    base = {
        "home_month": "2022-03",
        "dossier_hi": place,
        "dossier_lo": dossier,
        "system": f"{code}-one_stop",
        "agency": code,
        "procedure": "1.000001",
        "channel": "online" if online else "counter",
        "payment": "unknown",
        "applicant_kind": "unknown",
        "quality": [],
    }
    return [
        base | {"status": status, "event_time": to_datetime(DAY + hour * HOUR_US)}
        for status, hour in (("received", 1), ("completed", 5))
    ]


@pytest.fixture(scope="module")
def measure(settings):
    return Measure(settings)


def test_a_report_is_measured_under_the_definitions_of_its_date(measure):
    report = build(measure, "2022-W18")

    assert str(report.date) == "2022-05-06"
    assert [str(day) for day in report.period] == ["2022-01-01", "2022-04-30"]
    assert report.number == "…/BC-UBQGCĐS"
    assert report.tables["1"].top == [("Bộ Công Thương", 2)]
    assert report.tables["1"].bottom == [("Bộ Công an", 1)]
    assert report.tables["6"].indicator == "online_dossier_rate@2022-05"
    assert report.tables["6"].top == [("Cà Mau", 71.43), ("Bắc Giang", 57.14)]
    assert report.tables["6"].bottom == [("An Giang", 42.86)]
    # Mean of 14,29 28,57 42,86 57,14 71,43 as printed; 300 of 700 dossiers.
    assert report.national == {
        "online_dossier_rate_mean": 42.86,
        "online_dossier_rate_ratio_of_sums": 42.86,
    }
    assert [one.version for one in report.definitions] == ["2022-01", "2022-05", "2022-05"]
    assert report.tables["6"].ranking[0].numerator == 100
    assert report.tables["6"].ranking[0].denominator == 140
    assert (
        "toàn bộ 10 nguồn số liệu" in report.texts.coverage
    )  # five portals, five one-stop systems


def test_what_is_too_small_to_be_published_is_in_no_table(measure, monkeypatch):
    (policy,) = disclosure.policies()
    coarse = msgspec.structs.replace(policy, smallest=50, among=200)
    monkeypatch.setattr("thuocdo.report.weekly.policy_on", lambda _day: coarse)
    table = build(measure, "2022-W18").tables["6"]
    hidden = {row.name for row in table.unranked}
    assert {"An Giang"} <= hidden
    for row in table.unranked:
        assert (row.numerator, row.value, row.rank) == (None, None, None)
        assert "không công bố vì số hồ sơ quá nhỏ" in row.remark
    assert [row.rank for row in table.ranking] == list(range(1, len(table.ranking) + 1))


def test_another_week_takes_the_wording_and_the_issuer_of_its_own_date(measure):
    report = build(measure, "2026-W20")

    assert str(report.date) == "2026-05-15"
    assert [str(day) for day in report.period] == ["2026-01-01", "2026-05-10"]
    assert report.edition == "weekly-2024-11"
    assert report.letterhead.parent_organisation == "BỘ KHOA HỌC VÀ CÔNG NGHỆ"
    assert len(report.tables) == 8
    assert report.tables["8"].indicator == "full_online_rate@2024-11"
    assert report.tables["8"].top == []


def test_the_first_week_of_a_year_looks_back_on_the_whole_year_before(measure):
    # The Monday of 2024-W01 is 1 January.
    assert [str(day) for day in build(measure, "2024-W01").period] == ["2023-01-01", "2023-12-31"]


def test_what_was_not_known_yet_does_not_count(measure):
    report = build(measure, "2022-W18", as_known=LANDED - 1)
    assert report.tables["1"].top == []
    assert report.as_known == to_datetime(LANDED - 1)


def test_the_files_are_written_and_the_report_is_kept(settings, measure, tmp_path):
    period = parse_period("2022-01-01..2022-03-31")
    paths = make_weekly(
        settings,
        measure,
        "2022-W18",
        period=period,
        number="09/BC-UBQGCĐS",
        formats=[Format.DOCX, Format.JSON],
        out=tmp_path / "out",
        remark="Số liệu mô phỏng",
    )

    assert paths == [tmp_path / "out/2022-W18.json", tmp_path / "out/bao-cao-tuan-18-2022.docx"]
    told = json.loads(paths[0].read_text(encoding="utf-8"))
    assert told["period"] == ["2022-01-01", "2022-03-31"]
    assert told["number"] == "09/BC-UBQGCĐS"
    assert told["remark"] == "Số liệu mô phỏng"
    assert archive.load(settings, "2022-W18").number == "09/BC-UBQGCĐS"


def test_without_a_folder_all_formats_lie_below_the_instance(settings, measure):
    paths = make_weekly(settings, measure, "2022-W40")
    assert [path.suffix for path in paths] == [".json", ".html", ".docx", ".pdf", ".xlsx"]
    assert {path.parent for path in paths} == {settings.reports_dir / "2022-W40"}


def test_an_instance_with_a_remark_prints_it_on_every_report(settings, measure, tmp_path):
    settings.remark_path.write_text("Số liệu mô phỏng.\n", encoding="utf-8")
    [path] = make_weekly(settings, measure, "2022-W40", formats=[Format.JSON], out=tmp_path / "out")
    assert json.loads(path.read_text(encoding="utf-8"))["remark"] == "Số liệu mô phỏng."


def test_what_is_no_week_is_refused(measure):
    with pytest.raises(ThuocdoError) as refused:
        build(measure, "2022-18")
    assert refused.value.code == "bad_week"
