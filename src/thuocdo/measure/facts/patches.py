"""Patches: a big part of a fact is not written again for a few changed rows.

A part is a base file and, after some refreshes, one patch: every row of each key that changed
since the base was written. Reading a part is leaving out the base's rows of the patch's keys and
adding the patch's rows. A key that lost all its rows stays in the patch of the cube as a row that
counts no dossiers. When a patch has grown to a share of its base, both become a new base.
"""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir

from thuocdo.measure.facts import cube
from thuocdo.measure.facts.dossiers import KEY as DOSSIER
from thuocdo.measure.facts.schemas import DOSSIERS_DAILY, conform

CELL: Final = ["day", "agency", "procedure"]
"""What the cube is patched by: finer, and a patch lists hardly more than changed; coarser, and a
dossier of a big agency drags all the agency's day along."""

FEWEST_ROWS: Final = 4_000
"""A patch below this is kept whatever the size of its base: it is read in no time."""

SHARE: Final = 8
"""A patch with more than one row for this many of the base's is merged into it."""


def is_due(base_rows: int, patch_rows: int) -> bool:
    """Whether base and patch should become a new base."""
    return patch_rows > max(FEWEST_ROWS, base_rows // SHARE)


def current_dossiers(base: ir.Table, patch: ir.Table) -> ir.Table:
    """The rows of a patched part of `dossiers`."""
    return ibis.union(base.anti_join(patch, DOSSIER), patch)


def current_cube(base: ir.Table, patch: ir.Table) -> ir.Table:
    """The rows of a patched part of `dossiers_daily`."""
    return ibis.union(_without(base, patch), patch.filter(patch.dossiers > 0))


CURRENT: Final = {"dossiers": current_dossiers, "dossiers_daily": current_cube}
"""The facts that are patched → how a patched part is read."""


def more_dossiers(patch: ir.Table, folded: ir.Table) -> ir.Table:
    """`patch` with the rows of dossiers folded anew in place of their former ones."""
    return current_dossiers(patch, folded)


def cells_of(before: ir.Table, after: ir.Table) -> ir.Table:
    """Which cells of the cube dossiers stood in before they were folded anew, and stand in now."""
    both = ibis.union(before, after)
    received = both.select(day=both.received_day, agency=both.agency, procedure=both.procedure)
    resolved = both.select(day=both.resolved_day, agency=both.agency, procedure=both.procedure)
    return ibis.union(received, resolved.filter(resolved.day.notnull())).distinct()


def in_cells(dossiers: ir.Table, cells: ir.Table) -> ir.Table:
    """All dossiers that can count in these cells: those of the same agencies and procedures."""
    return dossiers.semi_join(
        cells, [dossiers[name].identical_to(cells[name]) for name in ("agency", "procedure")]
    )


def more_cube(patch: ir.Table, dossiers: ir.Table, cells: ir.Table, services: ir.Table) -> ir.Table:
    """`patch` with these cells counted anew from `dossiers` (those `in_cells`)."""
    counted = cube.dossiers_daily(dossiers, services)
    there = counted.semi_join(cells, _by_cell(counted, cells))
    gone = _without(cells, there)
    empty = gone.select(
        **{name: gone[name] for name in CELL},
        **{
            name: ibis.literal(0, "int64") if name == "dossiers" else ibis.null()
            for name in DOSSIERS_DAILY.names
            if name not in CELL
        },
    )
    return ibis.union(_without(patch, cells), there, conform(empty, DOSSIERS_DAILY))


def _without(rows: ir.Table, others: ir.Table) -> ir.Table:
    return rows.anti_join(others, _by_cell(rows, others))


def _by_cell(rows: ir.Table, others: ir.Table) -> list[ir.BooleanValue]:
    return [rows[name].identical_to(others[name]) for name in CELL]
