"""A published round is made again from its checks: by the office, and by a stranger who holds three files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from tests.command import ROOT, thuocdo
from tests.web.held_round import CODE, IN_A_PROCESS, OURS

from thuocdo.assess.criteria.model import CriteriaSet
from thuocdo.assess.evidence import Kept
from thuocdo.assess.rounds.publication import Publication
from thuocdo.assess.rounds.verifying import evidence, recomputed, wholes
from thuocdo.core.signing import Signer, opened

SYSTEM = "H26-one_stop"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance that published rounds."""
    home = tmp_path_factory.mktemp("office")
    ask(home, "init")
    environment = os.environ | {"THUOCDO_HOME": str(home)}
    subprocess.run([sys.executable, "-c", IN_A_PROCESS], cwd=ROOT, env=environment, check=True)
    for code in (CODE, OURS):
        ask(home, "assess", "publish", "--round", code, "--format", "json", "-o", "out")
    (home / "key.json").write_text(ask(home, "proof", "key"))
    return home


def ask(home: Path, *words: str | Path, code: int = 0) -> str:
    done = thuocdo(*words, environment=os.environ | {"THUOCDO_HOME": str(home)}, folder=home)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def made(office: Path) -> Publication:
    token = (office / "out" / f"{CODE}.jws").read_text()
    found = opened(token, Signer.of(office).public, Publication)
    assert found is not None
    return found


@pytest.fixture
def rules(office: Path) -> CriteriaSet:
    return msgspec.json.decode((office / "out" / f"{CODE}.rules.json").read_bytes(), type=CriteriaSet)  # fmt: skip


def changed(made: Publication, *path: str | int, to: object) -> Publication:
    """The same publication with one thing in it changed, as if it had been signed so."""
    whole = msgspec.to_builtins(made)
    *way, last = path
    place = whole
    for step in way:
        place = place[step]
    assert place[last] != to
    place[last] = to
    return msgspec.convert(whole, Publication, strict=False)


def test_everything_that_was_published_follows_from_the_checks(made, rules):
    assert recomputed(made, rules) == []
    assert sum(len(wholes(line, rules)) for line in made.systems) == 0


def place_of(made: Publication, code: str) -> int:
    return next(n for n, line in enumerate(made.systems) if line.standing.code == code)


def first_check(made: Publication, system: int) -> int:
    return next(n for n, each in enumerate(made.systems[system].checks) if each.points)


@pytest.mark.parametrize(
    ("part", "to", "what"),
    [
        (("standing", "grade", "points"), "99.75", "points"),
        (("standing", "grade", "level"), "A", "level"),
        (("standing", "grade", "unmeasured"), "0", "unmeasured"),
        (("standing", "grade", "groups", 0, "points"), "49", "group"),
        (("standing", "grade", "withheld"), True, "withheld"),
        (("standing", "grade", "obstructed"), "3", "obstructed"),
        (("standing", "rank"), 3, "rank"),
        (("standing", "rank_worst"), 1, "rank"),
    ],
)
def test_a_figure_that_does_not_follow_is_named(made, rules, part, to, what):
    place = place_of(made, "H14-one_stop")
    wrong = recomputed(changed(made, "systems", place, *part, to=to), rules)
    assert (made.systems[place].standing.code, what) in [(each.place, each.what) for each in wrong]


def test_points_of_a_check_that_were_raised_do_not_add_up_any_more(made, rules):
    place = place_of(made, SYSTEM)
    check = next(n for n, each in enumerate(made.systems[place].checks) if each.points == 0 or each.outcome == "fail")  # fmt: skip
    line = made.systems[place].checks[check]
    wrong = recomputed(changed(made, "systems", place, "checks", check, "points", to=str(line.of)), rules)  # fmt: skip
    assert {"points", "group"} <= {each.what for each in wrong}
    assert any(each.what.startswith("outcome") for each in wrong)


def test_more_points_than_a_criterion_is_worth_are_refused(made, rules):
    place = place_of(made, SYSTEM)
    check = first_check(made, place)
    for to in ("101", "-1"):
        wrong = recomputed(changed(made, "systems", place, "checks", check, "points", to=to), rules)
        assert "points" in {each.what for each in wrong}
    wrong = recomputed(changed(made, "systems", place, "checks", check, "of", to="99"), rules)
    assert any(each.what.startswith("of ") for each in wrong)


def test_a_check_that_is_told_twice_is_named(made, rules):
    place = place_of(made, SYSTEM)
    twice = msgspec.to_builtins(made.systems[place].checks)
    twice.append(twice[first_check(made, place)])
    wrong = recomputed(changed(made, "systems", place, "checks", to=twice), rules)
    assert any(each.what.startswith("twice") for each in wrong)


