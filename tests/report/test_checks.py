"""A report that must not print a figure does not print it, says why, and ranks the others without it."""

from __future__ import annotations

import json
from datetime import date

import msgspec

from thuocdo.core.clock import Period
from thuocdo.measure.invariants.model import Evidence, Outcome, State
from thuocdo.measure.invariants.withholding import withhold
from thuocdo.report.checks import emptied, of_table, published_of
from thuocdo.report.model import freeze, thaw

RATE = "online_dossier_rate"


def fallen(block: str, agency: str, name: str) -> Outcome:
    row = Evidence(agency, name, (("before", 900), ("now", 880)))
    return Outcome(
        "cumulative_never_falls",
        "block",
        State.BROKEN,
        RATE,
        "2022-05",
        block,
        agency,
        name,
        1,
        (RATE,),
        (row,),
    )


def blocked(make, w18):
    """The report of week 18 in which one province's running total fell."""
    table = w18.tables["6"]
    victim = table.ranking[0]
    outcome = fallen("province", victim.agency, victim.name)
    figures = make.__globals__["published_figures"](make.__globals__["golden"]("2022-W18"))
    figures = {key: withhold(found, [outcome]) for key, found in figures.items()}
    return victim, make("2022-W18", figures=figures, checks=[outcome])


def test_a_blocked_figure_is_unranked_with_its_reason_and_without_its_value(make, w18):
    victim, report = blocked(make, w18)
    table = report.tables["6"]
    assert victim.name not in [name for name, _ in (*table.top, *table.bottom)]
    (row,) = [row for row in table.unranked if row.agency == victim.agency]
    assert (row.value, row.numerator, row.denominator, row.rank) == (None, None, None, None)
    assert row.remark == "bị chặn do không đạt kiểm tra: “Số cộng dồn không giảm”"
    assert table.ranking[0].rank == 1
    assert len(table.ranking) == len(w18.tables["6"].ranking) - 1
    assert report.tables["5"].top == w18.tables["5"].top, "the other block stays as it is"


def test_the_part_on_quality_names_it_and_the_json_keeps_it(make, w18):
    victim, report = blocked(make, w18)
    assert any(
        line == f"Bảng 6, {victim.name}: không đạt kiểm tra “Số cộng dồn không giảm” "
        "(900 ở kỳ trước, chỉ còn 880 ở kỳ này)."
        for line in report.texts.quality
    )
    told = json.loads(freeze(report))
    assert told["checks"][0]["rule"] == "cumulative_never_falls"
    assert told["checks"][0]["evidence"][0]["counts"] == [["before", 900], ["now", 880]]
    assert thaw(freeze(report)) == report


def test_an_honest_report_says_that_its_checks_were_passed(w18):
    own = [one for one in w18.checks if one.rule == "tables_agree"]
    assert [one.state for one in own] == [State.HOLDS] * 6
    assert any("mọi kiểm tra bắt buộc đều đạt" in line for line in w18.texts.quality)


def test_a_report_kept_before_there_were_checks_is_still_read(w18):
    told = json.loads(freeze(w18))
    del told["checks"]
    assert thaw(json.dumps(told).encode()).checks == []


def test_a_table_that_disagrees_with_itself_is_emptied(w18):
    table = w18.tables["6"]
    first, second, *rest = table.ranking
    swapped = msgspec.structs.replace(table, ranking=[second, first, *rest])
    both = msgspec.structs.replace(table, bottom=[*table.bottom[:-1], table.top[0]])
    tied = msgspec.structs.replace(
        table, ranking=[first, msgspec.structs.replace(second, rank=first.rank), *rest]
    )
    said = definition_of(w18, table.code)
    assert of_table(table, said).state is State.HOLDS
    for wrong in (swapped, both, tied):
        outcome = of_table(wrong, said)
        assert (outcome.state, outcome.is_blocking) == (State.BROKEN, True)
        gone = emptied(wrong, outcome)
        assert (gone.top, gone.bottom, gone.ranking) == ([], [], [])
        assert {row.value for row in gone.unranked} == {None}
        assert gone.remarks == ["Bị chặn do không đạt kiểm tra: “Các bảng của báo cáo nhất quán”."]


def test_a_definition_of_the_operator_ranks_as_it_says(w18):
    """An indicator this program does not come with, and of which less is better."""
    table = msgspec.structs.replace(w18.tables["6"], indicator="own_delay@2026-01")
    higher = msgspec.structs.replace(
        definition_of(w18, w18.tables["6"].code), indicator="own_delay", version="2026-01"
    )
    lower = msgspec.structs.replace(higher, better="lower")
    assert of_table(table, higher).state is State.HOLDS
    assert of_table(table, lower).state is State.BROKEN
    assert b"better" in msgspec.json.encode(lower)
    assert b"better" not in msgspec.json.encode(higher), "reports frozen before keep their bytes"


def definition_of(report, code):
    (said,) = [each for each in report.definitions if each.indicator == code]
    return said


def test_a_kept_report_is_what_the_next_one_is_compared_with(w18):
    published = published_of(w18)
    assert published.period == Period(date(2022, 1, 1), date(2022, 4, 30))
    row = w18.tables["6"].ranking[0]
    assert published.counts[RATE, "2022-05", row.agency] == (row.numerator, row.denominator)
    visits = w18.tables["2"].ranking[0]
    assert published.counts["portal_visits", "2022-01", visits.agency].numerator == visits.numerator
