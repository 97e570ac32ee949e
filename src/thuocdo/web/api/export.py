"""Indicators in the kinds of QCVN 125:2021/BTTTT, the standard of the national reporting system.

What is known of the standard here (facts: Thông tư 02/2021/TT-BTTTT) are the kinds of its packets: the
list of indicators, the set of indicators (KPI), groups of indicators, breakdowns, and KPI data. Its field
tables are not. So the packets have these kinds, and field names of our own, which each packet says.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from django.http import HttpRequest
from ninja import Query, Router

from thuocdo.core.vocabulary import Block
from thuocdo.measure.definitions import Text
from thuocdo.measure.definitions.running import packaged
from thuocdo.measure.model import Figure
from thuocdo.web import board, choosing
from thuocdo.web.api import asking, publishing
from thuocdo.web.api.door import resource

router = Router(tags=["export"])
_STANDARD = "QCVN 125:2021/BTTTT"
_SOURCE = "Thông tư 02/2021/TT-BTTTT"
_CONFORMS = Text(
    vi="Đúng tên các loại dữ liệu của quy chuẩn; tên trường là của hệ thống này, vì bảng trường dữ liệu "
    "của quy chuẩn chưa được đối chiếu.",
    en="The kinds of data are the standard's; the names of fields are this system's own, for the "
    "standard's tables of fields have not been compared.",
)


class Item(msgspec.Struct, frozen=True):
    """One indicator of the list (danh mục chỉ tiêu)."""

    code: str
    name: Text
    unit: str
    version: str
    valid_from: date


class Group(msgspec.Struct, frozen=True):
    """One group of indicators (nhóm chỉ số)."""

    code: str
    set_code: str
    name: Text
    indicators: list[str]


class Set(msgspec.Struct, frozen=True):
    """One set of indicators (bộ chỉ số, KPI)."""

    code: str
    name: Text
    document: str
    valid_from: date
    groups: list[str]


class Breakdown(msgspec.Struct, frozen=True):
    """One member of a breakdown (phân tổ): an agency within its block."""

    code: str
    name: str
    block: str


class Value(msgspec.Struct, frozen=True):
    """One value (dữ liệu KPI)."""

    indicator: str
    version: str
    breakdown: str
    period_first: date
    period_last: date
    unit: str
    value: float | None
    numerator: int | None
    denominator: int | None
    status: str


class Packet(msgspec.Struct, frozen=True):
    """Everything a reporting system needs of one indicator set and one period."""

    standard: str
    source: str
    conformance: Text
    period_first: date
    period_last: date
    danh_muc_chi_tieu: list[Item]
    bo_chi_so: list[Set]
    nhom_chi_so: list[Group]
    phan_to: list[Breakdown]
    du_lieu_kpi: list[Value]


@resource(
    router,
    "/kpi/qcvn-125",
    Packet,
    Text(
        vi="Gói dữ liệu KPI theo các loại của QCVN 125:2021/BTTTT",
        en="KPI packets in the kinds of QCVN 125:2021/BTTTT",
    ),
)
def qcvn_125(request: HttpRequest, asked: Query[asking.Packets]) -> Any:
    """Of one indicator, or of every one that can be computed; both blocks."""
    choice = choosing.read(request)
    measure = board.measure()
    chosen = (
        [measure.definition(asked.indicator)]
        if asked.indicator
        else sorted(measure.definitions(), key=lambda each: each.code)
    )
    versions = [(each, each.version_for(choice.period.last, choice.version)) for each in chosen]
    computable = [(each, version) for each, version in versions if version.is_computable]
    found = [
        figure
        for each, _ in computable
        for block in Block
        if block.value in each.blocks
        for figure in publishing.ranking(each.code, choice, block.value)
    ]
    sets = packaged().sets
    agencies = {figure.agency: figure for figure in found}
    return Packet(
        standard=_STANDARD,
        source=_SOURCE,
        conformance=_CONFORMS,
        period_first=choice.period.first,
        period_last=choice.period.last,
        danh_muc_chi_tieu=[
            Item(each.code, each.name, each.unit, version.version, version.valid_from)
            for each, version in computable
        ],
        bo_chi_so=[
            Set(
                each.code,
                each.name,
                each.source.document,
                each.valid_from,
                [group.code for group in each.groups],
            )
            for each in sets
        ],
        nhom_chi_so=[
            Group(group.code, each.code, group.name, group.indicators)
            for each in sets
            for group in each.groups
        ],
        phan_to=[
            Breakdown(code, figure.name, figure.block or "")
            for code, figure in sorted(agencies.items())
        ],
        du_lieu_kpi=[_value(figure) for figure in found],
    )


def _value(figure: Figure) -> Value:
    return Value(
        indicator=figure.indicator,
        version=figure.version,
        breakdown=figure.agency,
        period_first=figure.period_first,
        period_last=figure.period_last,
        unit=figure.unit,
        value=figure.value,
        numerator=figure.numerator,
        denominator=figure.denominator,
        status=" ".join(figure.flags) or "ok",
    )
