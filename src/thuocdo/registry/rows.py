"""One record of an import file → the fields of one registry row, or the reason why not.

Columns are those of DESIGN.md §6.4. Only the columns a file carries are returned, so a file
without `valid_to` never reopens a row that has ended.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from thuocdo.core.codes import MAX_SITE_ID, agency_code, procedure_code, top_code
from thuocdo.core.vietnamese import nfc
from thuocdo.core.vocabulary import AgencyKind, Level, RejectReason, SystemKind
from thuocdo.registry.models import CODE_PATTERN

_CODE = re.compile(CODE_PATTERN, re.ASCII)
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*(:\d{1,5})?", re.ASCII)
_WRITTEN_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", re.ASCII)
"""`01/07/2025`, as people in Vietnam write it: the day first."""
_DECIMAL_COMMA = re.compile(r"(\d{1,2}),(\d{6})", re.ASCII)
"""A procedure's code that a spreadsheet took for a number."""
_BETWEEN_HOSTS = re.compile(r"[\s,;|]+")
LEVELS = {
    # Before NĐ 42/2022 levels were numbers: 4 is full, 3 partial, 1 and 2 information.
    "4": Level.FULL,
    "3": Level.PARTIAL,
    "2": Level.INFORMATION,
    "1": Level.INFORMATION,
    "full": Level.FULL,
    "partial": Level.PARTIAL,
    "information": Level.INFORMATION,
    "toàn trình": Level.FULL,
    "một phần": Level.PARTIAL,
    "cung cấp thông tin": Level.INFORMATION,
}

_LEVEL_PREFIX = re.compile(
    r"^(dịch vụ công |dvc )?(trực tuyến |tt )?(mức (độ )?)?(?=toàn|một|cung|[1-4]$)"
)
"""`DVC trực tuyến toàn trình`, `Mức độ 4`: what stands before the level itself."""

Fields = dict[str, Any]
Known = Callable[[str], bool]
"""Whether an agency code is registered."""


class RefusedError(Exception):
    """A record that cannot become a row, with its typed reason and the column it lies in."""

    def __init__(self, reason: RejectReason, detail: str, column: str = "") -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.column = column


def knows(codes: Collection[str]) -> Known:
    """A code is known when it, or the ministry or province at its head, is registered."""
    return lambda code: code in codes or top_code(code) in codes


def agency_fields(values: Fields, _known: Known) -> Fields:
    """One row of `core.columns.AGENCIES`."""
    code = _agency(values, "code")
    kind = _one_of(values, "kind", {kind.value: kind.value for kind in AgencyKind})
    fields = {"code": code, "name": _needed(values, "name", 300), "kind": kind}
    for column, longest in (("name_en", 300), ("gso_code", 10)):
        if column in values:
            fields[column] = _text(values, column, longest)
    for column in ("parent", "successor"):
        if column in values:
            fields[column] = _agency(values, column) if _text(values, column, 80) else ""
    if not fields.get("parent") and top_code(code) != code:
        fields["parent"] = top_code(code)  # the code itself says whose it is (QĐ 20/2020)
    return fields | _validity(values)


def site_fields(values: Fields, known: Known) -> Fields:
    """One row of `core.columns.SITES`; gives `agency` and `kind` too."""
    agency = _known_agency(values, known)
    fields: Fields = {
        "site_id": _site_id(values),
        "agency": agency,
        "kind": _one_of(values, "kind", {kind.value: kind.value for kind in SystemKind}),
        "name": _needed(values, "name", 300),
    }
    if "hostnames" in values:
        fields["hostnames"] = "\n".join(host_names(values["hostnames"]))
    return fields | _validity(values)


def service_fields(values: Fields, known: Known) -> Fields:
    """One row of `core.columns.SERVICES`."""
    procedure = procedure_code(_DECIMAL_COMMA.sub(r"\1.\2", _needed(values, "procedure", 120)))
    if procedure is None:
        raise RefusedError(
            RejectReason.BAD_VALUE, f"procedure {values['procedure']!r} is not a code", "procedure"
        )
    fields = {
        "agency": _known_agency(values, known),
        "procedure": procedure.national,
        "level": _one_of(values, "level", LEVELS),
    }
    for column, longest in (
        ("name", 1000),
        ("field", 300),
        ("local_code", 120),
        ("url", 1000),
        ("reason_not_full", 1000),
    ):
        if column in values:
            fields[column] = _text(values, column, longest)
    return fields | _validity(values)


