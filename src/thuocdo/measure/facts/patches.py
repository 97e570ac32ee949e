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


def cube_change(base: ir.Table, patch: ir.Table) -> ir.Table:
    """What a patch adds to counts of its base: its rows, and those it replaces counted negative.

    Counts of the base (which stay) and of this add up to those of `current_cube`. The youngest
    landing of both is that of the part, or that of a row which moved elsewhere since.
    """
    replaced = base.semi_join(patch, _by_cell(base, patch))
    gone = replaced.mutate(dossiers=-replaced.dossiers, last_landed=ibis.null("int64"))
    there = patch.filter(patch.dossiers > 0)
    return ibis.union(
        *(rows.select(*DOSSIERS_DAILY.names) for rows in (gone, there)), distinct=False
    )


CURRENT: Final = {"dossiers": current_dossiers, "dossiers_daily": current_cube}
"""The facts that are patched → how a patched part is read."""


def more_dossiers(patch: ir.Table, folded: ir.Table) -> ir.Table:
    """`patch` with the rows of dossiers folded anew in place of their former ones."""
    return current_dossiers(patch, folded)


def cells_of(before: ir.Table, wanted: ir.Table, folded: ir.Table) -> ir.Table:
    """Cells of the cube in which the `wanted` dossiers stood `before`, or stand `folded` anew."""
    both = ibis.union(_places(before.semi_join(wanted, DOSSIER)), _places(folded))
    received = both.select("agency", "procedure", day=both.received_day)
    resolved = both.select("agency", "procedure", day=both.resolved_day)
    return ibis.union(received, resolved.filter(resolved.day.notnull())).distinct()


def _places(dossiers: ir.Table) -> ir.Table:
    return dossiers.select("agency", "procedure", "received_day", "resolved_day")


def in_cells(dossiers: ir.Table, cells: ir.Table) -> ir.Table:
    """All dossiers that can count in these cells, in the columns the cube is made of."""
    services = cells.select("agency", "procedure").distinct()
    used = dossiers.select(*cube.USED)
    return used.semi_join(
        services, [used[name].identical_to(services[name]) for name in services.columns]
    )


def recount(inside: ir.Table, cells: ir.Table, services: ir.Table) -> ir.Table:
    """The rows of these cells, from the dossiers `in_cells`."""
    counted = cube.dossiers_daily(inside, services)
    return counted.semi_join(cells, _by_cell(counted, cells))


def more_cube(patch: ir.Table, counted: ir.Table, cells: ir.Table) -> ir.Table:
    """`patch` with the rows `recount` found for these cells in place of their former ones."""
    gone = _without(cells, counted)
    empty = gone.select(
        **{name: gone[name] for name in CELL},
        **{
            name: ibis.literal(0, "int64") if name == "dossiers" else ibis.null()
            for name in DOSSIERS_DAILY.names
            if name not in CELL
        },
    )
    return ibis.union(_without(patch, cells), counted, conform(empty, DOSSIERS_DAILY))


def _without(rows: ir.Table, others: ir.Table) -> ir.Table:
    return rows.anti_join(others, _by_cell(rows, others))


def _by_cell(rows: ir.Table, others: ir.Table) -> list[ir.BooleanValue]:
    return [rows[name].identical_to(others[name]) for name in CELL]
