"""The sweep: what is past its time and bound by nothing goes, and a counted line says so.

Rows go in the transaction that writes their line. Files cannot: what is to go is planned on disk, told in the
trail under the plan's name, once, and only then removed; a sweep that died is finished by the next. What cannot
be written down, on a full disk, does not go.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import structlog
from django.db import DatabaseError, transaction

from thuocdo.core import clock, files
from thuocdo.core.alone import alone
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.keeping.files import OfFiles
from thuocdo.keeping.kinds import KINDS
from thuocdo.keeping.model import Looked
from thuocdo.keeping.policy import Code, Keep, Policy, policy_on
from thuocdo.keeping.rows import OfRows
from thuocdo.registry.models import Change
from thuocdo.registry.trail import record

AT_ONCE: Final = 500
"""Rows or files told by one line: what a death can leave to be done again stays small."""

log = structlog.get_logger("thuocdo.keeping")


class Line(NamedTuple):
    """One kind as it stands.

    looked   None for what is kept for good, and where it could not be told
    failure  why it could not; such a kind keeps everything
    """

    code: Code
    keep: Keep
    looked: Looked | None
    failure: str = ""

    @property
    def next_day(self) -> dt.date | None:
        """The day (Vietnam's) on which the next one may go; None while none is there."""
        if self.looked is None or self.looked.next is None or self.keep.days is None:
            return None
        over = self.looked.next + dt.timedelta(days=self.keep.days)
        return over.astimezone(clock.VIETNAM).date() + dt.timedelta(days=1)


class Gone(NamedTuple):
    """What one sweep removed of a kind, or why it could not."""

    code: Code
    pieces: int
    bytes: int | None
    failure: str = ""


class Plan(msgspec.Struct, frozen=True):
    """Files that are to go. before: µs UTC; paths below the home; name: that of the line in the trail."""

    name: str
    kind: Code
    policy: str
    before: int
    who: str
    paths: list[str]
    bytes: int


def look(settings: Settings, now: int) -> list[Line]:
    """Every kind at `now` (µs UTC), in the order of `Code`; nothing is changed. Raises ThuocdoError `bad_policy`."""
    policy = policy_on(settings, clock.local_day(now))
    found: dict[Code, Looked] = {}
    failed: dict[Code, str] = {}
    for kind in KINDS:
        try:
            found[kind.code] = kind.look(settings, _before(policy, kind.code, now))
        except ThuocdoError as wrong:
            failed[kind.code] = str(wrong)
    return [Line(code, policy.kinds[code], found.get(code), failed.get(code, "")) for code in Code]


def sweep(settings: Settings, now: int, who: str) -> Iterator[Gone]:
    """Let go what may go at `now` (µs UTC), kind by kind; a second sweep finds nothing.

    who  the account or role that the lines name
    A kind that cannot be judged or written keeps everything, and is told by `Gone.failure`; the others go on.
    Raises ThuocdoError `already_running`, `bad_policy`.
    """
    refusal = ThuocdoError(
        "already_running", "Another sweep is under way.", "Wait until it has ended."
    )
    with alone(settings.state_dir / "keeping.lock", refusal):
        policy = policy_on(settings, clock.local_day(now))
        for kind in KINDS:
            before = _before(policy, kind.code, now)
            try:
                done = _sweep(settings, kind, before, policy, who)
            except (ThuocdoError, OSError, DatabaseError) as wrong:
                log.exception("could not sweep", kind=kind.code)
                yield Gone(kind.code, 0, None, str(wrong))
            else:
                yield done


def _sweep(
    settings: Settings, kind: OfRows | OfFiles, before: dt.datetime, policy: Policy, who: str
) -> Gone:
    if isinstance(kind, OfRows):
        pieces = 0
        while went := _rows(settings, kind, before, policy, who):
            pieces += went
        return Gone(kind.code, pieces, None)
    pieces, size = 0, 0
    while plan := _left(settings, kind) or _planned(settings, kind, before, policy, who):
        _tell(plan)
        at = clock.to_datetime(plan.before)
        kind.remove(settings, [settings.home / path for path in plan.paths], at)
        _path(settings, kind.code).unlink()
        pieces, size = pieces + len(plan.paths), size + plan.bytes
    return Gone(kind.code, pieces, size)


def _rows(settings: Settings, kind: OfRows, before: dt.datetime, policy: Policy, who: str) -> int:
    with transaction.atomic():
        went, latest = kind.remove(settings, before, AT_ONCE)
        if went:
            told = {"pieces": went, "latest": latest.isoformat()}
            _record(kind.code, policy.version, before, who, told)
    return went


def _planned(
    settings: Settings, kind: OfFiles, before: dt.datetime, policy: Policy, who: str
) -> Plan | None:
    due = kind.due(settings, before, AT_ONCE)
    if not due:
        return None
    plan = Plan(
        f"{kind.code} {secrets.token_hex(8)}",
        kind.code,
        policy.version,
        clock.from_datetime(before),
        who,
        [str(one.path.relative_to(settings.home)) for one in due],
        sum(one.bytes for one in due),
    )
    files.replace(_path(settings, kind.code), msgspec.json.encode(plan))
    return plan


def _left(settings: Settings, kind: OfFiles) -> Plan | None:
    """What a sweep that died had planned."""
    path = _path(settings, kind.code)
    return msgspec.json.decode(path.read_bytes(), type=Plan) if path.exists() else None


def _tell(plan: Plan) -> None:
    """The plan's line in the trail, once."""
    with transaction.atomic():
        if Change.objects.filter(what=Change.What.KEPT, key=plan.name).exists():
            return
        told = {"pieces": len(plan.paths), "bytes": plan.bytes}
        before = clock.to_datetime(plan.before)
        _record(plan.kind, plan.policy, before, plan.who, told, key=plan.name)


def _record(
    code: Code, policy: str, before: dt.datetime, who: str, told: dict[str, Any], key: str = ""
) -> None:
    record(
        Change.Action.EXPIRE,
        Change.What.KEPT,
        who=who,
        key=key or str(code),
        before=told,
        after={"kind": code.value, "policy": policy, "over_before": before.isoformat()},
    )


def _before(policy: Policy, code: Code, now: int) -> dt.datetime:
    """What was over by then is past its time: whole days of Vietnam's calendar."""
    days = policy.kinds[code].days
    if days is None:
        raise LookupError(f"{code} is kept for good")
    day = clock.local_day(now) - dt.timedelta(days=days)
    return clock.to_datetime(clock.day_start_us(day))


def _path(settings: Settings, code: Code) -> Path:
    return settings.state_dir / f"keeping-{code}.plan"
