"""Looks are appended, sealed, and provably those that were seen."""

from __future__ import annotations

import errno
import os
from datetime import date, timedelta

import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.dying import dies

from thuocdo.assess.results import Fault
from thuocdo.assess.watching import kept, pace
from thuocdo.assess.watching.kept import Journal
from thuocdo.assess.watching.model import Look
from thuocdo.core import clock
from thuocdo.core.signing import Signer

DAY = date(2026, 12, 31)
AT = clock.day_start_us(DAY)
OLD = date(2020, 1, 1)

# Written by version 0.1.0 on 2026-11-28 with the key below; never to be edited.
LINES = (
    "eyJhbGciOiJFZERTQSIsImtpZCI6IjFJRzJ0TUg3SjJ3Ykpabk9mOExKelFpdEtmN0xNdm9BRWxzdURNVk01NFkiLCJ0eXAiOiJKT1NFIn0.eyJmaWxlIjoiMjAyNi0xMS0yNS5wYXJxdWV0Iiwic2hhMjU2IjoiOWJjNzdjOTI1OTY2ODEyNmEzNDg3ODNjZDRhOTNkYWNjMzdkYzBmZTM3ODdlZTU5ZGQyMDdkZjQ1NmEzZDMwMyIsInNpemUiOjE4MzYsInJvd3MiOjMsImJlZm9yZSI6IjAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAifQ.L8IDOjTecd7yn50HYej0ZU8FOVsE9XLilKk_t3_-w3dov-7b2FgICz1f9Sd_25r3yaKKQvyUBGAXG7aoOMkhDw",
    "eyJhbGciOiJFZERTQSIsImtpZCI6IjFJRzJ0TUg3SjJ3Ykpabk9mOExKelFpdEtmN0xNdm9BRWxzdURNVk01NFkiLCJ0eXAiOiJKT1NFIn0.eyJmaWxlIjoiMjAyNi0xMS0yNi5wYXJxdWV0Iiwic2hhMjU2IjoiODNjYTVmOTkzNGZiOGVlYTc2MzZlYWI4ODI0ZGZkNjUwMjQ1OTU1ZDJlM2E4YjQyNDNlYjYxY2EyMDM0ODg0ZiIsInNpemUiOjE4MzYsInJvd3MiOjMsImJlZm9yZSI6ImYyZDI3YjQ2MDI2NjNlYWU3NWQ2NDYwNmIwYjllYjczMDUwZDM2NzA1ZWEwMTg0YzI5ODRiMThhZjdiMTQ0NjcifQ.rm5ICwNSJfeieZgRbdYe5VOGAAIGmqTHaWk1q6sVDuJFP9KV9V0kYBptlETvDDkBG-Y2zdFhS0qhQTDixMXQCA",
)
KEY = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


def looks(count: int = 5, at: int = AT) -> list[Look]:
    return [
        Look(f"H{n}-portal", at + n, None if n % 2 else Fault.HTTP, 200 + n, n, 4, bool(n % 3))
        for n in range(count)
    ]


def written(folder, rows) -> None:
    journal = Journal(folder)
    for look in rows:
        journal.add(look)
    journal.close()


def rows_of(table) -> set[tuple]:
    return {tuple(row.values()) for row in table.to_pylist()}


def test_a_look_can_be_read_at_once_and_after_its_day_was_sealed(tmp_path):
    signer, folder = Signer.of(tmp_path), tmp_path / "watching"
    written(folder, looks())
    before = rows_of(kept.read(folder, AT, AT + clock.DAY_US))
    assert len(before) == 5
    assert [path.name for path in kept.seal(folder, DAY + timedelta(days=1), signer)] == ["2026-12-31.parquet"]  # fmt: skip
    assert kept.journals(folder) == []
    assert rows_of(kept.read(folder, AT, AT + clock.DAY_US)) == before
    assert kept.verify(folder, signer.public, OLD) == (1, 5, [])


def test_the_day_that_runs_is_not_sealed(tmp_path):
    written(tmp_path, looks())
    assert kept.seal(tmp_path, DAY, Signer.of(tmp_path)) == []


def test_days_on_both_sides_of_the_year_are_read_together(tmp_path):
    following = AT + clock.DAY_US
    written(tmp_path, [*looks(), *looks(at=following)])
    kept.seal(tmp_path, DAY + timedelta(days=1), Signer.of(tmp_path))
    assert kept.read(tmp_path, AT, following + clock.DAY_US).num_rows == 10
    assert kept.read(tmp_path, following, following + 2).num_rows == 2


