"""A file is replaced whole or not at all, and a disk without room keeps nothing of the attempt."""

from __future__ import annotations

import errno
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from thuocdo.core import files


def test_the_new_content_takes_the_place_of_the_old(tmp_path: Path) -> None:
    path = tmp_path / "head"
    files.replace(path, b"one")
    files.replace(path, b"two", durable=False)
    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]


def test_without_room_the_old_content_stays_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "head"
    path.mkdir()  # a folder cannot be replaced by a file
    with pytest.raises(OSError, match="head"):
        files.replace(path, b"one")
    assert list(tmp_path.iterdir()) == [path]


def test_of_two_that_add_a_file_the_first_one_stands(tmp_path: Path) -> None:
    path = tmp_path / "key"
    assert files.add(path, b"one", mode=files.PRIVATE)
    assert not files.add(path, b"two")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"one", 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_replaced_durably_is_on_disk_under_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    sync, rename = os.fsync, os.replace

    def synced(descriptor: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        sync(descriptor)

    def renamed(*paths: str) -> None:
        done.append("rename")
        rename(*paths)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", renamed)
    files.replace(tmp_path / "head", b"one")
    assert done == ["file", "rename", "folder"]


@pytest.mark.parametrize(
    ("write", "step"),
    [
        *((write, "fsync") for write in (files.replace, files.renew, files.add)),
        (files.replace, "replace"),
        (files.renew, "replace"),
        (files.add, "link"),
    ],
)
def test_a_full_disk_keeps_what_was_there_and_nothing_of_the_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Any, step: str
) -> None:
    there = tmp_path / "there"
    files.replace(there, b"one")

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, step, full)
    with pytest.raises(OSError, match="No space"):
        write(tmp_path / "new" if write is files.add else there, b"two")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("there", b"one")]


def test_of_many_that_renew_a_file_one_content_stands_whole(tmp_path: Path) -> None:
    path = tmp_path / "report"
    contents = [bytes([n]) * 200_000 for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda content: files.renew(path, content), contents * 3))
    assert path.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [path]
