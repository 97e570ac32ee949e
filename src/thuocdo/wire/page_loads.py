"""Which requests of an access log are page loads or downloads: policy in `data/page_loads.yaml`."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import NamedTuple
from urllib.parse import unquote

import msgspec
import yaml

from thuocdo.core.vocabulary import ViewKind


class LeftOut(StrEnum):
    """Why a line that could be read is no page load."""

    METHOD = "not_get"
    STATUS = "not_answered"  # an error, a redirection, a part of a file
    STATIC = "part_of_a_page"  # a picture, a style, a script, a feed
    SCRIPT = "asked_by_script"
    TOLD = "excluded"  # by the operator


class Load(NamedTuple):
    """A page or file that was asked for."""

    kind: str  # ViewKind
    host: str  # of an absolute address, else ""
    target: str  # path and query


class Policy(msgspec.Struct, frozen=True):
    """The rules of one version, and the paths an operator leaves out besides."""

    version: str
    source: str
    method: str
    statuses_left_out: frozenset[str]
    statuses_besides_2xx: frozenset[str]
    static: frozenset[str]
    downloads: frozenset[str]
    not_pages: tuple[str, ...]
    excluded: tuple[str, ...] = ()

    def counts(self, status: str) -> bool:
        """Whether an answer with this status showed somebody something."""
        if len(status) == 3 and status[0] == "2":
            return status not in self.statuses_left_out
        return status in self.statuses_besides_2xx

    def judge(self, request: str) -> Load | LeftOut | None:
        """A request line as a load, or why it is none; None when it is no request line."""
        method, _, rest = request.partition(" ")
        target = rest.rpartition(" HTTP/")[0] or rest
        if not method.isalpha() or not target.strip():
            return None
        if method != self.method:
            return LeftOut.METHOD
        host = ""
        if "://" in target[:8]:
            host, slash, path = target.partition("://")[2].partition("/")
            target = slash + path
        path = unquote(target.partition("?")[0].partition("#")[0]).lower()
        if path.startswith(self.excluded):
            return LeftOut.TOLD
        if path.startswith(self.not_pages):
            return LeftOut.SCRIPT
        _, dot, ending = path.rpartition("/")[2].rpartition(".")
        if dot and ending in self.static:
            return LeftOut.STATIC
        kind = ViewKind.DOWNLOAD if dot and ending in self.downloads else ViewKind.VIEW
        return Load(kind, host, target or "/")


def policy(excluded: Sequence[str] = ()) -> Policy:
    """The rules, with beginnings of paths (any case) that this import leaves out."""
    return msgspec.structs.replace(_rules(), excluded=tuple(path.lower() for path in excluded))


@cache
def _rules() -> Policy:
    text = files("thuocdo.wire").joinpath("data/page_loads.yaml").read_text("utf-8")
    return msgspec.convert(yaml.safe_load(text), Policy)
