"""The name of a figure: the whole question it answers, and a check on the answer.

A published figure must be found again in ten years by somebody who has the raw lake and nothing
else. So its name is not a number in somebody's database: it says which indicator in which words, of
whom, when, on which map of organisations, from whose events, and how much of the log of raw
segments was known; and it ends in sixteen hex digits of the answer's own hash. Whoever asks the
question again and gets another answer sees it at once.

    online_dossier_rate@2024-11:H26:2026-07-01..2026-09-30:o2026-09-30:any:n1284:9f3c2a71d0b5e846

The parts are separated by colons, which addresses and shells leave alone. Who is an agency's code,
`agency~own` for what is its own and of no unit below it, `agency+procedure` for a service, or
`~block` (`~ministry`, `~province`, `~all`) before a service of many. `n1284` are the leaves of the log
that were known; `n1284k1764288000000000` of those what had landed by an instant (µs UTC).
"""

from __future__ import annotations

import hashlib
import re
from datetime import date
from typing import Final

import msgspec

from thuocdo.core.clock import Period
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vocabulary import Block, Trust
from thuocdo.measure.known import LogSize

_CHECK_LETTERS: Final = 16
_ALL: Final = "all"
_OWN: Final = "~own"
_NAME: Final = re.compile(
    r"(?P<indicator>[a-z0-9_]+)@(?P<version>[\w.-]+):"
    r"(?P<who>[\w.~-]+)(\+(?P<procedure>[\w.~-]+))?:"
    r"(?P<first>\d{4}-\d\d-\d\d)\.\.(?P<last>\d{4}-\d\d-\d\d):"
    r"o(?P<organised>\d{4}-\d\d-\d\d):(?P<trust>any|verified):"
    r"n(?P<size>\d+)(k(?P<landed>\d+))?:(?P<check>[0-9a-f]{16})",
    re.ASCII,
)


class Question(msgspec.Struct, frozen=True):
    """What a figure answers; with the raw lake, enough to answer it anywhere.

    identity   of the definition (measure/definitions): the very words it was computed under
    agency     None for services of a whole block, or of both (block None)
    own        what is the agency's own, and of no unit below it
    log_size   leaves of the log of raw segments that were known
    landed_by  of those what had landed by an instant, µs UTC
    """

    indicator: str
    version: str
    identity: str
    first: date
    last: date
    agency: str | None
    block: str | None
    procedure: str | None
    organised: date
    trust: str
    log_size: int
    landed_by: int | None = None
    own: bool = False

    @property
    def known(self) -> LogSize:
        return LogSize(self.log_size, self.landed_by)

    @property
    def period(self) -> Period:
        return Period(self.first, self.last)


class Answer(msgspec.Struct, frozen=True):
    """The part of a figure that a second computation must meet to the last digit."""

    numerator: int | None
    denominator: int | None
    value: str | None  # the number as printed: a decimal's text is the same everywhere
    reporting: int | None
    expected: int | None
    rank: int | None


class Named(msgspec.Struct, frozen=True):
    """A name taken apart. `question.identity` is not part of a name: it is filled in, and checked."""

    question: Question
    check: str


def check_of(question: Question, answer: Answer) -> str:
    """16 hex digits of SHA-256 over question and answer in canonical JSON."""
    told = msgspec.json.encode([question, answer], order="sorted")
    return hashlib.sha256(told).hexdigest()[:_CHECK_LETTERS]


def name_of(question: Question, answer: Answer) -> str:
    """The figure's permanent name."""
    who = question.agency or f"~{question.block or _ALL}"
    known = f"n{question.log_size}"
    if question.landed_by is not None:
        known = f"{known}k{question.landed_by}"
    if question.own:
        who = f"{who}{_OWN}"
    if question.procedure is not None:
        who = f"{who}+{question.procedure}"
    return ":".join(
        (
            f"{question.indicator}@{question.version}",
            who,
            str(question.period),
            f"o{question.organised}",
            question.trust,
            known,
            check_of(question, answer),
        )
    )


def parse(name: str, identity: str = "") -> Named:
    """A name taken apart; `identity` is the definition's here. Raises ThuocdoError `bad_figure_name`."""
    found = _NAME.fullmatch(name.strip())
    if found is None:
        raise _refusal(name)
    who = found["who"]
    try:
        block = None if who[0] != "~" or who == f"~{_ALL}" else Block(who[1:]).value
        period = Period(date.fromisoformat(found["first"]), date.fromisoformat(found["last"]))
        organised = date.fromisoformat(found["organised"])
    except ValueError:
        raise _refusal(name) from None
    return Named(
        Question(
            indicator=found["indicator"],
            version=found["version"],
            identity=identity,
            first=period.first,
            last=period.last,
            agency=None if who[0] == "~" else who.removesuffix(_OWN),
            block=block,
            procedure=found["procedure"],
            organised=organised,
            trust=Trust.VERIFIED.value if found["trust"] == Trust.VERIFIED else "any",
            log_size=int(found["size"]),
            landed_by=int(found["landed"]) if found["landed"] else None,
            own=who.endswith(_OWN),
        ),
        found["check"],
    )


def _refusal(name: str) -> ThuocdoError:
    return ThuocdoError(
        "bad_figure_name",
        f"{name[:120]!r} is not the name of a figure.",
        "Copy it whole, from the indicator to the sixteen digits at its end.",
    )
