"""Pages of prose: privacy, accessibility, help. Their texts are dated data in both languages.

A paragraph may link to a page of this site as `[words](address-name)`; nothing else is markup.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
import yaml
from django.urls import reverse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.definitions import Source, Text

FOLDER: Final = Path(__file__).parent
PAGES: Final = ("help", "privacy", "accessibility")
_LINK: Final = re.compile(r"\[([^\]]+)\]\(([\w-]+)\)")


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """parts: paragraphs, and lists of lines."""

    code: str
    heading: Text
    parts: list[Text | list[Text]]


class Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """valid_from: since when it says what it says."""

    title: Text
    lead: Text
    valid_from: date
    source: Source
    sections: list[Section]


@cache
def page(name: str) -> Page:
    """Raises ThuocdoError `bad_prose`."""
    try:
        text = (FOLDER / f"{name}.yaml").read_text("utf-8")
        return msgspec.convert(yaml.safe_load(text), Page)
    except (OSError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise ThuocdoError("bad_prose", f"{name}.yaml: {error}.") from error


def linked(text: str) -> SafeString:
    """The text as HTML, its links resolved in the reader's language."""
    made, at = [], 0
    for link in _LINK.finditer(text):
        made.append(conditional_escape(text[at : link.start()]))
        made.append(format_html('<a href="{}">{}</a>', reverse(link[2]), link[1]))
        at = link.end()
    made.append(conditional_escape(text[at:]))
    return mark_safe("".join(made))  # noqa: S308 - every part is escaped above
