"""Dossiers counted by kinds of case are those the engine counts one by one."""

from __future__ import annotations

import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from thuocdo.core.vocabulary import Channel, Level, Outcome, Payment, Timeliness
from thuocdo.measure.counting import cases, dossiers, services
from thuocdo.measure.counting.daily import Daily
from thuocdo.measure.definitions import Dossiers, Services, definitions
from thuocdo.measure.facts import cube
from thuocdo.measure.facts.schemas import DOSSIERS

MAYBE = (None, False, True)
FORMS = {
    "agency": ("H26", "H26.01", "G18"),
    "procedure": ("1.000001", "1.000002"),
    "received_day": (-400_000, 18_000, 18_001, 18_031),
    "resolved_day": (18_000, 18_031, 19_000),
    "level": (None, *map(str, Level)),
    "level_source": (None, "catalogue", "declared"),
    "channel": (None, *map(str, Channel)),
    "outcome": tuple(map(str, Outcome)),
    "timeliness": (None, *map(str, Timeliness)),
    "payment": (None, *map(str, Payment)),
    "returned_by_post": MAYBE,
    "digitised": MAYBE,
    "result_electronic": MAYBE,
    "reused": MAYBE,
    "scope": ("both", "any", "verified"),
    "last_landed": tuple(range(1, 9)),
}


@pytest.fixture(scope="module")
def engine(new_world, tmp_path_factory):
    engine = new_world(tmp_path_factory.mktemp("engine")).engine()
    yield engine
    engine.close()


def versions(kind):
    return [
        version
        for indicator in definitions()
        for version in indicator.versions
        if isinstance(version.numerator, kind)
    ]


@pytest.fixture(scope="module", params=[0, 600], ids=["none", "many"])
def stored(request, tmp_path_factory):
    """Cases of every form, in a file of several row groups."""
    draw = random.Random(766)
    base = dict.fromkeys(DOSSIERS.names)
    rows = [
        base | {name: draw.choice(forms) for name, forms in FORMS.items()}
        for _ in range(request.param)
    ]
    table = pa.Table.from_pylist(rows, schema=DOSSIERS)
    path = tmp_path_factory.mktemp("cases") / "cases.parquet"
    pq.write_table(table, path, row_group_size=100)
    return table, path


def told(daily: Daily):
    """(day, *keys) → counts and youngest landing, of what counts at all."""
    words = [tuple(row.values()) for row in daily.words.to_pylist()]
    return {
        (int(day), *words[code]): (
            *(int(counts[place]) for counts in daily.counts.values()),
            int(daily.landed[place]),
        )
        for place, (day, code) in enumerate(zip(daily.day, daily.code, strict=True))
    }


def one_by_one(engine, table, make, keys, counts, **choices):
    cubed = engine.view(cube.dossiers_daily, engine.hold(table))
    found = Daily.of(engine.rows(make, cubed, per=("day", *keys), **choices), keys, counts)
    engine.forget()
    return told(found)


@pytest.mark.parametrize("verified", [False, True])
def test_a_definition_of_dossiers_counts_the_same(engine, stored, verified):
    table, path = stored
    for version in versions(Dossiers):
        choices = {
            "numerator": version.numerator,
            "denominator": version.denominator,
            "rules": dossiers.rules_of(version),
            "verified": verified,
        }
        terms = (version.numerator, version.denominator)
        looked_at = dossiers.looked_at(*(term for term in terms if isinstance(term, Dossiers)))
        ours = cases.count_days(
            engine, path, ["agency"], looked_at, dossiers.COUNTS, dossiers.added_up, **choices
        )
        engine.forget()
        assert list(ours.day) == sorted(ours.day)
        assert told(ours) == one_by_one(
            engine, table, dossiers.added_up, ["agency"], dossiers.COUNTS, **choices
        ), version.version


def test_a_definition_that_names_procedures_or_levels_is_told_of_them():
    asked = Dossiers(event="received", procedures=("1.000001",), full_online=True, reused=True)
    assert {"procedure", "reused", "level", "payment"} <= set(dossiers.looked_at(asked))


@pytest.mark.parametrize("verified", [False, True])
def test_what_services_received_is_the_same(engine, stored, verified):
    table, path = stored
    keys, counts = ["agency", "procedure"], ["in_numerator", "in_denominator", "dossiers"]
    for version in versions(Services):
        choices = {
            "numerator": version.numerator,
            "denominator": version.denominator,
            "rules": dossiers.rules_of(version),
            "verified": verified,
        }
        ours = cases.count_days(
            engine, path, keys, services.LOOKED_AT, counts, services.received, **choices
        )
        engine.forget()
        assert told(ours) == one_by_one(
            engine, table, services.received, keys, counts, **choices
        ), version.version
