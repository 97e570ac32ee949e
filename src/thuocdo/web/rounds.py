"""Rounds of assessment as everybody sees them: what was signed and nothing that was not published."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _

from thuocdo.assess.criteria.model import Bound, CriteriaSet
from thuocdo.assess.models import Appeal, Entry, Round
from thuocdo.assess.probes.files import texts
from thuocdo.assess.rounds import grading, office, telling
from thuocdo.assess.rounds.publication import CheckLine, Publication, SystemLine
from thuocdo.assess.rounds.shadow import said
from thuocdo.assess.rounds.table import OWN, Shared, Standing
from thuocdo.assess.scoring import Grade, GroupPoints, level_of
from thuocdo.core import files
from thuocdo.measure.definitions import Text
from thuocdo.report.render.assessment import RENDERERS
from thuocdo.web import board
from thuocdo.web.printing import language
from thuocdo.web.problems import Problem

SIGNATURE: Final = "jws"
RULES: Final = "rules"
KINDS: Final = ("docx", "pdf", "xlsx", "json", SIGNATURE, RULES)
LATEST: Final = "latest"
_DETAIL: Final = re.compile(r"\s*\(\{detail\}\)")
_BLANK: Final = re.compile(r"\{\w+\}")
_KEPT: Final = 8


@dataclass(frozen=True, slots=True)
class Published:
    """A round with what it published and the rules it froze."""

    held: Round
    made: Publication
    rules: CriteriaSet

    @property
    def code(self) -> str:
        return self.held.code

    @property
    def name(self) -> str:
        return told(self.made.rules_name)

    def line(self, code: str) -> SystemLine | None:
        return next((each for each in self.made.systems if each.standing.code == code), None)


@dataclass(frozen=True, slots=True)
class Cell:
    """Points of one group; None where nothing of it was measured."""

    points: Decimal | None
    of: Decimal | None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a ranking. `why`: the reason in words for which it has no rank.

    corrected  what it stands at with the corrections made since, where a page tells that; else None
    """

    standing: Standing
    span: str
    cells: list[Cell]
    why: str = ""
    blame: str = ""
    corrected: Grade | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """One criterion of one system, in the reader's language. configured: its points stand in no document."""

    line: CheckLine
    name: str
    seen: list[tuple[str, str]]
    blame: str
    fix: str
    configured: bool


@dataclass(frozen=True, slots=True)
class Checks:
    """The criteria of one group; `points` is None for what no criterion uses.

    configured  the group's points stand in no document
    """

    code: str
    name: str
    points: GroupPoints | None
    checks: list[Checked]
    configured: bool


@dataclass(frozen=True, slots=True)
class Own:
    """Row 0: our own site, under the rules of the round in which it was graded."""

    row: Row
    found: Published


def told(text: Text) -> str:
    """In the reader's language."""
    return text.told(language())


def listed() -> list[Round]:
    """Published rounds, the newest first."""
    return list(Round.objects.filter(state=Round.State.PUBLISHED).order_by("-published_at"))


def find(code: str) -> Published:
    """Raises Problem 404 for a round that is not published, whether there is one or not."""
    held = Round.objects.filter(code=code, state=Round.State.PUBLISHED).first()
    if held is None:
        raise Problem(
            _("Chưa có đợt đánh giá “%(code)s” nào được công bố.") % {"code": code[:40]},
            _("Chọn một đợt trong danh sách ở trang Chất lượng."),
            HTTPStatus.NOT_FOUND,
        )
    return opened(held)


def with_system(code: str, system: str) -> Published:
    """The round, or the newest that has the system for the code `latest`. Raises Problem 404."""
    if code != LATEST:
        found = find(code)
        if found.line(system) is None:
            raise _no_system(found, system)
        return found
    rounds = Round.objects.filter(state=Round.State.PUBLISHED, entries__code=system)
    held = rounds.order_by("-published_at").first()
    if held is None:
        raise Problem(
            _("Không có hệ thống “%(system)s” trong đợt nào đã công bố.") % {"system": system[:80]},
            status=HTTPStatus.NOT_FOUND,
        )
    return opened(held)


def corrected(found: Published, system: str) -> Grade | None:
    """What a system stands at with the corrections made since; None where there are none."""
    if all(each.entry.code != system for each in office.corrections(found.held)):
        return None
    entry = grading.with_points(found.held).get(code=system)
    return grading.graded_entry(entry, found.rules, found.rules).grade


def line_of(found: Published, system: str) -> SystemLine:
    """Raises Problem 404."""
    line = found.line(system)
    if line is None:
        raise _no_system(found, system)
    return line


def _no_system(found: Published, system: str) -> Problem:
    return Problem(
        _("Không có hệ thống “%(system)s” trong đợt %(code)s.")
        % {"system": system[:80], "code": found.code},
        _("Chọn một hệ thống trong bảng xếp hạng của đợt."),
        HTTPStatus.NOT_FOUND,
    )


def opened(held: Round) -> Published:
    """A published round. Raises ThuocdoError `bad_publication` when it is not what was signed."""
    return _opened(board.instance().home, held.pk, held.publication)


@lru_cache(maxsize=_KEPT)
def _opened(_home: Path, number: int, _signed: str) -> Published:
    held = Round.objects.get(pk=number)
    return Published(held, office.published(held, board.instance()), grading.rules_of(held))


def row(line: SystemLine, groups: Sequence[str], bounds: Sequence[Bound]) -> Row:
    """A system's line of a ranking, with its group points in the order of `groups`."""
    one = line.standing
    by_code = {each.code: each for each in one.grade.groups}
    why = fault(one.unranked) if one.unranked else ""
    whose = next((each.blame for each in line.checks if each.fault == one.unranked), "")
    cells = [_cell(by_code.get(code)) for code in groups]
    return Row(one, span(one.grade, bounds), cells, why, blame(whose) if why else "")


