"""`thuocdo recommend`: which services would move an agency's full-online rate most, and the letter."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer
from rich.table import Table

from thuocdo.cli import output as shown
from thuocdo.core import clock
from thuocdo.core import settings as settings_of
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vietnamese import format_count, format_decimal, format_percent

if TYPE_CHECKING:
    from thuocdo.measure.advice.model import Advice, Recommendation

_FORMATS: Final = ("table", "json", "csv", "xlsx", "docx")
_LISTS: Final = {
    "to_full": "Đề nghị nâng lên toàn trình",
    "to_partial": "Đề nghị nâng lên một phần",
    "apart": "Danh mục nêu lý do chưa toàn trình (để rà soát)",
    "not_listed": "Có hồ sơ nhưng chưa có trong danh mục",
}
_CSV: Final = (
    "list", "procedure", "name", "level", "target", "dossiers", "online", "full_online", "ready",
    "gain_dossiers", "gain_agency_points", "gain_block_points", "reach_dossiers", "reach_rate",
    "uptake_online", "uptake_gain_dossiers", "uptake_gain_agency_points", "peers_at_full", "peers",
    "rules", "reason_not_full",
)  # fmt: skip


def recommend(
    agency: Annotated[str, typer.Argument(help="Code of the agency, for example H26.")],
    period: Annotated[
        str | None, typer.Option(help="A..B, 2026-Q3, 2026; default this year.")
    ] = None,
    output: Annotated[
        str, typer.Option("--format", help="table, json, csv, xlsx or docx.")
    ] = "table",
    file: Annotated[Path | None, typer.Option("-o", "--output", help="File to write.")] = None,
    top: Annotated[int | None, typer.Option(help="Only the first so many of each list.")] = None,
    number: Annotated[str | None, typer.Option(help="Number of the letter.")] = None,
    date: Annotated[str | None, typer.Option(help="Date of the letter; default today.")] = None,
    as_known: Annotated[str | None, typer.Option(help="As known at this time.")] = None,
    as_organised: Annotated[str | None, typer.Option(help="As organised on this day.")] = None,
    trust: Annotated[str, typer.Option(help="any or verified.")] = "any",
) -> None:
    """List the services whose rise would move the agency's full-online rate most."""
    from thuocdo.measure.advice.recommend import recommend as advise
    from thuocdo.measure.service import Measure
    from thuocdo.report.letter_making import letter_of, print_letter

    shown.one_of("--format", output, _FORMATS)
    shown.one_of("--trust", trust, ("any", "verified"))
    if top is not None and top < 1:
        raise ThuocdoError("bad_option", f"--top {top} lists nothing.", "Write 1 or more.")
    found = settings_of.load()
    found.require_initialised()
    measure = Measure(found)
    advice = advise(
        measure,
        agency,
        clock.parse_period(period) if period else shown.year_to_date(),
        as_known=clock.parse_instant(as_known) if as_known else None,
        as_organised=clock.parse_day(as_organised) if as_organised else None,
        trust=trust,
    )
    if top is not None:
        advice = msgspec.structs.replace(
            advice, **{name: getattr(advice, name)[:top] for name in _LISTS}
        )
    if output == "table":
        _print_table(advice)
    elif output == "json":
        typer.echo(msgspec.json.encode(advice).decode())
    elif output == "csv":
        _print_csv(advice)
    else:
        issued = clock.parse_day(date) if date else clock.local_day(clock.now_us())
        letter = letter_of(found, measure, advice, date=issued, number=number)
        typer.echo(print_letter(letter, advice, output, file or Path()))


def _print_table(advice: Advice) -> None:
    rate, block = format_percent(advice.rate), format_percent(advice.block_rate)
    counts = f"{format_count(advice.full_online)}/{format_count(advice.dossiers)} hồ sơ"
    typer.echo(f"{advice.name}: tỷ lệ hồ sơ toàn trình {rate} ({counts}); toàn khối {block}.")
    for name, title in _LISTS.items():
        found: tuple[Recommendation, ...] = getattr(advice, name)
        if found:
            typer.echo(f"\n{title}: {len(found)}")
            shown.console().print(_table(advice, found))


def _table(advice: Advice, found: tuple[Recommendation, ...]) -> Table:
    from thuocdo.measure.advice import words

    table = Table(box=None, pad_edge=False)
    for heading in ("thủ tục", "tên", "mức độ"):
        table.add_column(heading, max_width=60)
    for heading in ("hồ sơ", "trực tuyến", "toàn trình", "tăng thêm", "điểm %", "lũy kế"):
        table.add_column(heading, justify="right")
    table.add_column("vì sao", max_width=60)
    for one in found:
        reasons = [one.reason_not_full] if one.reason_not_full else words.reasons(advice, one)[:1]
        table.add_row(
            one.procedure,
            one.name,
            words.level(one.level) + ("*" if one.mixed else ""),
            *(format_count(n) for n in (one.dossiers, one.online, one.full_online)),
            f"+{format_count(one.gain.dossiers)}",
            "–" if one.gain.agency_points is None else format_decimal(one.gain.agency_points),
            format_percent(one.reach[1]) if one.reach else "",
            "; ".join(reasons),
        )
    return table


def _print_csv(advice: Advice) -> None:
    sheet = csv.DictWriter(sys.stdout, _CSV, lineterminator="\n")
    sheet.writeheader()
    for name in _LISTS:
        for one in getattr(advice, name):
            sheet.writerow(_row(name, one))


def _row(name: str, one: Recommendation) -> dict[str, object]:
    reached, rate = one.reach or (None, None)
    more = one.uptake
    plain = ("procedure", "name", "level", "target", "dossiers", "online", "full_online", "ready")
    return {field: getattr(one, field) for field in plain} | {
        "list": name,
        "gain_dossiers": one.gain.dossiers,
        "gain_agency_points": one.gain.agency_points,
        "gain_block_points": one.gain.block_points,
        "reach_dossiers": reached,
        "reach_rate": rate,
        "uptake_online": more and more.online,
        "uptake_gain_dossiers": more and more.gain.dossiers,
        "uptake_gain_agency_points": more and more.gain.agency_points,
        "peers_at_full": one.peers_at_full,
        "peers": " ".join(peer.agency for peer in one.peers),
        "rules": " ".join(one.rules),
        "reason_not_full": one.reason_not_full,
    }
