"""Says states and findings of connections in the reader's language."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from thuocdo.core.vietnamese import format_duration
from thuocdo.core.vocabulary import Channel
from thuocdo.web import advice
from thuocdo.web.printing import clock_time, count, day, language
from thuocdo.web.work.diagnosis import Finding, texts
from thuocdo.web.work.health import State

_MINUTE_US: Final = 60_000_000

STATES: Final = {
    State.REFUSED: gettext_lazy("bị từ chối hết"),
    State.SILENT: gettext_lazy("im lặng"),
    State.NEVER: gettext_lazy("chưa nghe được gì"),
    State.INTERRUPTED: gettext_lazy("gián đoạn"),
    State.FILES_ONLY: gettext_lazy("chỉ có từ tệp"),
    State.LOW: gettext_lazy("ít bất thường"),
    State.HIGH: gettext_lazy("nhiều bất thường"),
    State.REPORTING: gettext_lazy("đang gửi"),
    State.CLOSED: gettext_lazy("đã đóng"),
}
CHANNELS: Final = {
    Channel.ONLINE: gettext_lazy("trực tuyến"),
    Channel.COUNTER: gettext_lazy("tại quầy"),
    Channel.POSTAL: gettext_lazy("qua bưu chính"),
    Channel.UNKNOWN: gettext_lazy("không rõ"),
}
MARKS: Final = {
    **dict.fromkeys((State.REFUSED, State.SILENT, State.NEVER, State.INTERRUPTED), ("error", "✗")),
    **dict.fromkeys((State.FILES_ONLY, State.LOW, State.HIGH), ("warning", "!")),
    State.REPORTING: ("ok", "✓"),
    State.CLOSED: ("", "–"),
}
"""State → class of its mark, and the mark: never told by colour alone."""


@dataclass(frozen=True, slots=True)
class Told:
    """A finding in words; `example` is a refused record as it was kept, without personal data."""

    code: str
    severity: str
    title: str
    saw: str
    fix: str
    example: str = ""


def state(of: State) -> str:
    return str(STATES[of])


def span(us: int) -> str:
    """How long something took; minutes are all that is known of it."""
    return format_duration(us, language()) if us >= _MINUTE_US else _("dưới 1 phút")


def payload(kept: str) -> str:
    """A refused record as it was kept, a field a line."""
    try:
        told = json.loads(kept)
    except ValueError:
        return kept
    return "\n".join(f"{name}: {value}" for name, value in told.items()) if told else ""


def finding(found: Finding, example: str = "") -> Told:
    """One finding. Raises KeyError when its words ask for a fact it lacks."""
    words = getattr(texts()[found.code], language())
    facts = {name: _printed(name, value) for name, value in found.facts.items()}
    facts |= _sentences(found.facts)
    return Told(
        found.code.value,
        found.severity.value,
        words.title,
        words.saw.format_map(facts).strip(),
        words.fix.format_map(facts).strip(),
        example if "detail" in found.facts else "",
    )


def _printed(name: str, value: Any) -> str:
    if name.endswith("_at"):
        return clock_time(value)
    if name.endswith("_us"):
        return span(value)
    if isinstance(value, date):
        return day(value)
    return count(value) if isinstance(value, int) else str(value)


def _sentences(facts: dict[str, Any]) -> dict[str, str]:
    """Whole sentences that some facts make."""
    made = {}
    if "reason" in facts:
        made["reason_text"] = advice.refusal(facts["reason"])
        made["to_do"] = advice.to_do(facts["reason"])
        made["detail_text"] = (
            " " + _("Chi tiết của bản ghi gần nhất: %(detail)s.") % {"detail": facts["detail"]}
            if facts["detail"]
            else ""
        )
    if "channel" in facts:
        made["channel_text"] = str(CHANNELS[Channel(facts["channel"])])
    if "others" in facts:
        made["others_text"] = _others(facts["others"])
        made["usual_text"] = (
            _("Thông thường trong khoảng ấy có chừng %(n)s bản ghi.")
            % {"n": count(facts["missing"])}
            + " "
            if facts["missing"]
            else ""
        )
    return made


def _others(names: str) -> str:
    if not names:
        return _("Không nguồn nào khác của cơ quan đang gửi: hãy xem đường truyền chung trước.")
    return _(
        "Các nguồn khác của cơ quan vẫn gửi (%(names)s), nên nhiều khả năng lỗi ở riêng nơi này."
    ) % {"names": names}
