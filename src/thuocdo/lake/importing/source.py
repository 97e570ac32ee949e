# ruff: noqa: S608 - every name put into SQL here is a constant of this module or a quoted path
"""An import file as a relation `raw`: CSV, NDJSON or Parquet, plain, gzip or zstd (DESIGN.md §6.4).

Everything is read as text where the format has no types, so that a bad value is a rejected row
and never a crash. Only columns the import knows are read: others may hold anything.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, Literal, NamedTuple

import duckdb

from thuocdo.core.clock import OFFSET_US
from thuocdo.core.columns import Columns
from thuocdo.core.errors import ThuocdoError
from thuocdo.lake.importing import packed, plain_csv

_DELIMITERS: Final = (",", ";", "\t")
_NO_DELIMITER: Final = "\x01"
_PEEKED_LINES: Final = 200

Progress = Callable[[int, int | None], None]
"""Told how many rows are done, of how many (None: not known yet)."""

Format = Literal["csv", "ndjson", "parquet"]
_FORMATS: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "ndjson",
    ".parquet": "parquet",
}

MACROS: Final = f"""
CREATE MACRO trimmed(t) AS CASE
    WHEN t LIKE ' %' OR t LIKE '% ' THEN nullif(trim(t), '')
    WHEN t <> '' THEN t END;
CREATE MACRO zone_length(t) AS CASE
    WHEN right(t, 1) IN ('Z', 'z') THEN 1
    WHEN length(t) > 16 AND substr(t, -6, 1) IN ('+', '-') THEN 6
    WHEN length(t) > 16 AND substr(t, -5, 1) IN ('+', '-') THEN 5
    ELSE 0 END;
CREATE MACRO zone_us(t, n) AS CASE n
    WHEN 0 THEN {OFFSET_US}
    WHEN 1 THEN 0
    ELSE (CASE substr(t, -n, 1) WHEN '-' THEN -1 ELSE 1 END)
        * (substr(t, 1 - n, 2)::BIGINT * 3600 + right(t, 2)::BIGINT * 60) * 1000000 END;
CREATE MACRO wall_us(t) AS epoch_us(try_cast(t AS TIMESTAMP));
CREATE MACRO iso_us(t) AS
    wall_us(replace(left(t, length(t) - zone_length(t)), ',', '.')) - zone_us(t, zone_length(t));
CREATE MACRO packed_us(t) AS epoch_us(try_strptime(t, '%Y%m%d%H%M%S')) - {OFFSET_US};
CREATE MACRO instant_us(t) AS CASE
    WHEN t LIKE '____-__-__T__:__:__+07:00' AND substr(t, 12, 2) < '24'
        THEN wall_us(left(t, 19)) - {OFFSET_US}
    WHEN regexp_full_match(t, '\\d{{4}}-\\d{{2}}-\\d{{2}}([T ]([01]\\d|2[0-3]):\\d{{2}}(:[0-5]\\d([.,]\\d{{1,9}})?)?([zZ]|[+-]([01]\\d|2[0-3]):?[0-5]\\d)?)?')
        THEN iso_us(t)
    WHEN regexp_full_match(t, '\\d{{14}}') THEN packed_us(t) END;
