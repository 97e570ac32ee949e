"""`thuocdo rejects`: what was refused and why, and the same judged again after the fix."""

from __future__ import annotations

import csv
import json
import sys
from collections import deque
from collections.abc import Iterator
from typing import Annotated, Any, Final

import typer
from rich.table import Table

from thuocdo.cli import output as shown
from thuocdo.cli.ready import ready
from thuocdo.core import clock
from thuocdo.core.codes import agency_code
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.core.vocabulary import REJECT_TEXTS, RejectReason

rejects = typer.Typer(help="What was refused, and judging it again after the fix.")

_SHOWN: Final = 100
"""Records a table shows, the newest; the other formats give all."""
_COLUMNS: Final = (
    "landed_at", "site_id", "agency", "feed", "trust", "reason", "detail", "today", "payload",
)  # fmt: skip

Site = Annotated[int | None, typer.Option(help="Only of this site id.")]
Agency = Annotated[str | None, typer.Option(help="Only of this agency and those below it.")]
Reason = Annotated[str | None, typer.Option(help="Only of this reason, such as unknown_site.")]
Since = Annotated[str | None, typer.Option(help="Only what landed on this day or later.")]


@rejects.command("list")
def list_rejects(
    site: Site = None,
    agency: Agency = None,
    reason: Reason = None,
    since: Since = None,
    output: Annotated[str, typer.Option("--format", help="table, json or csv.")] = "table",
) -> None:
    """List refused records, and what each would be under the registry of today."""
    shown.one_of("--format", output, ("table", "json", "csv"))
    rows = _rows(ready(), _wanted(site, agency, reason, since))
    if output == "json":
        typer.echo(json.dumps(list(rows), ensure_ascii=False))
    elif output == "csv":
        sheet = csv.DictWriter(sys.stdout, _COLUMNS, lineterminator="\n")
        sheet.writeheader()
        sheet.writerows(rows)
    else:
        _print_table(rows)


@rejects.command("replay")
def replay_rejects(
    site: Site = None,
    agency: Agency = None,
    reason: Reason = None,
    since: Since = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would do.")] = False,
) -> None:
    """Judge refused records again under the registry of today; what is in order now counts.

    A second replay changes nothing. Events keep their feed, trust and times, and land now.
    """
    from thuocdo.lake.replaying import replay
    from thuocdo.lake.store import Lake

    found = ready()
    wanted = _wanted(site, agency, reason, since)
    with shown.progress("replay") as tick:
        done = replay(found, Lake.open(found), wanted, tick, dry_run=dry_run)
    _print_counts("would be accepted" if dry_run else "accepted", done.accepted)
    _print_counts("still refused", done.refused)
    _print_counts("cannot be judged again", done.lost)
    typer.echo(f"replayed before {done.before}")


def _wanted(site: int | None, agency: str | None, reason: str | None, since: str | None) -> Any:
    from thuocdo.lake.rejects import Wanted

    if reason is not None:
        shown.one_of("--reason", reason, tuple(RejectReason))
    code = agency_code(agency) if agency else None
    if agency and code is None:
        raise ThuocdoError(
            "bad_option", f"{agency} is no agency code.", "Write H26 or 000.00.00.H26."
        )
    return Wanted(site, code, reason, clock.parse_day(since) if since else None)


def _rows(found: Settings, wanted: Any) -> Iterator[dict[str, object]]:
    from thuocdo.core import snapshot as snapshot_file
    from thuocdo.lake import rejects as refused
    from thuocdo.lake.store import Lake

    lake = Lake.open(found)
    snapshot = snapshot_file.read(found.snapshot_path)
    done = refused.replayed(lake)
    for reject in refused.select(lake, wanted):
        is_done = (reject.segment, reject.event_id) in done
        judged = None if is_done else refused.judge(reject, snapshot, found.secret)
        landed = clock.to_datetime(reject.landed_at).astimezone(clock.VIETNAM)
        values = {
            **reject._asdict(),
            "landed_at": landed.isoformat(timespec="seconds"),
            "agency": refused.agency_of(reject),
            "today": "replayed" if judged is None else _today(judged),
        }
        yield {name: values[name] for name in _COLUMNS}


def _today(judged: object) -> str:
    """What a record would be today, in a few words."""
    from thuocdo.wire.events import Unreadable

    if isinstance(judged, Unreadable):
        return f"refused: {judged.reason}"
    return f"lost: {judged}" if isinstance(judged, str) else "accepted"


def _print_counts(what: str, counts: dict[str, int]) -> None:
    typer.echo(f"{what} {sum(counts.values())}")
    for name, count in sorted(counts.items()):
        typer.echo(f"  {name} {count}{_said(name)}")


def _said(reason: str) -> str:
    """The reason in words; nothing for what is in words already."""
    return f" ({REJECT_TEXTS[RejectReason(reason)][1]})" if reason in list(RejectReason) else ""


def _print_table(rows: Iterator[dict[str, object]]) -> None:
    last: deque[dict[str, object]] = deque(maxlen=_SHOWN)
    count = 0
    for row in rows:
        last.append(row)
        count += 1
    table = Table(box=None, pad_edge=False)
    for name in _COLUMNS[:-1]:
        table.add_column(name.replace("_", " "), justify="right" if name == "site_id" else "left")
    for row in reversed(last):
        texts = ("" if row[name] is None else str(row[name]) for name in _COLUMNS[:-1])
        table.add_row(*texts)
    shown.console().print(table)
    rest = f"; the newest {_SHOWN} are shown, --format csv gives all" if count > _SHOWN else ""
    typer.echo(f"{count} refused{rest}")
