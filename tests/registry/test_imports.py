"""Files of agencies, sites and services come in once, whole, and say what they refused."""

from __future__ import annotations

import gzip
import json
from datetime import date

import pytest
import zstandard

from thuocdo.core import snapshot
from thuocdo.core.errors import ThuocdoError
from thuocdo.lake import dimensions
from thuocdo.lake.store import Lake
from thuocdo.registry import loaders
from thuocdo.registry.models import Agency, Change, Service, System

SERVICES = (
    "agency,procedure,level,name,valid_from\n"
    "H13,1.004194,4,Đăng ký tạm trú,\n"
    "000.00.00.H13,1.000110.000.00.00.H13,3,Khai sinh,2022-01-01\n"
    "H29.01,2.000635,một phần,,\n"
)


def write(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_services_come_in_with_levels_and_codes_in_their_old_and_new_forms(
    country, tmp_path, quiet
) -> None:
    result = loaders.import_services(country, [write(tmp_path, "s.csv", SERVICES)], quiet)
    assert (result.rows, result.accepted, result.rejected) == (3, 3, {})
    assert result.rejects_file is None
    rows = {row.procedure: (row.agency, row.level) for row in Service.objects.all()}
    assert rows == {
        "1.004194": ("H13", "full"),
        "1.000110": ("H13", "partial"),
        "2.000635": ("H29.01", "partial"),
    }


def test_a_second_run_of_the_same_file_changes_nothing(country, tmp_path, quiet) -> None:
    path = write(tmp_path, "s.csv", SERVICES)
    loaders.import_services(country, [path], quiet)
    lake = Lake.open(country)
    version, changes = lake.version("services"), Change.objects.count()
    again = loaders.import_services(country, [path], quiet)
    assert (again.rows, again.accepted, again.duplicates) == (3, 0, 3)
    assert lake.version("services") == version
    assert Change.objects.count() == changes


def test_a_changed_row_is_updated_and_the_lake_keeps_what_was_known_before(
    country, tmp_path, quiet
) -> None:
    loaders.import_services(country, [write(tmp_path, "s.csv", SERVICES)], quiet)
    lake = Lake.open(country)
    then = lake_moment(lake)
    changed = write(tmp_path, "t.csv", "agency,procedure,level\nH13,1.004194,3\n")
    result = loaders.import_services(country, [changed], quiet)
    assert (result.accepted, result.duplicates) == (1, 0)
    row = Service.objects.get(procedure="1.004194")
    assert (row.level, row.name) == ("partial", "Đăng ký tạm trú")  # no name column: name kept
    assert level_of(dimensions.read(lake, "services")) == "partial"
    assert level_of(dimensions.read(lake, "services", as_known=then)) == "full"


def lake_moment(lake):
    from thuocdo.core.clock import from_datetime

    return max(from_datetime(at) for at in lake.read("services")["recorded_at"].to_pylist())


def level_of(table, procedure="1.004194"):
    return next(row["level"] for row in table.to_pylist() if row["procedure"] == procedure)


def test_of_several_rows_the_latest_that_covers_the_day_holds_here_and_at_the_collector(
    country, tmp_path, quiet
) -> None:
    text = (
        "agency,procedure,level,valid_from,valid_to\n"
        "H13,1.1,2,,\nH13,1.1,3,2023-01-01,2023-12-31\nH13,1.1,4,2025-01-01,\n"
    ).replace("1.1,", "1.000001,")
    loaders.import_services(country, [write(tmp_path, "s.csv", text)], quiet)
    published = snapshot.read(country.snapshot_path)
    for day, level in [
        (date(2022, 6, 1), "information"),
        (date(2023, 6, 1), "partial"),
        (date(2024, 6, 1), "information"),  # the middle row closed nothing for good
        (date(2026, 6, 1), "full"),
    ]:
        assert Service.objects.on(day).get(procedure="1.000001").level == level
        assert published.level_on("H13", "1.000001", day.isoformat()) == level


def test_refused_rows_carry_a_typed_reason_and_stand_in_a_file(country, tmp_path, quiet) -> None:
    text = (
        "agency,procedure,level,valid_from,valid_to\n"
        "H13,1.000001,4,,\n"
        "Z99,1.000001,4,,\n"
        "H13,,4,,\n"
        "H13,1.000002,9,,\n"
        "H13,1.000003,4,2022/31/12,\n"
        "H13,1.000004,4,2023-01-01,2022-01-01\n"
        "H13,1.000005,4\n"
        "H13,1.000001,3,,\n"
    )
    result = loaders.import_services(country, [write(tmp_path, "s.csv", text)], quiet)
    assert result.accepted == 1
    assert result.rejected == {
        "unknown_agency": 1,
        "missing_field": 1,
        "bad_value": 2,
        "bad_date": 2,
        "malformed": 1,
    }
    assert result.rows == result.accepted + result.duplicates + sum(result.rejected.values())
    lines = [json.loads(line) for line in result.rejects_file.read_text().splitlines()]
    assert [line["record"] for line in lines] == [2, 3, 4, 5, 6, 7, 8]
    assert lines[0]["reason"] == "unknown_agency"
    assert lines[0]["values"]["agency"] == "Z99"
    assert Service.objects.get().level == "full"


def test_a_file_without_a_needed_column_is_refused_whole_and_says_which(
    country, tmp_path, quiet
) -> None:
    path = write(tmp_path, "s.csv", "agency,name\nH13,x\n")
    with pytest.raises(ThuocdoError, match="no column “Mã TTHC”, “Mức độ”") as error:
        loaders.import_services(country, [path], quiet)
    assert error.value.code == "missing_columns"


def test_sites_find_their_system_and_make_it_when_there_is_none(country, tmp_path, quiet) -> None:
    before = System.objects.count()
    text = (
        "site_id,agency,kind,name,hostnames,valid_from\n"
        '101,H29,portal,Cổng TP. HCM,"https://hochiminhcity.gov.vn/vi www.hcm.gov.vn",2022-01-01\n'
        "102,H29.09,one_stop,Một cửa quận 9,,\n"
        "0,H29,portal,x,,\n"
        "99999999999,H29,portal,x,,\n"
        "103,H29,cinema,x,,\n"
        "104,H29,portal,x,http://,\n"
    )
    result = loaders.import_sites(country, [write(tmp_path, "sites.csv", text)], quiet)
    assert result.accepted == 2
    assert result.rejected == {"bad_value": 4}
    assert System.objects.count() == before + 1
    made = System.objects.get(code="H29.09-one_stop")
    assert (made.agency, made.kind) == ("H29.09", "one_stop")
    published = snapshot.read(country.snapshot_path).site_by_id
    assert published[101].system == "H29-portal"
    assert published[101].hostnames == ("hochiminhcity.gov.vn", "www.hcm.gov.vn")
    assert (published[102].agency, published[102].kind) == ("H29.09", "one_stop")
    row = next(r for r in dimensions.read(Lake.open(country), "sites").to_pylist()
               if r["site_id"] == 101)  # fmt: skip
    assert (row["agency"], row["kind"], row["valid_from"]) == ("H29", "portal", date(2022, 1, 1))


def test_a_system_made_for_sites_lives_as_long_as_they_do(country, tmp_path, quiet) -> None:
    text = (
        "site_id,agency,kind,name,valid_from,valid_to\n"
        "1,H29.09,portal,x,2022-01-01,2022-06-30\n"
        "2,H29.09,portal,y,2022-03-01,2022-12-31\n"
    )
    loaders.import_sites(country, [write(tmp_path, "then.csv", text)], quiet)
    made = System.objects.get(code="H29.09-portal")
    assert (made.valid_from, made.valid_to) == (date(2022, 1, 1), date(2022, 12, 31))
    later = "site_id,agency,kind,name,valid_from\n3,H29.09,portal,z,2026-01-01\n"
    loaders.import_sites(country, [write(tmp_path, "now.csv", later)], quiet)
    rows = System.objects.filter(code="H29.09-portal").values_list("valid_from", "valid_to")
    assert list(rows) == [(made.valid_from, made.valid_to), (date(2026, 1, 1), None)]


def test_agencies_of_any_code_come_in_and_their_services_after_them(
    country, tmp_path, quiet
) -> None:
    text = (
        "code,name,kind,parent,gso_code,valid_from,valid_to,successor\n"
        "A1,Cơ quan thử nghiệm,ministry,,,,,\n"
        "A_2.x,Đơn vị,unit,A1,,2024-01-01,2025-12-31,A1\n"
        "000.00.01.H29,Sở Xây dựng,department,,,,,\n"
        "has space,Sai mã,unit,,,,,\n"
    )
    result = loaders.import_agencies(country, [write(tmp_path, "a.csv", text)], quiet)
    assert (result.accepted, result.rejected) == (3, {"bad_value": 1})
    assert Agency.objects.get(code="H29.01").parent == "H29"
    assert Agency.objects.get(code="A_2.x").valid_to == date(2025, 12, 31)
    services = write(tmp_path, "s.csv", "agency,procedure,level\nA1,1.000001,4\n")
    assert loaders.import_services(country, [services], quiet).accepted == 1
    assert "A1" in snapshot.read(country.snapshot_path).agencies


def test_an_agency_row_without_some_columns_leaves_those_alone(country, tmp_path, quiet) -> None:
    path = write(tmp_path, "a.csv", "code,name,kind\nH57,Thừa Thiên Huế,province\n")
    result = loaders.import_agencies(country, [path], quiet)
    assert (result.accepted, result.duplicates) == (0, 1)
    assert Agency.objects.get(code="H57", valid_from=None).valid_to == date(2025, 6, 30)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("gone.csv", None, "no_such_file"),
        ("x.txtx", b"x", "bad_format"),
        ("x.xlsx", b"x", "unreadable_file"),
        (
            "x.csv.gz",
            gzip.compress(b"agency,procedure,level\nH13,1.000001,4\n", mtime=0)[:-9],
            "unreadable_file",
        ),
        ("x.csv.zst", zstandard.compress(b"agency" * 999)[:-9], "unreadable_file"),
        ("x.parquet", b"not parquet", "bad_file"),
        ("x.csv", b"agency,procedure\xff\xfe,level\nH13,x,4\n", "missing_columns"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_one_sentence_and_changes_nothing(
    country, tmp_path, quiet, name, content, code
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ThuocdoError) as error:
        loaders.import_services(country, [path], quiet)
    assert error.value.code == code
    assert "\n" not in str(error.value)
    assert not Service.objects.exists()


def test_an_import_leaves_one_line_in_the_audit_trail(country, tmp_path, quiet) -> None:
    loaders.import_services(country, [write(tmp_path, "s.csv", SERVICES)], quiet)
    line = Change.objects.get(what="service")
    assert (line.action, line.key, line.after["accepted"]) == ("import", "s.csv", 3)


def test_many_services_come_in_and_change_in_one_go(country, tmp_path, quiet) -> None:
    rows = [f"H{1 + i % 63:02d},1.{i:06d},4" for i in range(5000)]
    path = write(tmp_path, "s.csv", "agency,procedure,level\n" + "\n".join(rows))
    assert loaders.import_services(country, [path], quiet).accepted == 5000
    half = [row.replace(",4", ",3") if i % 2 else row for i, row in enumerate(rows)]
    path.write_text("agency,procedure,level\n" + "\n".join(half))
    result = loaders.import_services(country, [path], quiet)
    assert (result.accepted, result.duplicates) == (2500, 2500)
    assert Service.objects.filter(level="partial").count() == 2500


def test_a_catalogue_is_read_as_offices_write_it(country, tmp_path, quiet) -> None:
    text = (
        "DANH MỤC DỊCH VỤ CÔNG;;;\nMã đơn vị;Mã TTHC;Mức độ;Từ ngày\n"
        "000.00.00.H13;1,000001;DVC trực tuyến toàn trình;01/07/2025\n"
        "H13;1.000002;Mức độ 3;\n"
    )
    result = loaders.import_services(country, [write(tmp_path, "s.csv", text)], quiet)
    assert result.accepted == 2
    rows = Service.objects.filter(procedure__in=("1.000001", "1.000002")).order_by("procedure")
    found = [(row.agency, row.level, str(row.valid_from)) for row in rows]
    assert found == [("H13", "full", "2025-07-01"), ("H13", "partial", "None")]
