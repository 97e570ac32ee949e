"""One letter to a person: what is new, in their language, as plain text and as HTML. Pure.

The HTML carries no picture, no script and nothing that tells who opened it.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final, NamedTuple

from thuocdo.core.clock import VIETNAM, to_datetime
from thuocdo.core.vietnamese import format_count, format_day
from thuocdo.steer.telling import Language, Told

_LINE: Final = "-" * 60


class Item(NamedTuple):
    """One incident of a letter; address: its page, "" where the site's own is not known; at: µs UTC."""

    told: Told
    address: str
    opened_at: int


class Letter(NamedTuple):
    subject: str
    text: str
    html: str


class Frame(NamedTuple):
    """What surrounds the incidents.

    more           how many were left out of the list
    still_open     how many that were told before are open still
    home, settings, unsubscribe   addresses; "" where the site's own is not known
    """

    more: int
    still_open: int
    home: str
    settings: str
    unsubscribe: str


_SAID: Final[dict[str, dict[Language, str]]] = {
    "one": {"vi": "[Thước Đo] {severity}: {title}", "en": "[Thước Đo] {severity}: {title}"},
    "many": {"vi": "[Thước Đo] {count} sự việc mới", "en": "[Thước Đo] {count} new incidents"},
    "hello": {
        "vi": "Hệ thống Thước Đo ghi nhận các sự việc sau.",
        "en": "Thước Đo has recorded the following.",
    },
    "since": {"vi": "Ghi nhận lúc {at}", "en": "Recorded at {at}"},
    "do": {"vi": "Việc cần làm", "en": "What to do"},
    "more": {
        "vi": "Còn {count} sự việc mới khác, xem trên trang.",
        "en": "{count} more are on the page.",
    },
    "open": {
        "vi": "Ngoài ra có {count} sự việc đã báo trước đây vẫn đang mở.",
        "en": "Besides, {count} incidents you were told of before are still open.",
    },
    "page": {"vi": "Xem sự việc", "en": "See the incident"},
    "all": {"vi": "Mọi sự việc", "en": "All incidents"},
    "why": {
        "vi": "Thư tự động, gửi theo lựa chọn của bạn. Không trả lời thư này.",
        "en": "Sent automatically, as you chose. Please do not reply.",
    },
    "settings": {"vi": "Đổi lựa chọn nhận thư", "en": "Change what you receive"},
    "unsubscribe": {"vi": "Ngừng nhận thư", "en": "Stop these mails"},
    "confirm": {
        "vi": "[Thước Đo] Xác nhận địa chỉ nhận cảnh báo",
        "en": "[Thước Đo] Confirm the address for alerts",
    },
    "confirm_text": {
        "vi": "Tài khoản “{name}” muốn nhận cảnh báo của hệ thống Thước Đo ở địa chỉ này. Nếu đúng là bạn, mở liên "
        "kết sau khi đã đăng nhập và bấm Xác nhận. Nếu không phải, bỏ qua thư này: sẽ không có thư nào khác.",
        "en": "The account “{name}” wants alerts of Thước Đo at this address. If that is you, sign in, open this link "
        "and confirm. If not, ignore this mail: no other will follow.",
    },
}


def compose(items: Sequence[Item], frame: Frame, language: Language) -> Letter:
    """The letter of one or more incidents, the gravest first as given."""
    if len(items) == 1 and not frame.more:
        told = items[0].told
        subject = _said("one", language, severity=told.severity.upper(), title=told.title)
    else:
        count = format_count(len(items) + frame.more, language)
        subject = _said("many", language, count=count)
    after = [
        _said(name, language, count=format_count(count, language))
        for name, count in (("more", frame.more), ("open", frame.still_open))
        if count
    ]
    links = [
        (_said(name, language), address)
        for name, address in (
            ("all", frame.home),
            ("settings", frame.settings),
            ("unsubscribe", frame.unsubscribe),
        )
        if address
    ]
    return Letter(
        _one_line(subject),
        _text(items, after, links, language),
        _html(items, after, links, language, subject),
    )


def confirmation(name: str, address: str, language: Language) -> Letter:
    """Asks whether an address belongs to who gave it."""
    said = _said("confirm_text", language, name=name)
    page = f'<p>{escape(said)}</p><p><a href="{escape(address)}">{escape(address)}</a></p>'
    subject = _said("confirm", language)
    return Letter(subject, f"{said}\n\n{address}\n", _page(subject, page, language))


def _text(
    items: Sequence[Item], after: list[str], links: list[tuple[str, str]], language: Language
) -> str:
    lines = [_said("hello", language), ""]
    for item in items:
        told = item.told
        lines += [
            _LINE,
            f"{told.severity.upper()} · {told.kind}",
            told.title,
            _said("since", language, at=_moment(item.opened_at, language)),
            "",
            told.text,
            "",
            *(f"  {name}: {value}" for name, value in told.evidence),
            "",
            f"{_said('do', language)}: {told.advice}",
        ]
        lines += [item.address] if item.address else []
        lines.append("")
    lines += [_LINE, *after, _said("why", language)]
    lines += [f"{name}: {address}" for name, address in links]
    return "\n".join(lines) + "\n"


def _html(
    items: Sequence[Item],
    after: list[str],
    links: list[tuple[str, str]],
    language: Language,
    subject: str,
) -> str:
    parts = [f"<p>{escape(_said('hello', language))}</p>"]
    for item in items:
        told = item.told
        rows = "".join(
            f'<tr><th scope="row" align="left" style="padding-right:1em;font-weight:normal">{escape(name)}</th>'
            f"<td>{escape(value)}</td></tr>"
            for name, value in told.evidence
        )
        link = (
            f'<p><a href="{escape(item.address)}">{escape(_said("page", language))}</a></p>'
            if item.address
            else ""
        )
        parts.append(
            f'<h2 style="font-size:1.1em;margin:1.5em 0 .3em">{escape(told.title)}</h2>'
            f"<p><strong>{escape(told.severity.upper())}</strong> · {escape(told.kind)} · "
            f"{escape(_said('since', language, at=_moment(item.opened_at, language)))}</p>"
            f"<p>{escape(told.text)}</p><table>{rows}</table>"
            f"<p><strong>{escape(_said('do', language))}:</strong> {escape(told.advice)}</p>{link}"
        )
    parts += [f"<p>{escape(line)}</p>" for line in after]
    ways = " · ".join(f'<a href="{escape(address)}">{escape(name)}</a>' for name, address in links)
    parts.append(f"<hr><p><small>{escape(_said('why', language))} {ways}</small></p>")
    return _page(subject, "".join(parts), language)


def _page(title: str, body: str, language: Language) -> str:
    return (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><title>{escape(title)}</title></head>'
        f'<body style="font-family:sans-serif;line-height:1.5;max-width:42em">{body}</body></html>\n'
    )


def _said(name: str, language: Language, /, **values: str) -> str:
    return _SAID[name][language].format(**values)


def _moment(instant: int, language: Language) -> str:
    at = to_datetime(instant).astimezone(VIETNAM)
    return f"{at:%H:%M} {format_day(at.date(), language)}"


def _one_line(text: str) -> str:
    """A header holds one line, whatever somebody called their source."""
    return " ".join(text.split())
