"""What the pages ask of measuring: one opened Measure for this process, in the pages' own terms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from http import HTTPStatus
from typing import cast

import msgspec
from django.conf import settings as django_settings
from django.utils.translation import gettext as _

from thuocdo.core import clock
from thuocdo.core.clock import Period
from thuocdo.core.settings import Settings
from thuocdo.core.vietnamese import collation_key
from thuocdo.measure.definitions import Composite, Indicator, Version
from thuocdo.measure.definitions.wording import Speaker
from thuocdo.measure.model import Coverage, DayCounts, Figure, Point
from thuocdo.measure.service import Measure
from thuocdo.registry.models import Agency
from thuocdo.web import choosing, publishing, wording
from thuocdo.web.choosing import Choice
from thuocdo.web.printing import language
from thuocdo.web.problems import Problem

_HEADLINE = (
    "portal_visits",
    "services_with_online_dossiers",
    "online_dossier_rate",
    "full_online_rate",
)
_COMPARED = (
    *_HEADLINE,
    *("full_service_share", "on_time_rate", "time_to_result", "digitised_rate"),
)
_COVERED_BY = {"portal_visits": "portal", "online_dossier_rate": "one_stop"}
_NAMES_KEPT_US = 60 * 1_000_000
_LONGEST_WEEKLY_DAYS = 400
"""Longer periods are drawn by month: more than some fifty weeks no reader tells apart."""


@dataclass(frozen=True, slots=True)
class DescribedVersion:
    """One version of a definition in the reader's language."""

    version: str
    valid_from: date
    text: str
    formula: str
    source: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Described:
    """An indicator in the reader's language; `versions` newest first."""

    code: str
    title: str
    unit: str
    versions: tuple[DescribedVersion, ...]

    def version_on(self, day: date, wanted: str | None) -> DescribedVersion:
        """The version asked for, else the one in force on a day, else the earliest."""
        for version in self.versions:
            if version.version == wanted or (wanted is None and version.valid_from <= day):
                return version
        return self.versions[-1]


@dataclass(frozen=True, slots=True)
class CoveragePart:
    """Sources reporting of sources expected, of one kind of system."""

    label: str
    value: Coverage
    share: str


@dataclass(frozen=True, slots=True)
class Line:
    """The line at the top of every page: period, versions, coverage, freshness (µs UTC).

    What the reader chose beyond that (another map, verified sources only) is said.
    """

    choice: Choice
    versions: list[str]
    coverage: list[CoveragePart]
    landed_at: int | None
    lag: str


def instance() -> Settings:
    """The instance this process serves."""
    return cast(Settings, django_settings.THUOCDO)


@cache
def _opened(settings: Settings) -> Measure:
    return Measure(settings)


def measure() -> Measure:
    """The one Measure of this process; it follows the facts by itself."""
    return _opened(instance())


def definitions() -> list[Described]:
    """Every indicator, the headline ones first."""
    order = {code: place for place, code in enumerate(_HEADLINE)}
    found = sorted(
        measure().definitions(), key=lambda each: (order.get(each.code, len(order)), each.code)
    )
    return [_described(indicator) for indicator in found]


def headline() -> list[Described]:
    """The indicators of the overview, in the order a reader expects them."""
    return [described for described in definitions() if described.code in _HEADLINE]


def compared() -> list[Described]:
    """The indicators of an agency's page and of comparisons: the headline ones first."""
    found = {described.code: described for described in definitions()}
    return [found[code] for code in _COMPARED if code in found]


def definition(code: str) -> Described:
    """Raises Problem (404) for a code that is no indicator."""
    for described in definitions():
        if described.code == code:
            return described
    raise Problem(
        _("Không có chỉ số nào mang mã “%(code)s”.") % {"code": code[:40]},
        _("Chọn một chỉ số ở trang Phương pháp."),
        HTTPStatus.NOT_FOUND,
    )


def figures(
    code: str, choice: Choice, *, block: str | None = None, agency: str | None = None
) -> list[Figure]:
    """The figures of one indicator as the reader chose, names in the reader's language.

    What a check blocks and counts that are too small to be published are not among them.
    """
    measured = measure().figures(
        code,
        choice.period,
        version=choice.version,
        block=block,
        agency=agency,
        as_organised=choice.as_organised,
        trust=choice.trust,
    )
    found = publishing.published(measure(), measured)
    if language() == "vi":
        return found
    return [msgspec.structs.replace(each, name=agency_name(each.name)) for each in found]


