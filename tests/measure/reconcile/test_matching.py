"""Missing dossiers found on both sides by hashed numbers, and nothing of a list left behind."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest
import xlsxwriter
from tests.measure.reconcile.world import PERIOD, SYSTEM, Case, Planted, day_of

from thuocdo.core.clock import Period
from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.reconcile import listing
from thuocdo.measure.reconcile.matched import Matched, Why
from thuocdo.measure.reconcile.matching import match, tags
from thuocdo.measure.reconcile.reconciling import reconcile

PERSON = "Nguyễn Thị Minh Khai"


def number(case: Case) -> str:
    return str(case[0]["dossier"])


def listed(folder: Path, cases: list[Case], *, head: str = "STT;Mã hồ sơ;Người nộp") -> Path:
    """A list as an office's system exports it, with what nobody needs beside the numbers."""
    lines = [f"{place};{number(case)};{PERSON}" for place, case in enumerate(cases, 1)]
    path = folder / "danh-sach.csv"
    path.write_text("\n".join(["DANH SÁCH HỒ SƠ THÁNG 9", head, *lines]), "utf-8")
    return path


def lines_of(found: Matched, why: Why) -> list[int]:
    return [one.line for one in found.missing if one.why == why]


def test_both_lists_name_what_was_planted_with_its_reason(planted: Planted, tmp_path: Path) -> None:
    found = match(planted.province.books(), SYSTEM, listed(tmp_path, planted.own), PERIOD)
    line = {number(case): place for place, case in enumerate(planted.own, 3)}
    assert lines_of(found, Why.NEVER_CAME) == [line[number(c)] for c in planted.never_sent]
    assert lines_of(found, Why.REFUSED) == [line[number(c)] for c in planted.refused]
    assert {m.reason for m in found.missing if m.why == Why.REFUSED} == {"unknown_procedure"}
    assert (found.lines, found.matched) == (len(planted.own), len(planted.own) - 8)
    (double,) = found.extra
    assert double.double_of_line == line[number(planted.double)]
    assert (double.day, double.procedure) == (
        day_of(planted.double),
        planted.double[0]["procedure"],
    )


def test_what_landed_after_the_moment_asked_for_is_said_to_be_late(
    planted: Planted, tmp_path: Path
) -> None:
    books = planted.province.books()
    said = reconcile(books, "H29", PERIOD).comparisons[0].declared
    assert said is not None
    found = match(books, SYSTEM, listed(tmp_path, planted.own), PERIOD, as_known=said.said_at)
    late = {number(case) for case in planted.late}
    assert lines_of(found, Why.LANDED_LATER) == [
        place for place, case in enumerate(planted.own, 3) if number(case) in late
    ]


def test_missing_and_extra_explain_the_difference_of_the_counts(
    planted: Planted, tmp_path: Path
) -> None:
    books = planted.province.books()
    found = match(books, SYSTEM, listed(tmp_path, planted.own), PERIOD)
    difference = reconcile(books, "H29", PERIOD).comparisons[0].to_declared.difference
    assert len(found.extra) - len(found.missing) == difference


def test_a_wider_list_pairs_its_own_numbers_with_our_tags(planted: Planted, tmp_path: Path) -> None:
    books = planted.province.books()
    (double,) = match(books, SYSTEM, listed(tmp_path, planted.own), PERIOD).extra
    wider = tmp_path / "all.txt"
    wider.write_text("\n".join([number(planted.own[0]), planted.old_number.lower(), ""]))
    paired = dict(tags(books, SYSTEM, wider))
    assert paired[2] == double.tag
    assert paired[1] not in (None, double.tag)


