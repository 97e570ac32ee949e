"""What the registry said, in the form measuring asks for it: who runs which site and system.

Read from one consistent set of dimension tables (those the facts were made with, or those known
at an instant).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from thuocdo.core.clock import Period
from thuocdo.measure.facts import cube
from thuocdo.measure.organisation import Organisation


@dataclass(frozen=True, slots=True)
class Source:
    """One dated row of a site or a system; `key` is its site_id or its code."""

    key: int | str
    agency: str
    kind: str
    name: str | None
    valid_from: date | None
    valid_to: date | None

    @property
    def starts(self) -> date:
        return self.valid_from or date.min

    def holds_in(self, period: Period) -> bool:
        """Whether it was there on any day of the period."""
        return self.starts <= period.last and (
            self.valid_to is None or self.valid_to >= period.first
        )


class Register:
    """The histories of sources of one sort, by key."""

    def __init__(self, sources: list[Source]) -> None:
        self._rows: dict[int | str, list[Source]] = {}
        for source in sorted(sources, key=lambda source: source.starts):
            self._rows.setdefault(source.key, []).append(source)

    def on(self, key: int | str, day: date) -> Source | None:
        """The row that answers for `key` on `day`: the last begun by then, else its first."""
        history = self._rows.get(key)
        if not history:
            return None
        begun = [source for source in history if source.starts <= day]
        return begun[-1] if begun else history[0]

    def only(self, key: int | str) -> Source | None:
        """The one row of a key that never had another: it answers on any day."""
        history = self._rows.get(key, ())
        return history[0] if len(history) == 1 else None

    def began(self, key: int | str) -> date:
        """The day of its first row; `date.min` when that is open."""
        return self._rows[key][0].starts

    def knows(self, key: int | str) -> bool:
        """Whether anybody ever registered it."""
        return key in self._rows

    def below(self, agency: str) -> list[int | str]:
        """The keys of an agency and of those below it, at any time."""
        inside = f"{agency}."
        return [
            key
            for key, history in self._rows.items()
            if any(row.agency == agency or row.agency.startswith(inside) for row in history)
        ]

    def expected(self, kinds: Collection[str], period: Period) -> list[Source]:
        """One row per source of these kinds that was there in the period."""
        found = []
        for history in self._rows.values():
            there = [s for s in history if s.kind in kinds and s.holds_in(period)]
            if there:
                found.append(there[-1])
        return found


class Dimensions:
    """The four dimension tables (lake/schemas.py), one row per key, none withdrawn."""

    def __init__(self, tables: dict[str, pa.Table]) -> None:
        self._tables = tables

    def table(self, name: str) -> pa.Table:
        """The rows of one dimension as the registry wrote them (lake/schemas.py: DIMENSIONS)."""
        return self._tables[name]

    @cached_property
    def organisation(self) -> Organisation:
        return Organisation(self._tables["agencies"].to_pylist())

    @cached_property
    def sites(self) -> Register:
        return Register(_sources(self._tables["sites"], "site_id"))

    @cached_property
    def system_of_site(self) -> dict[int, str]:
        """Site → its system, by the row begun last."""
        rows = self._tables["sites"].sort_by("valid_from").select(["site_id", "system"])
        return dict(zip(*(column.to_pylist() for column in rows.columns), strict=True))

    @cached_property
    def hostnames(self) -> dict[int, tuple[str, ...]]:
        """Site → every host it was ever registered for: an old address may still be read."""
        found: dict[int, set[str]] = {}
        for row in self._tables["sites"].select(["site_id", "hostnames"]).to_pylist():
            found.setdefault(row["site_id"], set()).update(row["hostnames"] or ())
        return {site: tuple(sorted(hosts)) for site, hosts in found.items()}

    @cached_property
    def systems(self) -> Register:
        return Register(_sources(self._tables["systems"], "code"))

    @cached_property
    def catalogue(self) -> pa.Table:
        """Services as facts/cube.py: CATALOGUE."""
        return cube.catalogue(self._tables["services"])

    @property
    def services(self) -> pa.Table:
        """The catalogue's rows as the registry wrote them (lake/schemas.py: SERVICES)."""
        return self._tables["services"]

    @cached_property
    def procedure_names(self) -> dict[str, str]:
        """National name of each procedure: that of the row begun last which has one."""
        services = self._tables["services"]
        named = services.filter(pc.is_valid(services["name"])).sort_by("valid_from")
        rows: list[dict[str, str]] = named.select(["procedure", "name"]).to_pylist()
        return {row["procedure"]: row["name"] for row in rows}

    @cached_property
    def recorded_at(self) -> int:
        """When the youngest row was recorded, µs UTC; 0 when there is none."""
        moments = [
            pc.max(table["recorded_at"].cast(pa.int64())).as_py() for table in self._tables.values()
        ]
        return max((moment for moment in moments if moment is not None), default=0)


def _sources(table: pa.Table, key: str) -> list[Source]:
    rows: list[dict[str, Any]] = table.select(
        [key, "agency", "kind", "name", "valid_from", "valid_to"]
    ).to_pylist()
    return [Source(row.pop(key), **row) for row in rows if row["agency"] is not None]