def catalogued(values: Fields, agency: str) -> Fields:
    """One row of a portal's catalogue file (facts/emc.md 1D) as `service_fields` reads it.

    `idhttt` is the national code where there is one, `iddvc` the portal's own; where both are the
    same the procedure has no national code.
    """
    code = procedure_code(_needed(values, "idhttt", 120))
    local = _text(values, "iddvc", 120)
    own = procedure_code(local)
    same = code is not None and own is not None and own.national == code.national
    return {
        "agency": agency,
        "procedure": values["idhttt"],
        "local_code": "" if same else local,
        **{name: values.get(name) for name in ("name", "level", "url")},
    }


def _text(values: Fields, column: str, longest: int) -> str:
    value = values.get(column)
    text = "" if value is None else nfc(str(value)).strip()
    if len(text) > longest:
        raise RefusedError(
            RejectReason.BAD_VALUE, f"{column} is longer than {longest} characters", column
        )
    if "\x00" in text:
        raise RefusedError(RejectReason.BAD_VALUE, f"{column} holds a NUL character", column)
    return text


def _needed(values: Fields, column: str, longest: int) -> str:
    text = _text(values, column, longest)
    if not text:
        raise RefusedError(RejectReason.MISSING_FIELD, f"{column} is empty", column)
    return text


def _agency(values: Fields, column: str) -> str:
    text = _needed(values, column, 80)
    code = agency_code(text)
    if code is not None:
        return code
    if not _CODE.fullmatch(text):
        raise RefusedError(
            RejectReason.BAD_VALUE,
            f"{column} {text!r} is not a code of up to 40 letters, digits, dots or hyphens",
            column,
        )
    return text


def _known_agency(values: Fields, known: Known) -> str:
    code = _agency(values, "agency")
    if not known(code):
        raise RefusedError(
            RejectReason.UNKNOWN_AGENCY, f"agency {code} is not registered", "agency"
        )
    return code


def _one_of(values: Fields, column: str, allowed: dict[str, Any]) -> str:
    text = _needed(values, column, 80).casefold().removesuffix(".0").removesuffix(",0")
    text = _LEVEL_PREFIX.sub("", text) if allowed is LEVELS else text
    if text not in allowed:
        raise RefusedError(
            RejectReason.BAD_VALUE, f"{column} {text!r} is none of {', '.join(allowed)}", column
        )
    return str(allowed[text])


def _site_id(values: Fields) -> int:
    text = _needed(values, "site_id", 40)
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= MAX_SITE_ID):
        raise RefusedError(
            RejectReason.BAD_VALUE, f"site_id {text!r} is not a number from 1 to {MAX_SITE_ID}"
        )
    return int(text)


def host_names(value: Any) -> list[str]:
    """Host names of a list or of text with spaces, commas, semicolons or bars between them."""
    if value is None:
        return []
    parts = value if isinstance(value, list | tuple) else _BETWEEN_HOSTS.split(str(value))
    hosts: list[str] = []
    for part in (str(part).strip().lower() for part in parts):
        host = urlsplit(part).netloc if "://" in part else part
        if not part:
            continue
        if not _HOST.fullmatch(host):
            raise RefusedError(RejectReason.BAD_VALUE, f"{part!r} is not a host name")
        if host not in hosts:
            hosts.append(host)
    return hosts


def _validity(values: Fields) -> Fields:
    """`valid_from` always (it is part of the key), `valid_to` when the file has the column."""
    fields: Fields = {"valid_from": _day(values, "valid_from")}
    if "valid_to" in values:
        fields["valid_to"] = _day(values, "valid_to")
        if (
            fields["valid_from"]
            and fields["valid_to"]
            and fields["valid_to"] < fields["valid_from"]
        ):
            raise RefusedError(RejectReason.BAD_DATE, "valid_to is before valid_from", "valid_to")
    return fields


def _day(values: Fields, column: str) -> date | None:
    value = values.get(column)
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = _text(values, column, 40)
    if not text:
        return None
    try:
        if found := _WRITTEN_DAY.fullmatch(text):
            return date(int(found[3]), int(found[2]), int(found[1]))
        return date.fromisoformat(text)
    except ValueError:
        raise RefusedError(
            RejectReason.BAD_DATE, f"{column} {text!r} is not a day such as 2025-07-01", column
        ) from None
