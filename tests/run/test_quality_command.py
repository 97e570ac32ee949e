"""`thuocdo quality` on a real instance: silent where there is nothing, and plain about wrong keys."""

from __future__ import annotations

import json
from typing import Any

KEY = "constant_level:H13-one_stop:2026-07-01..2026-09-30"


def test_an_instance_without_events_is_asked_nothing_and_says_what_cannot_be_measured(
    can_tho: Any,
) -> None:
    period = ("--period", "2026-07-01..2026-09-30")
    can_tho.run("refresh")
    assert "Không thấy dấu hiệu" in can_tho.run("quality", *period).stdout
    every = json.loads(can_tho.run("quality", *period, "--all", "--format", "json").stdout)
    assert {one["state"] for one in every} == {"not_measurable"}
    assert "H13" in {one["agency"] for one in every}
    for wrong, reason in ((KEY, "Nothing is found"), ("nonsense", "names no finding")):
        refused = can_tho.run("quality", "explain", wrong, "Giải trình", check=False)
        assert refused.returncode == 1
        assert reason in refused.stderr