def _cell(group: GroupPoints | None) -> Cell:
    if group is None:
        return Cell(None, None)
    return Cell(None if group.unmeasured == group.of else group.points, group.of)


def span(grade: Grade, bounds: Sequence[Bound]) -> str:
    """The levels that are possible, best first, or that none is given; "" where one is certain or there are none."""
    if grade.level is not None or not bounds:
        return ""
    if grade.withheld:
        return _("không xếp mức")
    best = level_of(grade.highest, bounds)
    return f"{best}–{level_of(grade.points, bounds)}"


def own(found: Published) -> Own | None:
    """Our own site as this round saw it, else as the newest round that did."""
    for each in (found, *_rounds_of_ours(found)):
        for line in each.made.systems:
            if line.standing.block == OWN:
                return Own(row(line, list(found.made.groups), each.rules.levels), each)
    return None


def _rounds_of_ours(found: Published) -> Iterator[Published]:
    rounds = Round.objects.filter(state=Round.State.PUBLISHED, entries__block=OWN)
    for held in rounds.exclude(pk=found.held.pk).order_by("-published_at")[:1]:
        yield opened(held)


def by_group(rules: CriteriaSet, line: SystemLine) -> list[Checks]:
    """A system's criteria by group, in the order of the rules; what no criterion uses stands last."""
    points = {each.code: each for each in line.standing.grade.groups}
    groups = {  # a line of people's bears the criterion's name, one of a probe's the check's
        name: group.code
        for group, each in rules.criteria()
        for name in (f"{group.code}.{each.code}", each.check)
        if name
    }
    names = {group.code: told(group.name) for group in rules.groups}
    ours = {group.code for group in rules.groups if not rules.is_official(group)}
    own: dict[str, list[Checked]] = {code: [] for code in (*names, "")}
    for each in line.checks:
        own[groups.get(each.check, "")].append(checked(each, rules))
    names[""] = _("Quan sát thêm, không tính điểm")
    return [
        Checks(code or "beside", names[code], points.get(code), checks, code in ours)
        for code, checks in own.items()
        if checks
    ]


def checked(line: CheckLine, rules: CriteriaSet | None = None) -> Checked:
    """One criterion in the reader's language; its points are marked where its rules are given."""
    fix = told(line.fix) if line.fix else ""
    is_ours = rules is not None and line.is_configured(rules.official)
    return Checked(line, told(line.name), seen(line), blame(line.blame), fix, is_ours)


@dataclass(frozen=True, slots=True)
class Look:
    """One criterion as one look saw it. at: µs UTC."""

    checked: Checked
    at: int


@dataclass(frozen=True, slots=True)
class Beside:
    """An appeal's criterion in the round, and as the re-scan found it; None where there is no such look."""

    then: Look | None
    now: Look | None


def beside(appeal: Appeal, rules: CriteriaSet) -> Beside:
    found = telling.beside(appeal, rules)
    then, now = (
        Look(checked(each.check), each.at) if each else None for each in (found.then, found.now)
    )
    return Beside(then, now)


def seen(line: CheckLine) -> list[tuple[str, str]]:
    """What was seen, in words, each with the affected element ("" for none)."""
    found = []
    if line.fault:
        found.append((told(texts()[line.fault]).replace("{detail}", line.detail or "–"), ""))
    found += [(said(remark, language()), remark.element) for remark in line.remarks]
    found += [(text, "") for text in line.words]
    return found


def fault(code: str) -> str:
    """Why something could not be measured, without the detail."""
    return _DETAIL.sub("", told(texts()[code]))


def defect(found: Published, shared: Shared) -> str:
    """A remark's words where it stands for many: what they have in common is said, the rest left open."""
    seen = [
        remark.facts
        for code in shared.systems
        for line in line_of(found, code).checks
        if line.check == shared.check
        for remark in line.remarks
        if remark.code == shared.remark
    ]
    common = dict(seen[0]) if seen else {}
    for facts in seen:
        common = {name: value for name, value in common.items() if facts.get(name) == value}
    said = told(texts()[shared.remark])
    filled = _BLANK.sub(lambda blank: common.get(blank.group()[1:-1], "…"), said)
    return filled.replace(" (…)", "")


def blame(code: str) -> str:
    """Who can make it measurable, in words."""
    words = {
        "site": _("đơn vị vận hành trang"),
        "owner": _("cơ quan chủ quản"),
        "us": _("bên đánh giá"),
    }
    return words.get(code, "")


def names_of_checks(found: Published) -> dict[str, str]:
    return {each.check: told(each.name) for line in found.made.systems for each in line.checks}


def of_systems(codes: Collection[str]) -> list[tuple[Published, Row]]:
    """The newest published result of each of some systems; trials are nobody's."""
    seen_in: dict[str, Round] = {}
    entries = Entry.objects.filter(
        code__in=codes, round__state=Round.State.PUBLISHED, round__is_trial=False
    )
    for entry in entries.select_related("round").order_by("round__published_at"):
        seen_in[entry.code] = entry.round
    found = []
    for code, held in seen_in.items():
        made = opened(held)
        line = row(line_of(made, code), [], made.rules.levels)
        found.append((made, replace(line, corrected=corrected(made, code))))
    return found


def file(found: Published, kind: str) -> bytes:
    """One print of a round: made once, and the same for ever. Raises KeyError for another kind."""
    if kind == SIGNATURE:
        return found.held.publication.encode()
    if kind == RULES:
        return found.rules.frozen
    path = board.instance().home / "assessments" / found.code / f"{found.code}.{kind}"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        files.replace(path, RENDERERS[kind](found.made))
    return path.read_bytes()
