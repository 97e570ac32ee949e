"""How a finding about data is named: the same where it is found and where an agency answers to it."""

from __future__ import annotations

import re
from datetime import date
from typing import Final, NamedTuple

from thuocdo.core.errors import ThuocdoError

_KEY: Final = re.compile(
    r"(?P<detector>[a-z_]{1,40}):(?P<subject>[A-Za-z0-9._-]{1,80}):"
    r"(?P<first>\d{4}-\d\d-\d\d)\.\.(?P<last>\d{4}-\d\d-\d\d)",
    re.ASCII,
)


class FindingKey(NamedTuple):
    """`constant_level:H26-one_stop:2026-07-01..2026-09-30`; both days included."""

    detector: str
    subject: str
    first: date
    last: date

    def __str__(self) -> str:
        return f"{self.detector}:{self.subject}:{self.first}..{self.last}"

    def touches(self, other: FindingKey) -> bool:
        """Whether both ask the same question about days in common: an answer to one answers the other."""
        return self[:2] == other[:2] and self.first <= other.last and other.first <= self.last


def parse(text: str) -> FindingKey:
    """Raises ThuocdoError `bad_finding`."""
    match = _KEY.fullmatch(text.strip())
    try:
        if match is not None:
            days = date.fromisoformat(match["first"]), date.fromisoformat(match["last"])
            if days[0] <= days[1]:
                return FindingKey(match["detector"], match["subject"], *days)
    except ValueError:
        pass
    raise ThuocdoError(
        "bad_finding",
        f"{text!r} names no finding.",
        "Copy the key that `thuocdo quality` prints, such as "
        "constant_level:H26-one_stop:2026-07-01..2026-09-30.",
    )
