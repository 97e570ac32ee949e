"""The questions: parameters as django-ninja reads and describes them, and the choice they come to.

Periods, maps and versions are read by the pages' own choosing.py, so a page's address and an API's ask
for the same thing in the same words.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from ninja import Field, Schema
from pydantic import StringConstraints

from thuocdo.core.vocabulary import AgencyKind, Level, SystemKind
from thuocdo.web.api import paging
from thuocdo.web.api.door import Format

_PERIOD = (
    r"^(90d|30d|7d|ytd|\d{4}(-(0[1-9]|1[0-2])|-Q[1-4]|-W(0[1-9]|[1-4]\d|5[0-3]))?|"
    r"\d{4}-\d{2}-\d{2}(-YTD|\.\.\d{4}-\d{2}-\d{2})?|\d{4}-YTD)$"
)
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,40}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,80}@[A-Za-z0-9.:+~_-]{1,220}$")]
Procedure = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._/-]{1,80}$")]
Search = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Kinds = Literal[tuple(kind.value for kind in AgencyKind)]  # type: ignore[valid-type]
Levels = Literal[tuple(level.value for level in Level)]  # type: ignore[valid-type]
Systems = Literal[tuple(kind.value for kind in SystemKind)]  # type: ignore[valid-type]


def _said(*, vi: str, en: str) -> dict[str, Any]:
    """What a parameter means: the document says it in English, and in Vietnamese beside it."""
    return {"description": en, "json_schema_extra": {"x-description-vi": vi}}


_LIMIT = Field(
    paging.DEFAULT,
    ge=1,
    le=paging.MOST,
    **_said(vi="Số dòng của một trang JSON.", en="Rows of a page of JSON."),
)
_CURSOR = Field(
    None, max_length=1000, **_said(vi="Lấy từ trang trước.", en="From the page before.")
)
_FORMAT = Field(
    "json",
    **_said(vi="ndjson và csv trả mọi dòng một lần.", en="ndjson and csv give every row at once."),
)


class Day(Schema):
    """A day of the map of organisations."""

    on: date | None = Field(
        None,
        **_said(
            vi="Tổ chức bộ máy của ngày này; để trống là hôm nay.",
            en="The map of this day; today unless given.",
        ),
    )


class Listed(Day):
    """What every list understands."""

    limit: int = _LIMIT
    cursor: str | None = _CURSOR
    format: Format = _FORMAT


class Agencies(Listed):
    """Which agencies."""

    kind: Kinds | None = None
    parent: Code | None = Field(
        None,
        **_said(
            vi="Chỉ các cơ quan trực thuộc cơ quan này.",
            en="Only those directly below this one.",
        ),
    )
    q: Search | None = Field(
        None,
        **_said(
            vi="Tìm trong tên hoặc mã, có dấu hay không dấu.",
            en="In the name or the code, accents or not.",
        ),
    )


class Sites(Listed):
    """Which sites."""

    agency: Code | None = Field(
        None,
        **_said(
            vi="Của cơ quan này và các cơ quan cấp dưới.",
            en="Its own and those of agencies below it.",
        ),
    )
    kind: Systems | None = None
    q: Search | None = Field(
        None,
        **_said(
            vi="Tìm trong tên hoặc tên miền, có dấu hay không dấu.",
            en="In the name or the hosts, accents or not.",
        ),
    )


class Services(Listed):
    """Which services."""

    agency: Code | None = Field(
        None,
        **_said(
            vi="Của cơ quan này và các cơ quan cấp dưới.",
            en="Its own and those of agencies below it.",
        ),
    )
    procedure: Procedure | None = None
    level: Levels | None = None


class Chosen(Schema):
    """Period, definition and map."""

    period: str = Field(
        "90d",
        pattern=_PERIOD,
        **_said(
            vi="90d, 30d, 7d, ytd, A..B (tính cả hai ngày), 2026-03-31, 2026-W14, 2026-03, 2026-Q1, 2026, 2026-YTD.",
            en="90d, 30d, 7d, ytd, A..B (both included), 2026-03-31, 2026-W14, 2026-03, 2026-Q1, 2026, 2026-YTD.",
        ),
        examples=["2026-Q3"],
    )
    version: str | None = Field(
        None,
        pattern=r"^\d{4}-\d{2}$",
        **_said(
            vi="Phiên bản định nghĩa; để trống là phiên bản đang hiệu lực.",
            en="Of the definition; else that in force.",
        ),
    )
    as_organised: date | None = Field(
        None,
        **_said(
            vi="Tổ chức bộ máy của ngày này; để trống là ngày cuối kỳ.",
            en="The map of this day; else of the period's last day.",
        ),
    )
    trust: Literal["any", "verified"] = Field(
        "any",
        **_said(
            vi="verified chỉ tính dữ liệu được gửi kèm khóa.",
            en="verified leaves out events nobody vouched for.",
        ),
    )


class Blocks(Chosen):
    """A ranking of one block."""

    block: Literal["ministry", "province"] = "province"


class Lines(Chosen):
    """A line of an agency, of a block, or of the whole country."""

    agency: Code | None = None
    block: Literal["ministry", "province"] | None = None


class Figures(Chosen):
    """Which figures of one indicator."""

    indicator: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,80}$")] = Field(
        ..., examples=["online_dossier_rate"]
    )
    by: Literal["agency", "children", "service"] = Field(
        "agency",
        **_said(
            vi="agency: từng bộ, ngành, địa phương hoặc cơ quan được nêu; children: các đơn vị trực thuộc; service: từng thủ tục.",
            en="agency: each ministry and province, or the one named; children: those directly below `agency`; service: each procedure.",
        ),
    )
    agency: Code | None = Field(
        None,
        **_said(
            vi="H26, 000.00.00.H26 hoặc mã đơn vị hành chính.",
            en="H26, 000.00.00.H26 or a GSO number.",
        ),
    )
    block: Literal["ministry", "province"] | None = None
    limit: int = _LIMIT
    cursor: str | None = _CURSOR
    format: Format = _FORMAT


class Rejects(Schema):
    """Which refused records."""

    site_id: int | None = Field(None, ge=1, le=2**31 - 1)
    agency: Code | None = None
    reason: str | None = Field(None, pattern=r"^[a-z_]{1,60}$")
    since: date | None = Field(
        None,
        **_said(
            vi="Nhận từ ngày này trở đi.",
            en="Landed on this day or later.",
        ),
    )
    limit: int = _LIMIT
    cursor: str | None = _CURSOR
    format: Format = _FORMAT


class Packets(Chosen):
    """Of which indicator; every one unless said."""

    indicator: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,80}$")] | None = None
