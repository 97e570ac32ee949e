"""What a catalogue file would change, told before it is done, and done as it was told.

The plan is made by the very rules of `thuocdo import services`; applying makes it anew within one
transaction and goes through only when nothing has moved since somebody read it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from django.db import transaction
from django.utils import timezone

from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.core.vocabulary import RejectReason
from thuocdo.registry import files, loaders, rows, sniffing, trail
from thuocdo.registry.models import Agency, Change, Service
from thuocdo.registry.publish import publish
from thuocdo.registry.rows import Fields, RefusedError
from thuocdo.registry.uploads import Limits, Upload, limits
from thuocdo.registry.upsert import Upsert

ADDED, CHANGED, CLOSED, SAME, REFUSED = "added", "changed", "closed", "same", "refused"
VERDICTS = (ADDED, CHANGED, CLOSED, SAME, REFUSED)
_TOLD = 2000
"""Rows of which the trail keeps before and after; of a larger file its digest and its counts."""
_SHOWN = 60

Within = Callable[[str], bool]
"""Whether an agency's code lies in the part of the country a file is for."""


class Line(msgspec.Struct, frozen=True):
    """What becomes of one row of a file.

    line         of a text file, row of a sheet; number of the record where there is neither
    old, new     level before, and from `first` on; None: there was no such service
    first, last  days of the row; None is open
    rewrites     an existing row is changed, so the level it had is changed for days gone by
    columns      what else of an existing row changes
    reason, column, value   of a refused row: core.vocabulary.RejectReason, where, and what stood there
    """

    line: int
    verdict: str
    agency: str = ""
    procedure: str = ""
    name: str = ""
    old: str | None = None
    new: str | None = None
    first: date | None = None
    last: date | None = None
    rewrites: bool = False
    columns: tuple[str, ...] = ()
    reason: str = ""
    column: str = ""
    value: str = ""


class Levels(msgspec.Struct, frozen=True):
    """Services of a part of the country on a day, by level."""

    full: int = 0
    partial: int = 0
    information: int = 0

    @property
    def total(self) -> int:
        return self.full + self.partial + self.information


class Plan(msgspec.Struct, frozen=True):
    """What a file would do.

    identity  of the lines that change something: the same again means the same would be done
    notes     how the file was read
    untouched services on record today that the file does not name
    before, after   services by level on `day`
    """

    lines: tuple[Line, ...]
    identity: str
    notes: tuple[str, ...]
    untouched: int
    day: date
    before: Levels
    after: Levels

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(line.verdict for line in self.lines)
        return {verdict: found[verdict] for verdict in VERDICTS}

    @property
    def changes(self) -> bool:
        return any(line.verdict in (ADDED, CHANGED, CLOSED) for line in self.lines)

    @property
    def level_changes(self) -> list[Line]:
        """Services there before whose level is another one."""
        return [line for line in self.lines if line.new and line.old and line.old != line.new]

    @property
    def since(self) -> date | None:
        """First day of which anything changes; date.min: always."""
        firsts = [line.first or date.min for line in self.lines if line.verdict in (ADDED, CHANGED)]
        lasts = [line.last for line in self.lines if line.verdict == CLOSED and line.last]
        return min([*firsts, *lasts], default=None)


def plan(path: Path, upload: Upload, within: Within, day: date) -> Plan:
    """What a file would change on the registry of now; nothing is written.

    Raises ThuocdoError as `sniffing.check` and `files.records`, and `too_many_rows`.
    """
    return _Planning(path, upload, within, day).plan()


def apply(
    settings: Settings, upload: Upload, within: Within, day: date, *, identity: str, who: str
) -> Plan:
    """Do what `plan` told; once. Raises as `plan`, and ThuocdoError `upload_closed` (a second click
    comes to it: look at the upload) or `plan_moved` when the registry is another now."""
    with transaction.atomic():
        waiting = Upload.objects.filter(pk=upload.pk, state=Upload.State.WAITING)
        taken = waiting.update(
            state=Upload.State.APPLIED, closed_by=who[:200], closed_at=timezone.now()
        )
        if not taken:
            raise ThuocdoError("upload_closed", "This file is closed.", "Look at its page.")
        planning = _Planning(upload.path(settings), upload, within, day)
        made = planning.plan()
        if made.identity != identity:
            raise ThuocdoError(
                "plan_moved", "The registry has changed since.", "Read the preview again."
            )
        planning.upsert.save()
        Upload.objects.filter(pk=upload.pk).update(outcome=made.counts)
        _record(upload, planning, made, who)
    publish(settings)
    return made


def _record(upload: Upload, planning: _Planning, made: Plan, who: str) -> None:
    few = len(planning.after) <= _TOLD
    trail.record(
        Change.Action.IMPORT,
        Change.What.SERVICE,
        who=who,
        key=f"{upload.agency} {upload.name} {upload.digest[:16]}",
        before={"rows": planning.before} if few else None,
        after={"counts": made.counts, "file": upload.digest}
        | ({"rows": planning.after} if few else {}),
    )


