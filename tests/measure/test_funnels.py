"""Funnels: the steps of a service or a campaign, and the share that each keeps."""

from __future__ import annotations

from datetime import date

import pytest

from thuocdo.core.clock import parse_period
from thuocdo.core.errors import ThuocdoError
from thuocdo.measure import funnels
from thuocdo.measure.definitions import Dossiers, Interest, Text
from thuocdo.measure.funnels import Step, shares

CASES = [(funnel.code, vector) for funnel in funnels.funnels() for vector in funnel.vectors]
DOSSIERS = Step(Text("a", "a"), Dossiers(event="received"))
INTEREST = Step(Text("b", "b"), Interest())


@pytest.mark.parametrize(("code", "vector"), CASES, ids=lambda each: getattr(each, "name", each))
def test_the_vector_gives_its_steps(world, code, vector):
    for dossier in vector.dossiers:
        world.send("dossier_events", *world.dossiers(**dossier))
    world.refresh()
    period = parse_period(vector.period) if vector.period else None

    steps = funnels.counted(world.measure(), funnels.find(code), period=period, agency="H26")

    assert [(step.count, step.of_first, step.of_before) for step in steps] == [
        (each.count, each.of_first, each.of_before) for each in vector.expect
    ]


def test_the_published_shares_of_the_admission_of_2022_come_out_of_its_counts():
    # 620.477 is 91,4 % of those who registered, 463.440 is 81,7 % of those admitted: the report gives
    # the parts and the shares, and the wholes follow (620.477 / 91,4 %, 463.440 / 81,7 %).
    assert shares([DOSSIERS] * 2, [678_859, 620_477])[1] == (91.4, 91.4)
    assert shares([DOSSIERS] * 2, [567_246, 463_440])[1] == (81.7, 81.7)
    assert shares([DOSSIERS] * 2, [1_001_011, 934_186])[1] == (93.32, 93.32)


def test_interest_has_no_share_and_nothing_is_no_whole():
    found = shares([INTEREST, DOSSIERS, INTEREST, DOSSIERS], [9, 4, 7, 1])
    assert found == [(None, None), (100, None), (None, None), (25, 25)]
    assert shares([DOSSIERS] * 2, [0, 0]) == [(None, None), (None, None)]
    assert shares([DOSSIERS] * 2, [None, 3]) == [(None, None), (None, None)]


def test_of_one_procedure_and_of_an_agency(world):
    world.send(
        "dossier_events",
        *world.dossiers(date(2022, 10, 1), channel="online", count=3),
        *world.dossiers(date(2022, 10, 1), channel="online", procedure="1.000002"),
        *world.dossiers(date(2022, 10, 1), channel="online", agency="G18"),
    )
    world.refresh()
    funnel, period = funnels.find("dich_vu"), parse_period("2022-10")
    measure = world.measure()
    whole = funnels.counted(measure, funnel, period=period)
    own = funnels.counted(measure, funnel, period=period, agency="H26", procedure="1.000002")
    assert (whole[1].count, own[1].count) == (5, 1)


def test_a_period_is_asked_for_where_steps_have_no_days(world):
    world.refresh()
    with pytest.raises(ThuocdoError, match="no days of their own"):
        funnels.counted(world.measure(), funnels.find("dich_vu"))


def test_an_operators_campaign_counts_and_a_faulty_one_is_named_with_its_line(tmp_path):
    folder = tmp_path / "campaigns"
    folder.mkdir()
    text = (funnels.FOLDER / "tuyen_sinh_2022.yaml").read_text("utf-8")
    (folder / "own.yaml").write_text(text.replace("code: tuyen_sinh_2022", "code: own"), "utf-8")
    assert funnels.find("own", tmp_path).steps
    (folder / "own.yaml").write_text(
        text.replace("code: tuyen_sinh_2022", "code: own").replace(
            "last: 2022-05-13", "last: 2022-05-03"
        ),
        "utf-8",
    )
    with pytest.raises(ThuocdoError, match=r"own\.yaml, line 9, .*ends before it begins"):
        funnels.find("own", tmp_path)
