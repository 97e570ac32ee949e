"""Rules about values that every feed of dossiers shares: messages, batches and imported files.

One implementation, so that a record is judged the same whichever door it came by. Each rule
answers the checked value or an `Unreadable` with the reason; none raises on data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Final, NamedTuple

from thuocdo.core import codes
from thuocdo.core.clock import DAY_US, OFFSET_US, day_start_us, from_datetime, local_day
from thuocdo.core.snapshot import Snapshot
from thuocdo.core.vocabulary import Level, RejectReason
from thuocdo.wire.events import Unreadable

EARLIEST_US: Final = day_start_us(date(2000, 1, 1))
"""Before it no state system kept dossiers by machine; an older date is a defect of the sender."""
LATEST_DUE_US: Final = day_start_us(date(2101, 1, 1))
CLOCK_SKEW_US: Final = DAY_US
"""How far ahead of the server's clock an event may say it happened."""
LATE_WINDOW_US: Final = 400 * DAY_US
"""How long ago an event may lie: a year, and the weeks after it in which last year's records are put
right. A dossier's stage may lie further back when a key vouches for it; a page view may not, for that
is how long it is known whether it came before."""
PROCEDURE_NOT_SAID: Final = "~unknown"
"""The procedure of an event that names none. No code begins so, and every code sorts before it: of
two first events of one moment the fold takes the one that names its procedure."""
MAX_NUMBER: Final = 128
MAX_KEPT: Final = 40
REDACTED: Final = "redacted"
_CACHED: Final = 1 << 16
_SERVICE_FLAG: Final = "service_not_in_catalogue"

_PACKED = re.compile(r"\d{14}", re.ASCII)  # yyyyMMddHHmmss, facts/emc.md 2C
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?([zZ]|[+-]\d{2}:?\d{2})?", re.ASCII
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ufffd\ud800-\udfff]")
_LONG_DIGITS = re.compile(r"(?<!\d)\d{9,13}(?!\d)", re.ASCII)  # identity, phone and tax numbers
_PLAIN = re.compile(rf"[0-9A-Za-z._:+/T-]{{0,{MAX_KEPT}}}( [0-9:.+-]{{0,20}})?", re.ASCII)

LEVELS: Final[Mapping[str, Level]] = {
    "full": Level.FULL,
    "partial": Level.PARTIAL,
    "information": Level.INFORMATION,
    "4": Level.FULL,
    "3": Level.PARTIAL,
    "2": Level.INFORMATION,
    "1": Level.INFORMATION,
}
"""Levels as written today, and by number as before NĐ 42/2022 (DESIGN.md §1)."""


class Place(NamedTuple):
    """Where a dossier belongs, checked against the registry as it stands."""

    agency: str  # left-to-right code
    procedure: str  # national code, or the agency's local one
    level_catalogue: str | None
    flags: tuple[str, ...]


@lru_cache(_CACHED)
def _agency(text: str) -> str | None:
    return codes.agency_code(text)


@lru_cache(_CACHED)
def _procedure(text: str) -> codes.ProcedureCode | None:
    return codes.procedure_code(text)


def agency(snapshot: Snapshot, text: str) -> str | Unreadable:
    """The agency's left-to-right code; `bad_value` when it is no code, `unknown_agency` when new."""
    code = _agency(text)
    if code is None:
        return Unreadable(RejectReason.BAD_VALUE, "agency: not an agency code")
    if not snapshot.knows_agency(code):
        return Unreadable(RejectReason.UNKNOWN_AGENCY, "agency: not registered")
    return code


def place(snapshot: Snapshot, code: str, procedure: str, day: date) -> Place | Unreadable:
    """Find a procedure in the catalogue of a known agency as of a local day.

    Refused (`unknown_procedure`) only when the agency has a catalogue and nobody's knows the
    procedure; otherwise what is missing becomes a flag (docs/architecture.md, "Choices").
    """
    split = _procedure(procedure)
    if split is None:
        return Unreadable(RejectReason.BAD_VALUE, "procedure: not a procedure code")
    national = split.national
    local = snapshot.local_codes
    for owner in (code, codes.top_code(code)):
        if (owner, national) in local:
            national = local[owner, national]
            break
    level = snapshot.level_on(code, national, day.isoformat())
    if level is not None:
        return Place(code, national, level, ())
    if not snapshot.has_catalogue(code):
        return Place(code, national, None, ("no_catalogue",))
    if national in snapshot.procedures:
        return Place(code, national, None, (_SERVICE_FLAG,))
    return Unreadable(RejectReason.UNKNOWN_PROCEDURE, "procedure: in no catalogue")


