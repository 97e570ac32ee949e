"""A definition file is tried by the functions that would read it, and touches nothing."""

from __future__ import annotations

import pytest
from tests.measure.test_running import NEWER, OWN

from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.definitions import FOLDER, Running
from thuocdo.measure.definitions.changes import Change
from thuocdo.measure.definitions.trying import MOST_BYTES, lay_out, running, tried
from thuocdo.measure.facts.schemas import FACTS

HAVE = {table: schema.names for table, schema in FACTS.items()}


@pytest.fixture
def home(tmp_path):
    (tmp_path / "home" / "indicators").mkdir(parents=True)
    (tmp_path / "place").mkdir()
    return tmp_path / "home"


def attempt(home, text):
    place = home.parent / "place"
    return lay_out(text.encode(), home, place)


def test_a_new_indicator_is_the_first_of_its_kind(home):
    path = attempt(home, OWN)
    found = tried(path, HAVE)
    assert (found.before, found.after.code) == (None, "own_rate")
    assert [(version.version, kind) for version, kind in found.added] == [("2026-01", Change.FIRST)]
    assert running(path).current().find("own_rate").code == "own_rate"
    assert list((home / "indicators").iterdir()) == []


def test_a_packaged_file_with_one_version_more_adds_that_version(home):
    packaged = (FOLDER / "portal_visits.yaml").read_text("utf-8")
    begins = "    valid_from: 2022-01-01\n"
    text = packaged.replace(begins, f"{begins}    valid_to: 2026-12-31\n") + NEWER
    last = tried(attempt(home, text), HAVE)
    assert last.before is not None
    assert [(version.version, kind) for version, kind in last.added] == [("2027-01", Change.CELLS)]


def test_what_the_operator_has_is_there_while_a_file_is_tried(home):
    (home / "indicators" / "own_rate.yaml").write_text(OWN, "utf-8")
    other = OWN.replace("own_rate", "third_rate")
    path = attempt(home, other)
    tried(path, HAVE)
    codes = {each.code for each in running(path).current().indicators}
    assert {"own_rate", "third_rate"} <= codes
    assert "third_rate" not in {each.code for each in Running(home).current().indicators}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (OWN.replace("percent", "persent"), "own_rate.yaml, line 3"),
        (OWN.replace("code: own_rate", "kode: own_rate"), "there is no line `code: …`"),
        (OWN.replace("valid_from: 2026-01-01", "valid_from: 2026-02-01"), "line 7"),
        (OWN + "\tx: [", "own_rate.yaml, line"),
        ("code: own_rate\nx: " + "[" * 60 + "]" * 60, "nested too deep"),
        ("code: own_rate\nx: &a [*a]\n", "endless"),
        (
            "code: own_rate\na: &a [1,2,3,4,5,6,7,8,9]\n"
            + "".join(
                f"{now}: &{now} [{','.join([f'*{before}'] * 9)}]\n"
                for before, now in zip("abcdefg", "bcdefgh", strict=True)
            ),
            "endless",
        ),
        ("code: own_rate\n" + "#" * MOST_BYTES, "bytes"),
    ],
)
def test_what_is_wrong_is_said_with_file_line_and_reason(home, text, said):
    with pytest.raises(ThuocdoError) as refused:
        tried(attempt(home, text), HAVE)
    assert refused.value.code == "bad_definition"
    assert said in refused.value.message


def test_words_of_a_version_that_is_there_cannot_be_changed(home):
    text = (
        (FOLDER / "portal_visits.yaml").read_text("utf-8").replace("Tuần 18/2022", "Tuần 19/2022")
    )
    with pytest.raises(ThuocdoError, match="create a version"):
        tried(attempt(home, text), HAVE)