"""
"""`instant_us(text)`: µs UTC or NULL, the same instants as `wire.rules.moment`."""


class Malformed(NamedTuple):
    """A line that is no row: its number in the file (the header is line 1) and why."""

    line: int
    detail: str


class Source:
    """One file, readable through `engine` as the relation `raw`.

    columns  the known columns the file has, with their DuckDB types
    digest   of the file's bytes, 16 hex digits
    once     the same relation as SQL, to be read once and to its end: then `malformed` knows
    notes    what is to be said about how the file was read
    """

    def __init__(
        self, engine: duckdb.DuckDBPyConnection, path: Path, plain: Path, stack: ExitStack
    ) -> None:
        self.engine = engine
        self.path = path
        self.digest = packed.digest(path)
        self.format = _format(path)
        self.notes: tuple[str, ...] = ()
        self._plain = plain
        self._by_line = False
        self._too_long: tuple[int, ...] = ()
        if self.format == "csv":
            self._plain, self._by_line, self._too_long, self.notes = plain_csv.plain(path, stack)
        self.columns: dict[str, str] = {}
        self._stated: list[str] = []
        self.once = ""

    def open(self, known: Columns) -> None:
        """Make the relation `raw`. Raises ThuocdoError `missing_columns` or `double_column`."""
        present = self._present()
        if twice := sorted({name for name in self._stated if self._stated.count(name) > 1}):
            raise ThuocdoError(
                "double_column",
                f"{self.path.name} has two columns {', '.join(twice)}.",
                "Keep the one that counts and delete the other.",
            )
        missing = [name for name in known.required if name not in present]
        if missing:
            raise ThuocdoError(
                "missing_columns",
                f"{self.path.name} has no column {', '.join(missing)}"
                f" (found: {', '.join(list(present)[:30]) or 'none'}).",
                f"It needs {', '.join(known.required)}.",
            )
        self.columns = {name: kind for name, kind in present.items() if name in known.every}
        self._all = list(present)
        self.engine.execute(f"CREATE OR REPLACE TEMP VIEW raw AS {self._select(rejects=False)}")
        self.once = self._select(rejects=True)
        self.engine.execute(
            "CREATE OR REPLACE TEMP VIEW numbered AS SELECT row_number() OVER () AS row, * FROM raw"
        )

    def text(self, column: str) -> str:
        """SQL: the trimmed text of a column, NULL when it is empty or the file lacks it."""
        if column not in self.columns:
            return "NULL::VARCHAR"
        return f"trimmed({column}::VARCHAR)"

    def instant(self, column: str) -> str:
        """SQL: µs UTC of a column, NULL when it is no time. Without a zone it is Vietnam's."""
        kind = self.columns.get(column, "NULL")
        if kind == "TIMESTAMP WITH TIME ZONE":
            return f"epoch_us({column})"
        if kind == "TIMESTAMP_NS":
            return f"(epoch_ns({column}) // 1000 - {OFFSET_US})"
        if kind.startswith("TIMESTAMP") or kind == "DATE":
            return f"(epoch_us({column}::TIMESTAMP) - {OFFSET_US})"
        return f"instant_us({self.text(column)})"

    def malformed(self) -> list[Malformed]:
        """Lines that are no rows, known once `once` was read to its end."""
        if self.format == "csv" and self._by_line:
            width = len(self._all)
            rows = self.engine.execute(
                f"SELECT n, CASE WHEN odd THEN 'a quote is opened and not closed' ELSE 'not "
                f"{width} columns' END FROM ({self._split_lines()}) "
                f"WHERE NOT ({_IS_ROW.format(width)}) AND NOT blank ORDER BY n"
            ).fetchall()
        elif self.format == "csv":
            rows = self.engine.execute(
                "SELECT line, lower(min(error_type::VARCHAR)) FROM malformed GROUP BY line ORDER BY line"
            ).fetchall()
        elif self.format == "ndjson":
            rows = self.engine.execute(
                f"SELECT n, 'not a JSON object' FROM (SELECT row_number() OVER () AS n, line "
                f"FROM {self._lines()}) WHERE NOT {_IS_OBJECT}"
            ).fetchall()
        else:
            rows = []
        known = {int(line) for line, _ in rows}
        rows += [(line, "longer than 1 MiB") for line in self._too_long if line not in known]
        return sorted(Malformed(int(line), detail) for line, detail in rows)

    def blank_lines(self) -> list[int]:
        """Lines that hold nothing at all, where the file is read line by line."""
        if not self._by_line:
            return []
        rows = self.engine.execute(f"SELECT n FROM ({self._split_lines()}) WHERE blank ORDER BY n")
        return [int(line) for (line,) in rows.fetchall()]

    def _present(self) -> dict[str, str]:
        if self.format == "parquet":
            described = self.engine.execute(
                "SELECT column_name, column_type FROM (DESCRIBE FROM read_parquet($path))",
                {"path": str(self._plain)},
            ).fetchall()
            return dict(described)
        if self.format == "ndjson":
            found = self.engine.execute(
                f"SELECT DISTINCT unnest(json_keys({_OBJECT})) FROM (SELECT line FROM "
                f"{self._lines()} LIMIT {_PEEKED_LINES})"
            ).fetchall()
            return {name: "VARCHAR" for (name,) in sorted(found)}
        self._delimiter, names = _header(self._plain)
        self._stated = names
        return dict.fromkeys(names, "VARCHAR")

    def _select(self, *, rejects: bool) -> str:
        if self.format == "parquet":
            return f"SELECT {', '.join(self.columns)} FROM read_parquet({_quoted(self._plain)})"
        if self.format == "ndjson":
            names = list(self.columns)
            paths = ", ".join(_quoted(f"$.{name}") for name in names)
            picked = ", ".join(f"v[{place}] AS {name}" for place, name in enumerate(names, 1))
            return (
                f"SELECT {picked} FROM (SELECT json_extract_string({_OBJECT}, [{paths}]) AS v "
                f"FROM {self._lines()} WHERE {_IS_OBJECT})"
            )
        if self._by_line:
            picked = ", ".join(
                f"cells[{place}] AS {name}"
                for place, name in enumerate(self._all, 1)
                if name in self.columns
            )
            is_row = _IS_ROW.format(len(self._all))
            return f"SELECT {picked} FROM ({self._split_lines()}) WHERE {is_row} ORDER BY n"
        columns = ", ".join(f"{_quoted(name)}: 'VARCHAR'" for name in self._all)
        store = ", store_rejects=true, rejects_table='malformed', rejects_scan='malformed_scans'"
        return (
            f"SELECT {', '.join(self.columns)} FROM read_csv({_quoted(self._plain)}, header=true, "
            f"delim={_quoted(self._delimiter)}, quote='\"', escape='\"', auto_detect=false, "
            f"ignore_errors=true, columns={{{columns}}}{store if rejects else ''})"
        )

    def _split_lines(self) -> str:
        """SQL: n, cells, odd, blank of each line below the header, a row a line."""
        mark = self._delimiter
        quoted = f'{mark}("(?:[^"]|"")*"|[^{mark}]*)'
        return f"""
            SELECT n, line = '' AS blank, odd, CASE WHEN contains(line, '"') THEN list_transform(
                regexp_extract_all({_quoted(mark)} || line, {_quoted(quoted)}, 1), lambda c:
                CASE WHEN c LIKE '"%' THEN replace(c[2:-2], '""', '"') ELSE c END)
                ELSE string_split(line, {_quoted(mark)}) END AS cells
            FROM (SELECT {self._line_number()} AS n, line,
                    (length(line) - length(replace(line, '"', ''))) % 2 = 1 AS odd
                FROM (SELECT row_number() OVER () + 1 AS n, rtrim(coalesce(line, ''), chr(13))
                    AS line FROM {self._lines(_BELOW_HEADER)}))"""

    def _line_number(self) -> str:
        """SQL: the line of the n-th line the engine gives; too long ones it does not give."""
        if not self._too_long:
            return "n"
        gone = [line - place for place, line in enumerate(self._too_long)]
        return f"n + len(list_filter({gone}, lambda x: x <= n))"

    def _lines(self, more: str = "") -> str:
        return (
            f"read_csv({_quoted(self._plain)}, header=false, delim='{_NO_DELIMITER}', quote='', "
            f"escape='', auto_detect=false, columns={{'line': 'VARCHAR'}}, {more}ignore_errors=true)"
        )


