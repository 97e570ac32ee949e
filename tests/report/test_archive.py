"""Reports kept on disk: whole, found again, never silently replaced."""

from __future__ import annotations

import msgspec
import pytest

from thuocdo.core import settings as instance
from thuocdo.core.errors import ThuocdoError
from thuocdo.report import archive
from thuocdo.report.render import Format, render


@pytest.fixture
def settings(tmp_path):
    return instance.load({"THUOCDO_HOME": str(tmp_path)})


def test_a_saved_report_is_found_and_prints_the_same_again(settings, w18):
    paths = archive.save(w18, settings, [Format.PDF, Format.XLSX])

    assert [path.name for path in paths] == [
        "2022-W18.json",
        "bao-cao-tuan-18-2022.pdf",
        "bao-cao-tuan-18-2022.xlsx",
    ]
    assert archive.load(settings, "2022-W18") == w18
    assert render(archive.load(settings, "2022-W18"), Format.PDF) == paths[1].read_bytes()
    assert sorted(path.name for path in paths[0].parent.iterdir()) == sorted(p.name for p in paths)


def test_a_report_made_again_otherwise_leaves_the_earlier_one_beside(settings, w18):
    first = archive.save(w18, settings)[0].read_bytes()
    archive.save(w18, settings)
    assert len(list((settings.reports_dir / "2022-W18").iterdir())) == 1

    archive.save(msgspec.structs.replace(w18, number="10/BC-UBQGCĐS"), settings)
    kept = list((settings.reports_dir / "2022-W18").glob("2022-W18.*.json"))
    assert [path.read_bytes() for path in kept] == [first]
    assert archive.load(settings, "2022-W18").number == "10/BC-UBQGCĐS"


@pytest.mark.parametrize(("week", "code"), [("2022-W19", "no_report"), ("../../etc", "bad_week")])
def test_a_week_without_a_report_says_how_to_make_one(settings, week, code):
    with pytest.raises(ThuocdoError) as refused:
        archive.load(settings, week)
    assert refused.value.code == code
