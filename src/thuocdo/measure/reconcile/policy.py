"""What figures are held side by side on: basic counts, tolerances, other ways of counting, as data.

`policy.yaml` holds every text and number; this page only says what may stand in it.
"""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec
import yaml

from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vocabulary import SaidBy
from thuocdo.measure.definitions import Source, Text


class Counted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which dossiers count, and on which of their days; absent conditions let everything through.

    day           received; resolved (completed, else returned); returned; ended (in any way)
    timeliness    of a resolved dossier; `no_due_date` is none of the others
    outcomes      what became of it by now
    admitted      something was said of it beyond that it was submitted
    with_receipt  some message says that it was submitted or received
    zone          where a day of receipt begins: at midnight in Vietnam, or at midnight UTC
    """

    day: Literal["received", "resolved", "returned", "ended"]
    channels: list[Literal["online", "counter", "postal"]] | None = None
    timeliness: list[Literal["early", "on_time", "late", "no_due_date"]] | None = None
    outcomes: list[Literal["open", "resolved", "rejected", "withdrawn", "stopped"]] | None = None
    admitted: Literal[True] | None = None
    with_receipt: Literal[True] | None = None
    zone: Literal["vietnam", "utc"] = "vietnam"


class Count(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A basic count; `identity` changes when a word of what is counted does."""

    code: str
    name: Text
    counted: Counted

    @property
    def identity(self) -> str:
        """16 hex digits, as `definitions.Version.identity`."""
        words = msgspec.json.encode(self.counted, order="sorted")
        return hashlib.blake2b(self.code.encode() + words, digest_size=8).hexdigest()


class Way(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another way in which people count what `of` counts."""

    code: str
    of: str
    counted: Counted
    text: Text


class Tolerance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far two figures may lie apart and still be held for equal.

    count_share        share of the stated count
    percentage_points  between two percentages
    """

    source: Source
    count_share: Decimal
    percentage_points: Decimal


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One version of the policy.

    causes    texts of what `causes.py` finds
    silences  what to say where a side (core.vocabulary.SaidBy) states nothing
    """

    version: str
    valid_from: date
    counts_source: Source
    counts: list[Count]
    tolerance: Tolerance
    ways: list[Way]
    causes: dict[str, Text]
    silences: dict[SaidBy, Text]

    def count(self, code: str) -> Count | None:
        return next((count for count in self.counts if count.code == code), None)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    versions: list[Policy]


@cache
def policies() -> tuple[Policy, ...]:
    """Every version, oldest first. Raises ThuocdoError `bad_policy`."""
    text = files("thuocdo.measure.reconcile").joinpath("policy.yaml").read_text("utf-8")
    return read(text)


def read(text: str) -> tuple[Policy, ...]:
    """The versions a policy file holds. Raises ThuocdoError `bad_policy` with place and reason."""
    try:
        found = msgspec.convert(yaml.safe_load(text), _File).versions
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise _refusal(" ".join(str(error).split())) from error
    for version in found:
        codes = {count.code for count in version.counts}
        for count in version.counts:
            if count.counted.day not in ("received", "resolved") or count.counted.zone == "utc":
                raise _refusal(f"{count.code} counts by what no published figure knows")
        if strange := [way.code for way in version.ways if way.of not in codes]:
            raise _refusal(f"{strange[0]} is a way of counting nothing that is counted")
    return tuple(sorted(found, key=lambda version: version.valid_from))


def policy_on(day: date) -> Policy:
    """The version in force on a day, else the earliest."""
    begun = [version for version in policies() if version.valid_from <= day]
    return begun[-1] if begun else policies()[0]


def count_codes() -> set[str]:
    """The codes of basic counts in any version: figures may be stated under them."""
    return {count.code for version in policies() for count in version.counts}


def _refusal(reason: str) -> ThuocdoError:
    return ThuocdoError(
        "bad_policy", f"policy.yaml is refused: {reason}.", "Correct the policy file."
    )