class _Planning:
    """One pass over a file."""

    def __init__(self, path: Path, upload: Upload, within: Within, day: date) -> None:
        self._path, self._upload, self._day = path, upload, day
        self._within = cache(within)
        self._limits: Limits = limits()
        self._known = rows.knows(frozenset(Agency.objects.values_list("code", flat=True)))
        codes = [code for code in _agencies() if within(code)]
        self._there = list(Service.objects.filter(agency__in=codes))
        self._of: dict[tuple[str, str], list[Service]] = {}
        for row in self._there:
            self._of.setdefault((row.agency, row.procedure), []).append(row)
        self.upsert = Upsert(Service, Service.objects.filter(agency__in=codes))
        self.before: list[dict[str, Any]] = []
        self.after: list[dict[str, Any]] = []
        self._notes: list[str] = []

    def plan(self) -> Plan:
        sniffing.check(self._path, self._limits)
        lines = tuple(self._lines())
        named = {(line.agency, line.procedure) for line in lines if line.verdict != REFUSED}
        today = self._levels(self._there)
        doing = [line for line in lines if line.verdict in (ADDED, CHANGED, CLOSED)]
        return Plan(
            lines=lines,
            identity=_identity(doing),
            notes=tuple(self._notes),
            untouched=len([key for key in today if key not in named]),
            day=self._day,
            before=_counted(today),
            after=_counted(self._levels(self.upsert.rows())),
        )

    def _lines(self) -> Iterator[Line]:
        kind = loaders.kind_of_services(self._path, self._upload.agency)
        found = files.records(
            [self._path],
            kind.required,
            self._notes,
            words=kind.words,
            encoding=self._upload.encoding or None,
        )
        for record in found:
            if record.number > self._limits.most_rows:
                raise sniffing.too_many_rows(self._limits)
            place = record.line or record.number
            try:
                yield self._line(place, self._fields(kind, record))
            except RefusedError as refused:
                value = (record.values or {}).get(refused.column, "")
                yield Line(
                    place,
                    REFUSED,
                    reason=refused.reason.value,
                    column=refused.column,
                    value="" if value is None else str(value)[:_SHOWN],
                )

    def _fields(self, kind: Any, record: files.Record) -> Fields:
        fields = loaders.fields_of(kind, record, self._known)
        if not self._within(fields["agency"]):
            raise RefusedError(
                RejectReason.OUT_OF_SCOPE, f"agency {fields['agency']} is not of yours", "agency"
            )
        starts = self._upload.starts
        if fields["valid_from"] is None and starts is not None:
            held = _on(self._of.get(_key(fields), ()), starts)
            if held is None or _differs(held, fields):
                fields |= {"valid_from": starts}  # a new level from that day; what was, stays
            else:
                fields |= {"valid_from": held.valid_from}
        return fields

    def _line(self, place: int, fields: Fields) -> Line:
        history = self._of.get(_key(fields), [])
        there = next((row for row in history if row.valid_from == fields["valid_from"]), None)
        before = trail.contents(there) if there else None
        held = there or _on(history, fields["valid_from"] or self._day)
        verdict = self.upsert.put(fields)
        if verdict == "conflict":
            raise RefusedError(RejectReason.BAD_VALUE, "the same key came before", "")
        line = Line(
            place,
            SAME,
            fields["agency"],
            fields["procedure"],
            fields.get("name") or (held.name if held else ""),
            old=held.level if held else None,
            new=fields["level"],
            first=fields["valid_from"],
            last=fields.get("valid_to"),
        )
        if verdict == "same":
            return msgspec.structs.replace(line, last=there.valid_to if there else line.last)
        if before is not None:
            self.before.append(before)
        self.after.append({**(before or {}), **_plain(fields)})
        changed = _changed(before, fields) if before else ()
        closed = bool(fields.get("valid_to")) and before is not None and "valid_to" in changed
        return msgspec.structs.replace(
            line,
            verdict=CLOSED
            if closed and changed == ("valid_to",)
            else CHANGED
            if history
            else ADDED,
            rewrites="level" in changed,
            columns=changed,
        )

    def _levels(self, there: Iterable[Service]) -> dict[tuple[str, str], str]:
        of: dict[tuple[str, str], list[Service]] = {}
        for row in there:
            of.setdefault((row.agency, row.procedure), []).append(row)
        held = {key: _on(history, self._day) for key, history in of.items()}
        return {key: row.level for key, row in held.items() if row is not None}


def _identity(lines: list[Line]) -> str:
    """A short name of what would be done."""
    return hashlib.blake2b(msgspec.json.encode(lines), digest_size=12).hexdigest()


def _agencies() -> list[str]:
    return list(Service.objects.order_by().values_list("agency", flat=True).distinct())


def _key(fields: Fields) -> tuple[str, str]:
    return fields["agency"], fields["procedure"]


def _on(history: Iterable[Service], day: date) -> Service | None:
    """The row that holds on a day (registry/models.py)."""
    covering = [row for row in history if row.covers(day)]
    return max(covering, key=lambda row: row.valid_from or date.min, default=None)


def _differs(row: Service, fields: Fields) -> bool:
    return any(
        getattr(row, name) != value for name, value in fields.items() if name != "valid_from"
    )


def _changed(before: dict[str, Any], fields: Fields) -> tuple[str, ...]:
    return tuple(name for name, value in _plain(fields).items() if before.get(name) != value)


def _plain(fields: Fields) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in fields.items()
    }


def _counted(levels: dict[tuple[str, str], str]) -> Levels:
    found = Counter(levels.values())
    return Levels(found["full"], found["partial"], found["information"])
