"""One language for two engines: every fact compiles for DuckDB and for Spark."""

from __future__ import annotations

from datetime import date

import ibis
import pyarrow as pa
import pytest

from thuocdo.core.clock import day_start_us, local_day, to_datetime
from thuocdo.lake.schemas import DOSSIER_EVENTS, PAGE_VIEWS, REJECTS, SERVICE_STEPS
from thuocdo.measure import engine as engines
from thuocdo.measure.facts import cube, dossiers, intake, small, systems, visits
from thuocdo.measure.facts.schemas import DOSSIERS, FACTS, INTAKE


def raw(name, schema):
    return ibis.table(ibis.Schema.from_pyarrow(schema), name=name)


EXPRESSIONS = {
    "visits_daily": visits.visits_daily(raw("page_views", PAGE_VIEWS)),
    "site_sources_daily": visits.sources(raw("page_views", PAGE_VIEWS)),
    "steps_daily": small.steps_daily(raw("service_steps", SERVICE_STEPS)),
    "step_makers_daily": small.step_makers_daily(raw("service_steps", SERVICE_STEPS)),
    "hosts_daily": small.hosts_daily(raw("page_views", PAGE_VIEWS)),
    "intake": intake.more(
        intake.of_views(raw("page_views", PAGE_VIEWS)),
        intake.of_rejects(raw("rejects", REJECTS)).union(
            intake.of_dossiers(raw("events", DOSSIER_EVENTS)), raw("intake", INTAKE)
        ),
    ),
    "rejects_daily": small.rejects_daily(raw("rejects", REJECTS)),
    "dossiers": cube.leveled(
        dossiers.scoped(
            dossiers.fold(raw("events", DOSSIER_EVENTS)),
            dossiers.fold(raw("events", DOSSIER_EVENTS)),
        ),
        raw("services", cube.CATALOGUE),
    ),
    "system_sources_daily": systems.sources(raw("events", DOSSIER_EVENTS)),
    "dossiers_daily": cube.dossiers_daily(raw("dossiers", DOSSIERS)),
}


@pytest.mark.parametrize("dialect", ["duckdb", "pyspark"])
@pytest.mark.parametrize("fact", FACTS)
def test_a_fact_compiles_for_both_engines(fact, dialect):
    assert "SELECT" in str(ibis.to_sql(EXPRESSIONS[fact], dialect=dialect))


@pytest.mark.parametrize("fact", FACTS)
def test_a_fact_has_its_columns_and_types(fact):
    assert EXPRESSIONS[fact].schema() == ibis.Schema.from_pyarrow(FACTS[fact])


def test_instants_and_days_are_exact_to_the_microsecond(empty_world):
    midnight = day_start_us(date(2022, 5, 1))
    instants = [midnight - 1, midnight, midnight + 1, 0, -1, 4_102_444_799_999_999]
    engine = empty_world.engine()
    schema = pa.schema({"at": pa.timestamp("us", "UTC")})
    table = pa.table({"at": [to_datetime(us) for us in instants]}, schema=schema)

    def numbers(rows):
        us = engines.micros(rows["at"])
        return rows.select(us=us, day=engines.local_day(us))

    rows = engine.rows(numbers, engine.hold(table)).to_pylist()
    engine.close()
    assert [row["us"] for row in rows] == instants
    assert [engines.number_day(row["day"]) for row in rows] == [local_day(i) for i in instants]
