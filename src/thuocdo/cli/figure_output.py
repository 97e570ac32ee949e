"""How figures, comparisons and sources are printed: tables for people, JSON and CSV for machines."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import typer
from rich.table import Table

from thuocdo.cli.output import console
from thuocdo.core import clock, vietnamese
from thuocdo.core.periods import Against
from thuocdo.measure.model import Figure, SourceState

if TYPE_CHECKING:
    from thuocdo.measure.comparing import Compared, Comparison
    from thuocdo.measure.exclusions import Exclusion

_WAYS = {
    Against.PREVIOUS: ("kỳ trước", "chênh"),
    Against.LAST_YEAR: ("cùng kỳ năm trước", "chênh"),
}
"""Headings of a comparison's columns."""


def print_figures(
    figures: Sequence[Figure], output: str, name: Callable[[Figure], str | None]
) -> None:
    """name: says a figure's permanent name, which machines get as `id`"""
    if output == "table":
        _print_table([(figure, ()) for figure in figures])
    else:
        _print_objects([{"id": name(figure), **as_object(figure)} for figure in figures], output)


def print_comparisons(found: Sequence[Comparison], output: str) -> None:
    """Figures with their other sides; in JSON under `compared`, in CSV in columns of their own."""
    if output == "table":
        _print_table([(one.figure, one.others) for one in found])
        return
    objects = []
    for one in found:
        compared = {str(side.against).replace("-", "_"): _side(side) for side in one.others}
        if output == "json":
            objects.append(as_object(one.figure) | {"compared": compared})
        else:
            flat = {
                f"{way}_{name}": v for way, side in compared.items() for name, v in side.items()
            }
            objects.append(as_object(one.figure) | flat)
    _print_objects(objects, output)


def print_sources(found: Sequence[SourceState], output: str) -> None:
    """Sources with whether they were heard, and since when not."""
    if output != "table":
        _print_objects([_source(state) for state in found], output)
        return
    table = _table("cơ quan", "nguồn", "tên", ">sự kiện", ">có khóa", "nghe lần cuối", "tình trạng")
    for state in found:
        table.add_row(
            state.agency,
            state.key,
            state.name or "",
            vietnamese.format_count(state.events),
            vietnamese.format_count(state.events_verified),
            _local(state.last_heard),
            _condition(state),
        )
    console().print(table)


def print_exclusions(found: Sequence[Exclusion], output: str) -> None:
    """What a figure leaves out, by reason, in both languages."""
    if output != "table":
        _print_objects([msgspec.to_builtins(one) for one in found], output)
        return
    table = _table("loại", "lý do", ">số lượng", "giải thích", "in English")
    for one in found:
        table.add_row(one.sort, one.reason, vietnamese.format_count(one.count), one.vi, one.en)
    console().print(table)


def as_object(figure: Figure) -> dict[str, Any]:
    """One figure as the JSON object of DESIGN.md §6.4; coverage is a share of 0…1 or null."""
    coverage, interval = figure.coverage, figure.interval
    return {
        "agency": figure.agency,
        "name": figure.name,
        "block": figure.block,
        "procedure": figure.procedure,
        "indicator": figure.indicator,
        "version": figure.version,
        "period": [figure.period_first.isoformat(), figure.period_last.isoformat()],
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "value": figure.value,
        "unit": figure.unit,
        "interval_low": interval.low if interval else None,
        "interval_high": interval.high if interval else None,
        "no_interval": figure.no_interval,
        "rank": figure.rank,
        "rank_low": figure.rank_low,
        "rank_high": figure.rank_high,
        "coverage": coverage.share if coverage else None,
        "sources_reporting": coverage.reporting if coverage else None,
        "sources_expected": coverage.expected if coverage else None,
        "sources_silent": coverage.silent if coverage else None,
        "sources_new": coverage.new if coverage else None,
        "freshness": _instant(figure.freshness),
        "as_known": _instant(figure.as_known),
        "as_organised": figure.as_organised.isoformat(),
        "trust": figure.trust,
        "provenance": figure.provenance,
        "events": figure.events,
        "events_verified": figure.events_verified,
        "grey": figure.grey,
        "flags": list(figure.flags),
    }


def _instant(value: int | None) -> str | None:
    return None if value is None else clock.to_datetime(value).isoformat()


def _side(side: Compared) -> dict[str, Any]:
    """One side of a comparison; lists and dates as JSON has them."""
    plain: dict[str, Any] = msgspec.to_builtins(side)
    del plain["against"]
    return plain


