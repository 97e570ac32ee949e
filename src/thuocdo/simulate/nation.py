"""Which agencies a simulated country has on a day, how big they are and what they offer.

The organisations are the product's own dated tables (`registry/data`), read as files so that
nothing of the control plane is needed. Sizes are rounded populations: they only give simulated
agencies plausible proportions. The catalogue is a cross-section of procedures in the national
form; a combination of an action and a subject fills it up to the size a real agency has.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from itertools import product

from thuocdo.core.vocabulary import AgencyKind, Level

_MINISTRY_SIZE = 900  # thousands of people a middling ministry is worth
_ACTIONS = (
    "Cấp",
    "Cấp lại",
    "Gia hạn",
    "Điều chỉnh",
    "Sửa đổi, bổ sung",
    "Thu hồi",
    "Cấp đổi",
    "Chấm dứt hiệu lực",
    "Đính chính",
    "Xác nhận",
    "Thẩm định",
    "Cấp bản sao",
)


@dataclass(frozen=True, slots=True)
class Agency:
    """A ministry or province: code (`H57`), name, kind and size in thousands of people."""

    code: str
    name: str
    kind: str
    size: int


@dataclass(frozen=True, slots=True)
class Procedure:
    """One procedure of the cross-section: `share` is its popularity, `days` the working days due."""

    code: str
    name: str
    field: str
    level: str
    share: int
    days: int
    fee: bool
    kind: str


def rows_of(room: str, name: str) -> list[dict[str, str]]:
    """Rows of a CSV file shipped in `<room>/data`."""
    text = files("thuocdo").joinpath(room, "data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def agencies(day: date) -> tuple[Agency, ...]:
    """The ministries and provinces that exist on a day, ministries first, by code."""
    found = [*_ministries(day), *_provinces(day)]
    return tuple(sorted(found, key=lambda agency: agency.code))


@cache
def procedures(kind: str) -> tuple[Procedure, ...]:
    """The cross-section of procedures a ministry or a province offers, most popular first."""
    rows = (
        Procedure(
            code=row["procedure"],
            name=row["name"],
            field=row["field"],
            level=row["level"],
            share=int(row["share"]),
            days=int(row["days"]),
            fee=row["fee"] == "1",
            kind=row["block"],
        )
        for row in rows_of("simulate", "procedures.csv")
    )
    return tuple(sorted((r for r in rows if r.kind == kind), key=lambda r: -r.share))


@cache
def long_catalogue(kind: str) -> tuple[Procedure, ...]:
    """The cross-section followed by some thousand further procedures with national codes."""
    head = procedures(kind)
    taken = {entry.code for block in AgencyKind for entry in procedures(block)}
    return (*head, *_combinations(kind, taken))


def size_of(gso_codes: Iterable[str]) -> int:
    """People, in thousands, of the provinces of 2022 with these codes."""
    sizes = {
        row["gso_code"]: int(row["thousand_people"]) for row in rows_of("simulate", "sizes.csv")
    }
    return sum(sizes[code] for code in gso_codes)


def old_form(code: str) -> str:
    """`H57` or `H57.02` right to left, as one-stop systems still number: `000.00.02.H57`."""
    head, _, unit = code.partition(".")
    return f"000.00.{unit or '00'}.{head}"


def _holds(row: dict[str, str], day: date) -> bool:
    first, last = row.get("valid_from", ""), row.get("valid_to", "")
    return (not first or date.fromisoformat(first) <= day) and (
        not last or day <= date.fromisoformat(last)
    )


def _ministries(day: date) -> Iterator[Agency]:
    rows = rows_of("registry", "ministries.csv")
    renamed = {row["agency_code"]: row["valid_from"] for row in rows if row["valid_from"]}
    for row in rows:
        code = row["agency_code"]
        ended = (
            not row["valid_from"] and code in renamed and day >= date.fromisoformat(renamed[code])
        )
        if _holds(row, day) and not ended:
            yield Agency(code, row["name"], AgencyKind.MINISTRY.value, _MINISTRY_SIZE)


def _provinces(day: date) -> Iterator[Agency]:
    for name, parts in (("provinces_63.csv", "gso_code"), ("provinces_34.csv", "formed_from_gso")):
        for row in rows_of("registry", name):
            if _holds(row, day):
                size = size_of(row[parts].split())
                yield Agency(row["agency_code"], row["name"], AgencyKind.PROVINCE.value, size)


def _combinations(kind: str, taken: set[str]) -> Iterator[Procedure]:
    subjects = rows_of("simulate", "subjects.csv")
    first = 5000 if kind == AgencyKind.PROVINCE else 8000
    for place, (action, row) in enumerate(product(_ACTIONS, subjects)):
        number = first + 2 * place
        code = f"{1 + place % 2}.{number:06d}"
        if code in taken:
            code = f"{1 + place % 2}.{number + 1:06d}"
        yield Procedure(
            code=code,
            name=f"{action} {row['subject']}",
            field=row["field"],
            level=(Level.FULL if place % 3 else Level.PARTIAL).value,
            share=2,
            days=5 + place % 20,
            fee=place % 2 == 0,
            kind=kind,
        )
