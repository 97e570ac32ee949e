"""What the supervisor does when the machine lets it do nothing just now."""

from __future__ import annotations

import time
from pathlib import Path

from thuocdo.run.supervisor import Role


def test_a_role_that_cannot_be_started_just_now_is_tried_again(tmp_path: Path) -> None:
    role = Role("once", ["--help"], log_file=tmp_path / "later" / "log", once=True)
    role.start()
    assert role.process is None
    role.look_after(time.monotonic())  # not at once
    assert role.deaths == 1
    (tmp_path / "later").mkdir()
    role.look_after(time.monotonic() + 1000)
    assert role.process is not None
    assert role.process.wait(60) == 0
