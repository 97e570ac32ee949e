"""An incident in words, in Vietnamese or English: what words.yaml says with the evidence filled in. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Final, Literal, NamedTuple

from thuocdo.core.duties import Why
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vietnamese import format_count, format_day, format_decimal
from thuocdo.measure.definitions import Find, Text, definition
from thuocdo.measure.invariants import model as invariants
from thuocdo.measure.quality import rules as detectors
from thuocdo.steer.model import Kind, Severity, Value
from thuocdo.steer.policy import Grade, KindWords, Named, counted_name, words

Language = Literal["vi", "en"]
NOTHING = "–"


class Told(NamedTuple):
    """evidence: (how it is called, as printed), in the order of words.yaml."""

    kind: str
    severity: str
    title: str
    text: str
    advice: str
    evidence: tuple[tuple[str, str], ...]


def tell(
    kind: Kind,
    severity: Severity,
    agency: str,
    evidence: Mapping[str, Value],
    language: Language,
    find: Find = definition,
) -> Told:
    """agency: its name in that language, or "" for the whole country."""
    said: KindWords = words().kinds[kind]
    printed = {
        name: printed_value(evidence[name], named, language, find) if name in evidence else NOTHING
        for name, named in said.evidence.items()
    }
    sentences, unit = said.sentences(evidence), _unit(evidence, find)
    for name, named in said.evidence.items():
        if named.how == "value" and printed[name] != NOTHING:
            printed[name] += unit
    whose = agency or _of(Text("Cả nước", "The whole country"), language)
    filled = {**printed, "agency": whose}
    return Told(
        kind=_of(said.name, language),
        severity=severity_name(severity, language),
        title=_of(sentences.title, language).format_map(filled),
        text=_of(sentences.text, language).format_map(filled),
        advice=_of(said.advice, language),
        evidence=tuple(
            (getattr(named, language), printed[name])
            for name, named in said.evidence.items()
            if name in evidence and named.only in (None, language)
        ),
    )


def kind_name(kind: Kind, language: Language) -> str:
    return _of(words().kinds[kind].name, language)


def job_name(job: str, language: Language) -> str:
    """A regular job of the worker as people call it."""
    return _of(words().jobs[job], language)


def why_failed(why: Why, language: Language) -> str:
    return _of(words().whys[why], language)


def severity_name(severity: Severity, language: Language) -> str:
    grade: Grade = severity.name.lower()  # type: ignore[assignment]
    return _of(words().severities[grade], language)


def printed_value(value: Value, named: Named, language: Language, find: Find) -> str:
    """A piece of evidence as people read it; what is not known any more is its code."""
    match named.how:
        case "count":
            return format_count(int(value), language)
        case "permille":
            tenths = int(value)
            return f"{format_decimal(tenths / 10, 1, language)}%"
        case "value":
            return format_decimal(float(value), 2, language)
        case "day":
            return format_day(dt.date.fromisoformat(str(value)), language)
        case "code":
            return str(value) or NOTHING
        case _:
            return _named(named.how, str(value), language, find)


def _unit(evidence: Mapping[str, Value], find: Find) -> str:
    """What is written behind a value of the indicator that the evidence names."""
    try:
        return "%" if "what" in evidence and find(str(evidence["what"])).unit == "percent" else ""
    except ThuocdoError:  # an indicator that is not known any more
        return ""


def _named(how: str, code: str, language: Language, find: Find) -> str:
    try:
        if how == "indicator":
            return _of(find(code).name, language) if code else NOTHING
        return _of(_NAMES[how](code), language)
    except (ThuocdoError, KeyError, ValueError, StopIteration):
        return code


def _detector(code: str) -> Text:
    return next(rule.name for rule in detectors().on(dt.date.max) if rule.id == code)


_NAMES: Final[dict[str, Callable[[str], Text]]] = {
    "step": lambda code: words().steps[code],
    "job": lambda code: words().jobs[code],
    "why": lambda code: words().whys[Why(code)],
    "counted": counted_name,
    "rule": lambda code: invariants.rule(code).title,
    "detector": _detector,
}


def _of(text: Text, language: Language) -> str:
    said: str = getattr(text, language)
    return said
