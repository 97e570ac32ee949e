# ruff: noqa: S608 - every name put into SQL here is a constant of this module or a quoted path
"""Matomo's raw tables as CSV files with their column names: log_link_visit_action and its company.

`log_action` holds the addresses, without the beginning that `url_prefix` names; `log_visit` holds
where a visit came from. Times are UTC. Source: Matomo's core/Db/Schema/Mysql.php and
core/Tracker/PageUrl.php, core/Tracker/Action.php.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import duckdb

from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vocabulary import ViewKind
from thuocdo.lake.importing import packed

_TABLES: Final = {
    "link": ("idvisit", "idsite", "idvisitor", "idaction_url", "server_time"),
    "action": ("idaction", "name", "type", "url_prefix"),
    "visit": ("idvisit", "referer_url"),
}
_KINDS: Final = {1: ViewKind.VIEW, 2: ViewKind.OUTLINK, 3: ViewKind.DOWNLOAD, 8: ViewKind.SEARCH}
_PREFIXES: Final = {0: "http://", 1: "http://www.", 2: "https://", 3: "https://www."}
_ROWS_AT_ONCE: Final = 50_000


class RawView(NamedTuple):
    """One row of log_link_visit_action; a field that cannot be read is None."""

    row: int
    site: str | None
    visitor: str | None
    instant: int | None  # µs UTC
    kind: str | None  # None: an action that is no look at a page
    url: str
    referrer: str


def tables_of(paths: Sequence[Path]) -> dict[str, Path] | None:
    """Which file is which table; None when the files are none of them.

    Raises ThuocdoError `missing_tables` when some are and others lack.
    """
    found: dict[str, Path] = {}
    for path in paths:
        if path.is_file():
            with packed.unpacked(path) as file:
                names = _names(file.readline(packed.LONGEST_LINE))
            for table, columns in _TABLES.items():
                if names.issuperset(columns) and table not in found:
                    found[table] = path
                    break
    if not found:
        return None
    if not {"link", "action"} <= found.keys():
        raise ThuocdoError(
            "missing_tables",
            f"Matomo's raw tables are not all there (found: {', '.join(sorted(found))}).",
            "Hand over log_link_visit_action and log_action, and log_visit for the referrers, "
            "as CSV files with column names (docs/importing.md).",
        )
    return found


def views(engine: duckdb.DuckDBPyConnection, found: dict[str, Path]) -> Iterator[RawView]:
    """The looks and other actions of log_link_visit_action, in its order."""
    kinds = " ".join(f"WHEN {number} THEN '{kind}'" for number, kind in _KINDS.items())
    prefixes = " ".join(f"WHEN {number} THEN '{text}'" for number, text in _PREFIXES.items())
    visits = "SELECT NULL AS idvisit, NULL AS referer_url WHERE false"
    if "visit" in found:
        visits = f"SELECT idvisit, referer_url FROM {_csv(found['visit'])}"
    engine.execute(
        f"""
        CREATE TEMP TABLE links AS SELECT row_number() OVER () + 1 AS row, idvisit, idsite,
            idvisitor, idaction_url, epoch_us(try_cast(server_time AS TIMESTAMP)) AS ev
        FROM {_csv(found["link"])};
        CREATE TEMP TABLE actions AS SELECT idaction, CASE try_cast(type AS INTEGER) {kinds} END
            AS kind, coalesce(CASE try_cast(url_prefix AS INTEGER) {prefixes} END, '') || name AS url
        FROM {_csv(found["action"])};
        CREATE TEMP TABLE firsts AS SELECT idvisit, min(row) AS row FROM links GROUP BY ALL;
        CREATE TEMP TABLE visits AS {visits}
        """
    )
    reading = engine.execute(
        """
        SELECT l.row, l.idsite, l.idvisitor, l.ev,
            CASE WHEN l.idaction_url IS NULL THEN NULL ELSE a.kind END, coalesce(a.url, ''),
            CASE WHEN f.row = l.row THEN coalesce(v.referer_url, '') ELSE '' END
        FROM links l LEFT JOIN actions a ON a.idaction = l.idaction_url
            LEFT JOIN firsts f ON f.idvisit = l.idvisit LEFT JOIN visits v ON v.idvisit = l.idvisit
        ORDER BY l.row
        """
    )
    while rows := reading.fetchmany(_ROWS_AT_ONCE):
        yield from (RawView(*row) for row in rows)


def _names(line: bytes) -> set[str]:
    text = line.decode("utf-8-sig", "replace").strip()
    return {
        name.strip().strip('"') for name in text.replace(";", ",").replace("\t", ",").split(",")
    }


def _csv(path: Path) -> str:
    quoted = str(path).replace("'", "''")
    return f"read_csv('{quoted}', header = true, all_varchar = true, nullstr = ['NULL', '\\N', ''])"
