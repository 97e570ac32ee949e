"""A definition file tried before it counts: what is wrong with it, what it adds, what that makes compute again.

Nothing of the running set is touched: the file lies in a folder of its own, with copies of the operator's
files beside it, and is read by the very functions that would read it in force.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

import msgspec
import yaml

from thuocdo.measure.definitions.changes import Change, changes
from thuocdo.measure.definitions.model import Indicator, Version
from thuocdo.measure.definitions.reading import LOADER, refusal
from thuocdo.measure.definitions.running import OPERATORS, Running, extended, packaged

MOST_BYTES: Final = 200_000
_MOST_NODES: Final = 100_000
_DEEPEST: Final = 50
_OPENS: Final = (
    *(yaml.BlockSequenceStartToken, yaml.BlockMappingStartToken),
    *(yaml.FlowSequenceStartToken, yaml.FlowMappingStartToken),
)
_CLOSES: Final = (yaml.BlockEndToken, yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken)
_CODE: Final = re.compile(r"^code:[ \t]*([a-z][a-z0-9_]{1,80})[ \t]*(#.*)?$", re.MULTILINE)


class Trial(msgspec.Struct, frozen=True):
    """What a file would do.

    before   the indicator as it is in force; None: a new one
    after    as it would be; `added` are the versions that are not there yet, with their changes
    """

    before: Indicator | None
    after: Indicator
    added: tuple[tuple[Version, Change], ...]


def lay_out(content: bytes, home: Path, place: Path) -> Path:
    """Put a file where it can be tried: a home below `place` with the operator's files and this one.

    The path of the file. Raises ThuocdoError `bad_definition` for one too large, without a code, nested
    too deep, or whose aliases (`*name`) make it stand for an endless one.
    """
    name = Path("definition.yaml")
    if len(content) > MOST_BYTES:
        raise refusal(name, f"it has more than {MOST_BYTES} bytes", line=1)
    text = content.decode("utf-8", "replace").removeprefix("\ufeff")
    code = _CODE.search(text)
    if code is None:
        raise refusal(name, "there is no line `code: …`", line=1)
    folder = place / OPERATORS
    folder.mkdir()
    for path in (home / OPERATORS).glob("*.yaml"):
        shutil.copy(path, folder)
    path = folder / f"{code[1]}.yaml"
    path.write_text(text, "utf-8")
    _refuse_endless(path, text)
    return path


def tried(path: Path, have: Mapping[str, Collection[str]]) -> Trial:
    """Try a file laid out by `lay_out`; `have`: fact table → its columns.

    Raises ThuocdoError `bad_definition` with file, line and reason.
    """
    known = packaged()
    for other in sorted(path.parent.glob("*.yaml")):
        if other != path:
            known = extended(known, other)
    before = {each.code: each for each in known.indicators}.get(path.stem)
    after = extended(known, path).find(path.stem)
    there = {version.version for version in before.versions} if before else set()
    kinds = zip(after.versions, changes(after, have), strict=True)
    added = tuple((version, kind) for version, kind in kinds if version.version not in there)
    return Trial(before, after, added)


def running(path: Path) -> Running:
    """The set that would run with the file."""
    return Running(path.parent.parent)


def _refuse_endless(path: Path, text: str) -> None:
    """Before anything walks through the file: how deep it is, and how large with its aliases written out."""
    try:
        depth = 0
        for token in yaml.scan(text, LOADER):
            depth += isinstance(token, _OPENS) - isinstance(token, _CLOSES)
            if depth > _DEEPEST:
                raise refusal(path, "it is nested too deep", line=token.start_mark.line + 1)
        if _size(yaml.compose(text, LOADER), {}) > _MOST_NODES:
            raise refusal(path, "its aliases (*name) make it endless", line=1)
    except yaml.YAMLError:
        return  # the reading says what is wrong, and where


def _size(node: yaml.Node | None, known: dict[int, int]) -> int:
    """How many nodes there are when every alias is written out; a node within itself is endless."""
    if isinstance(node, yaml.MappingNode):
        below = [part for pair in node.value for part in pair]
    else:
        below = node.value if isinstance(node, yaml.SequenceNode) else []
    if id(node) not in known:
        known[id(node)] = _MOST_NODES  # until it is counted: what it holds must not be itself
        known[id(node)] = 1 + sum(_size(part, known) for part in below)
    return known[id(node)]
