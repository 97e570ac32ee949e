"""docs/quality.md, from the rules themselves: what every detector sees, its thresholds and their reasons.

    python -m thuocdo.measure.quality.handbook > docs/quality.md

A test fails when the page is not what the rules say.
"""

from __future__ import annotations

import re
import sys
from typing import Final, Literal

from thuocdo.measure.definitions import Text
from thuocdo.measure.quality.inspection import rules
from thuocdo.measure.quality.rules import Rule

Language = Literal["vi", "en"]

_NUMBER: Final = re.compile(r"\{\w+\}", re.ASCII)
"""Where a finding has a number of its own."""

_INTRO: Final = Text(
    vi="""# Chất lượng dữ liệu: dấu hiệu bị bóp méo hoặc làm đẹp

*(English below)*

`thuocdo quality` xem dữ liệu thô của một kỳ và nêu những dấu hiệu cho thấy nguồn gửi bị sai lệch hoặc số liệu
được làm đẹp. Mỗi dấu hiệu là **một câu hỏi gửi cơ quan**, không phải kết luận và không phải điều chỉnh: số liệu
giữ nguyên như đã đo, chỉ mang thêm cờ `quality:<mã>` khi dấu hiệu liên quan đến chỉ số đó.

    thuocdo quality [--period 2026-Q3] [--agency H26] [--all] [--as-known T] [--format table|json|csv]
    thuocdo quality explain KHÓA "Nội dung giải trình" [--who "Sở KH&CN"]
    thuocdo quality decide KHÓA accepted|refused "Lý do"
    thuocdo quality evaluate --seeds 10

* **Ba kết quả**: có dấu hiệu, không thấy, *không đo được* (kèm lý do). Thiếu dữ liệu không bao giờ được coi là tốt.
* **Bằng chứng**: mỗi dấu hiệu kèm các dòng số đếm theo tuần, ngày, thủ tục hoặc tên miền; cột đối chiếu là số
  phải có theo các cơ quan cùng khối hoặc theo danh mục.
* **Giải trình**: chỉ thêm, không sửa, không xóa; hiện cùng dấu hiệu (cả dấu hiệu cùng loại của kỳ sau có ngày
  trùng), không làm thay đổi số liệu và cờ. Cán bộ của cơ quan giải trình ở bàn làm việc
  (`/lam-viec/co-quan/<mã>/dau-hieu/`); ai đã giải trình thì không tự chấp nhận.
* **Ngẫu nhiên**: mỗi phép thử dùng chặn Chernoff của đuôi nhị thức, sai do ngẫu nhiên không quá một phần
  10^{alpha}; ngưỡng còn lại dành cho những cơ quan khác thường một cách chính đáng.
* Ngưỡng, lý do và lời văn là dữ liệu có phiên bản: `measure/quality/detectors.yaml`.
""",
    en="""# Quality of the data: signs of distortion and of gaming

`thuocdo quality` looks at the raw data of a period and names what suggests that a feed is distorted or a number
gamed. Each finding is **a question to an agency**, not a verdict and not a correction: figures stay as measured
and carry the flag `quality:<code>` where the finding concerns their indicator.

* **Three results**: found, not found, *not measurable* (with the reason). Missing data is never taken as good.
* **Evidence**: rows of counts by week, day, procedure or host; what they are held against is what there would be
  by the agency's block or by the catalogue.
* **Explanations**: only added, never edited or deleted; shown with the finding (and with a later finding of the
  same about days in common); they change neither figures nor flags. An agency's officers answer in their workspace
  (`/en/work/agencies/<code>/findings/`); whoever answered does not decide.
* **Chance**: each test uses Chernoff's bound on a binomial tail and is wrong by chance at most once in 10^{alpha};
  the other thresholds are for agencies that differ for a good reason.
* Thresholds, reasons and words are versioned data: `measure/quality/detectors.yaml`.
""",
)
_LABELS: Final = {
    "vi": ("Xem gì", "Nghĩa là", "Cơ quan làm gì", "Nguồn", "Chỉ số mang cờ", "không có", "hiệu lực từ"),
    "en": ("Looks at", "A finding says", "What to do", "Source", "Figures flagged", "none", "in force from"),
}  # fmt: skip
_TABLE: Final = {"vi": "| ngưỡng | giá trị | vì sao |", "en": "| threshold | value | why |"}
_BLIND: Final = Text(vi="## Không phát hiện được", en="## What cannot be detected")
_REASONS: Final = Text(vi="Không đo được khi", en="Not measurable when")


def page() -> str:
    """The whole page, Vietnamese first."""
    return "\n".join((*_part("vi"), "---", "", *_part("en")))


def _part(language: Language) -> list[str]:
    given = rules()
    intro = getattr(_INTRO, language).replace("{alpha}", str(given.false_alarm.value))
    lines = [intro]
    for rule in given.detectors:
        lines += _section(rule, language)
    lines += [getattr(_BLIND, language), ""]
    lines += [
        f"* **{getattr(one.name, language)}** – {_flat(getattr(one.reason, language))}"
        for one in given.not_detectable
    ]
    return [*lines, ""]


def _section(rule: Rule, language: Language) -> list[str]:
    sees, means, todo, source, figures, none, since = _LABELS[language]
    flagged = ", ".join(f"`{code}`" for code in rule.indicators) or none
    reasons = " · ".join(_flat(getattr(text, language)) for text in rule.reasons.values())
    return [
        f"## {getattr(rule.name, language)}",
        "",
        f"`{rule.id}` · {since} {rule.version}",
        "",
        f"* **{sees}**: {_flat(getattr(rule.sees, language))}",
        f"* **{means}**: {_NUMBER.sub('…', _flat(getattr(rule.means, language)))}",
        f"* **{todo}**: {_flat(getattr(rule.advice, language))}",
        f"* **{getattr(_REASONS, language)}**: {reasons}",
        f"* **{figures}**: {flagged}",
        f"* **{source}**: {_flat(rule.source.document)} ({_flat(rule.source.place)})",
        "",
        _TABLE[language],
        "|" + "---|" * (_TABLE[language].count("|") - 1),
        *(
            f"| `{name}` | {one.value} | {_flat(getattr(one, language))} |"
            for name, one in rule.thresholds.items()
        ),
        "",
    ]


def _flat(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    sys.stdout.write(page())
