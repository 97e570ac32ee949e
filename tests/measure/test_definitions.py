"""A definition that does not validate is refused with file, place and reason."""

from __future__ import annotations

from datetime import date

import pytest

from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.definitions import FOLDER, definition, definitions, load

GOOD = (FOLDER / "online_dossier_rate.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        ("event: resolved", "event: forgotten", "`$.versions[0].numerator"),
        ("unit: percent", "unit: percent\nsecret: 1", "secret"),
        ("valid_to: 2022-11-30", "valid_to: 2022-11-29", "`$.versions[0]`"),
        ('version: "2022-12"', 'version: "2022-11"', "`$.versions[1]`"),
        ("unit: percent", "unit: count", "`$.versions[0]`"),
        (
            "denominator: {count: dossiers, event: received}",
            "denominator: {count: services, levels: [full]}",
            "`$.versions[2]`",
        ),
        ("code: online_dossier_rate", "code: other", "`$.code`"),
        ("blocks: [ministry, province]", "blocks: [", "line 8"),
    ],
)
def test_a_faulty_definition_is_refused(tmp_path, before, after, place):
    assert before in GOOD
    path = tmp_path / "online_dossier_rate.yaml"
    path.write_text(GOOD.replace(before, after), "utf-8")
    with pytest.raises(ThuocdoError) as refusal:
        load(path)
    assert refusal.value.code == "bad_definition"
    assert "online_dossier_rate.yaml" in refusal.value.message
    assert place in refusal.value.message


@pytest.mark.parametrize(
    ("day", "version"),
    [
        (date(2022, 4, 30), "2022-05"),
        (date(2022, 5, 1), "2022-05"),
        (date(2022, 11, 30), "2022-05"),
        (date(2022, 12, 1), "2022-12"),
        (date(2026, 11, 21), "2024-11"),
    ],
)
def test_the_version_in_force_on_the_last_day_is_chosen(day, version):
    assert definition("online_dossier_rate").version_for(day).version == version


def test_the_identity_changes_with_the_words_and_not_with_the_tests(tmp_path):
    def identity(text):
        path = tmp_path / "online_dossier_rate.yaml"
        path.write_text(text, "utf-8")
        return load(path).versions[0].identity

    assert identity(GOOD) == definition("online_dossier_rate").versions[0].identity
    assert identity(GOOD.replace("channels: [online]", "channels: [postal]")) != identity(GOOD)
    assert identity(GOOD.replace("name: nothing resolved", "name: nothing")) == identity(GOOD)


def test_every_version_has_its_own_identity_and_both_languages():
    found = [(i, v) for i in definitions() for v in i.versions]
    assert len({version.identity for _, version in found}) == len(found)
    assert all(v.description.vi and v.description.en and v.source.place for _, v in found)
