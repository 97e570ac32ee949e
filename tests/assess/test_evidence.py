"""Evidence is whole or not there: whatever is killed, however full the disk."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import subprocess
import sys
import time

import pytest
from tests.assess.fixtures.servers import Odd
from tests.assess.test_hostile import FRONT, ROBOTS, scanned, short

from thuocdo.assess.evidence import Kept
from thuocdo.core.errors import ThuocdoError

WRITER = """
import itertools, os, sys
from pathlib import Path
from thuocdo.assess.evidence import Kept
kept = Kept(Path(sys.argv[1]))
print("writing", flush=True)
for number in itertools.count():
    kept.keep("body", (f"{number} " * 200_000).encode())
"""


def pieces(home):
    return [path for path in home.rglob("*") if path.is_file() and not path.name.startswith(".")]


def test_a_writer_that_is_killed_leaves_nothing_half_written_under_a_name(tmp_path):
    for round_ in range(5):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writing\n"
        time.sleep(0.05 + 0.03 * round_)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
    assert pieces(tmp_path)
    for path in pieces(tmp_path):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name


def test_on_a_full_disk_nothing_is_kept_and_nothing_left(tmp_path, monkeypatch):
    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        Kept(tmp_path).keep("body", b"x" * 1000)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_disk_that_fills_in_the_middle_of_a_scan_is_our_fault_and_scores_nothing(
    tmp_path, monkeypatch
):
    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    server = Odd(ROBOTS | {"/": FRONT})
    monkeypatch.setattr("thuocdo.core.files.os.fsync", full)
    with pytest.raises(
        OSError, match="No space"
    ):  # the crew makes our own fault of every check of it
        scanned(tmp_path, f"{server.url}/", short())
    server.close()
    assert pieces(tmp_path / "evidence") == []


def test_a_piece_that_was_cut_on_the_disk_is_not_read_and_is_made_whole_by_whoever_finds_it_again(
    tmp_path,
):
    kept = Kept(tmp_path)
    piece = kept.keep("body", b"what was seen")
    kept.path(piece.sha256).write_bytes(b"what wa")
    with pytest.raises(ThuocdoError) as refused:
        kept.read(piece.sha256)
    assert refused.value.code == "bad_evidence"
    assert kept.keep("body", b"what was seen") == piece
    assert kept.read(piece.sha256) == b"what was seen"
