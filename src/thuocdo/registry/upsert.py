"""Brings many dated rows into one table at once: new ones in, changed ones over, equal ones left.

A row is found by its key (`CODE_FIELDS` and `valid_from`). Only the columns that came are
compared and written, so a file without a column leaves that column alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from thuocdo.registry.models import Dated

_BATCH = 2000

Verdict = Literal["new", "changed", "same", "conflict"]


class Upsert:
    """One pass over one table. `put` each row, then `save` once, inside a transaction."""

    def __init__(self, model: type[Dated], there: Iterable[Dated] | None = None) -> None:
        """`there`: the rows that may be met; None: all of the table."""
        self._model = model
        self._columns = [field.attname for field in model._meta.concrete_fields[1:]]
        self._rows = {row.key: row for row in (model.objects.all() if there is None else there)}
        self._came: dict[tuple[Any, ...], dict[str, Any]] = {}
        self._new: list[Dated] = []
        self._changed: list[Dated] = []

    def put(self, fields: dict[str, Any]) -> Verdict:
        """`conflict`: this pass has had the same key with other contents; the first one stands."""
        key = (*(fields[name] for name in self._model.CODE_FIELDS), fields["valid_from"])
        if key in self._came:
            return "same" if self._came[key] == fields else "conflict"
        self._came[key] = fields
        row = self._rows.get(key)
        if row is None:
            self._new.append(self._model(**fields))
            return "new"
        if all(getattr(row, name) == value for name, value in fields.items()):
            return "same"
        for name, value in fields.items():
            setattr(row, name, value)
        self._changed.append(row)
        return "changed"

    def rows(self) -> list[Dated]:
        """The rows there will be."""
        return [*self._rows.values(), *self._new]

    def save(self) -> None:
        self._model.objects.bulk_create(self._new, batch_size=_BATCH)
        self._model.objects.bulk_create(
            self._changed,
            batch_size=_BATCH,
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=self._columns,
        )
