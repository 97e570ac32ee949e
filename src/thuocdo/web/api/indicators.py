"""Indicators: every definition in every version, as data and in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from ninja import Router

from thuocdo.measure.definitions import Indicator, Text
from thuocdo.measure.definitions.wording import LANGUAGES, Speaker
from thuocdo.web import board
from thuocdo.web.api import asking, shapes
from thuocdo.web.api.door import resource

router = Router(tags=["indicators"])


@resource(
    router,
    "/indicators",
    shapes.Page[shapes.IndicatorPage],
    Text(vi="Mọi chỉ số và các phiên bản định nghĩa", en="Every indicator and its versions"),
)
def indicators(request: HttpRequest) -> Any:  # noqa: ARG001
    """All of them at once, by code, with source, formula, rules and test vectors."""
    found = sorted(board.measure().definitions(), key=lambda each: each.code)
    return shapes.Page([_page(each) for each in found], None)


@resource(
    router,
    "/indicators/{code}",
    shapes.IndicatorPage,
    Text(vi="Một chỉ số", en="One indicator"),
)
def indicator(request: HttpRequest, code: asking.Code) -> Any:  # noqa: ARG001
    """With every version of its definition, the oldest first."""
    return _page(board.measure().definition(code))


def _page(found: Indicator) -> shapes.IndicatorPage:
    return shapes.IndicatorPage(found, list(_words(found)))


def _words(found: Indicator) -> Iterator[shapes.VersionWords]:
    speakers = [Speaker(language) for language in LANGUAGES]
    for version in found.versions:
        rules = zip(*(speaker.rules(found, version) for speaker in speakers), strict=True)
        yield shapes.VersionWords(
            version=version.version,
            identity=version.identity,
            formula=Text(*(speaker.formula(version) for speaker in speakers)),
            rules=[Text(*pair) for pair in rules],
        )
