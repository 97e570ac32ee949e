"""A Friday on which sources fall silent, and people who want to hear of it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from tests.steer.conftest import Receiver

from thuocdo.core import clock
from thuocdo.core.clock import parse_instant, to_datetime
from thuocdo.core.settings import Settings
from thuocdo.registry.accounts import create_account
from thuocdo.registry.rights import Role
from thuocdo.steer import incidents, letters, outbox, subscribing
from thuocdo.steer.model import Cause, Kind, Severity
from thuocdo.steer.models import Subscription, Webhook
from thuocdo.steer.policy import policy_on

NOW = parse_instant("2026-12-04T10:00:00+07:00")  # a Friday
MINUTE = 60 * 1_000_000
HOUR, DAY = 60 * MINUTE, 24 * 60 * MINUTE
POLICY = policy_on(clock.local_day(NOW))


def silent(agency: str = "H26", severity: Severity = Severity.SERIOUS, name: str = "Cổng") -> Cause:
    evidence = {"name": name, "since": "2026-12-01", "days": 3}
    return Cause(Kind.SILENT_SOURCE, f"{agency}-portal", agency, severity, evidence)


def find(home: Settings, causes: list[Cause], now: int = NOW) -> incidents.Written:
    return incidents.write(home, Kind.SILENT_SOURCE, causes, POLICY, now, 1)


def find_and_post(home: Settings, now: int) -> None:
    find(home, [silent()], now)
    posted(home, now)


def reader(name: str, role: Role = Role.OFFICER, agency: str = "H26", **wishes: Any) -> Any:
    """Somebody with an address that is theirs."""
    create_account(name, None, role, agency)
    user = get_user_model().objects.get(username=name)
    if wishes:
        row = Subscription(user=user, address=f"{name}@example.gov.vn", **wishes)
        row.confirmed_at = to_datetime(NOW)
        row.save()
    return user


def posted(home: Settings, now: int) -> int:
    outbox.pack(home, now)
    return outbox.send(home, now, letters.WAYS, lambda: now)


def hook(home: Settings, receiver: Receiver, agency: str = "") -> Webhook:
    made, receiver.secret = subscribing.register(
        home, "trực ban", receiver.url, agency, [], Severity.WARNING, "van-hanh"
    )
    return made
