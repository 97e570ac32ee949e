"""No text is left in the other language: every message has both translations, compiled."""

from __future__ import annotations

import gettext
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

import thuocdo.web

WEB = Path(thuocdo.web.__file__).parent
LANGUAGES = ("vi", "en")
_CALL = re.compile(
    r"""\b(?:n?gettext(?:_lazy)?|_)\(\s*((?:u?(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*)+)"""
)
_LITERAL = re.compile(r"""u?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
_VIETNAMESE = re.compile(r"[ăâđêôơưĂÂĐÊÔƠƯ\u1ea0-\u1ef9]")


def catalogue(language: str):
    path = WEB / "locale" / language / "LC_MESSAGES" / "django.po"
    with path.open("rb") as file:
        return read_po(file, locale=language)


def messages_in(source: str) -> set[str]:
    found = set()
    for call in _CALL.findall(source):
        parts = _LITERAL.findall(call)
        found.add("".join(part[1:-1].replace('\\"', '"') for part in parts))
    return found


def used() -> set[str]:
    messages: set[str] = set()
    for path in WEB.rglob("*.py"):
        messages |= messages_in(path.read_text(encoding="utf-8"))
    for path in WEB.rglob("*.html"):
        messages |= messages_in(templatize(path.read_text(encoding="utf-8")))
    return messages


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_in_use_is_in_the_catalogue(language):
    known = {m.id[0] if isinstance(m.id, tuple) else m.id for m in catalogue(language)}
    assert used() - known == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_has_a_translation(language):
    for message in catalogue(language):
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(strings), message.id
        assert not message.fuzzy or not message.id, message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_that_of_the_text(language):
    compiled = gettext.translation("django", WEB / "locale", [language])
    for message in catalogue(language):
        if message.id and isinstance(message.id, str):
            assert compiled.gettext(message.id) == message.string


def test_english_texts_hold_no_vietnamese():
    for message in catalogue("en"):
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        for text in strings if message.id else ():
            assert text == "Thước Đo" or not _VIETNAMESE.search(text), text
