"""Every public address of this site, once: for the map people read and for the file machines read.

A page that is public and asks for nothing belongs here; a test holds the list to the addresses there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from thuocdo.assess.models import Round
from thuocdo.registry.models import Agency
from thuocdo.web import board, choosing
from thuocdo.web.printing import agency_name


@dataclass(frozen=True, slots=True)
class Leaf:
    """One page; `address` in the language that is active."""

    words: str
    address: str


@dataclass(frozen=True, slots=True)
class Branch:
    heading: str
    leaves: list[Leaf]


def branches() -> list[Branch]:
    """The whole map, in the reader's language."""
    definitions = board.definitions()
    return [
        Branch(_("Số liệu"), [_leaf(words, name) for words, name in _figures()]),
        Branch(_("Xếp hạng"), [_leaf(each.title, "ranking", each.code) for each in definitions]),
        Branch(_("Bản đồ"), [_leaf(each.title, "map", each.code) for each in definitions]),
        Branch(_("Phương pháp"), [_leaf(each.title, "method", each.code) for each in definitions]),
        Branch(_("Đợt đánh giá chất lượng"), _rounds()),
        Branch(_("Giới thiệu và trợ giúp"), [_leaf(words, name) for words, name in _about()]),
        Branch(_("Cơ quan"), _agencies()),
    ]


def addresses() -> Iterator[str]:
    """Every address of the map, in the language that is active."""
    for branch in branches():
        for leaf in branch.leaves:
            yield leaf.address


def _figures() -> tuple[tuple[str, str], ...]:
    return (
        (_("Tổng quan"), "overview"),
        (_("Xếp hạng"), "rankings"),
        (_("Bản đồ"), "maps"),
        (_("Cơ quan"), "agencies"),
        (_("Dịch vụ công"), "services"),
        (_("So sánh cơ quan"), "compare"),
        (_("Chất lượng"), "quality"),
        (_("Trực tiếp"), "live-page"),
        (_("Báo cáo"), "reports"),
        (_("Dữ liệu mở"), "opendata"),
        (_("API dữ liệu"), "api"),
        (_("Trang được giám sát"), "sites"),
        (_("Tình trạng hệ thống"), "status"),
    )


def _about() -> tuple[tuple[str, str], ...]:
    return (
        (_("Mọi định nghĩa và nguồn"), "methods"),
        (_("Tìm kiếm"), "search"),
        (_("Trợ giúp"), "help"),
        (_("Liên hệ"), "contact"),
        (_("Góp ý"), "feedback"),
        (_("Quyền riêng tư"), "privacy"),
        (_("Khả năng tiếp cận"), "accessibility"),
        (_("Kết nối cổng thông tin"), "connect"),
        (_("Sơ đồ trang"), "sitemap"),
    )


def _rounds() -> list[Leaf]:
    held = Round.objects.filter(state=Round.State.PUBLISHED).order_by("-published_at")
    codes = held.values_list("code", flat=True)
    return [_leaf(_("Đợt %(code)s") % {"code": code}, "quality-round", code) for code in codes]


def _agencies() -> list[Leaf]:
    """Those at the top; each page leads on to what lies below."""
    rows = Agency.objects.on(choosing.today()).filter(parent="").order_by("code")
    return [_leaf(agency_name(row), "agency", row.code) for row in rows]


def _leaf(words: str, name: str, *args: str) -> Leaf:
    return Leaf(words, reverse(name, args=args))