def moment(field: str, text: str) -> int | Unreadable:
    """µs UTC from ISO 8601 (no zone: Vietnam's; a bare date: the start of that day) or yyyyMMddHHmmss."""
    clean = text.strip()
    try:
        if _PACKED.fullmatch(clean):
            return from_datetime(datetime.strptime(clean, "%Y%m%d%H%M%S"))  # noqa: DTZ007
        if _DAY.fullmatch(clean) or _ISO.fullmatch(clean):
            return from_datetime(datetime.fromisoformat(clean.replace(",", ".").upper()))
    except (ValueError, OverflowError):
        pass  # matches the shape but names no instant, such as 31 February
    return Unreadable(RejectReason.BAD_DATE, f"{field}: not a time")


def happened(field: str, instant: int, received: int) -> int | Unreadable:
    """An instant in the past: not before 2000, not more than a day ahead of the server."""
    if instant < EARLIEST_US:
        return Unreadable(RejectReason.BAD_DATE, f"{field}: before the year 2000")
    if instant > received + CLOCK_SKEW_US:
        return Unreadable(RejectReason.BAD_DATE, f"{field}: in the future")
    return instant


def viewed(field: str, instant: int, received: int) -> int | Unreadable:
    """When a page was viewed: as `happened`, and within the late window."""
    if instant < received - LATE_WINDOW_US:
        days = LATE_WINDOW_US // DAY_US
        return Unreadable(
            RejectReason.BAD_DATE, f"{field}: over {days} days ago; import it as a file"
        )
    return happened(field, instant, received)


def due(field: str, instant: int) -> int | Unreadable:
    """A date something is due: not before 2000, not after 2100."""
    if EARLIEST_US <= instant < LATEST_DUE_US:
        return instant
    return Unreadable(RejectReason.BAD_DATE, f"{field}: not between the years 2000 and 2100")


def local_date(instant: int) -> date:
    """The Vietnamese day of an instant that passed the rules above."""
    return _day_of((instant + OFFSET_US) // DAY_US)


@lru_cache(_CACHED)
def _day_of(number: int) -> date:
    return local_day(number * DAY_US - OFFSET_US)


def number(text: str) -> str | Unreadable:
    """A dossier number as a system wrote it: any letters, but some, and not too many."""
    clean = text.strip()
    if not clean:
        return Unreadable(RejectReason.MISSING_FIELD, "dossier: empty")
    if len(clean) > MAX_NUMBER:
        return Unreadable(RejectReason.BAD_VALUE, "dossier: too long")
    if _CONTROL.search(clean):
        return Unreadable(RejectReason.BAD_VALUE, "dossier: holds characters no number has")
    return clean


def level_flags(declared: str | None, catalogue: str | None) -> tuple[str, ...]:
    """`level_differs` when the packet and the catalogue both speak, and disagree."""
    differs = declared is not None and catalogue is not None and declared != catalogue
    return ("level_differs",) if differs else ()


def redacted(fields: Iterable[tuple[str, object]]) -> dict[str, str]:
    """Values that may be kept of a refused record, from fields the caller's protocol allows.

    A value that could be a name, an identity or a phone number is replaced by its shape
    (`Nguyễn Văn A` → `Aaaaaa Aaa A`): enough to find the mapping mistake, nothing personal. The
    names of those that were stand in `REDACTED`, with spaces between.
    """
    kept: dict[str, str] = {}
    shaped: list[str] = []
    for name, value in fields:
        if value is None or value == "":
            continue
        plain = _plain(value)
        if plain is None:
            shaped.append(name)
        kept[name] = _shape_of(value) if plain is None else plain
    return kept | {REDACTED: " ".join(shaped)} if shaped else kept


def _plain(value: object) -> str | None:
    """A value that may be kept as it is; None when it could say too much."""
    if not isinstance(value, str | int | float):
        return None
    try:
        text = str(int(value) if isinstance(value, bool) else value).strip()
    except ValueError:  # an integer of thousands of digits
        return None
    return text if _PLAIN.fullmatch(text) and not _LONG_DIGITS.search(text) else None


def _shape_of(value: object) -> str:
    if not isinstance(value, str | int | float):
        return f"<{type(value).__name__}>"
    try:
        text = str(value)
    except ValueError:
        return "<int>"
    return "".join(_shape(letter) for letter in text[:MAX_KEPT])


def _shape(letter: str) -> str:
    if letter.isdigit():
        return "9"
    if letter.isalpha():
        return "A" if letter.isupper() else "a"
    return letter if letter.isascii() and letter.isprintable() else "?"