@pytest.mark.parametrize("leftover", [b'{"system":"H', b'{"system":"H1-portal","at":1}'])
def test_half_a_line_costs_no_other(tmp_path, leftover):
    written(tmp_path, looks())
    path = tmp_path / f"{DAY}.ndjson"
    with path.open("ab") as file:
        file.write(leftover)
    written(tmp_path, looks(at=AT + 100))
    assert {look.at for look in kept.read_journal(path)} >= {AT, AT + 100, AT + 104}


def test_a_full_disk_costs_the_look_it_refuses_and_no_other(tmp_path):
    journal = Journal(tmp_path)
    first, second, third = looks(3)
    journal.add(first)
    good = journal._open[DAY]

    class Full:
        def write(self, line: bytes) -> int:
            good.write(line[:7])
            raise OSError(28, "No space left on device")

    journal._open[DAY] = Full()
    with pytest.raises(OSError, match="No space"):
        journal.add(second)
    journal._open[DAY] = good
    journal.add(third)
    assert kept.read_journal(tmp_path / f"{DAY}.ndjson") == [first, third]


def test_a_death_between_sealing_and_removing_the_journal_doubles_nothing(tmp_path):
    signer = Signer.of(tmp_path)
    written(tmp_path, looks())
    journal = (tmp_path / f"{DAY}.ndjson").read_bytes()
    kept.seal(tmp_path, DAY + timedelta(days=1), signer)
    (tmp_path / f"{DAY}.ndjson").write_bytes(journal)
    assert kept.read(tmp_path, AT, AT + 100).num_rows == 5
    assert kept.seal(tmp_path, DAY + timedelta(days=1), signer) == []
    assert kept.verify(tmp_path, signer.public, OLD) == (1, 5, [])


def test_a_day_that_came_again_gets_a_second_file(tmp_path):
    signer, today = Signer.of(tmp_path), DAY + timedelta(days=1)
    for at in (AT, AT + 1000, AT + 2000):
        written(tmp_path, looks(at=at))
        kept.seal(tmp_path, today, signer)
    names = [f"{DAY}.2.parquet", f"{DAY}.3.parquet", f"{DAY}.parquet"]
    assert sorted(path.name for path in tmp_path.glob("*.parquet")) == names
    assert kept.read(tmp_path, AT, AT + 5000).num_rows == 15
    assert kept.verify(tmp_path, signer.public, OLD) == (3, 15, [])


def test_a_changed_digit_a_lost_day_and_a_lost_line_are_noticed(tmp_path):
    signer = Signer.of(tmp_path)
    for day in range(3):
        written(tmp_path, looks(at=AT + day * clock.DAY_US))
    kept.seal(tmp_path, DAY + timedelta(days=3), signer)
    days = tmp_path / "days.ndjson"
    lines = days.read_bytes()

    path = tmp_path / f"{DAY}.parquet"
    content = path.read_bytes()
    table = pq.read_table(path)
    pq.write_table(table.set_column(3, "status", (table["status"].cast("int32"))), path)
    assert [w for w in kept.verify(tmp_path, signer.public, OLD)[2] if "changed" in w]
    path.unlink()
    assert kept.verify(tmp_path, signer.public, OLD)[2] == [f"{DAY}.parquet: missing"]
    path.write_bytes(content)

    days.write_bytes(b"\n".join(lines.split(b"\n")[1:]))
    wrong = kept.verify(tmp_path, signer.public, OLD)[2]
    assert any("a line before it is missing" in each for each in wrong)
    assert any("nothing is signed about it" in each for each in wrong)
    other = b"B" if lines[-20:-19] == b"A" else b"A"
    days.write_bytes(lines[:-20] + other + lines[-19:])
    assert any("not signed" in each for each in kept.verify(tmp_path, signer.public, OLD)[2])


