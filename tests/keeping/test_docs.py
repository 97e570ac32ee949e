"""docs/keeping.md tells every kind and its days, as the policy has them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.keeping.conftest import NOW

from thuocdo.core import clock
from thuocdo.core.settings import Settings
from thuocdo.keeping.policy import Code, policy_on

MANUAL = Path("docs/keeping.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", list(Code))
def test_every_kind_is_described_with_its_days(home: Settings, code: Code) -> None:
    (line,) = re.findall(rf"^\| `{code}` \|(.*)$", MANUAL, re.MULTILINE)
    days = policy_on(home, clock.local_day(NOW)).kinds[code].days
    assert line.split(" | ")[2] == ("–" if days is None else str(days))