def test_a_line_is_told_when_it_repeats_says_nothing_or_belongs_elsewhere(
    planted: Planted, tmp_path: Path
) -> None:
    province = planted.province.copy(tmp_path)
    fine = next(c for c in reversed(planted.own) if len(c) > 2)
    guest = {**fine[0], "dossier": "H26-1", "system": "H26-one_stop", "agency": "H26"}
    province.land([guest])
    path = tmp_path / "list.txt"
    path.write_text("\n".join([number(fine), f" {number(fine).lower()} ", "-" * 300, "h26-1"]))
    found = match(province.books(), SYSTEM, path, PERIOD)
    assert [(m.line, m.why) for m in found.missing] == [
        (2, Why.REPEATED),
        (3, Why.UNREADABLE),
        (4, Why.OTHER_SYSTEM),
    ]
    assert found.missing[0].other_line == 1
    assert found.missing[2].system == "H26-one_stop"
    other = match(
        province.books(),
        SYSTEM,
        path,
        Period(PERIOD.first.replace(month=1), PERIOD.first.replace(month=1)),
    )
    assert other.missing[0].why == Why.OTHER_PERIOD
    assert other.missing[0].day == day_of(fine)


def state_of(home: Path) -> dict[str, str]:
    return {
        str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(home.rglob("*"))
        if path.is_file()
    }


def test_nothing_of_a_list_reaches_the_disk(
    planted: Planted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    province = planted.province.copy(tmp_path)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    path = listed(tmp_path, planted.own)
    before = state_of(province.home)
    books = province.books()
    match(books, SYSTEM, path, PERIOD)
    list(tags(books, SYSTEM, path))
    assert state_of(province.home) == before
    assert list(scratch.rglob("*")) == []


def test_no_refusal_of_a_list_repeats_what_it_holds(planted: Planted, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"{PERSON};000.00.00.H29-260901-00001\n")
    with pytest.raises(ThuocdoError) as refused:
        match(planted.province.books(), SYSTEM, path, PERIOD, column="Mã số")
    assert PERSON not in str(refused.value)
    assert "00001" not in str(refused.value)


def test_lists_are_read_as_offices_save_them(planted: Planted, tmp_path: Path) -> None:
    numbers = [number(case) for case in planted.own[10:13]]
    workbook = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(workbook) as book:
        sheet = book.add_worksheet()
        for row, one in enumerate(["Mã hồ sơ", *numbers]):
            sheet.write(row, 1, one)
            sheet.write(row, 0, "Họ tên" if row == 0 else PERSON)
    plain = tmp_path / "b.txt"
    plain.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(numbers).encode())
    packed = tmp_path / "c.csv.gz"
    packed.write_bytes(
        gzip.compress("x,Mã hồ sơ\n".encode() + "".join(f"1,{n}\n" for n in numbers).encode())
    )
    utf16 = tmp_path / "d.csv"
    utf16.write_bytes(
        "\n".join(["Mã hồ sơ\tNgày", *(f"{n}\t01/09/2026" for n in numbers)]).encode("utf-16")
    )
    for path in (workbook, plain, packed, utf16):
        assert [entry.number for entry in listing.entries(path)] == numbers, path.name
    assert listing.entries(utf16).__next__().day == PERIOD.first
    by_place = listing.entries(packed, "2")
    assert [entry.number for entry in by_place] == numbers


def test_what_is_no_list_is_refused(
    planted: Planted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = planted.province.books()
    picture = tmp_path / "p.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00")
    archive = tmp_path / "p.zip"
    archive.write_bytes(b"PK\x03\x04rest")
    huge = tmp_path / "huge.txt"
    with huge.open("wb") as file:
        file.truncate(1 << 30)
    for path, code in ((picture, "not_a_list"), (archive, "not_a_list"), (huge, "too_large")):
        with pytest.raises(ThuocdoError) as refused:
            match(books, SYSTEM, path, PERIOD)
        assert refused.value.code == code
    monkeypatch.setattr(listing, "MOST_LINES", 3)
    with pytest.raises(ThuocdoError, match="Split it by period"):
        match(books, SYSTEM, listed(tmp_path, planted.own), PERIOD)
    with pytest.raises(ThuocdoError, match="No system H99"):
        match(books, "H99-one_stop", listed(tmp_path, planted.own), PERIOD)


def test_a_packed_bomb_is_not_unpacked_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MOST_BYTES", 1 << 16)
    bomb = tmp_path / "bomb.txt.gz"
    bomb.write_bytes(gzip.compress(b"1\n" * (1 << 24)))
    with pytest.raises(ThuocdoError) as refused:
        list(listing.entries(bomb))
    assert refused.value.code == "too_large"
