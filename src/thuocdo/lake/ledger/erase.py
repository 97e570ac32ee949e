# ruff: noqa: S608 - every name put into SQL here is a constant or a quoted path
"""Erasing: a dossier leaves the raw lake by law, and the log still proves everything else.

What goes is fixed in a plan on disk first. Then a tombstone for each row is written to the log: the row's
hash, which stands for it in every proof from now on, and the reason; never a number or a name. Then
the files are written anew without the rows, and the old ones are deleted at once, those that
compaction had put aside among them. Whoever dies on the way is followed by the next run, or the next
`erase` of anything, which finishes the plan.

A dossier that is sent again later is a new one: to refuse it, a list of erased persons would have to
be kept, which is what the law says must not be. Who must not send it any more has to be told so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from thuocdo.core import files
from thuocdo.core.clock import now_us
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.ids import dossier_key, number_key
from thuocdo.core.settings import Settings
from thuocdo.lake import table_files
from thuocdo.lake.homes import Homes
from thuocdo.lake.ledger import rows as row_forms
from thuocdo.lake.ledger.book import NOTHING, Entry
from thuocdo.lake.ledger.ledger import Ledger
from thuocdo.lake.ledger.proofs import erased_in
from thuocdo.lake.ledger.records import ErasedLeaf
from thuocdo.lake.locks import held
from thuocdo.lake.parquet import conform
from thuocdo.lake.store import COMPACTION, Lake

TABLES: Final = ("dossier_events", "rejects")
"""Where a dossier is named: by its key in the one, by its number's key in the other."""
REASON_LENGTH: Final = 200
_ATTEMPTS: Final = 20


class Erased(msgspec.Struct, frozen=True):
    """What was taken out: rows by table, and how many files were written anew or deleted."""

    rows: dict[str, int] = {}
    files: int = 0


class _Plan(msgspec.Struct):
    """What is to go. `key`: of the dossier, for the index of homes; gone with the plan."""

    at: int
    reason: str
    key: tuple[int, int]
    rows: list[tuple[str, str, int, str]] = []  # table, segment, event_id, hash in hex


def erase(settings: Settings, lake: Lake, system: str, number: str, reason: str) -> Erased:
    """Take every row of a dossier out of the lake; nothing at all when there is none.

    Land what waits before. Raises ThuocdoError `bad_reason`, or `busy` when a lander or an
    import does not end.
    """
    _check(reason, number)
    path = settings.state_dir / "erase.plan"
    with _alone(settings), closing(Ledger(settings, lake)) as ledger:
        ledger.extend_locked()
        _finish(settings, ledger, path)
        plan = _Plan(now_us(), reason, dossier_key(settings.secret, system, number))
        plan.rows = list(_found(ledger, system, plan.key, number_key(settings.secret, number)))
        if plan.rows:
            files.replace(path, msgspec.msgpack.encode(plan))
        return _finish(settings, ledger, path)


