"""How Vietnam writes numbers and dates and orders names; pure, for reports, pages and the terminal.

Numbers: dots between thousands, a decimal comma (`9.941.921`, `88,45%`). Alphabet: TCVN 6909's
letters a ă â b c d đ e ê … with the tone marks as a second level, as dictionaries do.
"""

from __future__ import annotations

import unicodedata
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

_LETTERS = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_RANK = {letter: index for index, letter in enumerate(_LETTERS, start=100)}
# Level, grave, hook, tilde, acute, dot below: the order of Vietnamese dictionaries.
_TONES = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}
_SHAPES = {"\u0302", "\u0306", "\u031b"}  # circumflex, breve, horn belong to the letter


def nfc(text: str) -> str:
    """Composed form: the one way text is stored and compared."""
    return unicodedata.normalize("NFC", text)


def collation_key(text: str) -> tuple[tuple[int, ...], tuple[int, ...], str]:
    """Sort key: letters first, tones second, the text itself last."""
    weights = [_weight(char) for char in nfc(text).casefold()]
    if None in weights:  # what composes to no single letter has to be read mark by mark
        return (*_weights(text), text)
    letters, tones = zip(*weights, strict=True) if weights else ((), ())
    return letters, tones, text


@lru_cache(maxsize=4096)
def _weight(char: str) -> tuple[int, int] | None:
    """(letter, tone) of a composed character; None for what is none by itself."""
    letters, tones = _weights(char)
    return (letters[0], tones[0]) if len(letters) == 1 else None


def _weights(text: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    letters: list[int] = []
    tones: list[int] = []
    base = ""
    for char in unicodedata.normalize("NFD", nfc(text).casefold()):
        if char in _TONES:
            if tones:
                tones[-1] = _TONES[char]
        elif char in _SHAPES and letters:
            letters[-1] = _RANK.get(nfc(base + char), letters[-1])
        elif not unicodedata.combining(char):
            base = char
            letters.append(_RANK.get(char, ord(char) if ord(char) < 100 else 1000 + ord(char)))
            tones.append(0)
    return tuple(letters), tuple(tones)


def fold_accents(text: str) -> str:
    """Lower case without marks, for searching: "can tho" finds "Cần Thơ"."""
    plain = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(char for char in plain if not unicodedata.combining(char))


def round_half_up(value: Decimal | float | int, digits: int = 2) -> Decimal:
    """Rounding as people learn it at school; floats are read at their shortest decimal form."""
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    return exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def percent(numerator: int, denominator: int, digits: int = 2) -> Decimal | None:
    """Exact percentage of two counts, rounded half up; None when the denominator is 0."""
    if denominator == 0:
        return None
    return round_half_up(Decimal(100 * numerator) / Decimal(denominator), digits)


def format_count(value: int, language: str = "vi") -> str:
    """9941921 → `9.941.921` (vi) or `9,941,921` (en)."""
    english = f"{value:,}"
    return english if language == "en" else english.replace(",", ".")


def format_decimal(value: Decimal | float, digits: int = 2, language: str = "vi") -> str:
    """1234.5 → `1.234,50` (vi) or `1,234.50` (en)."""
    english = f"{round_half_up(value, digits):,}"
    return english if language == "en" else english.translate(str.maketrans(",.", ".,"))


def format_percent(value: Decimal | float | None, language: str = "vi") -> str:
    """88.45 → `88,45%`; None → an en dash, because not measured is not 0."""
    return "–" if value is None else f"{format_decimal(value, 2, language)}%"


_DURATIONS = (
    (86_400_000_000, "ngày", "d"),
    (3_600_000_000, "giờ", "h"),
    (60_000_000, "phút", "min"),
    (1_000_000, "giây", "s"),
)


def format_duration(us: int | None, language: str = "vi") -> str:
    """Microseconds in the two largest units that say something: `15 giây`, `2 giờ 5 phút`.

    Whole seconds, rounded half up; less than one is said with three decimals; None is an en dash.
    """
    if us is None:
        return "–"
    if us < _DURATIONS[-1][0]:
        seconds = format_decimal(Decimal(us) / _DURATIONS[-1][0], 3, language)
        return f"{seconds} {_DURATIONS[-1][1] if language == 'vi' else _DURATIONS[-1][2]}"
    rest = int(round_half_up(Decimal(us) / _DURATIONS[-1][0], 0)) * _DURATIONS[-1][0]
    said = []
    for place, (size, vi, en) in enumerate(_DURATIONS):
        count, rest = divmod(rest, size)
        if count:
            said.append(
                (place, f"{format_count(count, language)} {vi if language == 'vi' else en}")
            )
    first = said[0][0]
    return " ".join(text for place, text in said if place <= first + 1)


def format_day(day: date, language: str = "vi") -> str:
    """30/04/2022 in Vietnamese, 30 April 2022 in English."""
    return f"{day:%d/%m/%Y}" if language == "vi" else f"{day.day} {day:%B %Y}"


def letterhead_day(day: date) -> str:
    """`ngày 06 tháng 5 năm 2022`: NĐ 30/2020, days below 10 and months 1 and 2 take a leading 0."""
    month = f"{day.month:02d}" if day.month <= 2 else str(day.month)
    return f"ngày {day.day:02d} tháng {month} năm {day.year}"
