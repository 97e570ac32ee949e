"""An instance's own targets: added, never overwritten; wrong ones refused, the rest kept."""

from __future__ import annotations

import datetime as dt
import threading

import msgspec
import pytest

from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.definitions import Source, Text, definition
from thuocdo.measure.targets.model import Target, targets
from thuocdo.measure.targets.setting import Setting, set_target, set_targets

RATE = definition("full_online_rate")
TARGET = Target(
    code="own-2027",
    indicator="full_online_rate",
    value="90",
    by=dt.date(2027, 12, 31),
    title=Text(vi="Năm 2027", en="2027"),
    source=Source(document="Quyết định 1", place="Điều 2"),
    block="province",
)


def setting(target=TARGET, who="lan"):
    at = dt.datetime(2026, 11, 28, 5, tzinfo=dt.UTC)
    return Setting(who, at, "web", "theo kế hoạch", target)


def test_without_files_the_packaged_targets_hold(tmp_path):
    assert set_targets(tmp_path).targets == targets()


def test_a_change_is_a_file_more_and_the_last_one_holds(tmp_path):
    set_target(tmp_path, setting(), RATE, seen=0)
    later = msgspec.structs.replace(TARGET, value="95", valid_to=dt.date(2027, 6, 30))
    set_target(tmp_path, setting(later, "nam"), RATE, seen=1)
    found = set_targets(tmp_path)
    assert [one.target for one in found.of("own-2027")] == [TARGET, later]
    assert later in found.targets
    assert TARGET not in found.targets
    assert len(found.targets) == len(targets()) + 1


def test_a_packaged_target_can_be_changed_too(tmp_path):
    before = targets()[0]
    set_target(tmp_path, setting(msgspec.structs.replace(before, value="71")), RATE, seen=0)
    found = {target.code: target for target in set_targets(tmp_path).targets}
    assert found[before.code].value == "71"
    assert len(found) == len(targets())


def test_of_many_who_change_the_same_at_once_one_wins(tmp_path):
    set_target(tmp_path, setting(), RATE, seen=0)
    gate, told = threading.Barrier(6), []

    def change(number):
        gate.wait()
        try:
            set_target(
                tmp_path,
                setting(msgspec.structs.replace(TARGET, value=str(90 + number))),
                RATE,
                seen=1,
            )
            told.append("set")
        except ThuocdoError as wrong:
            told.append(wrong.code)

    threads = [threading.Thread(target=change, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["set", *["target_changed"] * 5]
    assert len(set_targets(tmp_path).of("own-2027")) == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"value": "101"}, "target_value"),
        ({"value": "nhiều"}, "target_value"),
        ({"value": "NaN"}, "target_value"),
        ({"agency": "H26"}, "target_whose"),
        ({"valid_from": dt.date(2027, 2, 1), "valid_to": dt.date(2027, 1, 1)}, "target_days"),
        ({"source": Source(document=" ", place="Điều 2")}, "target_words"),
    ],
)
def test_a_target_that_makes_no_sense_is_refused(tmp_path, change, code):
    with pytest.raises(ThuocdoError) as refused:
        set_target(tmp_path, setting(msgspec.structs.replace(TARGET, **change)), RATE, seen=0)
    assert refused.value.code == code
    assert set_targets(tmp_path).targets == targets()


def test_a_target_is_not_set_where_less_is_better(tmp_path):
    time = definition("time_to_result")
    with pytest.raises(ThuocdoError) as refused:
        set_target(tmp_path, setting(), time, seen=0)
    assert refused.value.code == "target_direction"


def test_a_broken_file_is_named_and_takes_nothing_away(tmp_path):
    set_target(tmp_path, setting(), RATE, seen=0)
    (tmp_path / "targets" / "0002.yaml").write_text("who: lan\n", "utf-8")
    found = set_targets(tmp_path)
    assert TARGET in found.targets
    assert [wrong.code for wrong in found.refused] == ["bad_policy"]
