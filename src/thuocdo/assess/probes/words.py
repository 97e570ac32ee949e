"""Finds words in what a page shows, as a person would: without regard to marks, case and spacing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec

from thuocdo.assess.probes.look import Control
from thuocdo.core.vietnamese import fold_accents


class Sign(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A control that says one of `words`, or leads to an address with one of `hrefs`."""

    words: list[str]
    hrefs: list[str]


def says(text: str, words: Sequence[str]) -> bool:
    """Whether one of the words begins a word of the text."""
    return bool(words) and bool(_pattern(tuple(words)).search(" ".join(fold_accents(text).split())))


def find(controls: Iterable[Control], sign: Sign) -> Control | None:
    """The first control that shows a sign."""
    for each in controls:
        if says(each.text, sign.words) or any(part in each.href.lower() for part in sign.hrefs):
            return each
    return None


@lru_cache(maxsize=128)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, words)) + ")")
