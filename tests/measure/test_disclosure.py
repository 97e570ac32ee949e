"""Small counts stay hidden, whatever is added and subtracted of what is published."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thuocdo.core.vietnamese import percent
from thuocdo.measure.disclosure import (
    Line,
    Table,
    determined,
    disclose,
    hidden,
    policies,
    policy_on,
)
from thuocdo.measure.intervals import wilson
from thuocdo.measure.model import Figure, NoInterval

DAY = date(2026, 6, 30)
POLICY = policy_on(DAY)
SMALLEST = POLICY.smallest


def figure(
    agency, numerator, denominator, *, procedure=None, indicator="online_dossier_rate", **more
):
    value = numerator if denominator is None else percent(numerator, denominator)
    version = "2022-01" if indicator == "portal_visits" else "2024-11"
    return Figure(
        indicator=indicator,
        version=version,
        agency=agency,
        name=agency,
        block="province",
        period_first=DAY,
        period_last=DAY,
        unit="percent",
        numerator=numerator,
        denominator=denominator,
        value=None if value is None else float(value),
        coverage=None,
        freshness=None,
        as_known=None,
        as_organised=DAY,
        trust="any",
        procedure=procedure,
        interval=wilson(numerator, denominator) if denominator else None,
        rank=1,
        **more,
    )


def whole(agency, parts, **more):
    return figure(
        agency, sum(p.numerator for p in parts), sum(p.denominator for p in parts), **more
    )


# --- the sums alone -----------------------------------------------------------------------------


def rank_of(rows):
    """The rank of a matrix, by elimination written as plainly as can be."""
    rows, rank = [list(row) for row in rows], 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((n for n in range(rank, len(rows)) if rows[n][column]), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        for n in range(rank + 1, len(rows)):
            times = rows[n][column] / rows[rank][column]
            rows[n] = [a - times * b for a, b in zip(rows[n], rows[rank], strict=True)]
        rank += 1
    return rank


def follows(cell, unknown, equations):
    """Whether a cell is fixed by equations (cell → coefficient) once all but `unknown` are known."""
    order = sorted(unknown, key=repr)
    rows = [[Fraction(equation.get(one, 0)) for one in order] for equation in equations]
    asked = [Fraction(one == cell) for one in order]
    return rank_of(rows) == rank_of([*rows, asked])


def equation_of(line):
    return {line.total: 1} | dict.fromkeys(line.parts, -1)


@st.composite
def crossed(draw):
    """A table of two dimensions with both margins and the grand total: cells → counts, and lines."""
    rows, columns = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    counts = st.one_of(st.integers(0, 12), st.integers(0, 200))
    values = {(r, c): draw(counts) for r in range(rows) for c in range(columns)}
    lines = [Line((r, "all"), tuple((r, c) for c in range(columns))) for r in range(rows)]
    lines += [Line(("all", c), tuple((r, c) for r in range(rows))) for c in range(columns)]
    for line in lines:
        values[line.total] = sum(values[cell] for cell in line.parts)
    for margin in ([(r, "all") for r in range(rows)], [("all", c) for c in range(columns)]):
        lines.append(Line(("all", "all"), tuple(margin)))
        values["all", "all"] = sum(values[cell] for cell in margin)
    return values, lines


@settings(max_examples=120, deadline=None)
@given(crossed())
def test_no_hidden_cell_follows_from_the_published_ones(table):
    values, lines = table
    small = {cell for cell, value in values.items() if 0 < value < SMALLEST}
    found = hidden(values, lines, small, SMALLEST)
    assert small <= found
    equations = [equation_of(line) for line in lines]
    assert not any(follows(cell, found, equations) for cell in found)


@settings(max_examples=120, deadline=None)
@given(crossed(), st.data())
def test_the_fast_elimination_finds_what_the_plain_one_finds(table, data):
    values, lines = table
    unknown = data.draw(st.sets(st.sampled_from(sorted(values, key=repr))))
    equations = [equation_of(line) for line in lines]
    assert determined(lines, set(unknown)) == {
        cell for cell in unknown if follows(cell, unknown, equations)
    }


@settings(max_examples=120, deadline=None)
@given(crossed())
def test_what_is_hidden_below_a_published_total_is_no_small_count_itself(table):
    values, lines = table
    small = {cell for cell, value in values.items() if 0 < value < SMALLEST}
    found = hidden(values, lines, small, SMALLEST)
    for line in lines:
        inside = [cell for cell in line.parts if cell in found]
        if inside and line.total not in found:
            assert sum(values[cell] for cell in inside) >= SMALLEST


@given(st.lists(st.integers(10, 500), min_size=2, max_size=8), st.integers(9, 9))
def test_one_small_cell_takes_exactly_the_next_smallest_with_it(others, small):
    values = dict(enumerate([small, *others]))
    line = Line("all", tuple(range(len(values))))
    values["all"] = small + sum(others)
    found = hidden(values, [line], [0], SMALLEST)
    assert len(found) == 2
    assert {values[cell] for cell in found} == {small, min(others)}


def test_two_small_cells_that_are_no_small_count_together_need_no_third():
    values = {"a": 8, "b": 7, "c": 50, "all": 65}
    assert hidden(values, [Line("all", ("a", "b", "c"))], ["a", "b"], 10) == {"a", "b"}


def test_two_ones_would_give_themselves_away_and_take_a_third():
    values = {"a": 1, "b": 1, "c": 50, "d": 70, "all": 122}
    assert hidden(values, [Line("all", ("a", "b", "c", "d"))], ["a", "b"], 10) == {"a", "b", "c"}


def test_nothing_small_hides_nothing():
    values = {"a": 10, "b": 0, "all": 10}
    assert hidden(values, [Line("all", ("a", "b"))], [], 10) == frozenset()


# --- figures ------------------------------------------------------------------------------------


def test_a_small_figure_loses_its_numbers_and_one_other_hides_it():
    parts = (figure("A", 3, 5), figure("B", 40, 90), figure("C", 50, 800), figure("D", 60, 900))
    (table,) = disclose([Table(parts, whole("H", parts))], POLICY)
    shown = {f.agency: (f.numerator, f.denominator, f.value) for f in table.parts}
    assert shown["A"] == (None, None, None)
    assert shown["B"][2] is None
    assert shown["C"] == (50, 800, 6.25)
    assert (table.total.numerator, table.total.denominator) == (153, 1795)
    hidden_one = table.parts[0]
    assert hidden_one.flags == ("suppressed",)
    assert (hidden_one.rank, hidden_one.interval) == (None, None)
    assert hidden_one.no_interval == NoInterval.SUPPRESSED


def test_small_counts_take_what_was_sent_with_them_and_a_blocked_figure_does_not():
    told = msgspec.structs.replace(figure("H1", 3, 10), events=7, events_verified=5)
    small = told.emptied(NoInterval.SUPPRESSED, "suppressed")
    blocked = told.emptied(NoInterval.NO_VALUE, "check:x")
    assert [(f.numerator, f.denominator, f.value, f.interval) for f in (small, blocked)] == [
        (None, None, None, None)
    ] * 2
    assert (small.events, small.events_verified) == (None, None)
    assert (blocked.events, blocked.events_verified) == (7, 5)
    assert (small.flags, blocked.flags) == (("suppressed",), ("check:x",))


def test_a_rate_is_hidden_whose_rest_is_small_among_few_but_not_among_thousands():
    few = [figure("A", 95, 98), figure("B", 500, 800), figure("C", 600, 900)]
    many = [figure("A", 19_997, 20_000), figure("B", 3, 9_000)]
    (table,) = disclose([Table(tuple(few))], POLICY)
    assert (table.parts[0].value, table.parts[0].numerator) == (None, None)
    assert table.parts[0].denominator == 98
    assert disclose([Table(tuple(many))], POLICY)[0].parts == tuple(many)


def test_nothing_at_all_is_published_as_nothing():
    parts = (figure("A", 0, 0), figure("B", 0, 50), figure("C", 100, 200))
    assert disclose([Table(parts)], POLICY)[0].parts == parts


def test_visits_and_figures_without_data_are_not_concerned():
    visits = figure("A", 3, None, indicator="portal_visits")
    nothing = msgspec.structs.replace(
        figure("B", 1, 2), numerator=None, denominator=None, value=None
    )
    assert disclose([Table((visits, nothing))], POLICY)[0].parts == (visits, nothing)


def test_a_table_of_one_small_row_hides_its_total_too():
    one = figure("A", 2, 4)
    (table,) = disclose([Table((one,), whole("H", [one]))], POLICY)
    assert (table.total.value, table.total.numerator, table.total.denominator) == (None, None, None)
    (bare,) = disclose([Table((one,))], POLICY)
    assert bare.total_hidden


def test_rows_that_are_not_all_there_need_no_other_to_hide_them():
    """Of a list cut to its first rows nobody can take the rest away."""
    parts = (figure("A", 3, 5), figure("B", 400, 900))
    (table,) = disclose([Table(parts, figure("H", 1000, 2000))], POLICY)
    assert [f.value is None for f in table.parts] == [True, False]


def test_whole_provinces_are_never_touched():
    parts = tuple(figure(f"H{n:02d}", 3_000 + 100 * n, 20_000) for n in range(34))
    assert disclose([Table(parts)], POLICY)[0].parts == parts


COUNTS = st.one_of(st.integers(0, 14), st.integers(0, 150))
PAIRS = st.tuples(COUNTS, COUNTS).map(lambda pair: (pair[0], sum(pair)))


@st.composite
def publications(draw):
    """A province, its communes, their services: tables that share their figures."""
    tables, communes = [], []
    services = [f"1.00000{n}" for n in range(draw(st.integers(1, 3)))]
    for n in range(draw(st.integers(1, 4))):
        parts = [figure(f"C{n}", *draw(PAIRS), procedure=code) for code in services]
        communes.append((whole(f"C{n}", parts), parts))
        tables.append(Table(tuple(parts), communes[-1][0]))
    province = whole("H", [commune for commune, _ in communes])
    tables.append(Table(tuple(commune for commune, _ in communes), province))
    for place, code in enumerate(services):
        column = [parts[place] for _, parts in communes]
        tables.append(Table(tuple(column), whole("H", column, procedure=code)))
    by_service = tuple(table.total for table in tables[-len(services) :])
    return [*tables, Table(by_service, province)]


@settings(max_examples=60, deadline=None)
@given(publications())
def test_from_all_tables_together_no_small_count_can_be_worked_out(tables):
    shown = disclose(tables, POLICY)

    def key(one, what):
        return (one.agency, one.procedure or "", what)

    truth, known, equations = {}, set(), []
    for before, after in zip(tables, shown, strict=True):
        pairs = [*zip(before.parts, after.parts, strict=True), (before.total, after.total)]
        for real, printed in pairs:
            for what in ("numerator", "denominator"):
                truth[key(real, what)] = getattr(real, what)
                if getattr(printed, what) is not None:
                    known.add(key(real, what))
            if printed.value is not None:
                assert None not in (printed.numerator, printed.denominator)
        for what in ("numerator", "denominator"):
            equation = {key(before.total, what): 1}
            equations.append(equation | {key(part, what): -1 for part in before.parts})
    unknown = set(truth) - known
    small = set()
    for agency, procedure, what in truth:
        all_of = truth[agency, procedure, "denominator"]
        some = truth[agency, procedure, "numerator"]
        if what == "denominator" and 0 < all_of < SMALLEST:
            small.add((agency, procedure, what))
        rest = all_of - some
        if all_of < POLICY.among and (0 < some < SMALLEST or 0 < rest < SMALLEST):
            small.add((agency, procedure, "pair"))
    for agency, procedure, what in small:
        if what == "denominator":
            assert (agency, procedure, what) in unknown
            assert not follows((agency, procedure, what), unknown, equations)
        else:  # numerator and denominator together give both the part and the rest away
            both = [(agency, procedure, name) for name in ("numerator", "denominator")]
            assert any(cell in unknown and not follows(cell, unknown, equations) for cell in both)


@settings(max_examples=60, deadline=None)
@given(publications())
def test_what_is_published_is_true_and_the_same_figure_reads_alike_everywhere(tables):
    seen = {}
    for before, after in zip(tables, disclose(tables, POLICY), strict=True):
        pairs = [*zip(before.parts, after.parts, strict=True), (before.total, after.total)]
        for real, printed in pairs:
            for name in ("numerator", "denominator", "value"):
                assert getattr(printed, name) in (None, getattr(real, name))
            assert ("suppressed" in printed.flags) == (printed != real)
            who = (printed.agency, printed.procedure)
            assert seen.setdefault(who, printed.value) == printed.value


def test_the_rule_is_dated_data_with_its_source():
    assert policies()[0].valid_from <= date(2022, 4, 30)
    for policy in policies():
        assert policy.source.document
        assert policy.description.vi != policy.description.en
    assert POLICY.smallest == 10


@pytest.mark.parametrize("parts", [1, 300])
def test_a_long_list_of_services_is_quickly_done(parts):
    rows = tuple(figure("H", n % 12, n % 12 + n % 7, procedure=f"1.{n:06d}") for n in range(parts))
    (table,) = disclose([Table(rows, whole("H", rows))], POLICY)
    assert len(table.parts) == parts
