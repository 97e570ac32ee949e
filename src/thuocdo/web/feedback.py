"""What readers say: kept without knowing who they are, answered under a number that they alone were given."""

from __future__ import annotations

import secrets
from typing import Final

from django.utils import timezone

from thuocdo.core.errors import ThuocdoError
from thuocdo.web.models import Feedback

LONGEST: Final = 4000
LONGEST_PAGE: Final = 500
_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # without those that are mistaken for others
_GROUPS: Final = (4, 4, 4)


def keep(kind: str, text: str, page: str) -> Feedback:
    """Raises ThuocdoError `bad_feedback` naming what is missing or too long."""
    text, page = text.strip(), page.strip()
    if kind not in Feedback.Kind.values:
        raise ThuocdoError("bad_feedback", f"{kind!r} is no kind.")
    if not 0 < len(text) <= LONGEST or len(page) > LONGEST_PAGE or "\x00" in text + page:
        raise ThuocdoError("bad_feedback", f"1 to {LONGEST} characters are needed.")
    return Feedback.objects.create(code=_number(), kind=kind, text=text, page=page)


def find(code: str) -> Feedback | None:
    """What was said under a number, however it is written."""
    letters = "".join(letter for letter in code.upper() if letter in _LETTERS)
    return Feedback.objects.filter(code=_grouped(letters)).first()


def answer(said: Feedback, text: str, who: str) -> bool:
    """Answer it, once; whether this was the time. Raises ThuocdoError `no_reason` for an empty answer."""
    if not text.strip():
        raise ThuocdoError("no_reason", "An answer is needed.", "Say it in a sentence.")
    taken = Feedback.objects.filter(pk=said.pk, answered_at=None).update(
        answer=text.strip(), answered_by=who, answered_at=timezone.now()
    )
    return bool(taken)


def _number() -> str:
    """Twelve letters of 31, some 59 bits: nobody guesses another's."""
    return _grouped("".join(secrets.choice(_LETTERS) for _ in range(sum(_GROUPS))))


def _grouped(letters: str) -> str:
    size = _GROUPS[0]
    return "-".join(letters[at : at + size] for at in range(0, len(letters), size))
