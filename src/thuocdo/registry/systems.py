"""Finds the system that an imported site belongs to, and makes it when there is none.

A system that lived at another time is not the site's: a further row is made then, alive as long
as the sites that brought it, so that it is expected to report in their time and in no other.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from thuocdo.registry.models import SYSTEM_NAMES, Agency, System, system_code

Life = tuple[date, date]
"""First and last day, both included."""


class SystemsOfSites:
    """One import's view of the systems: `attach` each site, then `save` once."""

    def __init__(self) -> None:
        self._lives: dict[str, list[Life]] = {}
        for code, first, last in System.objects.values_list("code", "valid_from", "valid_to"):
            self._lives.setdefault(code, []).append(_life(first, last))
        self._names = dict(Agency.objects.order_by("valid_from").values_list("code", "name"))
        self._made: dict[str, tuple[System, Life]] = {}

    def attach(self, fields: dict[str, Any]) -> dict[str, Any]:
        """The site's own fields, with `system` in place of `agency` and `kind`."""
        agency, kind = fields.pop("agency"), fields.pop("kind")
        code = system_code(agency, kind)
        life = _life(fields["valid_from"], fields.get("valid_to"))
        if not any(_meet(life, other) for other in self._lives.get(code, ())):
            self._make(code, agency, kind, life)
        return fields | {"system": code}

    def save(self) -> None:
        for system, (first, last) in self._made.values():
            system.valid_from = None if first == date.min else first
            system.valid_to = None if last == date.max else last
        System.objects.bulk_create(system for system, _ in self._made.values())

    def _make(self, code: str, agency: str, kind: str, life: Life) -> None:
        if code in self._made:
            system, other = self._made[code]
            self._made[code] = system, (min(life[0], other[0]), max(life[1], other[1]))
            return
        name = f"{SYSTEM_NAMES[kind]} {self._names.get(agency, agency)}"
        self._made[code] = System(code=code, agency=agency, kind=kind, name=name), life


def _life(first: date | None, last: date | None) -> Life:
    return first or date.min, last or date.max


def _meet(one: Life, other: Life) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]
