"""Access logs: page loads come in once, by site and day, and no address stays anywhere."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
import zstandard

from thuocdo.core import settings as settings_module
from thuocdo.core import snapshot as snapshot_file
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.results import ImportResult
from thuocdo.core.settings import Settings
from thuocdo.core.snapshot import SiteEntry, Snapshot
from thuocdo.lake.importing.access_logs import LogOptions
from thuocdo.lake.imports import import_access_logs
from thuocdo.lake.store import Lake

AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/99.0.0.0 Safari/537.36"
SITES = (
    SiteEntry(1, "H57-portal", "H57", "portal", ("h57.gov.vn",)),
    SiteEntry(2, "H57-so", "H57", "portal", ("so.h57.gov.vn",)),
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    chosen = settings_module.load({"THUOCDO_HOME": str(tmp_path / "home")})
    chosen.make_folders()
    snapshot_file.write(chosen.snapshot_path, Snapshot(1, sites=SITES, agencies=("H57",)))
    return chosen


def quiet(done: int, total: int | None) -> None:
    assert total is None or done <= total


def line(
    target: str = "/tin", *, at: str = "30/Apr/2022:12:00:00 +0700", status: int = 200,
    address: str = "203.162.4.190", agent: str = AGENT, host: str = "", method: str = "GET",
) -> str:  # fmt: skip
    front = f"{host} " if host else ""
    return (
        f'{front}{address} - - [{at}] "{method} {target} HTTP/1.1" {status} 512 '
        f'"https://google.com/search?q=nguyen" "{agent}"'
    )


def log(folder: Path, *lines: str, name: str = "access.log") -> Path:
    data = ("\n".join(lines) + "\n").encode()
    if name.endswith(".gz"):
        data = gzip.compress(data)
    if name.endswith(".zst"):
        data = zstandard.compress(data)
    path = folder / name
    path.write_bytes(data)
    return path


def bring(
    settings: Settings,
    lake: Lake,
    *paths: Path,
    site: int | None = 1,
    exclude: tuple[str, ...] = (),
) -> ImportResult:
    return import_access_logs(settings, lake, list(paths), quiet, LogOptions(site, exclude=exclude))


@pytest.mark.parametrize("name", ["access.log", "access.log.1.gz", "old.zst"])
def test_a_second_run_of_a_log_changes_nothing(
    settings: Settings, lake: Lake, tmp_path: Path, name: str
) -> None:
    path = log(
        tmp_path, line(), line(), line("/a.css"), line("/b.pdf"), line("/x", status=404), name=name
    )
    result = bring(settings, lake, path)
    assert (result.rows, result.accepted, result.rejected) == (3, 3, {})
    assert result.left_out == {"part_of_a_page": 1, "not_answered": 1}
    assert result.notes == (f"{name}: read as combined",)
    assert result.rejects_file is None
    before = lake.version("page_views")
    again = bring(settings, lake, path)
    assert (again.accepted, again.duplicates) == (0, 3)
    assert lake.version("page_views") == before


def test_overlapping_logs_bring_only_what_is_new(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    bring(settings, lake, log(tmp_path, line("/1"), line("/2"), name="a.log"))
    result = bring(settings, lake, log(tmp_path, line("/2"), line("/3"), name="b.log"))
    assert (result.accepted, result.duplicates) == (1, 1)


def test_views_land_by_local_day_with_kind_agent_and_daily_visitor(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    bring(settings, lake, log(
        tmp_path,
        line("/tin?ma=1.004194&token=9", at="30/Apr/2022:16:59:59 +0000"),
        line("/mau-don.docx", at="30/Apr/2022:17:00:00 +0000"),
        line("/", agent="Googlebot/2.1 (+http://www.google.com/bot.html)"),
        line("/hs/0912345678"),
    ))  # fmt: skip
    rows = {row["path"]: row for row in lake.read("page_views").to_pylist()}
    assert set(rows) == {"/tin", "/mau-don.docx", "/", "/hs/{phone}"}
    assert str(rows["/tin"]["day"]) == "2022-04-30"
    assert str(rows["/mau-don.docx"]["day"]) == "2022-05-01"
    assert rows["/mau-don.docx"]["kind"] == "download"
    assert rows["/"]["bot"] == "crawler"
    assert rows["/tin"]["visitor"] == rows["/hs/{phone}"]["visitor"]
    assert rows["/tin"]["visitor"] != rows["/mau-don.docx"]["visitor"]  # another day
    assert {(row["feed"], row["host"], row["referrer_host"]) for row in rows.values()} == {
        ("access_log", "h57.gov.vn", "google.com")
    }


def test_who_comes_from_a_datacentre_is_a_robot_whatever_it_says(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    (settings.home / "datacentres.txt").write_text("198.51.100.0/24 vi-du\n")
    outside, inside = line("/nguoi"), line("/may").replace(line("/x").split()[0], "198.51.100.9", 1)
    bring(settings, lake, log(tmp_path, outside, inside))
    bots = {row["path"]: row["bot"] for row in lake.read("page_views").to_pylist()}
    assert bots == {"/nguoi": None, "/may": "datacentre"}


def test_noise_that_no_server_answers_is_left_out_and_not_refused(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    noise = [
        line().replace("GET /tin HTTP/1.1", request).replace(" 200 ", f" {status} ")
        for request, status in (("-", 408), ("\\x16\\x03\\x01", 400), ("GET /a b c", 400))
    ]
    result = bring(
        settings, lake, log(tmp_path, line(), *noise, line().replace("GET /tin HTTP/1.1", "-"))
    )
    assert result.left_out == {"not_answered": 3}
    assert result.rejected == {"malformed": 1}


def test_the_host_of_each_line_tells_the_site(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    path = log(
        tmp_path, line("/1", host="h57.gov.vn:443"), line("/2", host="SO.h57.gov.vn"),
        line("/3", host="khac.gov.vn"), line("/s.png", host="khac.gov.vn"),
    )  # fmt: skip
    result = bring(settings, lake, path, site=None)
    assert result.rejected == {"unknown_site": 1}
    assert {(row["path"], row["site_id"]) for row in lake.read("page_views").to_pylist()} == {
        ("/1", 1), ("/2", 2),
    }  # fmt: skip
    assert result.rejects_file is not None
    assert "khac.gov.vn" in result.rejects_file.read_text()
    with pytest.raises(ThuocdoError, match="does not say for which host"):
        bring(settings, lake, log(tmp_path, line(), name="plain.log"), site=None)
    with pytest.raises(ThuocdoError, match="Site 9 is not registered"):
        bring(settings, lake, path, site=9)


def test_bad_lines_are_named_and_hold_the_others_up_in_nothing(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    path = log(
        tmp_path, line(), "203.162.4.190 broken", line(at="31/Feb/2022:12:00:00 +0700"), "",
        line("/" + "x" * (1 << 21)), line("/2"), line(at="30/Apr/1999:12:00:00 +0700"),
    )  # fmt: skip
    result = bring(settings, lake, path)
    assert (result.accepted, result.rejected) == (
        2,
        {"malformed": 1, "bad_date": 2, "too_large": 1},
    )
    assert result.rejects_file is not None
    rows = [row.split(",")[:2] for row in result.rejects_file.read_text().splitlines()[1:]]
    assert sorted(rows) == [
        ["2", "malformed"],
        ["3", "bad_date"],
        ["5", "too_large"],
        ["7", "bad_date"],
    ]


def test_no_address_and_no_query_stays_in_the_home(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    bring(settings, lake, log(
        tmp_path, line("/tim?q=Nguyen+Van+Anh&cccd=001099012345"), "203.162.4.190 broken",
        line("/khac", at="nonsense"),
    ))  # fmt: skip
    files = [path for path in settings.home.rglob("*") if path.is_file()]
    assert any(path.suffix == ".parquet" for path in files)
    for planted in (b"203.162.4.190", b"Nguyen", b"001099012345", b"Chrome/99.0.0.0"):
        assert not [path for path in files if planted in path.read_bytes()]
    paths = [row["path"] for row in lake.read("page_views").to_pylist()]
    assert paths == ["/tim"]


def test_scripts_and_paths_the_operator_names_are_left_out(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    record = {
        "time_iso8601": "2022-04-30T12:00:00+07:00", "remote_addr": "203.162.4.190",
        "request": "GET /tin HTTP/1.1", "status": 200, "http_user_agent": AGENT,
    }  # fmt: skip
    path = log(
        tmp_path, json.dumps(record), json.dumps(record | {"http_x_requested_with": "XMLHttpRequest"}),
        json.dumps(record | {"request": "GET /noi-bo/x HTTP/1.1"}), "{broken", name="n.json",
    )  # fmt: skip
    result = bring(settings, lake, path, exclude=("/noi-bo",))
    assert result.left_out == {"asked_by_script": 1, "excluded": 1}
    assert (result.accepted, result.rejected) == (1, {"malformed": 1})
    assert result.notes == ("n.json: read as nginx-json",)


def test_a_log_without_agents_has_no_bots(settings: Settings, lake: Lake, tmp_path: Path) -> None:
    text = line().rpartition(' "https')[0]
    bring(settings, lake, log(tmp_path, text))
    [row] = lake.read("page_views").to_pylist()
    assert (row["bot"], row["browser"]) == (None, None)


def test_damaged_empty_and_strange_files_are_said(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    whole = log(tmp_path, *(line(f"/{n}") for n in range(3000)), name="cut.log.gz")
    whole.write_bytes(whole.read_bytes()[:-200])
    with pytest.raises(ThuocdoError, match="damaged or cut short"):
        bring(settings, lake, whole)
    whole = log(tmp_path, *(line(f"/{n}") for n in range(3000)), name="cut.log.zst")
    parts = whole.read_bytes() + zstandard.compress(line("/last").encode())
    whole.write_bytes(parts[:-9])
    with pytest.raises(ThuocdoError, match="damaged or cut short"):
        bring(settings, lake, whole)
    assert lake.read("page_views").num_rows == 0
    whole.write_bytes(parts)
    assert bring(settings, lake, whole).accepted == 3001
    (tmp_path / "empty.log").touch()
    assert bring(settings, lake, tmp_path / "empty.log").rows == 0
    with pytest.raises(ThuocdoError, match="is a folder"):
        bring(settings, lake, tmp_path)
    with pytest.raises(ThuocdoError, match="no form of access log"):
        bring(settings, lake, log(tmp_path, "site_id,event_time", "1,2022", name="v.csv"))
    assert not list((settings.state_dir / "imports").glob("*"))


def test_the_operator_is_warned_of_days_the_tracker_counted_too(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    path = log(tmp_path, line())
    bring(settings, lake, path)
    tracked = lake.read("page_views").to_pylist()
    rows = lake.read("page_views").slice(0, 1)
    rows = rows.set_column(rows.column_names.index("feed"), "feed", [["tracking"] * len(tracked)])
    lake.append("page_views", rows, app_id="t", version=1)
    assert (
        "site 1 has views of the tracker on 1 of these days: both are counted"
        in bring(settings, lake, path).notes
    )
