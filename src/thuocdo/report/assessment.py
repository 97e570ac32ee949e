"""A published round as it is read: every table and sentence once, for all formats; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

import msgspec

from thuocdo.assess.probes.files import texts
from thuocdo.assess.rounds.publication import BlockLine, CheckLine, Publication, SystemLine
from thuocdo.assess.rounds.shadow import said
from thuocdo.assess.rounds.table import OWN
from thuocdo.core.clock import local_day
from thuocdo.core.vietnamese import format_day, format_decimal

BLOCKS: Final = {
    "ministry": "Khối bộ, ngành",
    "province": "Khối tỉnh, thành phố",
}
_OUTCOMES: Final = {"pass": "Đạt", "fail": "Chưa đạt", "unmeasured": "Không đo được"}
_BLAME: Final = {"site": "đơn vị vận hành trang", "owner": "cơ quan chủ quản", "us": "bên đánh giá"}
_NOTHING: Final = "–"
_TRIAL: Final = "Đợt thử trên các trang mẫu của phần mềm; không phải kết quả của cơ quan nào."
_DETAIL: Final = re.compile(r"\s*\(\{detail\}\)")
_BLANK: Final = re.compile(r"\{\w+\}")
_STAR: Final = " *"
_CONFIGURED: Final = (
    "(*) Điểm tối đa do hệ thống này cấu hình; văn bản không công khai hoặc không quy định."
)
_PLACE: Final = ("Hạng", "Khoảng hạng", "Hệ thống", "Mức", "Điểm", "Chưa đo", "Nhà cung cấp")
_PLACE_WIDTHS: Final = (8, 10, 34, 10, 9, 9, 18)
_GROUP_WIDTH: Final = 11
_METHOD: Final = (
    "Điểm là tổng điểm của những gì đo được. Điều không đo được không bị tính là 0: cột “Chưa đo” ghi số "
    "điểm còn để ngỏ, và thứ hạng kèm khoảng thứ hạng có thể có nếu số điểm ấy được hay không được cho. "
    "Mức độ chỉ ghi khi số điểm để ngỏ không làm đổi mức. Hệ thống không thể quét được nêu tên, không xếp "
    "hạng, kèm lý do và trách nhiệm."
)


Cell = str | int | Decimal | None


class Sheet(msgspec.Struct, frozen=True):
    """One table. tab: a short name; widths: letters of each column."""

    tab: str
    caption: str
    columns: list[str]
    widths: list[int]
    rows: list[list[Cell]]

    @property
    def numeric(self) -> list[bool]:
        """Which columns hold numbers alone: they stand to the right."""
        columns = zip(*self.rows, strict=True) if self.rows else ([] for _ in self.columns)
        return [not any(isinstance(cell, str) for cell in column) for column in columns]

    @property
    def printed(self) -> list[list[str]]:
        """The rows as page formats print them."""
        return [[shown(cell) for cell in row] for row in self.rows]


def shown(cell: Cell) -> str:
    """A cell as text: an en dash where nothing was measured."""
    if cell is None:
        return _NOTHING
    return format_decimal(cell) if isinstance(cell, Decimal) else str(cell)


class AssessmentView(msgspec.Struct, frozen=True):
    """Everything on the page, from top to bottom."""

    title: str
    remark: str
    facts: list[str]
    tables: list[Sheet]
    details: list[Sheet]
    notes: list[str]


def view(found: Publication) -> AssessmentView:
    """The printed view of a publication."""
    facts = [
        f"Công bố ngày {format_day(local_day(found.published_at))}.",
        f"Bộ tiêu chí: {found.rules_name.vi} (mã {found.rules}, SHA-256 {found.rules_sha256[:16]}…).",
        f"Phần mềm: {found.software}.",
    ]
    return AssessmentView(
        title=found.title.vi,
        remark=_TRIAL if found.is_trial else "",
        facts=facts,
        tables=[_levels(found), *_rankings(found), _vendors(found)],
        details=[_details(found, each) for each in found.systems],
        notes=[
            _METHOD,
            *([found.withheld_why.vi] if found.withheld_why else []),
            *([_CONFIGURED] if not found.rules_official else []),
            *([found.rules_remark.vi] if found.rules_remark else []),
        ],
    )


def _levels(found: Publication) -> Sheet:
    names = list(found.blocks[0].levels) if found.blocks else []
    columns = ["Khối", "Số hệ thống", "Xếp hạng", "Điểm trung bình", *names, "Chưa rõ mức"]
    widths = [24, 12, 12, 14, *(7 for _ in names), 12]
    if any(each.withheld for each in found.blocks):
        columns, widths = [*columns, "Không xếp mức"], [*widths, 12]
        rows = [[*_block(each), each.withheld] for each in found.blocks]
        return Sheet("Mức độ", "Mức độ theo khối", columns, widths, rows)
    return Sheet("Mức độ", "Mức độ theo khối", columns, widths, list(map(_block, found.blocks)))


def _block(line: BlockLine) -> list[Cell]:
    name = BLOCKS.get(line.block, line.block)
    return [name, line.systems, line.ranked, line.mean, *line.levels.values(), line.open_level]


def _rankings(found: Publication) -> Iterable[Sheet]:
    groups = list(found.groups)
    columns = [*_PLACE, *(_group(found, code) for code in groups)]
    for block in found.blocks:
        name = BLOCKS.get(block.block, block.block)
        own = [each for each in found.systems if each.standing.block == block.block]
        yield Sheet(
            name.replace(",", ""),
            f"Xếp hạng – {name}",
            columns,
            [*_PLACE_WIDTHS, *(_GROUP_WIDTH for _ in groups)],
            [_standing(each, groups) for each in own],
        )
    ours = [each for each in found.systems if each.standing.block == OWN]
    if ours:
        yield Sheet(
            "Hệ thống này",
            "Trang của chính hệ thống đo lường – ngoài xếp hạng",
            columns,
            [*_PLACE_WIDTHS, *(_GROUP_WIDTH for _ in groups)],
            [_standing(each, groups) for each in ours],
        )


def _standing(line: SystemLine, groups: list[str]) -> list[Cell]:
    one = line.standing
    if one.unranked:
        why = _DETAIL.sub("", texts()[one.unranked].vi)
        name = f"{one.name} – không xếp hạng: {why}"
        return [
            None,
            None,
            name,
            None,
            None,
            one.grade.unmeasured,
            one.vendor,
            *[None] * len(groups),
        ]
    by_group = {group.code: group for group in one.grade.groups}
    points: list[Cell] = [
        None if by_group[code].unmeasured == by_group[code].of else by_group[code].points
        for code in groups
    ]
    band = f"{one.rank_best}–{one.rank_worst}" if one.rank else None
    level = one.grade.level or ("Không xếp mức" if one.grade.withheld else "Chưa rõ")
    total, unmeasured = one.grade.points, one.grade.unmeasured
    return [one.rank, band, one.name, level, total, unmeasured, one.vendor, *points]


def _vendors(found: Publication) -> Sheet:
    """The same defect in many systems is one line: it is mended once."""
    names = {each.standing.code: each.standing.name for each in found.systems}
    names_of_checks = {line.check: line.name.vi for each in found.systems for line in each.checks}
    rows: list[list[Cell]] = [
        [
            each.vendor or _NOTHING,
            names_of_checks[each.check],
            len(each.systems),
            "; ".join(names[code] for code in each.systems),
            _BLANK.sub("…", texts()[each.remark].vi),
        ]
        for each in found.vendors
    ]
    columns = ["Nhà cung cấp", "Tiêu chí", "Số hệ thống", "Hệ thống", "Lỗi"]
    caption = "Lỗi chung theo nhà cung cấp"
    return Sheet("Lỗi theo nhà cung cấp", caption, columns, [22, 26, 12, 36, 44], rows)


def _group(found: Publication, code: str) -> str:
    """A group's name, with the mark of points that stand in no document."""
    return f"{found.groups[code].vi}{_STAR if code in found.configured_groups else ''}"


