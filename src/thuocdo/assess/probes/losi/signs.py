"""What the machine takes for signs, question by question (`signs.yaml`); mechanism has no words of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from thuocdo.assess.probes.files import RulesFile, rules_of
from thuocdo.assess.probes.words import Sign
from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.definitions import Text


class Decides(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way of finding what a question asks for: everything named here is on one page.

    host       the site's own name ends so
    title      the page's title or one of its headings says one of these
    says       its text says at least `least` of these; and one of `also`
    pattern    its text fits, folded
    besides    other words that title or link may have; unset: most_besides of a title, any of a section's link
    links      a section's name
    hrefs      or that a link leads to an address with one of these
    hosts      links lead to so many other sites of the state
    files      addresses of links end so
    pictures   what stands for a picture says one of these
    fields     types of what can be filled in
    headlines  so many links say more than a section's name
    least_text characters
    is_front   the page is the front page
    is_ahead   its text names a day after that of the look
    """

    host: list[str] = []
    title: list[str] = []
    besides: int | None = None
    says: list[str] = []
    least: int = 1
    also: list[str] = []
    pattern: str = ""
    links: list[str] = []
    hrefs: list[str] = []
    hosts: int = 0
    files: list[str] = []
    pictures: list[str] = []
    fields: list[str] = []
    headlines: int = 0
    least_text: int = 0
    is_front: bool = False
    is_ahead: bool = False


class Proposes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is put before the assessors, each by itself."""

    links: list[str] = []
    hrefs: list[str] = []
    title: list[str] = []
    says: list[str] = []
    pattern: str = ""
    files: list[str] = []
    scripts: list[str] = []
    fields: list[str] = []


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """beware: what else looks like it, for those who decide."""

    proposes: Proposes
    beware: Text
    decides: list[Decides] = []


class Signs(RulesFile, frozen=True):
    """most_besides: words of a title that decides besides those it is known by. no_data: files for machines that every site may have, and that are no data for people. state: how names of the state's sites end."""

    version: int
    valid_from: date
    most_besides: int
    no_data: list[str]
    state: list[str]
    questions: dict[str, Question]


def check_of(code: str) -> str:
    return f"losi.{code}"


SIGNS: Final = rules_of(Path(__file__).with_name("signs.yaml"), Signs)
CHECKS: Final = tuple(map(check_of, SIGNS.questions))


def beware_of(check: str) -> Text | None:
    """What else looks like what a check looks for; None for a check of other probes."""
    return next((each.beware for code, each in SIGNS.questions.items() if check_of(code) == check), None)  # fmt: skip


def pages_worth_a_look() -> Iterator[Sign]:
    """For the walk: sections by which a question could be decided, then those it could be proposed by."""
    for each in sorted(SIGNS.questions.values(), key=lambda question: not question.decides):
        yield Sign(each.proposes.links, [])


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Raises ThuocdoError `bad_rules`."""
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ThuocdoError("bad_rules", f"losi/signs.yaml: {pattern!r}: {error}.") from error
