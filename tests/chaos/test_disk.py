"""The disk fills up, or may no longer be written: 503 with Retry-After meanwhile, and all goes on after."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from tests.chaos.clients import Book, load
from tests.chaos.world import (
    ROLES,
    World,
    assert_counted,
    assert_figures_as_undisturbed,
    below,
    children,
    is_alive,
    wait_until,
)

RATE = 300.0
DISK = "96m"
PEACE_SECONDS = 1.5
HARD_SECONDS = 3.0
_BALLAST_STEP = 1 << 16
_OBEY = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override")
"""Root without the right to overlook file modes."""


@contextmanager
def small_disk(place: Path) -> Iterator[Path | None]:
    """A file system of its own in a folder, or None where the test may not mount one."""
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        yield None
        return
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Not a byte is left, during the block."""
    ballast = disk / "ballast"
    try:
        with ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(_BALLAST_STEP))
    except OSError:
        pass
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def not_a_byte_for(pids: list[int]) -> Iterator[None]:
    """No file of these processes may grow, during the block (where no disk can be mounted)."""
    limits = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids}
    for pid, (_, hard) in limits.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        for pid, limit in limits.items():
            if is_alive(pid):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, limit)


@contextmanager
def read_only(home: Path) -> Iterator[None]:
    """No folder takes a new name or gives one away, during the block."""
    folders = [home, *(path for path in home.rglob("*") if path.is_dir())]
    modes = {folder: folder.stat().st_mode for folder in folders}
    for folder in folders:
        folder.chmod(0o555)
    try:
        yield
    finally:
        for folder, mode in modes.items():
            folder.chmod(mode)


@contextmanager
def reader(database: Path) -> Iterator[None]:
    """Somebody who reads all the while: whoever leaves last would delete SQLite's log, and make room."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("SELECT count(*) FROM sqlite_master")
        yield


def refused_then_served(world: World, trouble: Callable[[list[int]], ExitStack]) -> Book:
    """Load all roles through some trouble of the disk; what was promised."""
    with world.instance.serving() as supervisor, reader(world.instance.home / "registry.sqlite3"):
        with load(world.instance.collect_port, world.mix().next, RATE) as book:
            time.sleep(PEACE_SECONDS)
            assert not book.busy
            with trouble([supervisor.pid, *below(supervisor.pid)]):
                time.sleep(HARD_SECONDS)
                assert book.busy, "a disk in trouble was not noticed"
                refusals, taken = book.busy, len(book.acknowledged)
                time.sleep(HARD_SECONDS / 2)
                assert book.busy > refusals
                # What gives up leaves no half file behind: in its room a few events still fit.
                assert len(book.acknowledged) - taken < RATE / 3
            taken = len(book.acknowledged)
            wait_until(lambda: len(book.acknowledged) > taken + RATE, why="service did not return")
        wait_until(lambda: set(children(supervisor.pid)) == set(ROLES), why=world.instance.logs())
    return book


def test_a_full_disk_is_said_and_nothing_is_lost(untouched: World, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        world = untouched.copy(disk or tmp_path / "disk" / "folder")

        def trouble(pids: list[int]) -> ExitStack:
            stack = ExitStack()
            stack.enter_context(filled(disk) if disk else not_a_byte_for(pids))
            return stack

        book = refused_then_served(world, trouble)
        counted = assert_counted(world, book)
        assert_figures_as_undisturbed(world, counted, untouched, tmp_path / "peace")


@pytest.mark.skipif(
    os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root overlooks file modes"
)
def test_a_disk_that_may_not_be_written_is_said_and_nothing_is_lost(
    world: World,
) -> None:
    if os.geteuid() == 0:
        world.instance.launcher = _OBEY

    def trouble(_pids: list[int]) -> ExitStack:
        stack = ExitStack()
        stack.enter_context(read_only(world.home))
        return stack

    assert_counted(world, refused_then_served(world, trouble))
