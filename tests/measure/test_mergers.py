"""Organisations merge, counts stay: whatever the history, no map gains or loses a dossier."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thuocdo.core.clock import Period, parse_period
from thuocdo.core.errors import ThuocdoError
from thuocdo.measure import figures
from thuocdo.measure.compute import Cell
from thuocdo.measure.coverage import SourceSeen
from thuocdo.measure.definitions import definition
from thuocdo.measure.frame import Frame
from thuocdo.measure.model import Coverage
from thuocdo.measure.organisation import Organisation

FIRST, LAST = date(2020, 1, 1), date(2027, 12, 31)
RATE = definition("online_dossier_rate")
VERSION = RATE.version_for(LAST, "2024-11")
DAYS = ("valid_from", "valid_to")
SUMS = ("numerator", "denominator", "events", "events_verified")


def agency(code, kind="province", **more):
    base = {"name_en": None, "parent": None, "successor": None}
    return (
        base
        | {"code": code, "name": code, "kind": kind, "valid_from": None, "valid_to": None}
        | more
    )


def frame_on(organisation, day, period=None):
    asked = period or Period(FIRST, LAST)
    return Frame(RATE, VERSION, asked, day, None, "any", organisation)


def cell(code, numerator, more):
    total = numerator + more
    return Cell(0, code, None, numerator, total, total, 0, None)


def heard(code, events, verified):
    return SourceSeen(code, 1, int(events > 0), 0, events, min(events, verified))


@st.composite
def histories(draw):
    """Provinces that merge on random days: into one of themselves, or into a new one."""
    alive = [f"H{number:02d}" for number in range(1, draw(st.integers(2, 8)) + 1)]
    names, rows = list(alive), []
    since = dict.fromkeys(alive)
    days = draw(st.lists(st.dates(FIRST, LAST), max_size=5, unique=True).map(sorted))
    for number, day in enumerate(days, start=50):
        if len(alive) < 2:
            break
        size = draw(st.integers(2, len(alive)))
        parts = draw(st.permutations(alive))[:size]
        heir = draw(st.sampled_from([parts[0], f"H{number}"]))
        for part in parts:
            alive.remove(part)
            ended = {"valid_from": since.pop(part), "valid_to": day, "successor": heir}
            rows.append(agency(part, **ended))
        alive.append(heir)
        names += [heir] if heir not in names else []
        since[heir] = day + timedelta(days=1)
    rows += [agency(code, valid_from=since[code]) for code in alive]
    return Organisation(rows), names, alive


COUNTS = st.tuples(st.integers(0, 50), st.integers(0, 50))


@settings(max_examples=200, deadline=None)
@given(histories(), st.data())
def test_on_the_map_of_any_day_after_them_mergers_preserve_every_sum(history, data):
    organisation, names, alive = history
    counts = {code: data.draw(COUNTS) for code in names}
    cells = [cell(code, *counts[code]) for code in names]
    sources = [heard(code, *counts[code]) for code in names]
    found = figures.of_tops(frame_on(organisation, LAST + timedelta(days=1)), cells, sources, None)
    assert {f.agency for f in found} == set(alive)
    assert sum(f.numerator or 0 for f in found) == sum(a for a, _ in counts.values())
    assert sum(f.denominator or 0 for f in found) == sum(a + b for a, b in counts.values())
    assert sum(f.events or 0 for f in found) == sum(a for a, _ in counts.values())
    assert sum(f.coverage.expected for f in found if f.coverage) == len(names)


@settings(max_examples=200, deadline=None)
@given(histories(), st.dates(FIRST, LAST), st.dates(FIRST, LAST), st.data())
def test_a_successor_has_exactly_the_sum_of_those_it_took_over(history, one, other, data):
    organisation, names, _ = history
    before, after = min(one, other), max(one, other)
    living = {a.code for a in organisation.tops(before)}
    counts = {code: data.draw(COUNTS) for code in names if code in living}
    cells = [cell(code, *counts[code]) for code in counts]

    then = {f.agency: f for f in figures.of_tops(frame_on(organisation, before), cells, [], None)}
    now = figures.of_tops(frame_on(organisation, after), cells, [], None)

    for figure in now:
        parts = [
            then[code]
            for code in counts
            if (top := organisation.top(code, after)) and top.code == figure.agency
        ]
        assert (figure.numerator or 0) == sum(part.numerator or 0 for part in parts)
        assert (figure.denominator or 0) == sum(part.denominator or 0 for part in parts)
    assert sum(f.denominator or 0 for f in now) == sum(f.denominator or 0 for f in then.values())


@st.composite
def trees(draw):
    """A province with units below it, to a depth of seven; codes need not tell the parent."""
    codes, depth = ["H26"], {"H26": 1}
    rows = [agency("H26")]
    for number in range(draw(st.integers(0, 25))):
        parent = draw(st.sampled_from([code for code in codes if depth[code] < 7]))
        code = draw(st.sampled_from([f"{parent}.{number:02d}", f"U{number:02d}"]))
        rows.append(agency(code, "unit", parent=parent))
        codes.append(code)
        depth[code] = depth[parent] + 1
    return Organisation(rows), codes


@settings(max_examples=150, deadline=None)
@given(trees(), st.data())
def test_at_every_depth_the_children_and_what_is_its_own_add_up_to_the_agency(tree, data):
    organisation, codes = tree
    cells = [cell(code, *data.draw(COUNTS)) for code in codes]
    cells.append(cell("H26.99.99", 2, 3))  # a unit nobody registered
    sources = [heard(code, *data.draw(COUNTS)) for code in codes]
    frame = frame_on(organisation, LAST)
    for code in codes:
        whose = organisation.find(code, LAST)
        whole = figures.of_agency(frame, whose, cells, sources)
        parts = figures.of_children(frame, whose, cells, sources)
        for name in SUMS:
            assert sum(getattr(p, name) or 0 for p in parts) == (getattr(whole, name) or 0)
        covered = [p.coverage for p in parts if p.coverage]
        assert Coverage(sum(c.reporting for c in covered), sum(c.expected for c in covered)) == (
            whole.coverage or Coverage(0, 0)
        )
        assert all(p.rank is None for p in parts)
        assert [p.agency for p in parts if "directly" in p.flags] in ([], [code])


def test_a_period_over_the_merger_is_summed_and_says_so():
    organisation = Organisation(
        [
            agency("H22", valid_to=date(2025, 6, 30), successor="H60"),
            agency("H60", valid_to=date(2025, 6, 30), successor="H60"),
            agency("H60", valid_from=date(2025, 7, 1)),
            agency("H26"),
        ]
    )
    cells = [cell("H22", 1, 1), cell("H60", 2, 2), cell("H26", 3, 3)]
    year = parse_period("2025")
    now = {
        f.agency: f
        for f in figures.of_tops(frame_on(organisation, year.last, year), cells, [], None)
    }
    assert (now["H60"].numerator, now["H60"].flags) == (3, ("merged_in_period",))
    assert "merged_in_period" not in now["H26"].flags
    then = figures.of_tops(frame_on(organisation, date(2025, 6, 30), year), cells, [], None)
    assert {f.agency: f.numerator for f in then} == {"H22": 1, "H60": 2, "H26": 3}


@pytest.mark.parametrize(
    ("day", "count"), [(date(2025, 12, 31), 2), (date(2026, 1, 1), 1), (date(2026, 6, 1), 1)]
)
def test_a_merger_at_new_year_holds_from_the_first_of_january(day, count):
    organisation = Organisation(
        [
            agency("H01", valid_to=date(2025, 12, 31), successor="H02"),
            agency("H02"),
        ]
    )
    found = figures.of_tops(frame_on(organisation, day), [cell("H01", 1, 0)], [], None)
    assert len(found) == count
    assert sum(f.numerator or 0 for f in found) == 1


def registered():
    """The ministries and provinces that the registry begins with, 63 and 34, as it dates them."""
    folder = resources.files("thuocdo.registry") / "data"

    def table(name):
        return list(csv.DictReader((folder / f"{name}.csv").read_text("utf-8").splitlines()))

    def dated(row, kind, **more):
        days = {name: date.fromisoformat(row[name]) if row.get(name) else None for name in DAYS}
        return agency(row["agency_code"], kind, gso_code=row.get("gso_code"), **days, **more)

    heirs = {
        old: r["agency_code"] for r in table("provinces_34") for old in r["formed_from_gso"].split()
    }
    rows = [dated(r, "province", successor=heirs[r["gso_code"]]) for r in table("provinces_63")]
    rows += [dated(r, "province") for r in table("provinces_34")]
    return rows + [
        dated(r, "ministry", successor=r["successor"].partition(" ")[0] or None)
        for r in table("ministries")
    ]


def test_the_registrys_own_history_keeps_every_provinces_dossiers():
    organisation = Organisation(registered())
    before = organisation.tops(date(2025, 2, 28))
    assert sum(a.block == "province" for a in before) == 63
    today = date(2026, 1, 1)
    found = figures.of_tops(
        frame_on(organisation, today), [cell(a.code, 1, 0) for a in before], [], None
    )
    assert sum(f.block == "province" for f in found) == 34
    assert sum(f.numerator or 0 for f in found if f.block == "province") == 63
    gone = [a.code for a in before if organisation.top(a.code, today) is None]
    assert sum(f.numerator or 0 for f in found) == len(before) - len(gone)


def test_seven_gso_numbers_changed_their_owner_and_none_is_read_off_an_identifier():
    organisation = Organisation(registered())
    moved = set()
    today = [row["gso_code"] for row in registered() if row["valid_from"] == date(2025, 7, 1)]
    for number in filter(None, today):
        then = organisation.find(number, date(2025, 6, 30)).code
        now = organisation.find(number, date(2025, 7, 1)).code
        if then != now:
            moved.add(number)
            with pytest.raises(ThuocdoError) as refused:
                organisation.find(number, date(2025, 12, 31), parse_period("2025"))
            assert refused.value.code == "ambiguous_agency"
    assert moved == {"15", "24", "44", "52", "80", "82", "91"}
