"""What is held and what may go: the shapes that kinds, the sweep, the page and the command line share."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple, Protocol

from thuocdo.core.settings import Settings
from thuocdo.keeping.policy import Code


class Looked(NamedTuple):
    """One kind at one moment.

    held, held_bytes   all there is that is over; bytes of files alone, None where the kind has none
    oldest             since when the oldest is over or was written; UTC
    due, due_bytes     what may go now
    bound              past its time, and kept because something depends on it
    next               since when the next one to go is over: its time ends so many days later; UTC
    """

    held: int
    held_bytes: int | None
    oldest: dt.datetime | None
    due: int
    due_bytes: int | None
    bound: int
    next: dt.datetime | None


class Kind(Protocol):
    """What every kind can tell. `before`: what was over by then is past its time."""

    @property
    def code(self) -> Code: ...

    def look(self, settings: Settings, before: dt.datetime) -> Looked: ...
