"""Ninety days of today's country: the files are deterministic and their truth is true."""

import csv
import io
import json
from collections import Counter, defaultdict
from datetime import date, datetime

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from thuocdo.core.clock import OFFSET_US, Period, from_datetime
from thuocdo.core.errors import ThuocdoError
from thuocdo.simulate.country import history, working_weights
from thuocdo.simulate.country_plan import plan
from thuocdo.simulate.quirks import Client, Quirk, Trap

PERIOD = Period(date(2026, 8, 20), date(2026, 9, 28))
SCALE = 0.04
HALF_HOUR_US = 30 * 60 * 1_000_000


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def events(files):
    for path in files.dossiers:
        with zstandard.open(path, "rb") as stream:
            for line in io.BufferedReader(stream):
                yield msgspec.json.decode(line)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return history(tmp_path_factory.mktemp("country"), period=PERIOD, scale=SCALE, seed=3)


@pytest.fixture(scope="module")
def truth(files):
    return json.loads(files.truth.read_text())


def test_the_country_has_34_provinces_and_17_ministries_each_with_its_sites(files):
    kinds = Counter(office.agency.kind for office in plan(3))
    assert kinds == {"province": 34, "ministry": 17}
    sites = rows(files.sites)
    assert len({site["site_id"] for site in sites}) == len(sites)
    assert {site["agency"][:3] for site in sites} == {office.agency.code for office in plan(3)}
    units = {row["code"] for row in rows(files.agencies)}
    assert {s["agency"] for s in sites if "." in s["agency"]} == units


@pytest.mark.parametrize("days", [1, 7])
def test_a_few_days_are_a_country_too(tmp_path, days):
    first = date(2026, 11, 10)
    short = Period(first, date.fromordinal(first.toordinal() + days - 1))
    assert rows(history(tmp_path, period=short, scale=0.001).sites)


def test_names_and_levels_of_services_are_complete(files):
    services = rows(files.services)
    assert all(service["name"] and service["field"] for service in services)
    assert {service["level"] for service in services} == {"full", "partial", "information"}
    keys = Counter((s["agency"], s["procedure"], s["valid_from"]) for s in services)
    assert max(keys.values()) == 1
    raised = [s for s in services if s["valid_to"]]
    assert raised
    assert {s["level"] for s in raised} == {"partial"}


def test_the_truth_is_what_a_reader_of_the_files_counts(files, truth):
    levels = {
        (s["agency"], s["procedure"]): s["level"] for s in rows(files.services) if not s["valid_to"]
    }
    received, completed, channels, services = {}, {}, {}, {}
    for event in events(files):
        at = from_datetime(msgspec.convert(event["event_time"], type=datetime))
        key = event["dossier"]
        services[key] = (event["agency"][:3], event["procedure"])
        if event["status"] == "received":
            received[key] = at
            channels[key] = event["channel"]
        elif event["status"] == "completed":
            completed[key] = at
    counted = defaultdict(Counter)
    for key, at in received.items():
        if PERIOD.start_us <= at < PERIOD.end_us:
            counted[services[key][0]]["dossiers_received"] += 1
            counted[services[key][0]]["dossiers_received_online"] += channels[key] == "online"
    for key, at in completed.items():
        if PERIOD.start_us <= at < PERIOD.end_us:
            agency, _ = services[key]
            online = channels[key] == "online" and levels[services[key]] != "information"
            counted[agency]["dossiers_resolved"] += 1
            counted[agency]["dossiers_resolved_online"] += online
    for code, agency in truth["agencies"].items():
        for name in (
            "dossiers_received",
            "dossiers_received_online",
            "dossiers_resolved",
            "dossiers_resolved_online",
        ):
            assert agency[name] == counted[code][name], (code, name)


def test_visits_are_those_of_the_truth_without_crawlers(files, truth):
    portals = {
        int(s["site_id"]): s["agency"][:3] for s in rows(files.sites) if s["kind"] == "portal"
    }
    views = defaultdict(list)
    *of_people, planted = files.page_views
    assert planted.name == "page-views-planted.parquet"
    for path in of_people:
        table = pq.read_table(path)
        for site, visitor, agent, at in zip(
            table["site_id"].to_pylist(),
            table["visitor"].to_pylist(),
            table["user_agent"].to_pylist(),
            table["event_time"].cast(pa.int64()).to_pylist(),
            strict=True,
        ):
            if site in portals and "bot" not in agent.lower():
                views[site, (at + OFFSET_US) // 86_400_000_000, visitor].append(at)
    visits = Counter()
    for (site, _, _), times in views.items():
        times.sort()
        later = zip(times[1:], times[:-1], strict=True)
        visits[portals[site]] += 1 + sum(b - a >= HALF_HOUR_US for b, a in later)
    assert visits == {
        c: a["portal_visits"] for c, a in truth["agencies"].items() if a["portal_visits"]
    }


def test_nothing_is_later_than_the_last_day(files):
    latest = max(msgspec.convert(e["event_time"], type=datetime) for e in events(files))
    assert from_datetime(latest) < PERIOD.end_us


def test_planted_quirks_are_named_in_the_truth_and_visible_in_the_files(files, truth):
    constant = set(truth["quirks"]["constant_level"])
    declared = defaultdict(set)
    channels = defaultdict(set)
    for event in events(files):
        declared[event["agency"][:3]].add(event["level"])
        channels[event["agency"][:3]].add(event["channel"])
    assert all(declared[code] == {"partial"} for code in constant if code in declared)
    assert any(len(levels) > 1 for code, levels in declared.items() if code not in constant)
    assert all("postal" not in channels[code] for code in truth["quirks"]["postal_as_online"])
    clients = {office.client for office in plan(3) if Quirk.CONSTANT_LEVEL in office.quirks}
    assert clients == {Client.OPENCPS, Client.OPENCPS_RAW}


def test_what_is_planted_is_told_with_the_records_it_touches(files, truth):
    planted = json.loads(files.cheats.read_text())["planted"]
    every = {quirk.value for quirk in Quirk} - {"silent_portal"}
    assert set(planted) == every
    assert all(count > 0 for marks in planted.values() for count in marks.values())
    declared = Counter(
        (event["system"], event["level"])
        for event in events(files)
        if event["status"] == "received" and event["system"] in planted["constant_level"]
    )
    assert {level for _, level in declared} == {"partial", "full"}
    assert len(declared) == len(planted["constant_level"])


def test_honest_doubles_are_somewhere_in_every_country(files):
    traps = json.loads(files.cheats.read_text())["traps"]
    assert set(traps) == {trap.value for trap in Trap}
    assert all(traps.values())


def test_the_same_seed_gives_the_same_bytes(files, tmp_path):
    again = history(tmp_path, period=PERIOD, scale=SCALE, seed=3)
    for path in again.truth.parent.iterdir():
        assert path.read_bytes() == (files.truth.parent / path.name).read_bytes(), path.name


def test_offices_rest_on_sundays_and_holidays():
    weights = working_weights(Period(date(2026, 9, 1), date(2026, 9, 7)))
    assert weights[1] == weights[5] < weights[4] < weights[2]  # 2 September, a Sunday; a Saturday


def test_a_scale_of_nothing_is_refused(tmp_path):
    with pytest.raises(ThuocdoError) as refusal:
        history(tmp_path, period=PERIOD, scale=0)
    assert refusal.value.code == "bad_scale"
