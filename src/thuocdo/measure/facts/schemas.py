"""The shape of every fact table, defined once.

`day` is days since 1970-01-01 in the Vietnamese calendar; `*_us` and `last_landed` are µs UTC.
Facts hold integers and words only, so that every engine folds and reads them alike.
"""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir
import pyarrow as pa


def columns(**types: pa.DataType) -> pa.Schema:
    """A schema from names and types, in the order given."""
    return pa.schema(types)


VISITS_DAILY = columns(
    day=pa.int32(),
    site_id=pa.int64(),
    visits=pa.int64(),
    visits_verified=pa.int64(),
    views=pa.int64(),
    views_verified=pa.int64(),
    visitors=pa.int64(),  # an estimate, never ranked
    bot_views=pa.int64(),  # those of loops included
    loop_views=pa.int64(),  # of visitors who reload at a steady interval (loops.yaml)
    tireless_views=pa.int64(),  # counted, but of visitors who never pause (loops.yaml)
    last_landed=pa.int64(),
)

FOLDED = columns(
    dossier_hi=pa.int64(),
    dossier_lo=pa.int64(),
    system=pa.string(),
    agency=pa.string(),
    procedure=pa.string(),
    received_us=pa.int64(),
    received_day=pa.int32(),
    submitted_us=pa.int64(),  # null: no event said
    channel=pa.string(),  # null: no event said
    channels_differ=pa.bool_(),  # one event says online, another postal
    level_declared=pa.string(),
    level_catalogue=pa.string(),  # the catalogue's word when the dossier first came in
    due_day=pa.int32(),
    due_moved=pa.bool_(),
    completed_day=pa.int32(),
    returned_day=pa.int32(),
    resolved_us=pa.int64(),
    resolved_day=pa.int32(),
    refused_day=pa.int32(),  # rejected or stopped, whichever came first
    withdrawn_day=pa.int32(),
    supplement_day=pa.int32(),  # the first one asked for
    supplement_last_day=pa.int32(),
    untimed=pa.bool_(),  # some event came by a feed that states no time of its own
    outcome=pa.string(),
    timeliness=pa.string(),  # null while not resolved
    supplements=pa.int32(),  # 0, 1, or 2 for two and more
    payment=pa.string(),
    returned_by_post=pa.bool_(),
    digitised=pa.bool_(),
    result_electronic=pa.bool_(),
    reused=pa.bool_(),
    applicant_kind=pa.string(),
    from_national_portal=pa.bool_(),
    flags=pa.list_(pa.string()),
    last_landed=pa.int64(),
    # Which question the row answers: "both" when every event is verified; otherwise "any"
    # (all events) and, if some are verified, a second row "verified" folded from those alone.
    scope=pa.string(),
)
"""A dossier as its events tell it."""

DOSSIERS = pa.schema(
    [
        *FOLDED,
        ("level", pa.string()),  # the one that counts (facts/cube.py)
        ("level_source", pa.string()),  # catalogue | declared | null
    ]
)

DOSSIERS_DAILY = columns(
    event=pa.string(),  # received | resolved
    day=pa.int32(),
    agency=pa.string(),
    agency_top=pa.string(),
    procedure=pa.string(),
    level=pa.string(),
    level_source=pa.string(),  # catalogue | declared | null
    channel=pa.string(),
    full_online=pa.bool_(),
    outcome=pa.string(),
    timeliness=pa.string(),
    payment=pa.string(),
    digitised=pa.bool_(),
    result_electronic=pa.bool_(),
    reused=pa.bool_(),
    scope=pa.string(),
    dossiers=pa.int64(),
    last_landed=pa.int64(),
)
"""DOSSIERS by the days that count; not stored, but read off them (facts/cube.py)."""

SITE_SOURCES_DAILY = columns(
    day=pa.int32(),
    site_id=pa.int64(),
    events=pa.int64(),
    events_verified=pa.int64(),
    last_event=pa.int64(),
    last_landed=pa.int64(),
)

SYSTEM_SOURCES_DAILY = columns(
    day=pa.int32(),  # of the events
    system=pa.string(),
    agency=pa.string(),  # as the events say
    events=pa.int64(),
    events_verified=pa.int64(),
    last_event=pa.int64(),
    last_landed=pa.int64(),
)

STEPS_DAILY = columns(
    day=pa.int32(),
    site_id=pa.int64(),
    procedure=pa.string(),
    state=pa.string(),
    steps=pa.int64(),
    visitors=pa.int64(),
    last_landed=pa.int64(),
)

HOSTS_DAILY = columns(
    day=pa.int32(),
    site_id=pa.int64(),
    host=pa.string(),  # where the tag was; null: the view named no page
    views=pa.int64(),  # by people, as landing knew them
    last_landed=pa.int64(),
)

STEP_MAKERS_DAILY = columns(
    day=pa.int32(),
    site_id=pa.int64(),
    state=pa.string(),
    made=pa.int64(),  # steps that one visitor made on that day
    visitors=pa.int64(),  # how many made so many
    in_hours=pa.int64(),  # of all their steps, those in office hours (facts/small.py)
    last_landed=pa.int64(),
)

REJECTS_DAILY = columns(
    day=pa.int32(),
    site_id=pa.int64(),
    agency=pa.string(),
    reason=pa.string(),
    feed=pa.string(),
    rejects=pa.int64(),
    last_landed=pa.int64(),
)

INTAKE = columns(
    day=pa.int32(),  # of the events; null of dossiers, which lie by home month
    hour=pa.int32(),  # of landing: hours since 1970-01-01 00:00 in Vietnam
    site_id=pa.int64(),
    system=pa.string(),  # of dossiers, which name no site
    agency=pa.string(),  # that a refused record named
    feed=pa.string(),
    trust=pa.string(),
    outcome=pa.string(),  # core.vocabulary.Intake
    reason=pa.string(),  # of a robot or a refusal
    records=pa.int64(),
    last_landed=pa.int64(),
)

FACTS: Final[dict[str, pa.Schema]] = {
    "visits_daily": VISITS_DAILY,
    "dossiers": DOSSIERS,
    "dossiers_daily": DOSSIERS_DAILY,
    "site_sources_daily": SITE_SOURCES_DAILY,
    "system_sources_daily": SYSTEM_SOURCES_DAILY,
    "steps_daily": STEPS_DAILY,
    "hosts_daily": HOSTS_DAILY,
    "step_makers_daily": STEP_MAKERS_DAILY,
    "rejects_daily": REJECTS_DAILY,
    "intake": INTAKE,
}


def conform(table: ir.Table, schema: pa.Schema) -> ir.Table:
    """The columns of `schema`, in its order and types."""
    types = ibis.Schema.from_pyarrow(schema)
    return table.select(**{name: table[name].cast(types[name]) for name in schema.names})
