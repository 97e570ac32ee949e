"""The catalogue of services in arrays: which are offered on a day, and which one a dossier is of.

Sixty thousand services are asked for at every period; as arrays that is a few look-ups.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NOBODY: Final = -1
"""In place of a service that the catalogue never had."""


class Catalogue:
    """Rows of facts/cube.py: CATALOGUE, by service and start.

    A service is a number: its place among the distinct pairs of agency and procedure.
    agencies    code of each service's agency
    procedures  its procedure
    """

    def __init__(self, rows: pa.Table) -> None:
        self._agency_words = pc.unique(rows["agency"])
        self._procedure_words = pc.unique(rows["procedure"])
        pair = self._pairs(rows["agency"], rows["procedure"])
        starts = rows["valid_from"].to_numpy()
        order = np.lexsort((starts, pair))
        self._pair, inverse = np.unique(pair[order], return_inverse=True)
        self._service = inverse.astype(np.int64)
        self._starts, self._ends = starts[order], rows["valid_to"].to_numpy()[order]
        levels = rows["level"].combine_chunks().dictionary_encode()
        self._level_words: list[Any] = levels.dictionary.to_pylist()
        self._level: Integers = levels.indices.fill_null(NOBODY).to_numpy()[order].astype(np.int64)
        agency, procedure = np.divmod(self._pair, max(1, len(self._procedure_words)))
        self.agencies = self._agency_words.take(agency)
        self.procedures = self._procedure_words.take(procedure)
        self.agency: Integers = agency
        """Place of each service's agency among `agency_words`."""

    def __len__(self) -> int:
        return len(self._pair)

    @property
    def agency_words(self) -> Any:
        return self._agency_words

    def find(self, agencies: Any, procedures: Any) -> Integers:
        """The service of each pair; `NOBODY` where the catalogue never had it."""
        pair = self._pairs(agencies, procedures)
        if not len(self._pair):
            return np.full(len(pair), NOBODY, np.int64)
        place = np.minimum(np.searchsorted(self._pair, pair), len(self._pair) - 1)
        return np.where(self._pair[place] == pair, place, NOBODY)

    def on(self, day: int) -> Integers:
        """A number for the level of each service on a day (day number): for `is_at`.

        Of several rows that hold the day the one that began last counts.
        """
        levels = np.full(len(self._pair), self.not_offered, np.int64)
        holding = np.flatnonzero((self._starts <= day) & (day <= self._ends))
        levels[self._service[holding]] = self._level[holding]  # by start: the last one stays
        return levels

    @property
    def not_offered(self) -> int:
        return len(self._level_words)

    def is_at(self, levels: Integers, wanted: Collection[str] | None) -> Bools:
        """Which of the levels of `on` are among the wanted; None: any, or none at all."""
        offered: Bools = levels != self.not_offered
        if wanted is None:
            return offered
        places = [n for n, word in enumerate(self._level_words) if word in wanted]
        return offered & np.isin(levels, places)

    def _pairs(self, agencies: Any, procedures: Any) -> Integers:
        """A number for each pair; below zero where a word was never heard of."""
        agency = _places(agencies, self._agency_words)
        procedure = _places(procedures, self._procedure_words)
        known = (agency >= 0) & (procedure >= 0)
        return np.where(known, agency * max(1, len(self._procedure_words)) + procedure, NOBODY)


def _places(words: Any, known: Any) -> Integers:
    found = pc.fill_null(pc.index_in(words, known), NOBODY)
    return np.asarray(found.to_numpy(), np.int64)
