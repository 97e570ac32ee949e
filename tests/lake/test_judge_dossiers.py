"""Judged in bulk or one by one, a row of a file comes to the same end."""

from __future__ import annotations

import duckdb
import pyarrow as pa
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from thuocdo.core.clock import parse_instant
from thuocdo.core.snapshot import ServiceEntry, Snapshot
from thuocdo.core.vocabulary import Feed, Trust
from thuocdo.lake.importing.source import MACROS
from thuocdo.lake.judge_dossiers import KEPT, TIMES, Judge, events_table
from thuocdo.wire import canonical
from thuocdo.wire.events import DossierEvent, Refused

SECRET = b"a secret for tests, long enough"
NOW = parse_instant("2026-11-21T10:00:00")
SNAPSHOT = Snapshot(
    made_at=1,
    agencies=("H29", "H57"),
    services=(
        ServiceEntry("H29", "1.004194", "partial", "LOCAL-7", valid_to="2026-11-19"),
        ServiceEntry("H29", "1.004194", "full", "LOCAL-7", valid_from="2026-11-20"),
        ServiceEntry("H29.01", "2.000635", "information"),
    ),
)
COLUMNS = (*canonical.REQUIRED, *canonical.OPTIONAL)


def spoilt(*good: str) -> st.SearchStrategy[str | None]:
    """Mostly values that pass, some that pass in another spelling, some that never do."""
    odd = st.one_of(
        st.sampled_from(good).map(lambda text: f" {text.upper()}\t"),
        st.sampled_from(
            [
                None,
                "",
                " ",
                "\t",
                "?",
                "2026-02-31",
                "2101-01-01",
                "infinity",
                "x" * 300,
                "A" + " " * 260 + "B",
            ]
        ),
        st.text(max_size=8),
    )
    return st.integers(0, 12).flatmap(lambda chance: st.sampled_from(good) if chance else odd)


MOMENTS = spoilt(
    "2026-11-20T08:00:00", "2026-11-19T16:59:59Z", "2026-11-19T17:00:00Z", "20261120080000",
    "2026-11-20", "2026-11-20 08:00:00,5",
)  # fmt: skip
ROWS = st.fixed_dictionaries(
    {
        "system": spoilt("H29-one_stop", "mc"),
        "agency": spoilt("H29", "000.00.01.H29", "H57", "H99"),
        "dossier": spoilt("H29-261120-0001", "h29-261120-0001", "A 77"),
        "procedure": spoilt("1.004194", "local-7", "LOCAL-7", "2.000635", "9.999999"),
        "status": spoilt("received", "completed"),
        "event_time": MOMENTS,
        "received_at": MOMENTS,
        "due_at": MOMENTS,
        "channel": spoilt("online", "counter"),
        "level": spoilt("4", "full", "3", "9"),
        "payment": spoilt("online", "none"),
        "returned_by_post": spoilt("true", "0"),
        "digitised": spoilt("yes", "false"),
        "applicant_kind": spoilt("citizen", "state"),
        "from_national_portal": spoilt("1", "no"),
        "result_electronic": spoilt("true", "no"),
        "reused": spoilt("1", "false"),
    }
)


def as_read(rows: list[dict[str, str | None]], columns: tuple[str, ...]) -> pa.Table:
    """The rows as an import reads them: text, and the instants beside it."""
    table = pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in columns})
    instants = ", ".join(
        f"instant_us(nullif(trim({name}), '')) AS {name}_us" for name in TIMES if name in columns
    )
    with duckdb.connect() as engine:
        engine.execute(MACROS)
        engine.register("given", table)
        found: pa.Table = engine.sql(f"SELECT *, {instants} FROM given").to_arrow_table()
    return found


@given(st.lists(ROWS, min_size=1, max_size=12), st.booleans())
@example([dict.fromkeys(COLUMNS)], False)
@hypothesis_settings(max_examples=120, deadline=None)
def test_in_bulk_and_one_by_one_come_to_the_same(
    rows: list[dict[str, str | None]], only_required: bool
) -> None:
    columns = canonical.REQUIRED if only_required else COLUMNS
    found = Judge(SNAPSHOT, SECRET, NOW).judge(as_read(rows, columns))
    events: list[DossierEvent] = []
    refused: list[tuple[int, Refused]] = []
    for place, row in enumerate(rows):
        record = {name: row[name] for name in columns}
        verdict = canonical.validate(
            record, SNAPSHOT, SECRET, NOW, feed=Feed.IMPORT, trust=Trust.VERIFIED
        )
        if isinstance(verdict, Refused):
            refused.append((place, verdict))
        else:
            events.append(verdict)
    assert found.refused == refused
    expected = events_table(events)
    assert found.events.column_names == list(KEPT)
    assert found.events.schema == expected.schema

    def in_any_order(table: pa.Table) -> list[str]:
        return sorted(map(repr, table.to_pylist()))

    assert in_any_order(found.events) == in_any_order(expected)
