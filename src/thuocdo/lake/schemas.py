"""The lake's tables (DESIGN.md §5.1), defined once. Instants are µs UTC; days are Vietnam's.

A row's identity is (`segment`, `event_id`): the WAL segment or import it came in, and its number
among the rows landed with it, given in the order they are stored. That costs almost nothing at
rest, because it compresses; a stored random id would cost eight bytes a row. What tells a request
from its replay is kept beside the lake, for as long as replays come (`lake/replays.py`).
A dossier is two signed 64-bit halves of one 128-bit keyed hash: every engine groups by them fast.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

INSTANT = pa.timestamp("us", tz="UTC")

VIEW_TIME_US: Final = 1_000_000
"""Views and steps are dated by the second, as Matomo and access logs date them: nothing that is
measured asks for less, and what is finer would be an eighth of all bytes at rest."""


def _schema(columns: list[tuple[str, pa.DataType]]) -> pa.Schema:
    return pa.schema(columns)


_LANDED: Final[list[tuple[str, pa.DataType]]] = [
    ("landed_at", INSTANT),
    ("segment", pa.string()),
    ("event_id", pa.int64()),
    ("feed", pa.string()),
    ("trust", pa.string()),
]

PAGE_VIEWS = _schema(
    [
        ("day", pa.date32()),
        ("event_time", INSTANT),
        ("site_id", pa.int32()),
        ("visitor", pa.int64()),  # null when refused
        ("kind", pa.string()),
        ("host", pa.string()),
        ("path", pa.string()),
        ("referrer_host", pa.string()),
        ("procedure", pa.string()),
        ("device", pa.string()),
        ("browser", pa.string()),
        ("os", pa.string()),
        ("bot", pa.string()),  # reason code; null is a human
        ("t_server_ms", pa.int32()),
        ("t_dom_ms", pa.int32()),
        ("t_load_ms", pa.int32()),
        *_LANDED,
    ]
)

SERVICE_STEPS = _schema(
    [
        ("day", pa.date32()),
        ("event_time", INSTANT),
        ("site_id", pa.int32()),
        ("procedure", pa.string()),
        ("state", pa.string()),
        ("visitor", pa.int64()),
        ("bot", pa.string()),
        *_LANDED,
    ]
)

DOSSIER_EVENTS = _schema(
    [
        ("home_month", pa.string()),  # "2022-04"
        ("dossier_hi", pa.int64()),
        ("dossier_lo", pa.int64()),
        ("system", pa.string()),
        ("agency", pa.string()),
        ("procedure", pa.string()),
        ("status", pa.string()),
        ("event_time", INSTANT),
        ("received_at", INSTANT),
        ("due_at", INSTANT),
        ("channel", pa.string()),
        ("level_declared", pa.string()),
        ("level_catalogue", pa.string()),
        ("payment", pa.string()),
        ("returned_by_post", pa.bool_()),
        ("digitised", pa.bool_()),
        ("applicant_kind", pa.string()),
        ("from_national_portal", pa.bool_()),
        ("quality", pa.list_(pa.string())),
        ("result_electronic", pa.bool_()),
        ("reused", pa.bool_()),
        *_LANDED,
    ]
)

REJECTS = _schema(
    [
        ("day", pa.date32()),  # of landing
        ("site_id", pa.int64()),
        ("agency", pa.string()),
        ("reason", pa.string()),
        ("detail", pa.string()),
        ("payload", pa.string()),  # redacted
        *_LANDED,
    ]
)

REPLAYS = _schema(
    [
        ("day", pa.date32()),  # of the replay
        ("reject_segment", pa.string()),  # which row of `rejects` became events
        ("reject_event_id", pa.int64()),
        *_LANDED,
    ]
)

DECLARED = _schema(
    [
        ("agency", pa.string()),
        ("indicator", pa.string()),
        ("period_first", pa.date32()),
        ("period_last", pa.date32()),
        ("numerator", pa.int64()),
        ("denominator", pa.int64()),
        ("value", pa.string()),
        ("source", pa.string()),
        ("procedure", pa.string()),  # null: of all services together
        ("said_by", pa.string()),  # core.vocabulary.SaidBy; null is the agency itself
        *_LANDED,
    ]
)

AGREEMENTS = _schema(
    [
        ("agency", pa.string()),
        ("indicator", pa.string()),
        ("procedure", pa.string()),  # null: of all services together
        ("period_first", pa.date32()),
        ("period_last", pa.date32()),
        ("measured", pa.string()),  # null: nothing was measured, or said
        ("declared", pa.string()),
        ("national", pa.string()),
        ("agreed", pa.string()),  # the figure both sides hold to; null while disputed
        ("decision", pa.string()),  # core.vocabulary.Decision
        ("role", pa.string()),  # whose decision it is: core.vocabulary.Role
        ("office", pa.string()),  # the office that decided; never a person's name
        ("note", pa.string()),
        ("definition", pa.string()),  # identity of the words it was measured under
        ("as_known", INSTANT),  # of what was known then
        ("trust_asked", pa.string()),  # any | verified
        *_LANDED,
    ]
)
"""What was agreed on a figure, row by row: a later row does not change an earlier one."""

# Dimensions with history. `valid_from` and `valid_to` are local days, both included; null is open.
# `recorded_at` is when we knew; of several rows with one key the latest recorded wins, and a row
# with `withdrawn` true says that the key's earlier rows no longer hold.

AGENCIES = _schema(
    [
        ("code", pa.string()),
        ("name", pa.string()),
        ("name_en", pa.string()),
        ("kind", pa.string()),
        ("parent", pa.string()),
        ("gso_code", pa.string()),
        ("successor", pa.string()),  # code that takes over after valid_to
        ("valid_from", pa.date32()),
        ("valid_to", pa.date32()),
        ("recorded_at", INSTANT),
        ("withdrawn", pa.bool_()),
    ]
)

SYSTEMS = _schema(
    [
        ("code", pa.string()),  # "<agency>-<kind>" unless given
        ("agency", pa.string()),
        ("kind", pa.string()),
        ("name", pa.string()),
        ("valid_from", pa.date32()),
        ("valid_to", pa.date32()),
        ("recorded_at", INSTANT),
        ("withdrawn", pa.bool_()),
    ]
)

SITES = _schema(
    [
        ("site_id", pa.int64()),
        ("system", pa.string()),
        ("agency", pa.string()),
        ("kind", pa.string()),
        ("name", pa.string()),
        ("hostnames", pa.list_(pa.string())),
        ("valid_from", pa.date32()),
        ("valid_to", pa.date32()),
        ("recorded_at", INSTANT),
        ("withdrawn", pa.bool_()),
    ]
)

SERVICES = _schema(
    [
        ("agency", pa.string()),
        ("procedure", pa.string()),
        ("level", pa.string()),
        ("name", pa.string()),
        ("field", pa.string()),
        ("local_code", pa.string()),
        ("url", pa.string()),
        ("reason_not_full", pa.string()),
        ("valid_from", pa.date32()),
        ("valid_to", pa.date32()),
        ("recorded_at", INSTANT),
        ("withdrawn", pa.bool_()),
    ]
)

EVENT_TABLES: Final[dict[str, tuple[pa.Schema, str]]] = {
    "page_views": (PAGE_VIEWS, "day"),
    "service_steps": (SERVICE_STEPS, "day"),
    "dossier_events": (DOSSIER_EVENTS, "home_month"),
    "rejects": (REJECTS, "day"),
    "replays": (REPLAYS, "day"),
    "declared": (DECLARED, "indicator"),
    "agreements": (AGREEMENTS, "indicator"),
}
"""Table → (schema, partition column)."""

SOURCE_TABLES: Final = ("page_views", "service_steps", "rejects", "dossier_events")
"""Event tables that facts are made of."""

DIMENSIONS: Final[dict[str, tuple[pa.Schema, tuple[str, ...]]]] = {
    "agencies": (AGENCIES, ("code", "valid_from")),
    "systems": (SYSTEMS, ("code", "valid_from")),
    "sites": (SITES, ("site_id", "valid_from")),
    "services": (SERVICES, ("agency", "procedure", "valid_from")),
}
"""Table → (schema, key columns)."""

SORT_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "page_views": ("site_id", "visitor", "event_time"),
    "service_steps": ("site_id", "visitor", "event_time"),
    "dossier_events": ("dossier_hi", "dossier_lo", "event_time"),
}
"""Order of rows inside a file: what repeats lies together, which is what makes files small."""


def schema_of(table: str) -> pa.Schema:
    """The schema of an event or dimension table. Raises KeyError for an unknown name."""
    return EVENT_TABLES[table][0] if table in EVENT_TABLES else DIMENSIONS[table][0]


def partition_column(table: str) -> str | None:
    """The column an event table is partitioned by; dimensions are not."""
    return EVENT_TABLES[table][1] if table in EVENT_TABLES else None
