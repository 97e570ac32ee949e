"""Whatever a file looks like, each of its lines is a row or is named with the reason."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tests.lake.importing.files import (
    CASE_HEAD,
    CASES,
    VIEW_HEAD,
    VIEWS,
    counts,
    lines_refused,
    quiet,
    text_file,
)

from thuocdo.core import columns
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.lake.importing.source import MACROS, opened
from thuocdo.lake.imports import import_dossiers, import_page_views
from thuocdo.lake.store import Lake
from thuocdo.wire import rules

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
