"""Files of raw events: what is good comes in once, what is not is named."""

from __future__ import annotations

import csv
import gzip
import json
import random
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from thuocdo.core import columns
from thuocdo.core import settings as settings_module
from thuocdo.core import snapshot as snapshot_file
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.results import ImportResult
from thuocdo.core.settings import Settings
from thuocdo.core.snapshot import ServiceEntry, SiteEntry, Snapshot
from thuocdo.lake.importing.access_logs import LogOptions
from thuocdo.lake.importing.source import MACROS, opened
from thuocdo.lake.imports import import_access_logs, import_dossiers, import_page_views
from thuocdo.lake.store import Lake
from thuocdo.wire import rules

VIEW_HEAD = "site_id,event_time,visitor,url,referrer,user_agent"
CASE_HEAD = "system,agency,dossier,procedure,status,event_time,channel,level,due_at"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    chosen = settings_module.load({"THUOCDO_HOME": str(tmp_path / "home")})
    chosen.make_folders()
    snapshot = Snapshot(
        1,
        sites=(SiteEntry(1, "H57-portal", "H57", "portal"),),
        agencies=("H57", "H13"),
        services=(ServiceEntry("H57", "1.004194", "full"),),
    )
    snapshot_file.write(chosen.snapshot_path, snapshot)
    return chosen


@pytest.fixture
def lake(settings: Settings) -> Lake:
    opened = Lake.open(settings)
    opened.create()
    return opened


def quiet(done: int, total: int | None) -> None:
    assert total is None or done <= total


