"""Finds words in what a page shows, as a person would: without regard to marks, case and spacing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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


def begins(text: str, word: str) -> bool:
    """Whether the text begins with the word; bullets and arrows before it are passed over."""
    return bool(_beginning(word).match(" ".join(fold_accents(text).split())))


@dataclass(frozen=True, slots=True)
class Folded:
    """A text beside its folded self, made once and asked often; a place is (begin, end) in the text."""

    text: str
    folded: str
    places: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> Folded:
        parts = [_fold(char) for char in text]
        places = tuple(place for place, part in enumerate(parts) for _ in part)
        return cls(text, "".join(parts), places)

    def find(self, words: Sequence[str]) -> tuple[int, int] | None:
        """Where one of the words stands by itself, the first word that does; None where none does."""
        for word in words:
            at = self.folded.find(word)
            while at >= 0:
                end = at + len(word)
                if not self._is_letter(at - 1) and not self._is_letter(end):
                    return self.places[at], self.places[end - 1] + 1
                at = self.folded.find(word, end)
        return None

    def fits(self, pattern: re.Pattern[str]) -> tuple[int, int] | None:
        """The first place that fits, folded."""
        found = pattern.search(self.folded)
        if found is None or found.start() == found.end():
            return None
        return self.places[found.start()], self.places[found.end() - 1] + 1

    def quote(self, place: tuple[int, int], around: int = 60) -> str:
        """What stands there with some of what stands around it, cut at words and within its line."""
        begin, end = place
        before, gap_before, left = self.text[max(0, begin - around) : begin].rpartition("\n")
        right, gap_after, _ = self.text[end : end + around].partition("\n")
        before, after = left, right
        if begin > around and not gap_before:
            before = "…" + left.partition(" ")[2]
        if end + around < len(self.text) and not gap_after:
            after = right.rpartition(" ")[0] + "…"
        return " ".join(f"{before}{self.text[begin:end]}{after}".split())

    def _is_letter(self, at: int) -> bool:
        return 0 <= at < len(self.folded) and self.folded[at].isalnum()


def find(controls: Iterable[Control], sign: Sign) -> Control | None:
    """The first control that shows a sign."""
    for each in controls:
        if says(each.text, sign.words) or any(part in each.href.lower() for part in sign.hrefs):
            return each
    return None


@lru_cache(maxsize=128)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, words)) + ")")


@lru_cache(maxsize=1024)
def _beginning(word: str) -> re.Pattern[str]:
    return re.compile(rf"\W*{re.escape(word)}(?!\w)")


@lru_cache(maxsize=8192)
def _fold(char: str) -> str:
    return " " if char.isspace() else fold_accents(char)
