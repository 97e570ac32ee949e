"""Reading one definition file: what is wrong with it is named by file, line and reason."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import yaml

from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.definitions.model import Indicator, IndicatorSet, wrong

T = TypeVar("T", bound=msgspec.Struct)

LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PLACE: Final = re.compile(r"`(\$[^`]*)`")
_UNKNOWN_FIELD: Final = re.compile(r"unknown field `(\w+)`")
_STEP: Final = re.compile(r"\.(\w+)|\[(\d+)\]")


def load(path: Path) -> Indicator:
    """Read and check one definition file.

    Raises ThuocdoError `bad_definition` with file, line, place and reason.
    """
    indicator = read(path, Indicator)
    if indicator.code != path.stem:
        raise refusal(path, f"the code {indicator.code!r} is not the file's name - at `$.code`")
    if not indicator.versions:
        raise refusal(path, "there is no version - at `$.versions`")
    for place in range(len(indicator.versions)):
        if reason := wrong(indicator, place):
            raise refusal(path, f"{reason} - at `$.versions[{place}]`")
    return indicator


def load_set(path: Path) -> IndicatorSet:
    """Read the file of a set of indicators. Raises ThuocdoError `bad_definition`."""
    return read(path, IndicatorSet)


def read(path: Path, kind: type[T]) -> T:
    """A YAML file as a struct. Raises ThuocdoError `bad_definition`."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise refusal(path, f"it cannot be read ({error})", line=1) from error
    try:
        _no_key_twice(path, yaml.compose(text, LOADER))
        return msgspec.convert(yaml.load(text, LOADER), kind)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = " ".join(str(getattr(error, "problem", None) or error).split())
        raise refusal(path, reason, line=mark.line + 1 if mark else 1) from error
    except msgspec.ValidationError as error:
        raise refusal(path, " ".join(str(error).split())) from error


def refusal(path: Path, reason: str, line: int | None = None) -> ThuocdoError:
    """Why a file is refused; the line is found from the place that the reason names."""
    if line is None:
        place = _PLACE.search(reason)
        line = _line(path, place.group(1) if place else "$", _UNKNOWN_FIELD.search(reason))
    return ThuocdoError(
        "bad_definition",
        f"{path.name}, line {line}, is refused: {reason}.",
        "Correct the definition file.",
    )


def _line(path: Path, place: str, unknown: re.Match[str] | None) -> int:
    """The line of a place such as `$.versions[0].numerator`, as far as the file goes there."""
    node = yaml.compose(path.read_text("utf-8"), LOADER)
    line = 1
    steps: list[str | int] = [
        name or int(number) for name, number in _STEP.findall(place.removeprefix("$"))
    ]
    if unknown:
        steps.append(unknown.group(1))
    for step in steps:
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
        elif isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == step]
            if not found:
                break
            line = found[0][0].start_mark.line + 1
            node = found[0][1]
            continue
        else:
            break
        line = node.start_mark.line + 1
    return line


def _no_key_twice(path: Path, node: Any) -> None:
    """YAML lets the second of two equal keys win in silence; a definition may not."""
    todo = [node]
    while todo:
        node = todo.pop()
        if isinstance(node, yaml.SequenceNode):
            todo += node.value
        elif isinstance(node, yaml.MappingNode):
            seen = set[str]()
            for key, value in node.value:
                if key.value in seen:
                    line = key.start_mark.line + 1
                    raise refusal(path, f"the key {key.value!r} stands there twice", line=line)
                seen.add(key.value)
                todo.append(value)
