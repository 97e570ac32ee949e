"""What goes wrong with a server is said once and clearly; what it kept for us is cleared away."""

from __future__ import annotations

import dataclasses
import os
import socket
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pytest
from tests.measure.conftest import World, noon
from tests.measure.sail import APART, import_client, running

from thuocdo.core.clock import parse_period
from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.engine import Engine, open_engine, same
from thuocdo.measure.facts.schemas import STEPS_DAILY

MANY = pa.table({"number": pa.array(range(200_000), pa.int64())})
FEW = MANY.slice(0, 3)
MONTH = parse_period("2022-01")
ROOT = Path(__file__).parents[3]


@pytest.fixture
def remote(sail: str, tmp_path: Path) -> World:
    return World(tmp_path, engine=sail)


def kept(world: World) -> list[Path]:
    """What lies in the folder that the server may write to."""
    return list((world.settings.state_dir / "kept").rglob("*.parquet"))


def refusal(act: Any, *given: Any, **more: Any) -> ThuocdoError:
    with pytest.raises(ThuocdoError) as told:
        act(*given, **more)
    assert "\n" not in str(told.value)
    assert told.value.hint
    return told.value


def opened(world: World) -> Engine:
    return open_engine(world.settings, memory_limit="1GiB")


def test_a_server_that_is_not_there_is_said_at_once(empty_world: World) -> None:
    import_client()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"sc://127.0.0.1:{free.getsockname()[1]}"
        settings = dataclasses.replace(empty_world.settings, engine=url)
        told = refusal(open_engine, settings, memory_limit="1GiB")
    assert told.code == "engine_unreachable"
    assert url.removeprefix("sc://") in told.message


def test_without_the_client_the_way_to_install_it_is_said(
    remote: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "thuocdo.measure.engine.spark", None)
    told = refusal(opened, remote)
    assert told.code == "engine_not_installed"
    assert "thuocdo[spark]" in told.hint


def test_a_server_that_sees_other_folders_is_found_out_before_it_counts_anything(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    if subprocess.run((*APART, str(home), "true"), check=False).returncode:
        pytest.skip("this machine lets nobody hide a folder from a process")
    with running(tmp_path / "log", hidden=home) as server:
        told = refusal(opened, World(home, engine=server.url))
    assert told.code == "engine_cannot_see"
    assert "state/kept" in told.hint


def test_a_file_the_server_does_not_find_is_an_error_not_fewer_rows(remote: World) -> None:
    engine = opened(remote)
    there = remote.settings.home / "there.parquet"
    engine.write(there, same, engine.hold(STEPS_DAILY.empty_table()))
    gone = str(there.with_name("gone.parquet"))
    assert engine.rows(same, engine.scan([str(there)], STEPS_DAILY)).num_rows == 0
    told = refusal(engine.scan, [str(there), gone], STEPS_DAILY)
    assert told.code == "engine_cannot_see"


TWO_SERVERS = """
import sys
from pathlib import Path
from tests.measure.conftest import World
from tests.measure.sail import running
from thuocdo.measure.engine import open_engine, same
from thuocdo.measure.facts.schemas import STEPS_DAILY

folder = Path(sys.argv[1])
with running(folder / "log") as first:
    gone = open_engine(World(folder / "first", engine=first.url).settings, memory_limit="1GiB")
world = World(folder / "second", engine=sys.argv[2])
engine, file = open_engine(world.settings, memory_limit="1GiB"), world.settings.home / "rows"
engine.write(file, same, engine.hold(STEPS_DAILY.empty_table()))
print(engine.rows(same, engine.scan([str(file)], STEPS_DAILY)).num_rows)
"""


def test_the_server_asked_first_may_go_and_another_be_asked(sail: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"  # a process of its own: which server was first is known once
    program.write_text(TWO_SERVERS)
    done = subprocess.run(
        [sys.executable, program, tmp_path, sail],
        env=os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT), *sys.path))},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.stdout.strip() == "0", done.stderr


@ibis.udf.scalar.builtin
def nobody_has_this(number: int) -> int:
    """A function of no engine."""


def test_what_a_server_cannot_compute_is_said_with_its_own_words(remote: World) -> None:
    def asked(rows: ibis.Table) -> ibis.Table:
        return rows.select(number=nobody_has_this(rows.number))

    engine = opened(remote)
    told = refusal(engine.rows, asked, engine.hold(FEW))
    assert told.code == "engine_failed"
    assert "nobody_has_this" in told.message.lower()
    assert not engine.is_lost


def test_a_server_that_goes_away_is_said_and_the_next_question_finds_it_again(
    tmp_path: Path,
) -> None:
    with running(tmp_path / "log") as server:
        world = World(tmp_path / "home", engine=server.url)
        world.tell("agencies", {"code": "H26", "name": "Hà Nội", "kind": "province"})
        world.tell("sites", {"site_id": 1, "agency": "H26", "kind": "portal"})
        world.send("page_views", world.view(noon(date(2022, 1, 30))))
        world.refresh()
        measure = world.measure()
        before = measure.figures("portal_visits", MONTH)
        world.send("page_views", world.view(noon(date(2022, 1, 31)), visitor=2))
        manifest = (world.settings.facts_dir / "MANIFEST.json").read_bytes()
        server.stop()

        assert refusal(world.refresh).code in ("engine_lost", "engine_unreachable")
        assert refusal(measure.loop_views, 1, MONTH).code == "engine_lost"
        assert (world.settings.facts_dir / "MANIFEST.json").read_bytes() == manifest
        assert measure.figures("portal_visits", MONTH) == before, "remembered"

        server.start()
        assert measure.loop_views(1, MONTH) == 0
        world.refresh()
        assert measure.figures("portal_visits", MONTH)[0].numerator == 2


def test_many_rows_of_ours_go_by_a_file_and_few_along_with_the_question(remote: World) -> None:
    engine = opened(remote)
    assert engine.rows(same, engine.hold(FEW)) == FEW
    assert kept(remote) == []
    assert engine.rows(same, engine.hold(MANY)).sort_by("number") == MANY
    assert len(kept(remote)) == 1
    engine.forget()
    assert kept(remote) == []


def test_what_is_kept_is_computed_once_and_goes_when_it_is_forgotten(remote: World) -> None:
    engine = opened(remote)
    held = engine.hold(FEW)
    rows, pinned = engine.keep(same, held), engine.keep(same, held, pinned=True)
    engine.forget()
    assert engine.rows(same, pinned).sort_by("number") == FEW
    assert not rows.source.folder.exists()
    engine.drop(pinned)
    assert kept(remote) == []


def test_folders_of_dead_engines_are_swept_and_those_of_living_ones_are_not(remote: World) -> None:
    living = opened(remote)
    pinned = living.keep(same, living.hold(FEW), pinned=True)
    dead = remote.settings.state_dir / "kept" / "dead"
    dead.mkdir()
    (dead / ".lock").touch()

    another = opened(remote)

    assert not dead.exists()
    assert living.rows(same, pinned).num_rows == 3
    another.close()
    living.close()
    assert list((remote.settings.state_dir / "kept").iterdir()) == []
