"""What `thuocdo assess` says, in both languages: officials read Vietnamese unless they ask for English."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, cast

from rich.table import Table

from thuocdo.assess.criteria.model import CriteriaSet, Group
from thuocdo.assess.probes.files import texts
from thuocdo.assess.rounds.table import Standing
from thuocdo.assess.scoring import GroupPoints
from thuocdo.cli.output import one_of
from thuocdo.core.vietnamese import format_decimal
from thuocdo.measure.definitions import Text

Language = Literal["vi", "en"]
_DETAIL: Final = re.compile(r"\s*\(\{detail\}\)")

_WORDS: Final = {
    "scanned": Text(
        vi="Đợt {round}: vừa quét {n} hệ thống.", en="Round {round}: {n} systems scanned now."
    ),
    "again": Text(
        vi="{system} sẽ được đo lại: {by_site} điểm không đo được vì phía trang, {by_us} điểm vì máy đo. Chạy `thuocdo assess run`.",
        en="{system} will be measured again: {by_site} points were open by its own side, {by_us} by ours. Run `thuocdo assess run`.",
    ),
    "late": Text(
        vi="{n} hệ thống chờ đến lượt của máy chủ, sớm nhất {at}: {systems}. Chạy lại lệnh này để đo tiếp.",
        en="{n} systems wait until their hosts may be asked for more, {at} the first: {systems}. Run this again.",
    ),
    "serve": Text(
        vi="Đặt dòng này tại {path} của {host}:", en="Serve this line at {path} of {host}:"
    ),
    "marked": Text(vi="Đã ghi {n} điểm chấm của {who}.", en="{n} marks of {who} are kept."),
    "settled": Text(
        vi="{system} {key}: thống nhất {points} điểm.", en="{system} {key}: settled at {points}."
    ),
    "waiting": Text(vi="Chưa đo: {systems}.", en="Not measured yet: {systems}."),
    "reconcile": Text(
        vi="Cần thống nhất: {system} {key}: {lowest} và {highest} trên {of}.",
        en="To reconcile: {system} {key}: {lowest} and {highest} of {of}.",
    ),
    "announced": Text(
        vi="Đợt {round} đã có kết quả sơ bộ; nhận kiến nghị đến {until} (giờ Việt Nam).",
        en="Round {round} is preliminary; appeals until {until} (Vietnam time).",
    ),
    "appealed": Text(vi="Đã ghi kiến nghị số {n}.", en="Appeal {n} is kept."),
    "rescan_ordered": Text(vi="Đã đặt lần quét lại số {n}.", en="Re-scan {n} is ordered."),
    "allowed": Text(vi="Kiến nghị số {n} được chấp nhận.", en="Appeal {n} is allowed."),
    "dismissed": Text(vi="Kiến nghị số {n} không được chấp nhận.", en="Appeal {n} is dismissed."),
    "appeal": Text(vi="Kiến nghị", en="Appeal"),
    "criterion": Text(vi="Tiêu chí", en="Criterion"),
    "verdict": Text(vi="Trả lời", en="Verdict"),
    "in_round": Text(vi="Trong đợt", en="In the round"),
    "rescan": Text(vi="Quét lại", en="Re-scan"),
    "found": Text(vi="Kết quả quét lại", en="Found again"),
    "verdict_open": Text(vi="chưa trả lời", en="open"),
    "verdict_allowed": Text(vi="chấp nhận", en="allowed"),
    "verdict_dismissed": Text(vi="không chấp nhận", en="dismissed"),
    "queued": Text(vi="đang chờ", en="waiting"),
    "running": Text(vi="đang quét", en="running"),
    "done": Text(vi="đã xong", en="done"),
    "failed": Text(vi="không thực hiện được", en="failed"),
    "outcome_pass": Text(vi="đạt", en="pass"),
    "outcome_fail": Text(vi="chưa đạt", en="fail"),
    "outcome_unmeasured": Text(vi="không đo được", en="not measurable"),
    "rescan_waits": Text(
        vi="Lần quét lại số {n} chờ đến lượt: một máy quét khác đang làm việc.",
        en="Re-scan {n} waits its turn: another scanner is at work.",
    ),
    "rescanned": Text(
        vi="Lần quét lại số {n} của {system}: {state}.", en="Re-scan {n} of {system}: {state}."
    ),
    "block": Text(vi="Khối", en="Block"),
    "ministry": Text(vi="bộ, ngành", en="ministries"),
    "province": Text(vi="tỉnh, thành phố", en="provinces"),
    "rank": Text(vi="Hạng", en="Rank"),
    "system": Text(vi="Hệ thống", en="System"),
    "level": Text(vi="Mức", en="Level"),
    "points": Text(vi="Điểm", en="Points"),
    "unmeasured": Text(vi="Chưa đo", en="Unmeasured"),
    "withheld": Text(vi="không xếp mức", en="withheld"),
    "open": Text(vi="chưa rõ", en="open"),
    "unranked": Text(vi="Không xếp hạng: {system}: {why}", en="Not ranked: {system}: {why}"),
    "own": Text(vi="ngoài xếp hạng", en="not ranked"),
    "verify_signed": Text(
        vi="Đợt {round}: chữ ký đúng. Bộ tiêu chí {rules}, mã băm {sha256}.",
        en="Round {round}: the signature is good. Rules {rules}, hash {sha256}.",
    ),
    "verify_sums": Text(
        vi="{systems} hệ thống, {checks} kết quả: tổng điểm, mức, hạng và tỷ lệ các mức đều tính lại được đúng như đã công bố.",
        en="{systems} systems, {checks} checks: every total, level, rank and share follows from them as published.",
    ),
    "verify_wholes": Text(
        vi="{n} nhóm chỉ biết điểm cả nhóm, không có từng tiêu chí để cộng lại.",
        en="{n} groups are known as a whole: there are no criteria of theirs to add up again.",
    ),
    "verify_wrong": Text(
        vi="{place}: {what}: công bố {published}; tính lại {here}",
        en="{place}: {what}: published {published}; here {here}",
    ),
    "verify_evidence": Text(vi="{n} bằng chứng được nêu.", en="{n} pieces of evidence are named."),
    "verify_missing": Text(vi="Thiếu bằng chứng {sha256}.", en="Evidence {sha256} is missing."),
    "verify_changed": Text(
        vi="Bằng chứng {sha256} không còn như lúc lưu.",
        en="Evidence {sha256} is not what was kept.",
    ),
    "verify_good": Text(vi="Không có gì sai.", en="Nothing is wrong."),
    "verify_bad": Text(vi="{n} chỗ sai.", en="{n} things are wrong."),
    "more": Text(vi="… và {n} chỗ nữa.", en="… and {n} more."),
    "configured": Text(
        vi="Điểm có dấu * do hệ thống này cấu hình, không có trong văn bản. {why}",
        en="Points marked * are configured by this system and stand in no document. {why}",
    ),
}


@dataclass(frozen=True, slots=True)
class Words:
    """Speaks one language. Raises ThuocdoError `bad_option` for another."""

    language: Language

    @classmethod
    def of(cls, lang: str) -> Words:
        one_of("--lang", lang, ("vi", "en"))
        return cls(cast("Language", lang))

    def __call__(self, code: str, **facts: object) -> str:
        return self.of_text(_WORDS[code]).format_map(facts)

    def of_text(self, text: Text) -> str:
        return text.told(self.language)

    def number(self, points: Decimal) -> str:
        """Points as they are written: 59,75."""
        return format_decimal(points, 2, self.language)


def ranking(words: Words, rules: CriteriaSet, lines: Sequence[Standing]) -> Table:
    """Every system: rank and where it could be, level, points, what is open, each group's points."""
    heads = [words(code) for code in ("block", "rank", "system", "level", "points", "unmeasured")]
    groups = [f"{words.of_text(each.name)}{_star(rules, each)}" for each in rules.groups]
    table = Table(*heads, *groups)
    for each in lines:
        shares = [_share(words, group) for group in each.grade.groups]
        level = each.grade.level or words("withheld" if each.grade.withheld else "open")
        total, unmeasured = words.number(each.grade.points), words.number(each.grade.unmeasured)
        block = words(each.block) if each.block in _WORDS else each.block
        table.add_row(block, _rank(words, each), each.name, level, total, unmeasured, *shares)
    return table


def _share(words: Words, group: GroupPoints) -> str:
    """Of what was measured; an en dash where nothing was."""
    measured = group.of - group.unmeasured
    return f"{words.number(group.points)}/{words.number(measured)}" if measured else "–"


def _rank(words: Words, line: Standing) -> str:
    if line.rank is not None:
        return f"{line.rank} ({line.rank_best}–{line.rank_worst})"
    return "–" if line.unranked else words("own")


def unranked(words: Words, lines: Sequence[Standing]) -> list[str]:
    """Why some have no rank, a sentence each."""
    return [
        words(
            "unranked", system=each.name, why=_DETAIL.sub("", words.of_text(texts()[each.unranked]))
        )
        for each in lines
        if each.unranked
    ]


def _star(rules: CriteriaSet, group: Group) -> str:
    return "" if rules.is_official(group) else " *"


def configured(words: Words, rules: CriteriaSet) -> str:
    """What a reader must know of points that stand in no document; "" when all do."""
    if rules.unofficial_because is None:
        return ""
    why = words.of_text(rules.unofficial_because).strip()
    has_star = not all(rules.is_official(each) for each in rules.groups)
    return words("configured", why=why) if has_star else why
