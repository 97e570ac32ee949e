"""The demonstration's target is set once, by somebody who is said to be simulated, and is one that counts."""

from __future__ import annotations

from pathlib import Path

from thuocdo.core import clock
from thuocdo.core import settings as settings_of
from thuocdo.measure.targets.setting import set_targets
from thuocdo.run import demo_targets


def test_the_target_is_set_once_and_its_day_is_over(tmp_path: Path) -> None:
    home = settings_of.load({"THUOCDO_HOME": str(tmp_path)})
    for _ in range(2):
        demo_targets.set_one(home)
    found = set_targets(tmp_path)
    (setting,) = found.settings
    assert not found.refused
    assert setting.target in found.targets
    assert setting.target.by < clock.local_day(clock.now_us())
    assert "mô phỏng" in setting.target.source.document