def _source(state: SourceState) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(state)
    silent = state.silent_since
    return plain | {
        "last_heard": _instant(state.last_heard),
        "reporting": state.reporting,
        "silent_since": silent.isoformat() if silent else None,
    }


def _condition(state: SourceState) -> str:
    """In words whether a source is heard."""
    words = []
    if state.silent_since is not None:
        words.append(f"im lặng từ {vietnamese.format_day(state.silent_since)}")
    elif not state.reporting:
        words.append("chưa từng gửi")
    if state.new:
        words.append("mới đăng ký trong kỳ")
    if not state.registered:
        words.append("chưa đăng ký")
    return ", ".join(words) or "có gửi"


def _local(instant: int | None) -> str:
    if instant is None:
        return "–"
    return f"{clock.to_datetime(instant).astimezone(clock.VIETNAM):%d/%m/%Y %H:%M}"


def _print_objects(objects: Sequence[dict[str, Any]], output: str) -> None:
    """As one JSON list, or as CSV: lists in one cell, a period as its two days."""
    if output == "json":
        typer.echo(json.dumps(objects, ensure_ascii=False))
        return
    columns = [
        name for name in (objects[0] if objects else {"agency": "", "name": ""}) if name != "period"
    ]
    writer = csv.DictWriter(sys.stdout, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in objects:
        writer.writerow(
            {name: " ".join(v) if isinstance(v, list) else v for name, v in row.items()}
        )


def _table(*headings: str) -> Table:
    """A bare table; `>` before a heading sets its column to the right."""
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        right = heading.startswith(">")
        table.add_column(heading.removeprefix(">"), justify="right" if right else "left")
    return table


def _print_table(found: Sequence[tuple[Figure, Sequence[Compared]]]) -> None:
    ways = [side.against for side in found[0][1]] if found else []
    compared = [f">{words}" for way in ways for words in _WAYS[way]]
    headings = (">hạng", "mã", "cơ quan", ">giá trị", ">tử số / mẫu số", ">khoảng 95%")
    table = _table(*headings, *compared, ">nguồn", "ghi chú")
    for figure, others in found:
        sides = [
            text
            for side in others
            for text in (_printed(side.value, figure.unit), _change(side, figure.unit))
        ]
        remarks = list(figure.flags)
        remarks += [f"{side.against}:{word}" for side in others for word in _remarks(side)]
        style = "bright_black" if figure.grey else None
        table.add_row(
            _rank(figure),
            figure.agency + (f" {figure.procedure}" if figure.procedure else ""),
            figure.name,
            _printed(figure.value, figure.unit),
            _fraction(figure),
            _interval(figure),
            *sides,
            f"{figure.coverage.reporting}/{figure.coverage.expected}" if figure.coverage else "",
            " ".join(remarks),
            style=style,
        )
    console().print(table)


def _remarks(side: Compared) -> list[str]:
    """What is to be said of a comparison: how the periods differ, why nothing was taken."""
    words = [*side.unlike, *(["definition_differs"] if side.definition_differs else [])]
    return words + ([side.reason] if side.reason else [])


def _change(side: Compared, unit: str) -> str:
    """`+3,20 điểm` of percentages and points; `+4,10%` of counts and times."""
    in_points = unit in ("percent", "points")
    change = side.difference if in_points else side.relative
    if change is None:
        return "–"
    number = vietnamese.format_decimal(change)
    return f"{'+' if change > 0 else ''}{number}{' điểm' if in_points else '%'}"


def _rank(figure: Figure) -> str:
    """`2`, or `2 (1–4)` where chance leaves other ranks open."""
    if figure.rank is None:
        return ""
    low, high = figure.rank_low, figure.rank_high
    return str(figure.rank) if low == high else f"{figure.rank} ({low}–{high})"


def _interval(figure: Figure) -> str:
    if figure.interval is None:
        return ""
    low, high = figure.interval.low, figure.interval.high
    return f"{vietnamese.format_decimal(low)}–{vietnamese.format_percent(high)}"


def _printed(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    if unit == "percent":
        return vietnamese.format_percent(value)
    if unit == "duration":
        return vietnamese.format_duration(round(value))
    if unit == "points":
        return vietnamese.format_decimal(value)
    return vietnamese.format_count(int(value))


def _fraction(figure: Figure) -> str:
    if figure.denominator is None or figure.numerator is None:
        return ""
    numerator = vietnamese.format_count(figure.numerator)
    return f"{numerator}/{vietnamese.format_count(figure.denominator)}"
