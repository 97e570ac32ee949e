"""A file is replaced whole or not at all, and a disk without room keeps nothing of the attempt."""

from __future__ import annotations

from pathlib import Path

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
