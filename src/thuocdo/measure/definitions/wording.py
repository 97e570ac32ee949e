"""A definition in words, in both languages, made from the very terms that are computed.

Pages, documentation and the command line say a formula alike, because they all ask here. The words
are data: `words.yaml` and `labels.yaml`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Final

import msgspec
import yaml

from thuocdo.measure.definitions.model import Indicator, Version
from thuocdo.measure.definitions.terms import (
    Composite,
    Dossiers,
    Duration,
    FeedHours,
    Feeds,
    Interest,
    NotComputable,
    Part,
    Services,
    Standing,
    Term,
    Text,
    Visits,
)

LANGUAGES: Final = ("vi", "en")
_DOSSIER_LISTS: Final = ("channels", "levels", "timeliness", "outcomes", "payments")
_DOSSIER_YES_NO: Final = ("digitised", "result_electronic", "reused")
_PERCENT: Final = 100


class Speaker:
    """Says definitions in one language, `vi` or `en`."""

    def __init__(self, language: str) -> None:
        self._language = language

    def formula(self, version: Version) -> str:
        """Numerator and denominator, the count itself, or how points are made."""
        counted = version.numerator
        if isinstance(counted, NotComputable):
            return self._say("not_computable", reason=self.text(counted.reason))
        if isinstance(counted, Composite):
            parts = " + ".join(self._part(part) for part in counted.parts)
            return self._say("sum_at_most", most=self._number(counted.most), sum=parts)
        if version.denominator is None:
            return self.term(counted)
        said = {"numerator": self.term(counted), "denominator": self.term(version.denominator)}
        if version.marks is None:
            return self._say("percent", **said)
        most, full_at = self._number(version.marks.most), version.marks.full_at
        if full_at == _PERCENT:
            return self._say("points", most=most, **said)
        return self._say("points_full_at", most=most, full_at=self._number(full_at), **said)

    def rules(self, indicator: Indicator, version: Version) -> list[str]:
        """What the definition does with zero, with what is unknown, and when it rounds."""
        counted = version.numerator
        if isinstance(counted, NotComputable):
            said = [self._say("needs", needs=self.text(counted.needs))]
        else:
            said = []
        if version.denominator is not None or version.zero_denominator != "null":
            said.append(self._say(f"zero_{version.zero_denominator}"))
        if isinstance(counted, (Dossiers, Standing)):
            said.append(self._say(f"unknown_{version.unknown_channel}"))
            said.append(self._say(f"postal_{version.postal}"))
        if isinstance(counted, Standing):
            said.append(self._say(f"due_{version.missing_due}"))
        if version.marks is not None:
            most, full_at = version.marks.most, version.marks.full_at
            said.append(
                self._say("marks_full_at", most=self._number(most), full_at=self._number(full_at))
            )
        if version.is_computable and indicator.unit in ("percent", "points"):
            said.append(self._say("rounding", digits=version.rounding))
        if indicator.source_kinds and version.coverage_threshold:
            share = Decimal(str(version.coverage_threshold)) * _PERCENT
            said.append(self._say("coverage", share=self._number(share)))
        if indicator.better == "lower":
            said.append(self._say("better_lower"))
        return said

    def term(self, counted: Term) -> str:
        """What one term counts."""
        said: Iterable[str]
        if isinstance(counted, Dossiers):
            said = self._dossiers(counted)
        elif isinstance(counted, Services):
            said = self._services(counted)
        elif isinstance(counted, Duration):
            said = self._duration(counted)
        elif isinstance(counted, Interest):
            said = self._interest(counted)
        else:
            said = self._others(counted)
        return ", ".join(said)

    def _others(self, counted: Term) -> Iterable[str]:
        if isinstance(counted, Visits):
            yield self._say("visits", kinds=self._listed("kinds", counted.site_kinds))
        elif isinstance(counted, Standing):
            yield self._say("standing")
            for name in ("in_time", "many_supplements"):
                if getattr(counted, name) is not None:
                    yield self._say(name)
        elif isinstance(counted, FeedHours):
            yield self._say("feed_hours_heard" if counted.heard else "feed_hours")
        elif isinstance(counted, Feeds) and counted.heard_within_hours is not None:
            yield self._say("feeds_heard", hours=counted.heard_within_hours)
        elif isinstance(counted, Feeds):
            yield self._say("feeds")

    def kinds(self, words: Iterable[str]) -> str:
        """Kinds of sources, listed."""
        return self._listed("kinds", words)

    def flag(self, code: str) -> str | None:
        """What a flag of the definitions means; None for one that is none of theirs."""
        found = _labels()["flags"].get(code)
        return None if found is None else self.text(found)

    def text(self, both: Text) -> str:
        return str(getattr(both, self._language))

    def _part(self, part: Part) -> str:
        said = {"weight": self._number(part.weight), "of": part.of}
        if part.most is None:
            return self._say("part", **said)
        return self._say("part_at_most", most=self._number(part.most), **said)

    def _dossiers(self, counted: Dossiers) -> Iterable[str]:
        yield self._say(counted.event)
        for name in _DOSSIER_LISTS:
            words = getattr(counted, name)
            if words is not None:
                yield self._say(name, words=self._listed(name, words))
        for name in _DOSSIER_YES_NO:
            wanted = getattr(counted, name)
            if wanted is not None:
                yield self._say(f"{name}_{str(wanted).lower()}")
        if counted.full_online:
            yield self._say("full_online")
        if counted.procedures is not None:
            yield self._say("procedures", words=" / ".join(counted.procedures))

    def _services(self, counted: Services) -> Iterable[str]:
        if counted.levels is None:
            yield self._say("services")
        else:
            yield self._say("services_of", words=self._listed("levels", counted.levels))
        if counted.with_dossiers is not None:
            if "any" in counted.with_dossiers:
                yield self._say("with_any")
            else:
                words = self._listed("channels", counted.with_dossiers)
                yield self._say("with_dossiers", words=words)
        if counted.with_payments is not None:
            words = self._listed("payments", counted.with_payments)
            yield self._say("with_payments", words=words)

    def _duration(self, counted: Duration) -> Iterable[str]:
        yield self._say("duration", quantile=counted.quantile)
        if counted.channels is not None:
            yield self._say("channels", words=self._listed("channels", counted.channels))
        if counted.procedures is not None:
            yield self._say("procedures", words=" / ".join(counted.procedures))

    def _interest(self, counted: Interest) -> Iterable[str]:
        yield self._say("interest")
        if counted.procedures is not None:
            yield self._say("procedures", words=" / ".join(counted.procedures))
        if counted.states is not None:
            yield self._say("states", words=" / ".join(counted.states))

    def _say(self, name: str, **values: object) -> str:
        return self.text(_words()[name]).format_map(values)

    def _listed(self, kind: str, words: Iterable[str]) -> str:
        return " / ".join(self.text(_labels()[kind][word]) for word in words)

    def _number(self, value: Decimal) -> str:
        plain = f"{value.normalize():f}"
        return plain.replace(".", ",") if self._language == "vi" else plain


@cache
def _words() -> Mapping[str, Text]:
    return msgspec.convert(_read("words.yaml"), dict[str, Text])


@cache
def _labels() -> Mapping[str, Mapping[str, Text]]:
    return msgspec.convert(_read("labels.yaml"), dict[str, dict[str, Text]])


def _read(name: str) -> Any:
    text = files("thuocdo.measure.definitions").joinpath(name).read_text("utf-8")
    return yaml.safe_load(text)
