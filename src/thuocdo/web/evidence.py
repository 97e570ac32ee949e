"""Evidence as readers meet it: named by what it is, shown as far as that is safe, handed out whole.

A hostile site may have made what was kept. So a file leaves us as a download that no browser runs, and a page
shows of it what a picture or plain text can be, never markup.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Literal

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from thuocdo.assess.evidence import Kept
from thuocdo.assess.probes.files import texts
from thuocdo.assess.results import Result
from thuocdo.core.errors import ThuocdoError
from thuocdo.web import board
from thuocdo.web.printing import language
from thuocdo.web.problems import Problem

_SHOWN: Final = 20_000
"""Letters of a text that a page shows; the file has all of it."""
_JPEG: Final = b"\xff\xd8\xff"

KINDS: Final[Mapping[str, str | Promise]] = {
    "screenshot": gettext_lazy("ảnh chụp màn hình"),
    "screenshot_320": gettext_lazy("ảnh chụp màn hình hẹp"),
    "page": gettext_lazy("trang đã lưu"),
    "headers": gettext_lazy("tiêu đề HTTP"),
    "axe": gettext_lazy("kết quả của axe"),
    "report": gettext_lazy("báo cáo của công cụ đo"),
    "trace": gettext_lazy("nhật ký đo"),
    "dns": gettext_lazy("trả lời của DNS"),
    "walk": gettext_lazy("danh sách trang đã xem"),
    "appointment": gettext_lazy("mã xác nhận lịch thử tải"),
}

Form = Literal["picture", "json", "text", "bytes"]
_ENDINGS: Final[Mapping[Form, tuple[str, str]]] = {
    "picture": ("jpg", "image/jpeg"),
    "json": ("json", "application/json"),
    "text": ("txt", "text/plain; charset=utf-8"),
    "bytes": ("bin", "application/octet-stream"),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """One kept file in words; those of one kind are told apart by a number."""

    words: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Use:
    """What of one system stands on a piece: names of checks. address: of the system's page, "" where there is none."""

    system: str
    address: str
    checks: list[str]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows of one piece. cut: the text goes on in the file."""

    piece: Piece
    form: Form
    size: int  # bytes
    text: str = ""
    cut: bool = False

    @property
    def title(self) -> str:
        """The heading of its page."""
        return _("Bằng chứng: %(what)s") % {"what": self.piece.words}


def pieces(named: Mapping[str, str]) -> list[Piece]:
    """In words, of kinds by hash. A kind that is not told (old publications) is named by its hash."""
    many = Counter(named.values())
    counted, found = Counter[str](), []
    for sha256, kind in named.items():
        counted[kind] += 1
        words = str(KINDS.get(kind, "")) or sha256[:8]
        numbered = f"{words} {counted[kind]}" if many[kind] > 1 and kind in KINDS else words
        found.append(Piece(numbered, sha256))
    return found


def of_results(results: Iterable[Result]) -> dict[str, str]:
    """Kinds by hash of everything that some results name."""
    return {each.sha256: each.kind for result in results for each in result.evidence}


def checks_on(results: Iterable[Result], sha256: str) -> list[str]:
    """Names of the checks among some results that stand on a piece, each once."""
    found = (each.check for each in results if any(sha256 == one.sha256 for one in each.evidence))
    return list(dict.fromkeys(_name(check) for check in found))


def _name(check: str) -> str:
    words = texts().get(check)
    return words.told(language()) if words else check


def answer(
    request: HttpRequest,
    sha256: str,
    named: Mapping[str, str],
    page: Callable[[Shown], HttpResponse],
) -> HttpResponse:
    """A page about one piece, or with `?file` the piece itself.

    named  what the results at hand name, kinds by hash; anything else is not found
    page   makes the answer of what is to be shown
    Raises Problem 404 for a piece that is not named, 410 for one that is kept no longer, 500 for one that is
    not what was kept.
    """
    if sha256 not in named:
        raise Problem(_("Không có bằng chứng nào ở địa chỉ này."), status=HTTPStatus.NOT_FOUND)
    content = _read(sha256)
    form = form_of(content)
    if "file" in request.GET:
        ending, kind = _ENDINGS[form]
        response = HttpResponse(content, content_type=kind)
        response["Content-Disposition"] = f'attachment; filename="{sha256}.{ending}"'
        return response
    text = text_of(content, form)
    (piece,) = pieces({sha256: named[sha256]})
    return page(Shown(piece, form, len(content), text[:_SHOWN], len(text) > _SHOWN))


def form_of(content: bytes) -> Form:
    """What it can be shown as, by what it is and not by what it is called; pure."""
    if content.startswith(_JPEG):
        return "picture"
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return "bytes"
    if "\0" in text:
        return "bytes"
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return "text"
    return "json"


def text_of(content: bytes, form: Form) -> str:
    """As people read it: JSON with a line for each value; "" for what is no text."""
    if form == "json":
        return json.dumps(json.loads(content), ensure_ascii=False, indent=1)
    return content.decode() if form == "text" else ""


def _read(sha256: str) -> bytes:
    try:
        return Kept(board.instance().home).read(sha256)
    except ThuocdoError as error:
        if error.code == "bad_evidence":
            raise Problem(
                _("Tệp đang lưu không khớp mã băm của bằng chứng nên không đưa ra."),
                _("Xin báo đơn vị vận hành để khôi phục từ bản sao lưu."),
                HTTPStatus.INTERNAL_SERVER_ERROR,
            ) from error
        raise Problem(
            _("Bằng chứng này không còn được lưu."),
            _("Tệp đã hết thời hạn lưu giữ, hoặc chưa được khôi phục sau sự cố."),
            HTTPStatus.GONE,
        ) from error