def _details(found: Publication, line: SystemLine) -> Sheet:
    is_marked = any(each.is_configured(found.rules_official) for each in line.checks)
    columns = ["Tiêu chí", "Kết quả", "Điểm", "Trên (*)" if is_marked else "Trên", "Điều đã thấy"]
    one = line.standing
    rows = list(map(_row, line.checks)) if not one.unranked else _unseen(line.checks)
    return Sheet(one.code[:31], f"{one.name} ({line.url})", columns, [26, 14, 8, 8, 80], rows)


def _row(line: CheckLine) -> list[Cell]:
    said = " ".join(_said(line))
    return [line.name.vi, _OUTCOMES[line.outcome], line.points, line.of, said]


def _unseen(lines: Iterable[CheckLine]) -> list[list[Cell]]:
    """A system that could not be looked at: what was hindered by the same is said once."""
    together: dict[str, list[CheckLine]] = {}
    for each in lines:
        together.setdefault("" if each.points is not None else " ".join(_said(each)), []).append(
            each
        )
    rows: list[list[Cell]] = list(map(_row, together.pop("", [])))
    for why, own in together.items():
        names = "; ".join(each.name.vi for each in own)
        of = [each.of for each in own if each.of is not None]
        rows.append([names, _OUTCOMES[own[0].outcome], None, sum(of) if of else None, why])
    return rows


def _said(line: CheckLine) -> Iterable[str]:
    if line.fault:
        yield texts()[line.fault].vi.replace("{detail}", line.detail or _NOTHING)
        yield f"Trách nhiệm: {_BLAME[line.blame]}."
    for remark in line.remarks:
        yield said(remark)
        if remark.element:
            yield f"[{remark.element}]"
    yield from line.words
    if line.fix:
        yield f"Cách sửa: {line.fix.vi}"
