"""Who publishes on a day, in whose name and on what legal basis: dated rows of `issuers.yaml`.

The owner of EMC changed on 2025-03-01 and its laws in 2022, 2025 and 2026; a report of any date
carries the header and the legal basis of that date (DESIGN.md §5.8).
"""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib import resources

import msgspec
import yaml

from thuocdo.core.errors import ThuocdoError


class Issuer(msgspec.Struct, frozen=True):
    """What stands in the header, the closing block and the notes of a report; in Vietnamese.

    parent_organisation, organisation   the header's two lines, in capitals (NĐ 30/2020, box 2)
    symbol               follows the abbreviation of the document's type: `BC-` + `UBQGCĐS`
    place                of issue
    signer_title_prefix  the line above the title, such as "TL. BỘ TRƯỞNG"; empty when none
    legal_basis          documents in force on the day, highest first, without "Căn cứ"
    system_owner         the ministry that runs the measuring system
    recipients           lines of "Nơi nhận", ready to print
    """

    parent_organisation: str
    organisation: str
    organisation_en: str
    symbol: str
    place: str
    signer_title_prefix: str
    signer_title: str
    legal_basis: tuple[str, ...]
    system_owner: str
    system_owner_en: str
    recipients: tuple[str, ...]


class _Dated(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    valid_from: date | None = None
    valid_to: date | None = None

    def covers(self, day: date) -> bool:
        return (self.valid_from or date.min) <= day <= (self.valid_to or date.max)


class _IssuerRow(_Dated, frozen=True, kw_only=True):
    parent_organisation: str
    organisation: str
    organisation_en: str
    symbol: str
    place: str
    signer_title_prefix: str
    signer_title: str
    system_owner: str
    system_owner_en: str
    recipients: tuple[str, ...]


class _LegalBasis(_Dated, frozen=True, kw_only=True):
    text: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    issuers: tuple[_IssuerRow, ...]
    legal_basis: tuple[_LegalBasis, ...]


def issuer_on(day: date) -> Issuer:
    """The issuer of a report dated `day`.

    Raises ThuocdoError `no_issuer` when the rows leave the day uncovered or cover it twice.
    """
    file = _load()
    found = [row for row in file.issuers if row.covers(day)]
    if len(found) != 1:
        raise ThuocdoError(
            "no_issuer",
            f"{len(found)} issuers are on record for {day}.",
            "Correct the dates in core/issuers.yaml: each day needs exactly one.",
        )
    fields = {name: getattr(found[0], name) for name in _IssuerRow.__struct_fields__}
    del fields["valid_from"], fields["valid_to"]
    laws = tuple(law.text for law in file.legal_basis if law.covers(day))
    return Issuer(**fields, legal_basis=laws)


@cache
def _load() -> _File:
    text = (resources.files("thuocdo.core") / "issuers.yaml").read_text(encoding="utf-8")
    return msgspec.convert(yaml.safe_load(text), type=_File)
