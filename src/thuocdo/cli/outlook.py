"""`thuocdo outlook`: where an indicator is heading, and when a target is reached at this pace."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Final, cast

import msgspec
import typer
from rich.table import Table

from thuocdo.cli import output as shown
from thuocdo.core import clock
from thuocdo.core import settings as settings_of
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vietnamese import format_count, format_day, format_decimal, format_percent

if TYPE_CHECKING:
    from thuocdo.measure.outlook.model import Aim, Outlook, Step

_STATES: Final = {"used": "", "provisional": "tạm thời, chưa dùng", "missing": "không có số liệu"}
_TRENDS: Final = {"rising": "tăng", "falling": "giảm", "uncertain": "chưa rõ xu hướng"}
_VERDICTS: Final = {
    "reached": "đã đạt",
    "on_pace": "theo đà này sẽ đạt",
    "uncertain": "có thể đạt, chưa chắc chắn",
    "behind": "theo đà này không kịp đạt",
    "missed": "đã quá hạn, chưa đạt",
    "not_measurable": "chuỗi số liệu quá ngắn, chưa nhận định được",
}


def outlook(
    code: Annotated[str, typer.Argument(help="For example full_online_rate.")],
    agency: Annotated[str | None, typer.Option(help="Code of an agency, for example H36.")] = None,
    block: Annotated[str | None, typer.Option(help="ministry or province.")] = None,
    target: Annotated[
        str | None, typer.Option(help="A target of your own, for example 70 or 70.5.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="The day it is to be reached by.")] = None,
    step: Annotated[str, typer.Option(help="month or week.")] = "month",
    periods: Annotated[int | None, typer.Option(help="How many to look at; default 12.")] = None,
    until: Annotated[str | None, typer.Option(help="The last period holds this day.")] = None,
    version: Annotated[str | None, typer.Option(help="Version of the definition.")] = None,
    output: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
    as_known: Annotated[str | None, typer.Option(help="As known at this time.")] = None,
    trust: Annotated[str, typer.Option(help="any or verified.")] = "any",
) -> None:
    """Draw the trend of an indicator and say whether its targets are reached at this pace."""
    from thuocdo.measure.outlook.outlook import look_ahead
    from thuocdo.measure.service import Measure

    shown.one_of("--format", output, ("table", "json"))
    shown.one_of("--step", step, ("month", "week"))
    if block is not None:
        shown.one_of("--block", block, ("ministry", "province"))
    if agency is not None and block is not None:
        raise ThuocdoError("bad_option", "--agency and --block are two questions.", "Write one.")
    if periods is not None and periods < 1:
        raise ThuocdoError("bad_option", f"--periods {periods} is none.", "Write 1 or more.")
    found = settings_of.load()
    found.require_initialised()
    seen = look_ahead(
        Measure(found),
        code,
        agency=agency,
        block=block,
        step=cast("Step", step),
        periods=periods,
        until=clock.parse_day(until) if until else None,
        value=_value(target) if target else None,
        by=clock.parse_day(by) if by else None,
        version=version,
        as_known=clock.parse_instant(as_known) if as_known else None,
        trust=trust,
    )
    if output == "json":
        typer.echo(msgspec.json.encode(seen).decode())
    else:
        _print_table(seen)


def _value(text: str) -> Decimal:
    try:
        return Decimal(text.replace(",", "."))
    except InvalidOperation:
        raise ThuocdoError(
            "bad_target", f"{text!r} is no number.", "Write for example 70 or 70.5."
        ) from None


def _print_table(seen: Outlook) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("kỳ", "giá trị", "tử số / mẫu số", ""):
        table.add_column(heading, justify="left" if heading in ("kỳ", "") else "right")
    for point in seen.points:
        counts = [n for n in (point.numerator, point.denominator) if n is not None]
        table.add_row(
            f"{format_day(point.first)} – {format_day(point.last)}",
            _shown(seen, point.value),
            "/".join(format_count(n) for n in counts),
            _STATES[point.state],
        )
    shown.console().print(table)
    typer.echo(_trend(seen))
    for aim in seen.aims:
        typer.echo(_aim(seen, aim))


def _shown(seen: Outlook, value: float | None) -> str:
    if seen.unit == "percent" or value is None:
        return format_percent(value)
    return format_count(round(value))


def _trend(seen: Outlook) -> str:
    if seen.line is None:
        used = sum(point.state == "used" for point in seen.points)
        return f"Mới có {used} kỳ đã ổn định, cần ít nhất {seen.needed} kỳ để nhận định xu hướng."
    line = seen.line
    unit = "điểm %" if seen.unit == "percent" else "đơn vị"
    change = f"{format_decimal(line.per_month)} {unit} mỗi 30 ngày"
    interval = f"khoảng tin cậy {format_decimal(line.low)} đến {format_decimal(line.high)}"
    end = "; đã đạt mức tối đa" if line.saturated else ""
    return f"Xu hướng: {_TRENDS[line.trend]}, {change} ({interval}){end}."


def _aim(seen: Outlook, aim: Aim) -> str:
    day = f", hạn {format_day(aim.by)}" if aim.by else ""
    said = [f"{aim.title.vi} ({_shown(seen, aim.value)}{day}): {_VERDICTS[aim.verdict]}"]
    if aim.projection:
        low, high = (_shown(seen, n) for n in (aim.projection.low, aim.projection.high))
        value = _shown(seen, aim.projection.value)
        said.append(f"dự báo đến hạn {value} (từ {low} đến {high})")
    if aim.verdict not in ("reached", "not_measurable"):
        said.append(_pace(aim))
    return "; ".join(said) + "."


def _pace(aim: Aim) -> str:
    if aim.reached_on is None:
        return "với tốc độ này không đạt"
    edges = [
        f"sớm nhất {format_day(aim.earliest)}" if aim.earliest else "",
        f"muộn nhất {format_day(aim.latest)}" if aim.latest else "muộn nhất chưa xác định được",
    ]
    return (
        f"với tốc độ này đạt ngày {format_day(aim.reached_on)} ({', '.join(filter(None, edges))})"
    )
