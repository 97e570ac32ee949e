"""A criteria set adds up, says where it comes from, and is refused when it does not."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from thuocdo.assess.criteria.model import FOLDER, criteria_set, criteria_sets, load
from thuocdo.assess.probes.catalogue import CHECKS
from thuocdo.assess.results import Blame, Fault
from thuocdo.core.errors import ThuocdoError

GOOD = (FOLDER / "2024.yaml").read_text("utf-8")


def test_every_set_adds_up_and_says_in_both_languages_what_is_not_official():
    for found in criteria_sets():
        assert sum(group.points for group in found.groups) == found.total
        assert found.official or (found.unofficial_because.vi and found.unofficial_because.en)
        assert all(each.name.vi and each.name.en for _, each in found.criteria())


def test_the_groups_of_2024_are_the_published_ones():
    points = {group.code: group.points for group in criteria_set("2024").groups}
    assert list(points.values()) == [50, 5, 10, 10, 15, 5, 5]


def test_losi_2024_has_the_95_questions_in_six_modules():
    groups = criteria_set("losi-2024").groups
    assert [len(group.criteria) for group in groups] == [6, 30, 22, 15, 10, 12]


def test_every_question_of_losi_2024_says_what_it_asks_and_how_to_mend_in_both_languages():
    told = [each for _, each in criteria_set("losi-2024").criteria()]
    for each in told:
        for words in (each.name, each.asks, each.fix):
            assert words.vi != words.en, each.code
            assert all(text.strip() for text in (words.vi, words.en)), each.code
        assert max(map(len, (each.asks.vi, each.asks.en))) <= 260, each.code
        for text in (each.asks.vi, each.asks.en):
            assert ". " in text, each.code  # what is asked, and then what does not count
    for words in ("name", "asks"):
        for language in ("vi", "en"):
            assert len({getattr(getattr(each, words), language) for each in told}) == 95


def test_a_name_says_what_the_question_asks():
    """Each was something else, or less, before the questions were read in full."""
    names = {each.code: each.name for _, each in criteria_set("losi-2024").criteria()}
    assert "Khai thuế" in names["268"].vi  # to file a return, not to pay
    assert "Sáng kiến" in names["223"].vi  # with third parties: no service of theirs
    assert "khiếu nại" in names["232"].vi  # of a fine or a tax: no department of justice
    assert "Tra cứu" in names["299"].vi
    assert "Xác thực" in names["245"].vi  # any secure sign-in, not the national one alone


def test_every_question_that_a_machine_answers_names_a_check_that_some_probe_makes():
    for rules in criteria_sets():
        for group, each in rules.criteria():
            if each.method != "manual":
                assert (each.check or f"{group.code}.{each.code}") in CHECKS, (
                    rules.code,
                    each.code,
                )


def test_what_withholds_a_level_is_named_by_faults_of_the_sites_side():
    for rules in criteria_sets():
        if rules.obstruction is not msgspec.UNSET:
            named = {Fault(each) for each in rules.obstruction.faults}
            assert not {each for each in named if each.blame is Blame.US}
            assert not named & {Fault.NO_APPOINTMENT, Fault.TOO_FEW}
        assert bool(rules.levels) == (rules.obstruction is not msgspec.UNSET)


def test_the_groups_of_losi_2022_give_the_published_scores_of_a_city():
    """54 of 86 = 0,6279; sub-scores 0,8889 0,2778 0,84 0,6471 0,5294 (facts/emc.md §6)."""
    sizes = {group.code: group.points for group in criteria_set("losi-2022").groups}
    found = dict(zip(sizes, (8, 5, 21, 11, 9), strict=True))
    shares = [round(Decimal(found[code]) / sizes[code], 4) for code in sizes]
    assert shares == [Decimal(text) for text in ("0.8889", "0.2778", "0.84", "0.6471", "0.5294")]
    assert round(Decimal(sum(found.values())) / sum(sizes.values()), 4) == Decimal("0.6279")


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("total: 100", "total: 99", "total"),
        ("points: 0.75", "points: 0.8", "points"),
        ("method: manual", "method: guess", "method"),
        ('code: "2024"', 'code: "2025"', "file's name"),
        ("official: false", "official: true", "unofficial_because"),
        ("{level: E, from: 0}", "{level: E, from: 10}", "levels"),
        ("code: hsts", "code: csp", "twice"),
        ("fix:", "mend:", "mend"),
        ("total: 100", "total: 100\nstep: 0", "step"),
        ("total: 100", "total: 100\nstep: -0.25", "step"),
        ("total: 100", 'total: 100\nstep: "NaN"', "number"),
        ("{level: A, from: 90}", '{level: A, from: "NaN"}', "number"),
        ("{level: A, from: 90}", "{level: A, from: 190}", "levels"),
        ("{level: B, from: 80}", "{level: A, from: 80}", "one name"),
        ("tolerance: 0.5", "tolerance: -1", "tolerance"),
        ("total: 100", "total: 100\nvalid_to: 1999-01-01", "ends before"),
    ],
)
def test_a_faulty_set_is_refused(tmp_path, before, after, reason):
    assert before in GOOD
    path = tmp_path / "2024.yaml"
    path.write_text(GOOD.replace(before, after), "utf-8")
    with pytest.raises(ThuocdoError, match=reason) as refusal:
        load(path)
    assert refusal.value.code == "bad_criteria"


@pytest.mark.parametrize("content", [b"", b"- a\n", b"\xff\xfe\x00", b"total: [", None])
def test_a_file_that_is_no_set_or_is_not_there_is_refused(tmp_path, content):
    path = tmp_path / "2024.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ThuocdoError) as refusal:
        load(path)
    assert refusal.value.code == "bad_criteria"