def test_lines_of_an_earlier_version_are_read_and_go_on_byte_for_byte(tmp_path):
    days = tmp_path / "days.ndjson"
    old = "".join(f"{line}\n" for line in LINES)
    days.write_text(old)
    assert kept.verify(tmp_path, KEY.public, date(2026, 11, 27)) == (0, 0, [])
    missing = ["2026-11-25.parquet: missing", "2026-11-26.parquet: missing"]
    assert kept.verify(tmp_path, KEY.public, OLD)[2] == missing
    written(tmp_path, looks())
    kept.seal(tmp_path, DAY + timedelta(days=1), KEY)
    assert days.read_text().startswith(old)
    assert kept.verify(tmp_path, KEY.public, date(2026, 11, 27)) == (1, 5, [])


def test_what_is_wrong_is_told_by_line(tmp_path):
    days = tmp_path / "days.ndjson"
    unsigned = "days.ndjson, line {}: not signed by this instance"
    unlinked = "days.ndjson, line {}: a line before it is missing or was changed"
    for lines, wrong in (
        ([LINES[1]], [unlinked.format(1)]),
        ([LINES[1], LINES[0]], [unlinked.format(1), unlinked.format(2)]),
        ([LINES[0].replace("eyJm", "eyJn"), LINES[1]], [unsigned.format(1), unlinked.format(2)]),
        (["x", *LINES], [unsigned.format(1), unlinked.format(2)]),
        (["\xff" + LINES[0], LINES[1]], [unsigned.format(1), unlinked.format(2)]),
        ([LINES[0], KEY.sign(b"[]")], [unsigned.format(2)]),
    ):
        days.write_bytes("\n".join(lines).encode("latin-1"))
        assert kept.verify(tmp_path, KEY.public, date(2026, 11, 27))[2] == wrong


def test_a_full_disk_keeps_the_lines_and_the_journal_and_the_day_is_sealed_later(
    tmp_path, monkeypatch
):
    days = tmp_path / "days.ndjson"
    days.write_text("".join(f"{line}\n" for line in LINES))
    written(tmp_path, looks())
    before, sync, room = days.read_bytes(), os.fsync, iter((True, True, False))

    def full(descriptor: int) -> None:
        if not next(room):
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            kept.seal(tmp_path, DAY + timedelta(days=1), KEY)
    assert days.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"{DAY}.ndjson", f"{DAY}.parquet", "days.ndjson",
    ]  # fmt: skip
    assert kept.seal(tmp_path, DAY + timedelta(days=1), KEY) == []
    assert kept.journals(tmp_path) == []
    assert kept.verify(tmp_path, KEY.public, date(2026, 11, 27)) == (1, 5, [])


def test_dying_before_any_step_of_sealing_loses_and_doubles_no_look(tmp_path):
    old = "".join(f"{line}\n" for line in LINES)
    deaths, died = 0, True
    while died:
        folder = tmp_path / str(deaths)
        folder.mkdir()
        (folder / "days.ndjson").write_text(old)
        written(folder, looks())
        died = dies(lambda at=folder: kept.seal(at, DAY + timedelta(days=1), KEY), deaths + 1)
        deaths += died
        assert kept.read(folder, AT, AT + 100).num_rows == 5
        kept.seal(folder, DAY + timedelta(days=1), KEY)
        assert kept.journals(folder) == []
        assert (folder / "days.ndjson").read_text().startswith(old)
        assert kept.verify(folder, KEY.public, date(2026, 11, 27)) == (1, 5, [])
    assert deaths >= 6


def test_what_the_policy_keeps_no_longer_goes_and_its_line_stays(tmp_path):
    signer = Signer.of(tmp_path)
    for day in range(3):
        written(tmp_path, looks(at=AT + day * clock.DAY_US))
    kept.seal(tmp_path, DAY + timedelta(days=3), signer)
    oldest = DAY + timedelta(days=2)
    assert len(kept.drop(tmp_path, oldest)) == 2
    assert kept.verify(tmp_path, signer.public, oldest) == (1, 5, [])


@settings(max_examples=50)
@given(st.text(min_size=1, max_size=20), st.integers(0, 10**7))
def test_a_system_is_asked_within_its_interval(code, slot):
    interval = 300_000_000
    moment = pace.due(code, slot, interval)
    assert moment // interval == slot
    assert moment == pace.due(code, slot, interval)


def test_thousands_of_systems_are_spread_over_the_interval():
    interval = 300_000_000
    moments = [pace.due(f"H{n}-portal", 5_900_000, interval) % interval for n in range(3000)]
    seconds = [0] * 300
    for moment in moments:
        seconds[moment // 1_000_000] += 1
    assert max(seconds) < 30
