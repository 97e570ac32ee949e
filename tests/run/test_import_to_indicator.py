"""Files in, figures out, by the commands alone; a second run changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.run.conftest import copy_of

PERIOD = ("--period", "2026-03-01..2026-03-31")


def event(dossier: str, status: str, day: int, **more: object) -> dict[str, object]:
    """One row of a dossier file."""
    return {
        "system": "H13-one_stop",
        "agency": "H13",
        "dossier": dossier,
        "procedure": "1.004194",
        "status": status,
        "event_time": f"2026-03-{day:02d}T09:00:00",
        "channel": "online",
    } | more


DOSSIERS = [
    event("HS-1", "received", 2),
    event("HS-1", "completed", 5, payment="online"),
    event("HS-2", "received", 3, channel="counter"),
    event("HS-2", "completed", 9, channel="counter"),
    event("HS-3", "received", 4, procedure="1.000110"),
    event("HS-4", "completed", 12, procedure="1.000110"),
    event("HS-4", "received", 6, procedure="1.000110"),
]
VIEWS = [
    {"site_id": 227, "event_time": "2026-03-02T08:00:00", "visitor": "a", "url": "https://x.vn/"},
    {"site_id": 227, "event_time": "2026-03-02T08:29:59", "visitor": "a", "url": "https://x.vn/b"},
    {"site_id": 227, "event_time": "2026-03-02T08:59:59", "visitor": "a", "url": "https://x.vn/c"},
    {"site_id": 227, "event_time": "2026-03-02T23:50:00", "visitor": "b", "url": "https://x.vn/"},
    {"site_id": 227, "event_time": "2026-03-03T00:10:00", "visitor": "b", "url": "https://x.vn/"},
]


def counts(output: str) -> dict[str, int]:
    """`accepted 7` … as a mapping."""
    lines = (line.split() for line in output.splitlines())
    return {line[0]: int(line[1]) for line in lines if len(line) == 2 and line[1].isdigit()}


def figure(instance: Any, code: str, *more: str) -> tuple[Any, Any, Any]:
    row = instance.figures(code, *PERIOD, *more)["H13"]
    return row["numerator"], row["denominator"], row["value"]


@pytest.fixture(scope="module")
def loaded_once(can_tho_instance: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """For tests that only look."""
    made = copy_of(can_tho_instance, tmp_path_factory.mktemp("loaded"))
    made.run("import", "dossiers", made.write_csv("dossiers.csv", DOSSIERS))
    made.run("import", "page-views", made.write_csv("views.csv", VIEWS))
    made.run("refresh")
    return made


@pytest.fixture
def loaded(loaded_once: Any, tmp_path: Path) -> Any:
    """For tests that change something: a copy."""
    return copy_of(loaded_once, tmp_path)


def test_every_indicator_counts_what_was_imported(loaded_once: Any) -> None:
    assert figure(loaded_once, "portal_visits")[::2] == (4, 4)  # 30 minutes part, midnight parts
    assert figure(loaded_once, "online_dossier_rate") == (3, 4, 75.0)
    assert figure(loaded_once, "online_dossier_rate", "--version", "2022-05") == (2, 3, 66.67)
    assert figure(loaded_once, "services_with_online_dossiers") == (2, 2, 100.0)
    assert figure(loaded_once, "full_online_rate") == (1, 4, 25.0)


def test_a_second_run_of_the_same_files_changes_nothing(loaded: Any) -> None:
    before = figure(loaded, "online_dossier_rate"), figure(loaded, "portal_visits")
    home: Path = loaded.home.parent
    for kind, name, rows in (
        ("dossiers", "dossiers.csv", len(DOSSIERS)),
        ("page-views", "views.csv", len(VIEWS)),
        ("sites", "sites.csv", 2),
        ("services", "services.csv", 2),
    ):
        said = counts(loaded.run("import", kind, home / name).stdout)
        assert said == {"accepted": 0, "duplicates": rows, "rejected": 0}, kind
    loaded.run("refresh")
    assert before == (figure(loaded, "online_dossier_rate"), figure(loaded, "portal_visits"))


def test_the_same_rows_in_another_file_and_order_are_duplicates(loaded: Any) -> None:
    again = loaded.write_csv("again.csv", [*reversed(DOSSIERS), event("HS-9", "received", 20)])
    said = counts(loaded.run("import", "dossiers", again).stdout)
    assert (said["accepted"], said["duplicates"]) == (1, len(DOSSIERS))


def test_bad_rows_are_refused_by_reason_and_written_to_a_file(can_tho: Any) -> None:
    rows = [
        event("HS-1", "received", 2),
        event("HS-2", "received", 2, agency="H99"),
        event("HS-3", "received", 2, procedure="9.999999"),
        event("HS-4", "vanished", 2),
        event("HS-5", "received", 2) | {"event_time": "1826-03-02"},
        event("HS-6", "received", 2) | {"event_time": "next Friday"},
        event("", "received", 2),
    ]
    output = can_tho.run("import", "dossiers", can_tho.write_csv("bad.csv", rows)).stdout
    said = counts(output)
    assert said["accepted"] == 1
    assert said["rejected"] == 6
    assert said["unknown_agency"] == said["unknown_procedure"] == 1
    assert said["bad_date"] == 2
    refused = Path(output.split("reasons:")[1].strip())
    assert "unknown_procedure" in refused.read_text()
    assert "HS-3" not in refused.read_text()


def test_an_unverified_or_verified_question_gives_its_own_answer(loaded_once: Any) -> None:
    assert figure(loaded_once, "online_dossier_rate", "--trust", "verified") == (3, 4, 75.0)


def test_nothing_is_known_before_it_landed(loaded_once: Any) -> None:
    row = loaded_once.figures("online_dossier_rate", *PERIOD, "--as-known", "2026-01-01")
    assert row.get("H13", {}).get("value") is None


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("indicator", "nonsense"), "online_dossier_rate"),
        (("indicator", "online_dossier_rate", "--period", "yesterday"), "Write"),
        (("indicator", "online_dossier_rate", "--version", "1999-01"), "2022-05"),
        (("indicator", "online_dossier_rate", "--by", "planet"), "province"),
        (("import", "sites", "no-such-file.csv"), "no-such-file.csv"),
        (("report", "weekly", "2022-99"), "2022-W18"),
        (("reprot",), "report"),
        (("import", "dossiers"), "files"),
    ],
)
def test_a_wrong_argument_gets_one_line_saying_what_to_write(
    loaded_once: Any, arguments: tuple[str, ...], hint: str
) -> None:
    done = loaded_once.run(*arguments, check=False)
    assert done.returncode != 0
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert hint in lines[0]


def test_a_file_without_its_columns_is_named_with_what_is_missing(can_tho: Any) -> None:
    path = can_tho.write_csv("odd.csv", [{"colour": "teal"}])
    done = can_tho.run("import", "dossiers", path, check=False)
    assert done.returncode == 1
    assert "event_time" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_json_has_the_documented_keys(loaded_once: Any) -> None:
    output = loaded_once.run("indicator", "online_dossier_rate", *PERIOD, "--format", "json").stdout
    keys = {"agency", "name", "numerator", "denominator", "value", "coverage", "flags"}
    assert all(keys <= row.keys() for row in json.loads(output))
