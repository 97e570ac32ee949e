"""The golden files' events, folded by a naive oracle, are exactly the published reports."""

import csv
import hashlib
import json
from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thuocdo.core.clock import DAY_US, OFFSET_US, day_start_us
from thuocdo.core.errors import ThuocdoError
from thuocdo.simulate.golden import golden_source, write_golden
from thuocdo.simulate.golden_plan import plan_golden

SCALE = 0.001
HALF_HOUR_US = 30 * 60 * 1_000_000


class Oracle:
    """Reads the files as a stranger would, one row after another, and counts by the definitions."""

    def __init__(self, files, period):
        self.first_us, self.end_us = day_start_us(period[0]), day_start_us(period[1] + timedelta(1))
        self.last_day = period[1]
        self.names = {}
        self.levels = defaultdict(list)
        for row in rows(files.services):
            self.levels[row["agency"], row["procedure"]].append(
                (row["valid_from"], row["valid_to"], row["level"])
            )
        self.dossiers = fold(files.dossiers)
        self.visits = count_visits(files, self.first_us, self.end_us)

    def level_on(self, agency, procedure, day):
        for first, last, level in self.levels.get((agency, procedure), ()):
            if first <= day <= last:
                return level
        return None

    def inside(self, instant):
        return instant is not None and self.first_us <= instant < self.end_us

    def services(self):
        """agency → (with online, with any, all) of the services full or partial on the last day."""
        online, anyhow, everything = defaultdict(set), defaultdict(set), defaultdict(set)
        for agency, procedure in self.levels:
            if self.level_on(agency, procedure, self.last_day.isoformat()) != "information":
                everything[agency].add(procedure)
        for agency, procedure, received, channel, _ in self.dossiers.values():
            if self.inside(received) and procedure in everything[agency]:
                anyhow[agency].add(procedure)
                if channel == "online":
                    online[agency].add(procedure)
        return {a: (len(online[a]), len(anyhow[a]), len(everything[a])) for a in everything}

    def resolved(self):
        """agency → (resolved online at full or partial level, all resolved)."""
        counts = defaultdict(lambda: [0, 0])
        for agency, procedure, received, channel, completed in self.dossiers.values():
            if not self.inside(completed):
                continue
            counts[agency][1] += 1
            if channel == "online":
                day = (
                    date(1970, 1, 1) + timedelta(days=(received + OFFSET_US) // DAY_US)
                ).isoformat()
                counts[agency][0] += self.level_on(agency, procedure, day) in {"full", "partial"}
        return {agency: tuple(pair) for agency, pair in counts.items()}


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def instants(column):
    return column.cast(pa.int64()).to_pylist()


def fold(paths):
    """dossier → [top agency, procedure, received, channel when received, completed]."""
    found = {}
    for path in paths:
        table = pq.read_table(path)
        columns = (
            table[n].to_pylist() for n in ("agency", "dossier", "procedure", "status", "channel")
        )
        for agency, dossier, procedure, status, channel, at in zip(
            *columns, instants(table["event_time"]), strict=True
        ):
            state = found.setdefault(dossier, [agency[:3], procedure, None, None, None])
            if status == "received" or (status == "submitted" and state[2] is None):
                state[3] = channel
            if status == "received":
                state[2] = at
            elif status == "completed":
                state[4] = at
    return found


def count_visits(files, first_us, end_us):
    portals = {
        int(r["site_id"]): r["agency"][:3] for r in rows(files.sites) if r["kind"] == "portal"
    }
    views = defaultdict(list)
    for path in files.page_views:
        table = pq.read_table(path)
        for site, visitor, agent, at in zip(
            table["site_id"].to_pylist(),
            table["visitor"].to_pylist(),
            table["user_agent"].cast(pa.string()).to_pylist(),
            instants(table["event_time"]),
            strict=True,
        ):
            if site in portals and first_us <= at < end_us and "bot" not in agent.lower():
                views[site, (at + OFFSET_US) // DAY_US, visitor].append(at)
    visits = defaultdict(int)
    for (site, _, _), times in views.items():
        times.sort()
        visits[portals[site]] += 1 + sum(b - a >= HALF_HOUR_US for a, b in pairwise(times))
    return visits


def printed(numerator, denominator):
    return (Decimal(100 * numerator) / denominator).quantize(Decimal("0.01"), ROUND_HALF_UP)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The files of a week, visits at 1:1000; written once."""
    return cache(lambda name: write_golden(name, tmp_path_factory.mktemp(name), visits_scale=SCALE))


@pytest.fixture(scope="module", params=["2022-W18", "2022-W40"])
def judged(request, written):
    """(published report, truth, oracle) of one week."""
    files = written(request.param)
    published = json.loads(golden_source(request.param))
    truth = json.loads(files.truth.read_text())
    period = tuple(date.fromisoformat(day) for day in published["period"])
    return published, truth, Oracle(files, period)


def values_of(indicator, oracle):
    """agency code → value as the report prints it."""
    code, _, version = indicator.partition("@")
    if code == "portal_visits":
        return dict(oracle.visits)
    if code == "online_dossier_rate":
        return {agency: printed(*pair) for agency, pair in oracle.resolved().items()}
    place = 2 if version == "2022-05" else 1
    return {a: printed(counts[0], counts[place]) for a, counts in oracle.services().items()}


def test_the_tables_are_the_published_ones(judged):
    published, truth, oracle = judged
    agencies = truth["agencies"]
    for number, table in published["tables"].items():
        values = values_of(table["indicator"], oracle)
        block = {
            agency["name"]: values[code]
            for code, agency in agencies.items()
            if agency["block"] == table["block"]
        }
        assert len(block) == (23 if table["block"] == "ministry" else 63)
        visits = table["indicator"] == "portal_visits"

        def wanted(value, visits=visits):
            return round(value * SCALE) if visits else Decimal(str(value)).quantize(Decimal("0.01"))

        top = {name: wanted(value) for name, value in table["top"]}
        bottom = {name: wanted(value) for name, value in table["bottom"]}
        assert {name: block[name] for name in top} == top, number
        assert {name: block[name] for name in bottom} == bottom, number
        between = [value for name, value in block.items() if name not in top | bottom]
        assert max(bottom.values()) < min(between), number
        assert max(between) < min(top.values()), number


def test_the_truth_beside_the_files_is_what_the_oracle_counts(judged):
    _, truth, oracle = judged
    services, resolved = oracle.services(), oracle.resolved()
    for code, agency in truth["agencies"].items():
        online, anyhow, everything = services[code]
        assert agency["portal_visits"] == oracle.visits[code]
        assert agency["services_with_online_dossiers@2022-05"] == [online, everything]
        assert agency["services_with_online_dossiers@2022-10"] == [online, anyhow]
        assert agency["online_dossier_rate@2022-05"] == list(resolved[code])


def test_the_national_mean_holds_in_every_reading(judged):
    published, _, oracle = judged
    if "national" not in published:
        return  # week 40 printed none
    mean = Decimal(str(published["national"]["online_dossier_rate_mean"]))
    pairs = oracle.resolved().values()
    shown = [printed(*pair) for pair in pairs]
    exact = [Decimal(100 * k) / d for k, d in pairs]
    cent = Decimal("0.01")
    assert (sum(shown) / len(shown)).quantize(cent, ROUND_HALF_UP) == mean
    assert (sum(exact) / len(exact)).quantize(cent, ROUND_HALF_UP) == mean
    assert printed(sum(k for k, _ in pairs), sum(d for _, d in pairs)) == mean


def test_the_files_hold_what_must_not_count(judged):
    _, _, oracle = judged
    states = list(oracle.dossiers.values())
    assert any(s[4] is None and oracle.inside(s[2]) for s in states), "still open"
    assert any(s[2] is None for s in states), "refused at receipt"
    assert any(s[4] is not None and s[4] < oracle.first_us for s in states), "finished before"
    assert any(s[4] == oracle.end_us for s in states), "finished at the first instant after"
    assert any(s[4] == oracle.end_us - 1 for s in states), "finished at the last instant"
    assert any(s[2] == oracle.first_us for s in states), "received at the first instant"
    assert any(s[2] is not None and s[2] >= oracle.end_us for s in states), "received after"


def digest(folder):
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
    }


def test_the_same_seed_gives_the_same_bytes(tmp_path, written):
    write_golden("2022-W18", tmp_path, visits_scale=SCALE)
    assert digest(tmp_path) == digest(written("2022-W18").truth.parent)


def planned(seed, **options):
    rng = np.random.default_rng(seed)
    source = golden_source("2022-W18")
    return plan_golden(
        "2022-W18", source, rng, **{"visits_scale": 1.0, "visits_of": "all"} | options
    )


@given(st.integers(0, 10_000))
@settings(max_examples=8, deadline=None)
def test_every_seed_finds_counts_that_print_the_national_mean(seed):
    goals = planned(seed).goals
    shares = [printed(goal.resolved_online, goal.resolved) for goal in goals]
    assert sum(shares) == Decimal("24.89") * 86
    total = printed(sum(g.resolved_online for g in goals), sum(g.resolved for g in goals))
    assert total == Decimal("24.89")
    assert 200_000 < sum(goal.resolved for goal in goals) < 400_000


def test_another_seed_gives_other_unprinted_agencies():
    assert planned(1) != planned(2)
    assert planned(1).goals[1].visits == planned(1).goals[1].visits


def test_only_printed_agencies_have_visits_when_asked():
    visits = [goal.visits for goal in planned(1, visits_of="printed").goals if goal.visits]
    assert len(visits) == 16
    assert sum(visits) == 30_225_034


def test_an_unknown_report_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(ThuocdoError, match="2022-W18 or 2022-W40") as refusal:
        write_golden("2022-W19", tmp_path)
    assert refusal.value.code == "no_such_golden"
