"""Patches: a big part of a fact is not written again for a few changed rows.

A part of `dossiers` is a base file and, after some refreshes, one patch: every row of each dossier
that changed since the base was written. Reading a part is leaving out the base's rows of the
patch's dossiers and adding the patch's rows. When a patch has grown to a share of its base, both
become a new base.
"""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir

from thuocdo.measure.facts import cube
from thuocdo.measure.facts.dossiers import KEY

FEWEST_ROWS: Final = 4_000
"""A patch below this is kept whatever the size of its base: it is read in no time."""

SHARE: Final = 8
"""A patch with more than one row for this many of the base's is merged into it."""


def is_due(base_rows: int, patch_rows: int) -> bool:
    """Whether base and patch should become a new base."""
    return patch_rows > max(FEWEST_ROWS, base_rows // SHARE)


def current(base: ir.Table, patch: ir.Table) -> ir.Table:
    """The rows of a patched part of `dossiers`."""
    return ibis.union(base.anti_join(patch, KEY), patch)


def more(patch: ir.Table, folded: ir.Table) -> ir.Table:
    """`patch` with the rows of dossiers folded anew in place of their former ones."""
    return current(patch, folded)


def cube_change(base: ir.Table, patch: ir.Table) -> ir.Table:
    """What a patch adds to counts of its base's cube: its rows, and those it replaces as negative.

    Counts of the base (which stay) and of this add up to those of `current`. The youngest landing
    of both is that of the part, or that of a row which moved elsewhere since.
    """
    replaced = cube.dossiers_daily(base.semi_join(patch, KEY))
    gone = replaced.mutate(dossiers=-replaced.dossiers, last_landed=ibis.null("int64"))
    return ibis.union(gone, cube.dossiers_daily(patch))
