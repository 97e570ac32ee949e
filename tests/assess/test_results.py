"""A result is pass, fail or not measurable, never two of them; points follow from it and the set alone."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thuocdo.assess import results
from thuocdo.assess.criteria.model import criteria_set
from thuocdo.assess.evidence import Kept
from thuocdo.assess.results import Blame, Fault, Outcome, Result, measured, unmeasured
from thuocdo.assess.scoring import grade
from thuocdo.core.errors import ThuocdoError

SET = criteria_set("2024")
AUTO = [f"{group.code}.{each.code}" for group, each in SET.criteria() if each.method == "auto"]
SHARES = st.one_of(
    st.none(), st.integers(0, 100).map(lambda percent: Decimal(percent) / Decimal(100))
)


def result(check: str, share: Decimal | None) -> Result:
    if share is None:
        return unmeasured(check, Fault.TIMEOUT, "", 1)
    return measured(check, share, 1)


@given(st.lists(SHARES, min_size=len(AUTO), max_size=len(AUTO)))
def test_points_are_quarters_and_what_was_not_measured_has_none(shares):
    found = results.points(SET, [result(*pair) for pair in zip(AUTO, shares, strict=True)])
    assert {key for key, points in found.items() if points is None} == {
        key for key, share in zip(AUTO, shares, strict=True) if share is None
    }
    assert all(points % Decimal("0.25") == 0 for points in found.values() if points is not None)
    total = grade(SET, found)
    assert total.points + total.unmeasured <= SET.total


@given(st.integers(0, 99), st.sampled_from(AUTO))
def test_a_larger_share_never_gives_fewer_points(percent, check):
    less, more = (
        results.points(SET, [measured(check, Decimal(each) / 100, 1)])[check]
        for each in (percent, percent + 1)
    )
    assert less <= more


def test_the_whole_share_is_a_pass_and_gives_all_points():
    assert measured("security.hsts", Decimal(1), 1).outcome is Outcome.PASS
    assert results.points(SET, [measured("security.hsts", Decimal(1), 1)]) == {
        "security.hsts": Decimal("1.5")
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"outcome": Outcome.UNMEASURED, "share": Decimal(0), "fault": Fault.DNS},
        {"outcome": Outcome.FAIL, "share": None},
        {"outcome": Outcome.UNMEASURED, "share": None},
        {"outcome": Outcome.PASS, "share": Decimal("0.5")},
        {"outcome": Outcome.FAIL, "share": Decimal(1)},
        {"outcome": Outcome.FAIL, "share": Decimal("-0.5")},
    ],
)
def test_a_result_that_says_two_things_cannot_be_made(wrong):
    with pytest.raises(ThuocdoError) as refusal:
        Result("security.hsts", at=1, **wrong)
    assert refusal.value.code == "bad_result"


def test_two_results_of_one_check_are_refused_rather_than_one_of_them_chosen():
    twice = [measured("security.hsts", Decimal(share), 1) for share in (0, 1)]
    with pytest.raises(ThuocdoError, match="two results"):
        results.points(SET, twice)


def test_one_measurement_is_graded_under_any_set_by_the_check_its_criterion_names():
    seen = [
        measured("interface.social", Decimal(1), 1),
        measured("wcag.axe_2_1", Decimal("0.9"), 1),
    ]
    assert results.points(criteria_set("losi-2024"), seen) == {
        "literacy.273": Decimal(1),
        "technology.210": Decimal(0),  # the United Nations' questions have no halves
    }


def test_a_probe_does_not_speak_for_the_assessors():
    assert results.points(SET, [measured("functions.account", Decimal(1), 1)]) == {}
    with pytest.raises(ThuocdoError, match="both"):
        results.combined({"wcag.axe": Decimal(1)}, {"wcag.axe": Decimal(2)})


def test_every_fault_is_somebodys():
    blamed = {blame: {fault for fault in Fault if fault.blame is blame} for blame in Blame}
    assert Fault.DNS in blamed[Blame.SITE]
    assert Fault.NO_APPOINTMENT in blamed[Blame.OWNER]
    assert Fault.NO_TOOL in blamed[Blame.US]


def test_evidence_is_found_by_its_hash_and_a_changed_file_is_known(tmp_path):
    kept = Kept(tmp_path)
    one = kept.keep("headers", b"HTTP/1.1 200 OK")
    assert kept.keep("headers", b"HTTP/1.1 200 OK") == one
    assert kept.read(one.sha256) == b"HTTP/1.1 200 OK"
    kept.path(one.sha256).write_bytes(b"HTTP/1.1 500 No")
    with pytest.raises(ThuocdoError) as refusal:
        kept.read(one.sha256)
    assert refusal.value.code == "bad_evidence"
    with pytest.raises(ThuocdoError) as refusal:
        kept.read("0" * 64)
    assert refusal.value.code == "no_evidence"
