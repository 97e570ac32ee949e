"""Measured beside stated: differences that add up, and explanations that name what was planted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.measure.reconcile.world import CODE, PERIOD, Planted, day_of

from thuocdo.core.clock import now_us
from thuocdo.measure.reconcile.model import Cause, Comparison, Reconciliation, State
from thuocdo.measure.reconcile.reconciling import reconcile


def received(found: Reconciliation) -> Comparison:
    return next(one for one in found.comparisons if one.code == "dossiers_received")


def cause(comparison: Comparison, code: str) -> Cause:
    return next(one for one in comparison.causes if one.code == code)


def test_what_was_planted_is_what_the_difference_is_made_of(planted: Planted) -> None:
    found = received(reconcile(planted.province.books(), CODE, PERIOD))
    stated = len(planted.own)
    assert (found.measured, found.declared and found.declared.value) == (stated - 7, stated)
    assert (found.to_declared.difference, found.to_declared.state) == (-7, State.DIFFERS)
    refused = cause(found, "refused")
    assert (refused.dossiers, refused.would_be, refused.closes) == (3, stated - 4, True)
    assert {detail.reason for detail in refused.details} == {"unknown_procedure"}
    late = cause(found, "late")
    assert (late.dossiers, late.would_be, late.closes) == (2, stated - 9, False)
    double = cause(found, "doubles")
    assert (double.dossiers, double.would_be) == (1, stated - 8)
    assert double.details[0].day == day_of(planted.double)


def test_the_lists_by_service_and_by_day_add_up_to_the_difference(planted: Planted) -> None:
    found = received(reconcile(planted.province.books(), CODE, PERIOD))
    for lines in (found.services, found.days):
        assert sum(line.to_declared.gap or 0 for line in lines) == -7
        sizes = [abs(line.to_declared.gap or 0) for line in lines]
        assert sizes == sorted(sizes, reverse=True)
    missing = Counter(case[0]["procedure"] for case in (*planted.never_sent, *planted.refused))
    missing.subtract([planted.double[0]["procedure"]])
    gaps = {line.procedure: line.to_declared.gap for line in found.services}
    assert {code: -n for code, n in missing.items() if n} == {c: g for c, g in gaps.items() if g}


def test_events_that_land_later_are_no_part_of_what_was_known(planted: Planted) -> None:
    books = planted.province.books()
    moment = received(reconcile(books, CODE, PERIOD)).declared
    assert moment is not None
    then = received(reconcile(books, CODE, PERIOD, as_known=moment.said_at))
    assert then.measured == len(planted.own) - 9
    assert "late" not in {one.code for one in then.causes}


def test_silence_is_no_zero(planted: Planted) -> None:
    found = reconcile(planted.province.books(), "H26", PERIOD)
    assert {one.measured for one in found.comparisons} == {None}
    assert {one.to_declared.state for one in found.comparisons} == {State.NOTHING}
    assert len(found.silent_days) == 20  # 22 weekdays, two of them around National Day
    assert [note.en[:3] for note in found.notes] == ["The", "No "]


def test_a_figure_that_only_the_portal_states_is_held_against_what_was_measured(
    planted: Planted, tmp_path: Path
) -> None:
    province = planted.province.copy(tmp_path)
    province.declare(f"dossiers_received,2026-09,,,{len(planted.own) - 7},national_portal")
    found = received(reconcile(province.books(), CODE, PERIOD))
    assert found.to_national.state == State.EQUAL
    assert found.to_declared.state == State.DIFFERS
    resolved = reconcile(planted.province.books(), CODE, PERIOD).comparisons[2]
    assert (resolved.declared, resolved.to_declared.state) == (None, State.SILENT)
    assert resolved.to_declared.difference is None


def test_raw_events_and_published_facts_count_alike(planted: Planted) -> None:
    """The explanations rest on the events, the figures on the facts."""
    found = reconcile(planted.province.books(), CODE, PERIOD)
    again = reconcile(planted.province.books(), CODE, PERIOD, as_known=now_us())
    assert [one.measured for one in found.comparisons] == [
        one.measured for one in again.comparisons
    ]