_BELOW_HEADER: Final = "skip=1, new_line='\\r\\n', strict_mode=false, "
"""Both kinds of line ends, also in one file: so set, the engine takes `\\n` for one too."""
_IS_ROW: Final = "len(cells) = {} AND NOT odd AND NOT blank"
_IS_OBJECT: Final = "(CASE WHEN json_valid(line) THEN json_type(line) = 'OBJECT' ELSE false END)"
_OBJECT: Final = f"CASE WHEN {_IS_OBJECT} THEN line END"
"""The engine may look into a line before it filters: what is no JSON must be no text by then."""


@contextmanager
def opened(
    engine: duckdb.DuckDBPyConnection,
    path: Path,
    scratch: Path,
    known: Columns,
) -> Iterator[Source]:
    """A file as a Source; a compressed Parquet file is unpacked into `scratch` meanwhile.

    Raises ThuocdoError `no_file`, `not_a_file`, `unknown_format`, `missing_columns` or `unreadable_file`.
    """
    packed.require_file(path)
    plain = path
    try:
        if _format(path) == "parquet" and path.suffix in packed.SUFFIXES:
            plain = scratch / path.stem
            with packed.unpacked(path) as bytes_of, plain.open("wb") as unpacked:
                shutil.copyfileobj(bytes_of, unpacked)
        with ExitStack() as stack:
            source = Source(engine, path, plain, stack)
            source.open(known)
            yield source
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise ThuocdoError(
            "unreadable_file",
            f"{path.name} cannot be read as {_format(path)}: {reason}",
            "Is the file complete, and does its name end in what it is?",
        ) from error


def _format(path: Path) -> Format:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in packed.SUFFIXES:
        suffixes.pop()
    found = _FORMATS.get(suffixes[-1]) if suffixes else None
    if found is None:
        raise ThuocdoError(
            "unknown_format",
            f"{path.name} is not a kind of file that can be imported.",
            "Use .csv, .ndjson or .parquet, plain or with .gz or .zst.",
        )
    return found


def _header(path: Path) -> tuple[str, list[str]]:
    """Delimiter and column names of a CSV file's first line."""
    with packed.unpacked(path) as file:
        line = file.readline(packed.LONGEST_LINE)
    text = line.decode("utf-8-sig", errors="replace").strip("\r\n")
    if not text:
        return _DELIMITERS[0], []
    delimiter = max(_DELIMITERS, key=text.count)
    names = [name.strip().strip('"').strip() for name in text.split(delimiter)]
    return delimiter, [name or f"column{place}" for place, name in enumerate(names, 1)]


def _quoted(text: str | Path) -> str:
    return "'" + str(text).replace("'", "''") + "'"
