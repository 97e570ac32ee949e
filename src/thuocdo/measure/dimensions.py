"""What the registry said, in the form measuring asks for it: who runs which site and system.

Read from one consistent set of dimension tables (those the facts were made with, or those known
at an instant).
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from thuocdo.measure.facts import cube
from thuocdo.measure.organisation import Organisation
from thuocdo.measure.register import Register, Source


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
