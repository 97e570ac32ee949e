"""What probes have in files: their rules, each with its source, and the words of what they find."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TypeVar

import msgspec
import yaml

from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.definitions import Source, Text

FOLDER = Path(__file__).parent
R = TypeVar("R")


class RulesFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The head every rules file has: where its numbers come from, and whether a document says so."""

    source: Source
    official: bool
    why: Text


def rules_of(file: Path, kind: type[R]) -> R:
    """A probe's `rules.yaml`. Raises ThuocdoError `bad_rules`."""
    try:
        return msgspec.convert(yaml.safe_load(file.read_text("utf-8")), kind)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise ThuocdoError("bad_rules", f"{file.parent.name}/{file.name}: {error}.") from error


@cache
def texts() -> dict[str, Text]:
    """Words of every remark and fault, by code: the probes' `texts.yaml` together."""
    found: dict[str, Text] = {}
    for path in (FOLDER / "texts.yaml", *sorted(FOLDER.glob("*/texts.yaml"))):
        found |= msgspec.convert(yaml.safe_load(path.read_text("utf-8")), dict[str, Text])
    return found