def _check(reason: str, number: str) -> None:
    clean = reason.strip()
    if not clean or len(clean) > REASON_LENGTH or number.strip().casefold() in clean.casefold():
        raise ThuocdoError(
            "bad_reason",
            "The reason stays in the log for ever, where everybody may read it.",
            f"Write a ground and a decision in at most {REASON_LENGTH} letters, never the dossier's number.",
        )


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Nobody lands, imports, replays or extends meanwhile."""
    with ExitStack() as stack:
        for name, what in (("import", "import"), ("rejects", "replay"), ("landing", "landing")):
            stack.enter_context(held(settings.state_dir / f"{name}.lock", what))
        stack.enter_context(held(settings.ledger_dir / ".lock", "ledger"))
        yield


def _finish(settings: Settings, ledger: Ledger, path: Path) -> Erased:
    """Do what is left of the plan, when there is one."""
    try:
        plan = msgspec.msgpack.decode(path.read_bytes(), type=_Plan)
    except FileNotFoundError:
        return Erased()
    _bury(ledger, plan)
    count = 0
    counts: dict[str, int] = {}
    for table in TABLES:
        rows = [row[1:] for row in plan.rows if row[0] == table]
        if rows:
            counts[table] = len(rows)
            count += _rewrite(ledger, table, rows)
    ledger.extend_locked()
    with closing(Homes.open(settings)) as homes:
        homes.forget(*plan.key)
    path.unlink()
    files.sync(path.parent)
    return Erased(counts, count)


def _bury(ledger: Ledger, plan: _Plan) -> None:
    """A tombstone for every row that has none yet."""
    base = ledger.head() or NOTHING
    ledger.index.follow(base)
    entries = []
    for table, segment, event_id, digest in plan.rows:
        there = {(leaf.event_id, leaf.hash) for leaf in erased_in(ledger, table, segment)}
        if (event_id, digest) not in there:
            leaf = ErasedLeaf(table, segment, event_id, digest, plan.at, plan.reason.strip())
            entries.append(Entry(leaf))
    if entries:
        ledger.publish(base, entries, [], base.versions)


def _found(
    ledger: Ledger, system: str, key: tuple[int, int], number: bytes
) -> Iterator[tuple[str, str, int, str]]:
    """The rows about a dossier: (table, segment, event_id, hash)."""
    conditions = {
        "dossier_events": ("dossier_hi = ? AND dossier_lo = ? AND system = ?", [*key, system]),
        "rejects": ("contains(payload, ?)", [f'"number_key":"{number.hex()}"']),
    }
    for table, (condition, given) in conditions.items():
        paths = ledger.lake.files(table)
        if not paths:
            continue
        rows = ledger.engine.execute(
            f"SELECT segment, event_id, hex(hash) FROM (SELECT {row_forms.select(table)} "
            f"FROM {row_forms.source(table, paths)} WHERE {condition}) ORDER BY ALL",
            given,
        ).fetchall()
        for segment, event_id, digest in rows:
            yield table, segment, event_id, digest.lower()


def _rewrite(ledger: Ledger, table: str, rows: Sequence[tuple[str, int, str]]) -> int:
    """Take rows out of every file of a table that holds one, live or put aside; how many files."""
    lake = ledger.lake
    count = 0
    for _ in range(_ATTEMPTS):
        number = lake.landed_version(table, COMPACTION) + 1
        holding = _holding(ledger, table, lake.files(table), rows)
        if not holding:
            break
        new = [
            file
            for path in holding
            for file in table_files.write(lake.root, table, _left(lake, table, path, rows))
        ]
        old = [table_files.described(lake.root, table, path) for path in holding]
        if lake.replace(table, old, new, number=number, lost=True):
            count += len(holding)
    else:
        raise ThuocdoError(
            "lake_busy",
            f"{table} was compacted again and again meanwhile.",
            "Stop the worker, then run the command again.",
        )
    live = set(lake.files(table))
    aside = [str(path) for path in (lake.root / table).glob("**/part-*.parquet")]
    for path in _holding(ledger, table, [path for path in aside if path not in live], rows):
        Path(path).unlink()
        files.sync(Path(path).parent)
    return count


def _holding(
    ledger: Ledger, table: str, paths: Sequence[str], rows: Sequence[tuple[str, int, str]]
) -> list[str]:
    """Those files that hold one of the rows."""
    segments = pa.array(sorted({segment for segment, _, _ in rows}))
    found = []
    for path in paths:
        some = ledger.engine.execute(
            f"SELECT hex(hash) FROM (SELECT {row_forms.select(table)} "
            f"FROM {row_forms.source(table, [path])} WHERE list_contains(?, segment) "
            "AND list_contains(?, event_id))",
            [segments.to_pylist(), sorted({event_id for _, event_id, _ in rows})],
        ).fetchall()
        wanted = {digest for _, _, digest in rows}
        if any(digest.lower() in wanted for (digest,) in some):
            found.append(path)
    return found


def _left(lake: Lake, table: str, path: str, rows: Sequence[tuple[str, int, str]]) -> pa.Table:
    """The rows of a file that stay."""
    there = table_files.read(lake.root, table, [path])
    wanted = {digest for _, _, digest in rows}
    suspects = pc.and_(
        pc.is_in(there.column("segment"), pa.array(sorted({segment for segment, _, _ in rows}))),
        pc.is_in(there.column("event_id"), pa.array(sorted({number for _, number, _ in rows}))),
    )
    places = pc.indices_nonzero(suspects).to_pylist()
    some = conform(table, there.take(pa.array(places, pa.int64()))).to_pylist()
    gone = {
        place
        for place, row in zip(places, some, strict=True)
        if row_forms.row_hash(table, row).hex() in wanted
    }
    return there.filter(pa.array([place not in gone for place in range(there.num_rows)]))