def agency_name(name: str) -> str:
    """An agency's Vietnamese name in the reader's language, where the registry has it."""
    if language() == "vi":
        return name
    return _english_names(clock.now_us() // _NAMES_KEPT_US).get(name, name)


@lru_cache(maxsize=1)
def _english_names(_turn: int) -> dict[str, str]:
    """Vietnamese name → English name, as the registry has them; read again every turn."""
    return dict(Agency.objects.exclude(name_en="").values_list("name", "name_en"))


def figures_around(code: str, choice: Choice, agency: Agency) -> list[Figure]:
    """The agency's whole block, so that its rank can be read; itself alone below the top."""
    if agency.kind in wording.BLOCKS:
        return figures(code, choice, block=agency.kind)
    return figures(code, choice, agency=agency.code)


def series(
    code: str, choice: Choice, *, block: str | None = None, agency: str | None = None
) -> Sequence[Point]:
    """Weekly points within the period, monthly ones when it is long."""
    period = choice.period
    steps = choosing.weeks_within if period.days <= _LONGEST_WEEKLY_DAYS else choosing.months_within
    return _points(code, choice, steps(period), choice.version, block, agency)


def _points(
    code: str,
    choice: Choice,
    steps: Sequence[Period],
    wanted: str | None,
    block: str | None,
    agency: str | None,
) -> list[Point]:
    points = measure().series(
        code,
        steps,
        agency=agency,
        block=block,
        version=wanted,
        as_organised=choice.as_organised or choice.period.last,
        trust=choice.trust,
    )
    version = measure().definition(code).version_for(choice.period.last, wanted)
    made = version.numerator
    parts = made.parts if isinstance(made, Composite) else ()
    lines = [_points(part.of, choice, steps, None, block, agency) for part in parts]
    return publishing.published_points(version, points, lines)


def today() -> DayCounts:
    """The counts of the Vietnamese day that is not over."""
    return measure().counts(clock.local_day(clock.now_us()))


def by_rank(found: Iterable[Figure]) -> list[Figure]:
    """Those with a rank; equals in the order of Vietnamese dictionaries."""
    ranked = [figure for figure in found if figure.rank is not None]
    return sorted(ranked, key=lambda figure: (figure.rank, collation_key(figure.name)))


def without_rank(found: Iterable[Figure]) -> list[Figure]:
    unranked = [figure for figure in found if figure.rank is None]
    return sorted(unranked, key=lambda figure: collation_key(figure.name))


def largest(found: Iterable[Figure], unit: str) -> float:
    """What a full bar stands for: 100 for percentages, else the greatest value."""
    if unit == "percent":
        return 100.0
    return max((figure.value for figure in found if figure.value is not None), default=0.0)


def line(choice: Choice, groups: Iterable[Sequence[Figure]]) -> Line:
    """The page's top line, from all the figures it shows."""
    versions: dict[str, None] = {}
    sums: dict[str, tuple[int, int]] = {}
    of_kinds = list(groups)
    several = len({figure.indicator for found in of_kinds for figure in found}) > 1
    for found in of_kinds:
        for figure in found:
            versions[figure.version] = None
            key = _COVERED_BY.get(figure.indicator, "") if several else ""
            if figure.coverage is not None and (key or not several):
                reporting, expected = sums.get(key, (0, 0))
                sums[key] = (
                    reporting + figure.coverage.reporting,
                    expected + figure.coverage.expected,
                )
    landed_at = measure().freshness().landed_at
    return Line(
        choice=choice,
        versions=sorted(versions),
        coverage=[
            CoveragePart(
                str(wording.SYSTEM_KINDS[key]) if key else "",
                Coverage(reporting, expected),
                wording.share(reporting, expected),
            )
            for key, (reporting, expected) in sums.items()
        ],
        landed_at=landed_at,
        lag=wording.lag(landed_at),
    )


def _described(indicator: Indicator) -> Described:
    versions = tuple(_version(version) for version in reversed(indicator.versions))
    return Described(indicator.code, getattr(indicator.name, language()), indicator.unit, versions)


def _version(version: Version) -> DescribedVersion:
    return DescribedVersion(
        version=version.version,
        valid_from=version.valid_from,
        text=getattr(version.description, language()),
        formula=Speaker(language()).formula(version),
        source=f"{version.source.document}, {version.source.place}",
        notes=tuple(getattr(note, language()) for note in version.notes),
    )
