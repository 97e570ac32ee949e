"""Finds words in what a page shows, as a person would: without regard to marks, case and spacing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from thuocdo.assess.probes.look import Control
from thuocdo.core.vietnamese import fold_accents

_PARTS = re.compile(r"\s[-–—|»]\s")
_BULLETS = re.compile(r"^\W+")


class Sign(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A control that says one of `words`, or leads to an address with one of `hrefs`."""

    words: list[str]
    hrefs: list[str]


def says(text: str, words: Sequence[str]) -> bool:
    """Whether one of the words begins a word of the text."""
    return bool(words) and bool(_pattern(tuple(words)).search(" ".join(fold_accents(text).split())))


def opening(text: str) -> str:
    """A text folded, from its first letter on: bullets and arrows before it are passed over."""
    return _BULLETS.sub("", " ".join(fold_accents(text).split()))


@dataclass(frozen=True, slots=True)
class Folded:
    """A text beside its folded self, made once and asked often; a place is (begin, end) in the folded one."""

    text: str
    folded: str

    @classmethod
    def of(cls, text: str) -> Folded:
        return cls(text, fold_accents(text))

    def find(self, words: Sequence[str]) -> tuple[int, int] | None:
        """Where one of the words stands by itself, the first word that does; None where none does."""
        for word in words:
            at = self.folded.find(word)
            while at >= 0:
                end = at + len(word)
                if not self._is_letter(at - 1) and not self._is_letter(end):
                    return at, end
                at = self.folded.find(word, end)
        return None

    def names(self, words: Sequence[str], besides: int) -> bool:
        """Whether a part of it, between dashes and bars, is one of the words with few others besides."""
        for part in _PARTS.split(self.folded):
            for word in words:
                is_short = len(part.split()) <= len(word.split()) + besides
                if is_short and Folded(part, part).find([word]) is not None:
                    return True
        return False

    def fits(self, pattern: re.Pattern[str]) -> tuple[int, int] | None:
        """The first place that fits, folded."""
        found = pattern.search(self.folded)
        return found.span() if found and found.start() < found.end() else None

    def quote(self, place: tuple[int, int], around: int = 60) -> str:
        """What the text itself says there and around it, cut at words and within its line."""
        begin, end = self._written(place)
        _, gap_before, near = self.text[max(0, begin - around) : begin].rpartition("\n")
        right, gap_after, _ = self.text[end : end + around].partition("\n")
        if begin > around and not gap_before:
            near = "…" + near.partition(" ")[2]
        if end + around < len(self.text) and not gap_after:
            right = right.rpartition(" ")[0] + "…"
        return " ".join(f"{near}{self.text[begin:end]}{right}".split())

    def _written(self, place: tuple[int, int]) -> tuple[int, int]:
        """Where that is in the text: folding drops marks, character by character."""
        begin = end = length = 0
        for at, char in enumerate(self.text):
            if length <= place[0]:
                begin = at
            if length >= place[1]:
                break
            length += len(fold_accents(char))
            end = at + 1
        return begin, end

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
