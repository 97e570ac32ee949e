"""docs/alerts.md tells everything that is there, and the receiver it prints verifies what is sent."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.steer.conftest import Receiver
from tests.steer.friday import NOW, POLICY, find, hook, posted, silent

from thuocdo.core.settings import Settings
from thuocdo.steer import hooks
from thuocdo.steer.model import Kind
from thuocdo.steer.policy import words

MANUAL = Path("docs/alerts.md").read_text(encoding="utf-8")


def test_every_kind_is_described_under_its_name() -> None:
    for kind in Kind:
        (line,) = [line for line in MANUAL.splitlines() if line.startswith(f"| `{kind}`")]
        assert words().kinds[kind].name.vi in line


def test_the_numbers_of_the_policy_are_those_of_the_page() -> None:
    pauses = [str(pause) for pause in POLICY.posting.pauses_minutes]
    said = " ".join(MANUAL.split())
    assert f"{', '.join(pauses[:-1])} and {pauses[-1]} minutes" in said
    assert f"within {POLICY.posting.seconds} seconds" in said
    assert f"back within {POLICY.quiet_gap_hours} hours" in said


def test_every_setting_is_described() -> None:
    source = Path("src/thuocdo/core/settings.py").read_text(encoding="utf-8")
    mine = set(re.findall(r"THUOCDO_(?:SMTP|MAIL|SITE|WEBHOOK)\w*", source))
    assert mine == set(re.findall(r"^\| `(THUOCDO_\w+)`", MANUAL, re.MULTILINE))


def names(value: dict[str, Any], before: str = "") -> set[str]:
    found = set()
    for name, inner in value.items():
        path = f"{before}{name}"
        is_open = not isinstance(inner, dict) or path in (
            *("data.evidence", "data.title", "data.text", "data.advice"),
        )
        found |= {path} if is_open else names(inner, f"{path}.")
    return found


def test_every_field_of_a_call_is_described_and_the_printed_receiver_takes_it(
    home: Settings, receiver: Receiver
) -> None:
    hook(home, receiver)
    find(home, [silent()])
    posted(home, NOW)
    ((_, body),) = receiver.calls
    described = set(re.findall(r"`((?:data\.)?\w+)`", MANUAL.split("| Field | |")[1]))
    assert names(body) <= described

    printed: dict[str, Any] = {}
    exec(re.search(r"```python\n(.*?)```", MANUAL, re.DOTALL)[1], printed)  # type: ignore[index]
    signature = hooks.sign(receiver.secret, "msg_1", 1, b"{}")
    headers = {"webhook-id": "msg_1", "webhook-timestamp": "1", "webhook-signature": signature}
    assert printed["is_ours"](receiver.secret, headers, b"{}")
    assert not printed["is_ours"](receiver.secret, headers, b"{ }")
