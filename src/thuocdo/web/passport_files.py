"""A passport to take away: CSV, XLSX, JSON, and its line as SVG or PNG."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
import vl_convert
import xlsxwriter
from django.http import HttpResponse
from django.utils.translation import gettext as _

from thuocdo.core import clock
from thuocdo.measure.disclosure import policy_on
from thuocdo.measure.exclusions import Exclusion, Sort
from thuocdo.web import charts, publishing
from thuocdo.web.drawing import Trend
from thuocdo.web.passports import Found
from thuocdo.web.problems import Problem
from thuocdo.web.spreadsheets import inert

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SCALE = 3.0


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the files hold: the same as the page."""

    found: Found
    definition: Any
    whom: str
    unit: str
    excluded: list[Exclusion]
    trend: Trend | None
    address: str


def answer_file(kind: str, sheet: Sheet) -> HttpResponse:
    """The passport in one format. Raises Problem for a format there is none of."""
    makers: dict[str, tuple[Callable[[Sheet], bytes], str]] = {
        "csv": (_csv, "text/csv; charset=utf-8"),
        "xlsx": (_xlsx, _XLSX),
        "json": (_json, "application/json; charset=utf-8"),
        "svg": (_svg, "image/svg+xml"),
        "png": (_png, "image/png"),
    }
    drawn = sheet.trend is not None and not sheet.trend.empty
    if kind not in makers or (kind in {"svg", "png"} and not drawn):
        raise Problem(
            _("Không có định dạng “%(format)s”.") % {"format": kind[:20]},
            _("Tải con số này ở định dạng csv, xlsx, json; biểu đồ (nếu có) ở dạng svg, png."),
        )
    make, content_type = makers[kind]
    question = sheet.found.question
    who = question.agency or question.block or "all"
    name = f"{question.indicator}_{who}_{question.first}_{question.last}.{kind}"
    return HttpResponse(
        make(sheet),
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _fields(sheet: Sheet) -> list[tuple[str, object]]:
    found, question = sheet.found, sheet.found.question
    hidden = found.now is None or publishing.is_withheld(found.now)
    now = None if hidden else found.now
    then = found.then.answer if found.then else None
    return [
        ("name", found.name),
        ("address", sheet.address),
        ("indicator", question.indicator),
        ("title", sheet.definition.title),
        ("whom", sheet.whom),
        ("agency", question.agency),
        ("block", question.block),
        ("procedure", question.procedure),
        ("period_first", question.first),
        ("period_last", question.last),
        ("as_organised", question.organised),
        ("trust", question.trust),
        ("unit", sheet.unit),
        ("published_value", then.value if then else None),
        ("published_numerator", then.numerator if then else None),
        ("published_denominator", then.denominator if then else None),
        ("published_rank", then.rank if then else None),
        ("same_now", found.same),
        ("value", now.value if now else None),
        ("numerator", now.numerator if now else None),
        ("denominator", now.denominator if now else None),
        ("rank", now.rank if now else None),
        ("rank_low", now.rank_low if now else None),
        ("rank_high", now.rank_high if now else None),
        ("interval_low", now.interval.low if now and now.interval else None),
        ("interval_high", now.interval.high if now and now.interval else None),
        ("sources_reporting", now.coverage.reporting if now and now.coverage else None),
        ("sources_expected", now.coverage.expected if now and now.coverage else None),
        ("freshness", _instant(now.freshness) if now else None),
        ("flags", " ".join(found.now.flags) if found.now else None),
        ("version", sheet.definition.version),
        ("definition", sheet.definition.text),
        ("formula", sheet.definition.formula),
        ("source", sheet.definition.source),
        ("definition_identity", sheet.definition.identity),
        ("log_size", question.log_size),
        ("log_root", found.log.root if found.log else None),
        ("erased_since", found.erased),
        ("recompute", f"thuocdo verify {found.name}"),
        ("licence", "CC BY 4.0"),
    ]


def _instant(us: int | None) -> str | None:
    return None if us is None else clock.to_datetime(us).isoformat()


def _left_out(sheet: Sheet) -> Iterable[tuple[str, str, int | None, str, str]]:
    """(sort, reason, records, in words) of what is left out; few dossiers are not counted aloud."""
    smallest = policy_on(sheet.found.question.last).smallest
    for each in sheet.excluded:
        few = each.sort is Sort.DOSSIER and 0 < each.count < smallest
        yield each.sort.value, each.reason, None if few else each.count, each.vi, each.en


def _points(sheet: Sheet) -> Iterable[tuple[Any, ...]]:
    for point in sheet.trend.points if sheet.trend else ():
        yield point.first, point.last, point.numerator, point.denominator, point.value


_OUT_COLUMNS = ("sort", "reason", "count", "vi", "en")
_POINT_COLUMNS = ("first", "last", "numerator", "denominator", "value")


def _csv(sheet: Sheet) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("field", "value"))
    writer.writerows((name, inert(value)) for name, value in _fields(sheet))
    for reason in _left_out(sheet):
        writer.writerow((f"left_out:{reason[0]}:{reason[1]}", reason[2]))
    return out.getvalue().encode("utf-8-sig")


def _json(sheet: Sheet) -> bytes:
    told = dict(_fields(sheet))
    told["left_out"] = [dict(zip(_OUT_COLUMNS, row, strict=True)) for row in _left_out(sheet)]
    told["series"] = [dict(zip(_POINT_COLUMNS, row, strict=True)) for row in _points(sheet)]
    return msgspec.json.format(msgspec.json.encode(told), indent=1)


def _xlsx(sheet: Sheet) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False})
    tables = (
        (_("Con số"), ("field", "value"), _fields(sheet)),
        (_("Không tính"), _OUT_COLUMNS, _left_out(sheet)),
        (_("Diễn biến"), _POINT_COLUMNS, _points(sheet)),
    )
    bold = book.add_format({"bold": True})
    for title, columns, rows in tables:
        page = book.add_worksheet(title)
        page.write_row(0, 0, columns, bold)
        page.set_column(0, 0, 24)
        page.set_column(1, len(columns) - 1, 48 if columns[0] == "field" else 18)
        for number, row in enumerate(rows, start=1):
            page.write_row(number, 0, [_cell(value) for value in row])
    book.close()
    return out.getvalue()


def _cell(value: object) -> object:
    plain = value is None or isinstance(value, int | float | str)
    return value if plain else str(value)


def _svg(sheet: Sheet) -> bytes:
    return charts.standalone(str(sheet.trend.chart) if sheet.trend else "").encode()


def _png(sheet: Sheet) -> bytes:
    made: bytes = vl_convert.svg_to_png(_svg(sheet).decode(), scale=_SCALE)
    return made
