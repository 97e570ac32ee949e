"""`thuocdo import` and `thuocdo template` as an operator types them."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

import pytest
from tests.command import thuocdo

from thuocdo.cli import main

LINE = (
    '{host} 203.162.4.190 - - [30/Apr/2022:12:00:00 +0700] "GET {path} HTTP/1.1" 200 5 "-" '
    '"Mozilla/5.0 (Windows NT 10.0) Chrome/99.0"\n'
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("instance")
    assert run(folder, "init").returncode == 0
    sites = folder / "sites.csv"
    sites.write_text("site_id,agency,kind,name,hostnames\n47,H57,portal,Cổng,h57.gov.vn\n")
    assert run(folder, "import", "sites", str(sites)).returncode == 0
    return folder


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"THUOCDO_HOME": str(folder / "home")}
    return thuocdo(*words, environment=environment)


def test_a_quoted_pattern_brings_every_log_and_says_how_it_was_read(home: Path) -> None:
    for place in (1, 2):
        text = LINE.format(host="h57.gov.vn", path=f"/{place}") + LINE.format(
            host="x.vn", path="/a.png"
        )
        (home / f"a{place}.log").write_text(text)
    done = run(home, "import", "access-log", str(home / "a*.log"), "--site-by-host")
    assert done.stdout.splitlines() == [
        "a1.log: read as combined", "a2.log: read as combined", "accepted 2", "duplicates 0", "rejected 0",
        "left out 2", "  part_of_a_page 2",
    ]  # fmt: skip
    again = run(
        home, "import", "access-log", str(home / "a1.log"), str(home / "a2.log"), "--site", "47"
    )
    assert "duplicates 2" in again.stdout


def test_a_spreadsheet_goes_from_template_to_lake(home: Path) -> None:
    path = home / "mau.xlsx"
    assert run(home, "template", "dossiers", "-o", str(path)).stdout.strip() == str(path)
    done = run(home, "import", "dossiers", str(path), "--system", "mc", "--agency", "H57")
    assert "mau.xlsx: the template's example was passed over" in done.stdout
    assert "accepted 0" in done.stdout


def said_by(*words: str) -> str:
    """The one line of a refusal, said in this process: starting one for each takes its time."""
    with pytest.MonkeyPatch.context() as patch, redirect_stderr(StringIO()) as said:
        patch.setattr(sys, "argv", ["thuocdo", "import", *words])
        with pytest.raises(SystemExit) as left:
            main()
    assert left.value.code == 1
    return said.getvalue()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("access-log", "x.log"), "Whose log is it?"),
        (("access-log", "x.log", "--site", "47", "--format", "pdf"), "Write one of: auto, common"),
        (("access-log", "none*.log", "--site", "47"), "No file matches none*.log"),
        (("access-log", "x.log", "--site", "9"), "There is no file x.log"),
        (("matomo", "x.json"), "Whose visits are they?"),
        (("matomo", "x.json", "--map-site", "3"), "is no pair"),
        (("matomo", ".", "--site", "47"), "is a folder"),
        (("opencps", "--url", "https://h", "--system", "s", "--agency", "H57"), "no credentials"),
        (("dossiers", "x.docx"), "There is no file x.docx"),
        (("page-views", "."), "is a folder"),
        (("declared", "."), "is a folder"),
    ],
)
def test_a_wrong_command_is_answered_in_one_line(
    home: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.setenv("THUOCDO_HOME", str(home / "home"))
    monkeypatch.delenv("THUOCDO_OPENCPS_CREDENTIALS", raising=False)
    answer = said_by(*words)
    assert said in answer
    assert len(answer.strip().splitlines()) == 1


def test_the_help_names_the_columns_the_import_reads(home: Path) -> None:
    assert "denominator" in run(home, "import", "declared", "--help").stdout


def test_a_progress_bar_stands_on_a_terminal(home: Path) -> None:
    (home / "one.log").write_text(LINE.format(host="h57.gov.vn", path="/bar"))
    command = f"{sys.executable} -m thuocdo import access-log {home}/one.log --site 47"
    environment = os.environ | {"THUOCDO_HOME": str(home / "home"), "TERM": "xterm"}
    done = subprocess.run(
        ["script", "-qec", command, "/dev/null"], env=environment, capture_output=True, check=True
    )
    assert "access log" in done.stdout.decode()
    assert "━" in done.stdout.decode()
