"""Finding agencies, procedures and indicators by any part of their names, with or without accents.

Everything is folded once a minute and kept: a country has a few thousand names.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django.urls import reverse

from thuocdo.core import clock
from thuocdo.core.codes import agency_code
from thuocdo.core.vietnamese import collation_key, fold_accents
from thuocdo.registry.models import Agency, Service
from thuocdo.web import board, choosing, wording
from thuocdo.web.printing import agency_name

_KEPT_US = 60 * 1_000_000
_HEADS = ("ministry", "province")


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found: what it is called, its code, what it is, and where it is shown."""

    name: str
    code: str
    kind: str
    address: str


def agencies(needle: str) -> list[Hit]:
    """Ministries and provinces first, then those that begin so, in the order of dictionaries."""
    words = _words(needle)
    code = agency_code(needle.strip())
    rows = [
        (agency, folded)
        for agency, folded in _agencies(str(board.instance().home), clock.now_us() // _KEPT_US)
        if agency.code == code or all(word in folded for word in words)
    ]
    rows.sort(
        key=lambda row: (
            row[0].code != code,
            row[0].kind not in _HEADS,
            not row[1].startswith(words[0]) if words else False,
            collation_key(row[0].name),
        )
    )
    return [
        Hit(
            agency_name(agency),
            agency.code,
            str(wording.AGENCY_KINDS.get(agency.kind, agency.kind)),
            reverse("agency", args=[agency.code]),
        )
        for agency, _folded in rows
    ]


def procedures(needle: str) -> list[Hit]:
    """Services of any catalogue, each once."""
    words = _words(needle)
    rows = [
        (code, name, folded)
        for code, name, folded in _services(str(board.instance().home), clock.now_us() // _KEPT_US)
        if all(word in folded for word in words)
    ]
    rows.sort(key=lambda row: (not row[2].startswith(words[0]), collation_key(row[1])))
    return [Hit(name, code, "", reverse("service", args=[code])) for code, name, _f in rows]


def indicators(needle: str) -> list[Hit]:
    """Indicators by name or code, in the reader's language or the other one."""
    words = _words(needle)
    titles = {described.code: described.title for described in board.definitions()}
    return [
        Hit(titles[each.code], each.code, "", reverse("method", args=[each.code]))
        for each in board.measure().definitions()
        if all(word in fold_accents(f"{each.name.vi} {each.name.en} {each.code}") for word in words)
    ]


def _words(needle: str) -> list[str]:
    return fold_accents(needle).split()


@lru_cache(maxsize=2)
def _agencies(_home: str, _turn: int) -> list[tuple[Agency, str]]:
    rows = Agency.objects.on(choosing.today())
    return [(row, fold_accents(f"{row.name} {row.name_en} {row.code}")) for row in rows]


@lru_cache(maxsize=2)
def _services(_home: str, _turn: int) -> list[tuple[str, str, str]]:
    pairs = Service.objects.exclude(name="").values_list("procedure", "name").distinct()
    names = dict(sorted(pairs, key=lambda pair: len(pair[1])))
    return [(code, name, fold_accents(f"{name} {code}")) for code, name in names.items()]
