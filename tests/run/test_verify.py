"""What was published is made again from raw events: here later, and on another machine from copies alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.command import thuocdo

PERIOD = "2026-10-01..2026-10-31"
WEEK = "2026-W45"


class Published(NamedTuple):
    instance: Any
    report: Path
    name: str


@pytest.fixture(scope="module")
def published(empty_instance: Any, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """A small country, its weekly report, the name of one figure; then more of October came in."""
    folder = tmp_path_factory.mktemp("published")
    home = folder / "home"
    shutil.copytree(empty_instance.home, home)
    instance = type(empty_instance)(home)
    instance.run("simulate", "--scale", "0.01", "--period", PERIOD)
    instance.run("refresh")
    instance.run(
        *("report", "weekly", WEEK, "--period", PERIOD, "--number", "45/BC-CĐSQG"),
        *("--format", "json", "-o", folder / "out"),
    )
    rows = instance.figures("online_dossier_rate", "--period", PERIOD, "--by", "province")
    of_services = ("--agency", "H26", "--by", "service")
    offered = instance.run(
        *("indicator", "online_dossier_rate", "--period", PERIOD, *of_services, "--format", "json")
    ).stdout
    event = {
        "system": "H26-one_stop",
        "agency": "H26",
        "dossier": "late-1",
        "procedure": json.loads(offered)[0]["procedure"],
        "status": "received",
        "event_time": "2026-10-05T09:00:00+07:00",
        "channel": "counter",
    }
    late = [event | {"dossier": f"late-{number}"} for number in range(40)]
    instance.run("import", "dossiers", instance.write_csv("late.csv", late))
    instance.run("refresh")
    now = instance.figures("online_dossier_rate", "--period", PERIOD, "--by", "province")
    assert now["H26"]["denominator"] == rows["H26"]["denominator"] + 40
    return Published(instance, folder / "out" / f"{WEEK}.json", rows["H26"]["id"])


def elsewhere(published: Published, folder: Path) -> tuple[str | Path, ...]:
    """The arguments of a stranger who got copies of the lake and the ledger, and the public key."""
    for name in ("lake", "ledger"):
        shutil.copytree(published.instance.home / name, folder / name)
    key = folder / "key.json"
    key.write_text(published.instance.run("proof", "key").stdout)
    return ("--lake", folder / "lake", "--ledger", folder / "ledger", "--key", key)


def stranger(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The command on a machine without the instance: no home, no secret, no database."""
    environment = {name: v for name, v in os.environ.items() if not name.startswith("THUOCDO_")}
    return thuocdo(*arguments, environment=environment, folder=folder)


def test_figure_and_report_verify_here_though_more_came_in(published: Published) -> None:
    for what in (published.name, published.report):
        done = published.instance.run("verify", what)
        assert "The same, to the last digit." in done.stdout


def test_they_verify_on_another_machine_from_the_raw_lake_alone(
    published: Published, tmp_path: Path
) -> None:
    copies = elsewhere(published, tmp_path)
    before = sorted(path.name for path in (tmp_path / "ledger").rglob("*"))
    for what in (published.name, published.report):
        done = stranger(tmp_path, "verify", what, *copies)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "The same, to the last digit." in done.stdout
    assert sorted(path.name for path in (tmp_path / "ledger").rglob("*")) == before
    assert not (tmp_path / "var").exists()


def test_a_digit_changed_in_a_report_is_named(published: Published, tmp_path: Path) -> None:
    told = json.loads(published.report.read_text())
    number, table = max(told["tables"].items(), key=lambda one: len(one[1]["ranking"]))
    place = len(table["ranking"]) - 1
    row = table["ranking"][place]
    row["numerator"] += 1
    forged = tmp_path / "forged.json"
    forged.write_text(json.dumps(told))
    done = published.instance.run("verify", forged, check=False)
    assert done.returncode == 1
    assert (
        f"tables.{number}.ranking[{place}].numerator: published {row['numerator']}" in done.stdout
    )