def text_file(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    data = ("\n".join(lines) + "\n").encode()
    if name.endswith(".gz"):
        data = gzip.compress(data)
    if name.endswith(".zst"):
        data = zstandard.compress(data)
    path.write_bytes(data)
    return path


def counts(result: ImportResult) -> tuple[int, int, int, dict[str, int]]:
    assert result.rows == result.accepted + result.duplicates + sum(result.rejected.values())
    return result.rows, result.accepted, result.duplicates, result.rejected


VIEWS = (
    "1,2022-04-30T12:00:00+07:00,anna,https://h57.vn/tin?x=1,https://google.com/?q=a,Mozilla/5.0",
    "1,2022-04-30T12:00:00+07:00,anna,https://h57.vn/tin?x=1,https://google.com/?q=a,Mozilla/5.0",
    "1,2022-04-30 23:59:59,binh,https://h57.vn/,,",
    "1,2022-04-30T17:00:00Z,binh,https://h57.vn/0912345678,,",
    "1,2022-05-01,,,,",
)


@pytest.mark.parametrize("name", ["v.csv", "v.csv.gz", "v.csv.zst"])
def test_a_second_import_of_a_file_changes_nothing(
    settings: Settings, lake: Lake, tmp_path: Path, name: str
) -> None:
    path = text_file(tmp_path, name, VIEW_HEAD, *VIEWS)
    assert counts(import_page_views(settings, lake, [path], quiet)) == (5, 5, 0, {})
    before = lake.version("page_views")
    assert counts(import_page_views(settings, lake, [path], quiet)) == (5, 0, 5, {})
    assert lake.version("page_views") == before
    assert lake.read("page_views").num_rows == 5


def test_rows_land_by_local_day_without_what_is_personal(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    import_page_views(settings, lake, [text_file(tmp_path, "v.csv", VIEW_HEAD, *VIEWS)], quiet)
    rows = lake.read("page_views").to_pylist()
    assert sorted(str(row["day"]) for row in rows) == ["2022-04-30"] * 3 + ["2022-05-01"] * 2
    assert {row["path"] for row in rows} == {"/tin", "/", "/{phone}", None}
    assert {row["referrer_host"] for row in rows} == {"google.com", None}
    assert len({row["visitor"] for row in rows}) == 4  # anna, binh on two days, nobody
    assert {(row["feed"], row["trust"], row["kind"]) for row in rows} == {
        ("import", "verified", "view")
    }
    assert len({(row["segment"], row["event_id"]) for row in rows}) == 5


def test_overlapping_files_bring_only_what_is_new(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    first = text_file(tmp_path, "a.csv", VIEW_HEAD, *VIEWS[:3])
    second = text_file(tmp_path, "b.csv", VIEW_HEAD, *reversed(VIEWS), VIEWS[0])
    import_page_views(settings, lake, [first], quiet)
    result = import_page_views(settings, lake, [second], quiet)
    assert counts(result) == (6, 3, 3, {})  # a third equal view is a view more


def test_ndjson_and_parquet_hold_the_same_rows(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    names = VIEW_HEAD.split(",")
    records = [dict(zip(names, line.split(","), strict=True)) for line in VIEWS]
    lines = [json.dumps({k: v for k, v in r.items() if v} | {"site_id": 1}) for r in records]
    plain = text_file(tmp_path, "v.csv", VIEW_HEAD, *VIEWS)
    packed = text_file(tmp_path, "v.ndjson.gz", *lines)
    import_page_views(settings, lake, [plain], quiet)
    assert counts(import_page_views(settings, lake, [packed], quiet)) == (5, 0, 5, {})
    table = pa.Table.from_pylist(records[:3])
    table = table.set_column(0, "site_id", pa.array([1, 1, 1], pa.int64()))
    instants = pa.array([1651294800, 1651294800, 1651337999], pa.timestamp("s", tz="UTC"))
    pq.write_table(table.set_column(1, "event_time", instants), tmp_path / "v.parquet")
    assert counts(import_page_views(settings, lake, [tmp_path / "v.parquet"], quiet)) == (
        3, 0, 3, {},
    )  # fmt: skip


def test_bad_rows_are_named_with_line_and_reason(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    path = text_file(
        tmp_path, "bad.csv", VIEW_HEAD, VIEWS[0],
        "9,2022-04-30T12:00:00Z,a,,,",
        "1,1822-04-30T12:00:00Z,a,,,",
        "too,few",
        "1,2999-04-30T12:00:00Z,a,,,",
        "1,2022-02-31T12:00:00Z,a,,,",
        ",2022-04-30T12:00:00Z,a,,,",
        "1,,a,,,",
        "-5,2022-04-30T12:00:00Z,a,,,",
        "99999999999999999999,2022-04-30T12:00:00Z,001099012345,https://a.vn/001099012345,,",
        VIEWS[2],
    )  # fmt: skip
    result = import_page_views(settings, lake, [path], quiet)
    assert counts(result) == (11, 2, 0, {
        "unknown_site": 1, "bad_date": 3, "malformed": 1, "missing_field": 2, "bad_value": 2,
    })  # fmt: skip
    assert result.rejects_file is not None
    with result.rejects_file.open() as file:
        found = {int(row["row"]): row["reason"] for row in csv.DictReader(file)}
    assert found == {
        3: "unknown_site", 4: "bad_date", 5: "malformed", 6: "bad_date", 7: "bad_date",
        8: "missing_field", 9: "missing_field", 10: "bad_value", 11: "bad_value",
    }  # fmt: skip
    assert "001099012345" not in result.rejects_file.read_text()
    assert lake.read("rejects").num_rows == 9
    import_page_views(settings, lake, [path], quiet)
    assert lake.read("rejects").num_rows == 9


def test_a_row_refused_for_its_site_comes_in_once_the_site_is_known(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    path = text_file(tmp_path, "v.csv", VIEW_HEAD, VIEWS[0], "2,2022-04-30T12:00:00Z,a,,,")
    assert import_page_views(settings, lake, [path], quiet).accepted == 1
    both = tuple(SiteEntry(n, "H57-portal", "H57", "portal") for n in (1, 2))
    snapshot_file.write(settings.snapshot_path, Snapshot(2, sites=both))
    assert counts(import_page_views(settings, lake, [path], quiet)) == (2, 1, 1, {})


def test_missing_columns_and_files_are_said(settings: Settings, lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(ThuocdoError, match=r"no column event_time \(found: site_id, when\)"):
        import_page_views(settings, lake, [text_file(tmp_path, "v.csv", "site_id,when")], quiet)
    (tmp_path / "empty.csv").touch()
    with pytest.raises(ThuocdoError, match=r"no column site_id, event_time \(found: none\)"):
        import_page_views(settings, lake, [tmp_path / "empty.csv"], quiet)
    with pytest.raises(ThuocdoError, match="There is no file"):
        import_page_views(settings, lake, [tmp_path / "none.csv"], quiet)
    with pytest.raises(ThuocdoError, match="not a kind of file"):
        import_page_views(settings, lake, [text_file(tmp_path, "v.xls", "x")], quiet)
    broken = tmp_path / "broken.csv.gz"
    broken.write_bytes(gzip.compress(b"site_id,event_time\n" + b"1,2022-04-30\n" * 9999)[:60])
    with pytest.raises(ThuocdoError, match="damaged or cut short"):
        import_page_views(settings, lake, [broken], quiet)


def test_a_file_with_only_its_header_is_no_error(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    path = text_file(tmp_path, "v.csv", VIEW_HEAD)
    assert counts(import_page_views(settings, lake, [path], quiet)) == (0, 0, 0, {})
    path = text_file(tmp_path, "d.csv", CASE_HEAD)
    assert counts(import_dossiers(settings, lake, [path], quiet)) == (0, 0, 0, {})


CASES = (
    "mc,H57,H57-220401-0001,1.004194,submitted,2022-04-30T12:00:00+07:00,online,4,2022-05-10",
    "mc,H57,H57-220401-0001,1.004194,completed,2022-05-02T12:00:00+07:00,online,full,2022-05-10",
    "mc,000.00.00.H57,h57-220401-0001,1.004194.000.00.00.H57,returned,2022-05-03,online,full,",
    "mc,H13,A 77,9.999999,received,2022-05-02T08:00:00,counter,3,",
)


def test_dossier_events_come_in_once_into_their_home_month(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    path = text_file(tmp_path, "d.csv", CASE_HEAD, *CASES, CASES[0])
    assert counts(import_dossiers(settings, lake, [path], quiet)) == (5, 4, 1, {})
    assert counts(import_dossiers(settings, lake, [path], quiet)) == (5, 0, 5, {})
    other = text_file(tmp_path, "e.ndjson", json.dumps(
        dict(zip(CASE_HEAD.split(","), CASES[1].split(","), strict=True))
    ))  # fmt: skip
    assert counts(import_dossiers(settings, lake, [other], quiet)) == (1, 0, 1, {})
    rows = lake.read("dossier_events").to_pylist()
    assert sorted(row["home_month"] for row in rows) == ["2022-04"] * 3 + ["2022-05"]
    assert len({(row["dossier_hi"], row["dossier_lo"]) for row in rows}) == 2
    assert {row["agency"] for row in rows} == {"H57", "H13"}
    unknown = next(row for row in rows if row["agency"] == "H13")
    assert (unknown["level_declared"], unknown["quality"]) == ("partial", ["no_catalogue"])


def test_bad_dossier_rows_are_named_and_their_numbers_are_not(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    good = CASES[0].split(",")

    def changed(place: int, value: str) -> str:
        return ",".join([*good[:place], value, *good[place + 1 :]])

    path = text_file(
        tmp_path, "bad.csv", CASE_HEAD, CASES[0],
        changed(1, "H99"), changed(2, ""), changed(3, "1.000000"), changed(4, "lost"),
        changed(5, "0001-01-01"), changed(7, "9"), "nonsense", changed(8, "9999-01-01"),
    )  # fmt: skip
    result = import_dossiers(settings, lake, [path], quiet)
    assert counts(result) == (9, 1, 0, {
        "malformed": 1, "unknown_agency": 1, "missing_field": 1, "unknown_procedure": 1,
        "bad_value": 2, "bad_date": 2,
    })  # fmt: skip
    assert result.rejects_file is not None
    assert list(lines_refused(result)) == [9, *range(3, 9), 10]  # lines that are no rows first
    assert "220401-0001" not in result.rejects_file.read_text()
    assert lake.read("rejects").num_rows == 8


INSTANTS = st.one_of(
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.datetimes().map(lambda moment: moment.isoformat(" ") + "Z"),
    st.datetimes().map(lambda moment: moment.strftime("%Y%m%d%H%M%S")),
    st.from_regex(r"(19|20)\d{2}-[01]\d-[0-3]\d([T ][0-2]\d:[0-6]\d(:[0-6]\d([.,]\d{1,9})?)?(Z|z|[+-]\d{2}:?\d{2})?)?", fullmatch=True),
    st.text(max_size=30),
)  # fmt: skip


@given(st.lists(INSTANTS, min_size=1, max_size=30))
@example(["2022-04-30T24:00:00", "2022-04-30T23:59:60", "2022-04-30T10:00+99:99", "2022-04-30"])
@hypothesis_settings(max_examples=60, deadline=None)
def test_files_and_messages_read_times_alike(texts: list[str]) -> None:
    with duckdb.connect() as engine:
        engine.execute(MACROS)
        engine.register(
            "texts", pa.table({"n": range(len(texts)), "t": [t.strip() for t in texts]})
        )
        found = engine.execute("SELECT instant_us(t) FROM texts ORDER BY n").fetchall()
    for text, (instant,) in zip(texts, found, strict=True):
        expected = rules.moment("event_time", text)
        assert instant == (expected if isinstance(expected, int) else None), text


def test_a_row_of_too_many_or_few_fields_is_one_reject_and_its_neighbours_come_in(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    views = text_file(
        tmp_path, "v.csv", VIEW_HEAD, VIEWS[0], f"{VIEWS[0]},more", VIEWS[2], "1,2022", VIEWS[4]
    )
    result = import_page_views(settings, lake, [views], quiet)
    assert counts(result) == (5, 3, 0, {"malformed": 2})
    assert lines_refused(result) == {3: "malformed", 5: "malformed"}
    cases = text_file(
        tmp_path, "d.csv", CASE_HEAD, "mc,H57", CASES[0], f"{CASES[1]},more", CASES[1], CASES[2]
    )
    result = import_dossiers(settings, lake, [cases], quiet)
    assert counts(result) == (5, 3, 0, {"malformed": 2})
    assert lines_refused(result) == {2: "malformed", 4: "malformed"}


def test_lines_of_ndjson_that_are_no_objects_are_named(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    good = [
        json.dumps(dict(zip(CASE_HEAD.split(","), case.split(","), strict=True))) for case in CASES
    ]
    broken = [
        good[0],
        "{not json",
        good[1],
        "[1, 2]",
        good[0].replace("H57-", "H57\\u0007-"),
        "17",
        good[3],
    ]
    result = import_dossiers(settings, lake, [text_file(tmp_path, "d.ndjson", *broken)], quiet)
    assert counts(result) == (7, 3, 0, {"malformed": 3, "bad_value": 1})
    assert lines_refused(result) == {
        2: "malformed", 4: "malformed", 5: "bad_value", 6: "malformed",
    }  # fmt: skip


def test_dossiers_of_a_parquet_file_are_those_of_the_same_csv(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    import_dossiers(settings, lake, [text_file(tmp_path, "d.csv", CASE_HEAD, *CASES)], quiet)
    names = CASE_HEAD.split(",")
    rows = [dict(zip(names, case.split(","), strict=True)) for case in CASES]
    moments = [rules.moment("event_time", row["event_time"]) for row in rows]
    table = pa.Table.from_pylist([row | {"due_at": row["due_at"] or None} for row in rows])
    for kind in (pa.timestamp("us", tz="UTC"), pa.timestamp("ms", tz="Asia/Ho_Chi_Minh")):
        times = pa.array(moments, pa.timestamp("us", tz="UTC")).cast(kind)
        dates = pa.array([row["due_at"] or None for row in rows]).cast(pa.date32())
        typed = table.set_column(names.index("event_time"), "event_time", times)
        typed = typed.set_column(names.index("due_at"), "due_at", dates)
        pq.write_table(typed.append_column("note", pa.array(["x"] * 4)), tmp_path / "d.parquet")
        result = import_dossiers(settings, lake, [tmp_path / "d.parquet"], quiet)
        assert counts(result) == (4, 0, 4, {})


def lines_refused(result: ImportResult) -> dict[int, str]:
    assert result.rejects_file is not None
    with result.rejects_file.open() as file:
        return {int(row["row"]): row["reason"] for row in csv.DictReader(file)}


IMPORTER = """
import sys
import tempfile
from pathlib import Path
from thuocdo.core import settings
from thuocdo.lake import imports
from thuocdo.lake.importing import dossier_months, view_days
from thuocdo.lake.importing.access_logs import LogOptions
from thuocdo.lake.store import Lake
chosen = settings.load({"THUOCDO_HOME": sys.argv[1]})
view_days._CHUNK_ROWS = dossier_months._CHUNK_ROWS = 40  # several commits
print("ready", flush=True)
bring = getattr(imports, sys.argv[2])
more = [LogOptions(1)] if sys.argv[2] == "import_access_logs" else []
bring(chosen, Lake.open(chosen), [Path(sys.argv[3])], lambda done, total: None, *more)
"""


@pytest.mark.parametrize("kind", ["import_page_views", "import_dossiers", "import_access_logs"])
def test_killed_in_the_middle_and_run_again_it_loses_and_doubles_nothing(
    settings: Settings, lake: Lake, tmp_path: Path, kind: str
) -> None:
    days = [f"2021-{month:02d}-{day:02d}" for month in range(1, 11) for day in (1, 15)]
    if kind == "import_page_views":
        table = "page_views"
        rows = [f"1,{day}T0{n}:00:00Z,v{n},https://h57.vn/{n},," for day in days for n in range(9)]
        path = text_file(tmp_path, "v.csv", VIEW_HEAD, *rows)
    elif kind == "import_access_logs":
        table = "page_views"
        rows = [
            f'10.0.0.{n} - - [{day[8:]}/{date.fromisoformat(day):%b}/2021:0{n}:00:00 +0000] '
            f'"GET /{n} HTTP/1.1" 200 5 "-" "Mozilla"'
            for day in days for n in range(9)
        ]  # fmt: skip
        path = text_file(tmp_path, "access.log", *rows)
    else:
        table = "dossier_events"
        rows = [
            f"mc,H57,{day}-{n},1.004194,received,{day}T0{n}:00:00Z,online,4,"
            for day in days for n in range(9)
        ]  # fmt: skip
        path = text_file(tmp_path, "d.csv", CASE_HEAD, *rows)
    chance = random.Random(kind)
    for _ in range(3):
        command = [sys.executable, "-c", IMPORTER, str(settings.home), kind, str(path)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(chance.uniform(0.2, 0.9))
        process.kill()
        process.wait()
        process.stdout.close()
    if kind == "import_access_logs":
        result = import_access_logs(settings, lake, [path], quiet, LogOptions(1))
    else:
        bring = import_page_views if kind == "import_page_views" else import_dossiers
        result = bring(settings, lake, [path], quiet)
    assert (result.rows, result.rejected) == (len(rows), {})
    landed = lake.read(table)
    assert landed.num_rows == len(rows)
    assert len(set(landed.column("event_time").to_pylist())) == len(rows)
    assert not list((settings.state_dir / "imports").glob("*"))


def test_a_quote_that_never_closes_swallows_no_row(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    views = [f'1,2022-04-30T12:00:0{n},v{n},"https://h57.vn/{n},x",,' for n in range(6)]
    views[2] = views[2].replace('x"', "x")
    path = text_file(tmp_path, "v.csv", VIEW_HEAD, *views, "1,1822-04-30,v,,,")
    result = import_page_views(settings, lake, [path], quiet)
    assert counts(result) == (7, 5, 0, {"malformed": 1, "bad_date": 1})
    assert lines_refused(result) == {4: "malformed", 8: "bad_date"}
    assert {row["path"] for row in lake.read("page_views").to_pylist()} == {
        f"/{n},x" for n in (0, 1, 3, 4, 5)
    }
    cases = text_file(tmp_path, "d.csv", CASE_HEAD, CASES[0], f'"{CASES[1]}', *CASES[2:])
    result = import_dossiers(settings, lake, [cases], quiet)
    assert counts(result) == (4, 3, 0, {"malformed": 1})
    assert lines_refused(result) == {3: "malformed"}


def test_blank_lines_and_mixed_line_ends_move_no_line_number(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    path = tmp_path / "v.csv"
    lines = [
        VIEW_HEAD,
        VIEWS[0] + "\r",
        "",
        VIEWS[2],
        "\r",
        "9,2022-04-30,a,,,\r",
        "too,few",
        VIEWS[4],
    ]
    path.write_bytes("\n".join(lines).encode())
    result = import_page_views(settings, lake, [path], quiet)
    assert counts(result) == (5, 3, 0, {"unknown_site": 1, "malformed": 1})
    assert lines_refused(result) == {6: "unknown_site", 7: "malformed"}


@pytest.mark.parametrize("encoding", ["utf-16", "cp1258", "utf-8-sig"])
def test_our_own_columns_are_read_in_whatever_excel_saved_them(
    settings: Settings, lake: Lake, tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "d.csv"
    text = "\r\n".join([CASE_HEAD, *CASES, CASES[0].replace("0001", "Đ-01")]).replace(",", ";")
    path.write_bytes(text.encode(encoding))
    result = import_dossiers(settings, lake, [path], quiet)
    assert counts(result) == (5, 5, 0, {})
    assert bool(result.notes) == (encoding != "utf-8-sig")


def test_two_columns_of_one_name_and_a_folder_are_refused(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    with pytest.raises(ThuocdoError, match="two columns url"):
        import_page_views(
            settings,
            lake,
            [text_file(tmp_path, "v.csv", f"{VIEW_HEAD},url", f"{VIEWS[0]},x")],
            quiet,
        )
    with pytest.raises(ThuocdoError, match="is a folder"):
        import_page_views(settings, lake, [tmp_path], quiet)
    cut = text_file(tmp_path, "v.csv.zst", VIEW_HEAD, *VIEWS)
    cut.write_bytes(cut.read_bytes()[:-5])
    with pytest.raises(ThuocdoError, match="damaged or cut short"):
        import_page_views(settings, lake, [cut], quiet)


@pytest.mark.parametrize("last", [VIEWS[2], f'"{VIEWS[2]}'])
def test_a_line_as_long_as_a_file_is_one_reject(
    settings: Settings, lake: Lake, tmp_path: Path, last: str
) -> None:
    long = "1,2022-04-30," + "x" * (5 << 20)
    path = text_file(
        tmp_path, "v.csv", VIEW_HEAD, VIEWS[0], long, VIEWS[1], long, last, "9,2022,,,,"
    )
    result = import_page_views(settings, lake, [path], quiet)
    refused = {3: "malformed", 5: "malformed", 7: "unknown_site"}
    if last != VIEWS[2]:
        refused[6] = "malformed"
    assert lines_refused(result) == refused
    assert (result.rows, result.accepted) == (6, 6 - len(refused))


def test_what_a_killed_import_left_behind_is_gone_after_the_next(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    left = settings.state_dir / "imports" / "dead"
    left.mkdir(parents=True)
    (left / "staged.parquet").write_bytes(b"half")
    import_page_views(settings, lake, [text_file(tmp_path, "v.csv", VIEW_HEAD, *VIEWS)], quiet)
    assert not (settings.state_dir / "imports").exists()


LINES = st.lists(
    st.tuples(
        st.sampled_from([VIEWS[0], VIEWS[2], f'"{VIEWS[0]}', "too,few", "", '1,2022-05-01,"a, ""b""",,,']),
        st.sampled_from(["\n", "\r\n"]),
    ),
    min_size=1,
    max_size=12,
)  # fmt: skip


@given(LINES, st.booleans())
@hypothesis_settings(max_examples=40, deadline=None)
def test_every_line_is_a_row_or_is_named(lines: list[tuple[str, str]], ends: bool) -> None:
    text = "".join(f"{line}{end}" for line, end in [(VIEW_HEAD, "\n"), *lines])
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as engine:
        path = Path(folder) / "v.csv"
        path.write_bytes((text if ends else text.rstrip("\r\n")).encode())
        engine.execute(MACROS)
        with opened(engine, path, Path(folder), columns.PAGE_VIEWS) as source:
            rows = engine.execute(f"SELECT site_id FROM ({source.once})").fetchall()
            malformed = {line for line, _ in source.malformed()}
    bad = {n for n, (line, _) in enumerate(lines, 2) if line.startswith('"') or line == "too,few"}
    assert malformed == bad
    assert len(rows) == sum(1 for line, _ in lines if line) - len(bad)