def test_shares_of_levels_and_means_are_counted_again(made, rules):
    for name, to in (("mean", "99"), ("open_level", 7), ("systems", 63)):
        wrong = recomputed(changed(made, "blocks", 0, name, to=to), rules)
        assert [each.what for each in wrong] == ["block"]
    gone = recomputed(changed(made, "blocks", to=[]), rules)
    assert {each.place for each in gone} == {"ministry", "province"}


def test_a_vendor_is_not_blamed_for_what_its_systems_do_not_show(made, rules):
    assert made.vendors
    wrong = recomputed(changed(made, "vendors", 0, "vendor", to="Nhà khác"), rules)
    assert {each.here for each in wrong} == {"–"}


def test_other_rules_than_those_that_were_frozen_prove_nothing(made, rules):
    other = msgspec.structs.replace(rules, code="2025")
    (wrong,) = recomputed(made, other)
    assert (wrong.what, wrong.published) == ("rules", made.rules_sha256)


def test_a_group_of_which_only_the_whole_is_known_counts_as_such(made, rules):
    place = place_of(made, SYSTEM)
    first = rules.groups[0]
    keys = {each.check or f"{first.code}.{each.code}" for each in first.criteria}
    kept = [each for each in msgspec.to_builtins(made.systems[place].checks) if each["check"] not in keys]  # fmt: skip
    without = changed(made, "systems", place, "checks", to=kept)
    assert wholes(without.systems[place], rules) == [first.code]
    assert recomputed(without, rules) == []


def test_every_piece_of_evidence_is_read_again(made, office, tmp_path):
    kept = Kept(office)
    assert evidence(made, kept).missing == evidence(made, kept).changed == []
    assert evidence(made, kept).pieces == len({n for line in made.systems for each in line.checks for n in each.evidence})  # fmt: skip
    shutil.copytree(kept.folder, tmp_path / "evidence")
    copy = Kept(tmp_path)
    first, second = sorted(path.name for path in copy.folder.glob("*/*"))[:2]
    copy.path(first).unlink()
    copy.path(second).write_bytes(b"something else")
    found = evidence(made, copy)
    assert (found.missing, found.changed) == ([first], [second])


def test_the_office_verifies_its_round_by_name(office):
    said = ask(office, "assess", "verify", CODE)
    assert "chữ ký đúng" in said
    assert "Không có gì sai." in said
    assert "Nothing is wrong." in ask(office, "assess", "verify", OURS, "--lang", "en")
    assert "There is no round" in ask(office, "assess", "verify", "2099-1", code=1)


def test_a_stranger_needs_the_signed_file_the_key_and_the_rules(office, tmp_path):
    for name in (f"{CODE}.jws", f"{CODE}.rules.json"):
        shutil.copy(office / "out" / name, tmp_path)
    shutil.copy(office / "key.json", tmp_path)
    by = ("assess", "verify", f"{CODE}.jws", "--rules", f"{CODE}.rules.json", "--key", "key.json")
    stranger = tmp_path / "nobody"
    said = thuocdo(*by, environment=os.environ | {"THUOCDO_HOME": str(stranger)}, folder=tmp_path)
    assert said.returncode == 0, said.stderr
    assert "Không có gì sai." in said.stdout
    assert "bằng chứng" not in said.stdout  # nobody said that it was looked at
    assert not stranger.exists()


def test_a_publication_that_another_key_signed_is_refused(office, tmp_path):
    token = (office / "out" / f"{CODE}.jws").read_text()
    forged = Signer.of(tmp_path).sign(msgspec.json.encode({"round": "2026-2"}))
    for name, text in (("forged", forged), ("cut", token[:-20]), ("empty", "")):
        (office / f"{name}.jws").write_text(text)
        assert "is not what this key signed" in ask(office, "assess", "verify", f"{name}.jws", code=1)  # fmt: skip


def test_what_was_signed_and_is_wrong_is_told_with_exit_1(office, made):
    place = place_of(made, SYSTEM)
    lie = changed(made, "systems", place, "standing", "grade", "points", to="100")
    (office / "lie.jws").write_text(Signer.of(office).sign(msgspec.json.encode(lie)))
    said = ask(office, "assess", "verify", "lie.jws", code=1)
    assert f"{SYSTEM}: points: công bố 100; tính lại" in said
    assert "chỗ sai." in said


def test_rules_that_are_none_are_refused_in_words(office):
    (office / "no.json").write_text(json.dumps({"code": 1}))
    for file in ("no.json", "nowhere.json"):
        told = ask(office, "assess", "verify", f"out/{CODE}.jws", "--rules", file, code=1)
        assert "holds no rules" in told


def test_decimals_are_written_as_they_were(made):
    assert isinstance(made.systems[0].standing.grade.points, Decimal)