def test_a_root_changed_in_a_report_is_named(published: Published, tmp_path: Path) -> None:
    told = json.loads(published.report.read_text())
    told["log_root"] = "0" * 64
    forged = tmp_path / "forged.json"
    forged.write_text(json.dumps(told))
    done = published.instance.run("verify", forged, check=False)
    assert done.returncode == 1
    assert "another root" in done.stdout


def test_the_passport_says_all_of_a_figure(published: Published) -> None:
    done = published.instance.run("passport", published.name, "--format", "json")
    paper = json.loads(done.stdout)
    told = json.loads(published.report.read_text())
    assert paper["same"]
    assert paper["log"] == {"size": told["log_size"], "root": told["log_root"]}
    assert paper["definition"]["formula"]["vi"]
    english = published.instance.run("passport", published.name, "--language", "en").stdout
    assert "Made again it has the same answer." in english


def test_what_was_erased_by_law_since_is_said(published: Published, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(published.instance.home, home)
    copy = type(published.instance)(home)
    counted = copy.figures("online_dossier_rate", "--period", PERIOD, "--by", "province")["H26"]
    copy.run("erase", "H26-one_stop", "late-7", "--reason", "Quyết định 12/QĐ")
    done = copy.run("verify", counted["id"], check=False)
    assert done.returncode == 1
    assert "1 rows were erased by law since" in done.stdout
    assert "The same, to the last digit." in copy.run("verify", published.name).stdout


@pytest.mark.parametrize("what", ["nothing", "2026-W60", "H26:2026"])
def test_what_is_no_name_and_no_report_is_one_clear_sentence(
    published: Published, what: str
) -> None:
    done = published.instance.run("verify", what, check=False)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_a_report_tells_who_signed_it_here_and_on_another_machine(
    published: Published, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(published.instance.home, home)
    copy = type(published.instance)(home)
    assert "not published" in copy.run("verify", WEEK).stdout
    script = (
        "from thuocdo.core import settings\n"
        "from thuocdo.run.demo_people import publish\n"
        f"publish(settings.load(), '{WEEK}')"
    )
    subprocess.run([sys.executable, "-c", script], env=copy.environment, check=True)
    assert "published" in copy.run("report", "queue").stdout
    here = copy.run("verify", WEEK).stdout
    assert "by mo-phong-lanh-dao (a simulated person); the signature is of this report" in here
    assert "The same, to the last digit." in here

    lines = [path.read_text() for path in sorted((home / "publication" / WEEK).glob("*.jws"))]
    (tmp_path / "report.jws").write_text(lines[2])  # made, checked, signed
    with_signature = (
        *(published.report, "--signature", tmp_path / "report.jws"),
        *elsewhere(Published(copy, published.report, published.name), tmp_path),
    )
    done = stranger(tmp_path, "verify", *with_signature)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the signature is of this report" in done.stdout
    (tmp_path / "report.jws").write_text(lines[1])
    done = stranger(tmp_path, "verify", *with_signature)
    assert done.returncode == 1
    assert "The signature is not of this report" in done.stdout


def test_the_desks_commands_ask_for_rights_and_say_what_is_wrong(published: Published) -> None:
    run = published.instance.run
    run("account", "create", "hoa", "--role", "analyst", "--password", "mật khẩu rất dài 2026")
    run("account", "create", "lan", "--role", "publisher", "--password", "mật khẩu rất dài 2026")
    refused = run("report", "sign", WEEK, "--as", "lan", check=False)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "may not do the step" in refused.stderr  # her role rests without a second factor
    unknown = run("report", "check", WEEK, "--as", "nobody", check=False)
    assert "There is no account" in unknown.stderr
    done = run("report", "check", WEEK, "--as", "hoa", "--note", "đã xem")
    assert "checked" in done.stdout
    again = run("report", "weekly", WEEK, "--period", PERIOD, "--format", "json", "--as", "hoa")
    assert "checked and signed anew" in again.stderr
    assert "hoa" in run("report", "queue").stdout
    run("report", "check", WEEK, "--as", "hoa", "--note", "đã xem")
    back = run("report", "withdraw", WEEK, "--as", "hoa", "--note", "xem lại")
    assert "draft" in back.stdout
    assert (
        "nothing to revise"
        in run("report", "revise", WEEK, "--as", "hoa", "--note", "sai", check=False).stderr
    )
