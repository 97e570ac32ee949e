"""The dated lists a check judges by: consent frameworks, ad-block rules, and the words of diagnoses."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final, TypeVar

import msgspec
import yaml

_FOLDER: Final = Path(__file__).parent
T = TypeVar("T")

_SEPARATOR: Final = r"(?:[^\w.%-]|$)"  # Adblock Plus' `^`
_HOST_BEGINS: Final = r"^[a-z]+://(?:[^/]*\.)?"  # Adblock Plus' `||`


class Framework(msgspec.Struct, frozen=True):
    """A consent framework: its name, and the CSS selector of its button that accepts."""

    name: str
    accept: str


class Consent(msgspec.Struct, frozen=True):
    version: date
    frameworks: tuple[Framework, ...]
    texts: tuple[str, ...]

    @property
    def label(self) -> re.Pattern[str]:
        """Matches the whole label of a button that accepts."""
        return re.compile(rf"^\s*(?:{'|'.join(map(re.escape, self.texts))})\s*[.!]?\s*$", re.I)


class _Blocklist(msgspec.Struct, frozen=True):
    version: date
    rules: tuple[str, ...]


@cache
def consent() -> Consent:
    return _load("consent.yaml", Consent)


@cache
def _blocklist() -> tuple[tuple[str, re.Pattern[str]], ...]:
    rules = _load("blocklist.yaml", _Blocklist).rules
    return tuple((rule, _pattern(rule)) for rule in rules)


def blocking_rule(url: str) -> str | None:
    """The first rule of the ad-block selection that an address matches; None when none does."""
    return next((rule for rule, pattern in _blocklist() if pattern.search(url)), None)


def _pattern(rule: str) -> re.Pattern[str]:
    begins = _HOST_BEGINS if rule.startswith("||") else ""
    body = re.escape(rule.removeprefix("||")).replace(r"\*", ".*").replace(r"\^", _SEPARATOR)
    return re.compile(begins + body, re.IGNORECASE)


def _load(name: str, kind: type[T]) -> T:
    return msgspec.convert(yaml.safe_load((_FOLDER / name).read_text(encoding="utf-8")), kind)
