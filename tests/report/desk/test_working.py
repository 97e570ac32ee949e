"""The desk: signed lines that only grow, one winner, nothing public that was not signed."""

from __future__ import annotations

import threading
from pathlib import Path

import msgspec
import pytest

from thuocdo.core import settings as instance
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.core.signing import Signer, payload_of
from thuocdo.measure.invariants.model import Outcome
from thuocdo.measure.invariants.model import State as Verdict
from thuocdo.registry.rights import Right
from thuocdo.report import archive
from thuocdo.report.desk import public, shelf, working
from thuocdo.report.desk.book import Book
from thuocdo.report.desk.model import Actor, Kind, Refused, State, Weight
from thuocdo.report.model import WeeklyReport, freeze
from thuocdo.report.render import Format

WEEK = "2022-W18"
CHI = Actor("chi", frozenset({Right.PREPARE_REPORTS}), "web")
AN = Actor("an", frozenset({Right.PREPARE_REPORTS, Right.PUBLISH}), "web")
BINH = Actor("binh", frozenset({Right.PREPARE_REPORTS, Right.PUBLISH}), "web")
WHY = "Một cơ quan gửi bù số liệu tháng 3."


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return instance.load({"THUOCDO_HOME": str(tmp_path)})


@pytest.fixture
def report(w18: WeeklyReport) -> WeeklyReport:
    """The report of week 18 as one that was checked when it was made, and stands on a log."""
    held = Outcome("part_within_whole", "block", Verdict.HOLDS, checked=86)
    return msgspec.structs.replace(w18, checks=[held], log_size=12, log_root="ab" * 32)


def lay_down(settings: Settings, report: WeeklyReport, actor: Actor = CHI) -> str:
    """A draft with its file; its digest."""
    working.drafted(settings, report, actor)
    archive.save(report, settings)
    return shelf.digest_of(freeze(report))


def bring_out(settings: Settings, digest: str) -> None:
    working.check(settings, WEEK, CHI, digest)
    working.sign(settings, WEEK, AN, digest)
    working.publish(settings, WEEK, BINH, digest)


def state(settings: Settings) -> State | None:
    return working.standing(settings, WEEK).state


def broken(code: str, agency: str | None, *blocks: str) -> Outcome:
    return Outcome(code, "block", Verdict.BROKEN, agency=agency, name="X", blocks=blocks)


def test_a_draft_is_public_only_once_it_is_checked_signed_and_published(settings, report) -> None:
    digest = lay_down(settings, report)
    seen = []
    for step, actor in ((working.check, CHI), (working.sign, AN), (working.publish, BINH)):
        seen.append((state(settings), len(list(public.current(settings)))))
        step(settings, WEEK, actor, digest)
    assert seen == [(State.DRAFT, 0), (State.CHECKED, 0), (State.SIGNED, 0)]
    [printed] = public.current(settings)
    assert [path.suffix for path in printed.files] == [f".{form}" for form in Format]
    assert printed.files[0].read_bytes() == freeze(report)


def test_the_signature_that_is_published_says_who_when_and_of_which_bytes(settings, report) -> None:
    bring_out(settings, lay_down(settings, report))
    [printed] = public.current(settings)
    payload = payload_of(printed.signature, Signer.of(settings.home).public)
    told = msgspec.json.decode(payload)
    assert told["who"] == "an"
    assert told["digest"] == shelf.digest_of(printed.files[0].read_bytes())
    assert told["at"] == printed.edition.signed.at


@pytest.mark.parametrize(
    ("actor", "code"), [(CHI, "not_your_step"), (working.WORKER, "machine_step")]
)
def test_signing_needs_the_right_and_a_person(settings, report, actor, code) -> None:
    digest = lay_down(settings, report)
    working.check(settings, WEEK, CHI, digest)
    with pytest.raises(Refused) as refusal:
        working.sign(settings, WEEK, actor, digest)
    assert refusal.value.code == code


def test_whoever_checked_may_not_sign_and_whoever_signed_may_not_publish(settings, report) -> None:
    digest = lay_down(settings, report)
    working.check(settings, WEEK, AN, digest)
    with pytest.raises(Refused, match="somebody else"):
        working.sign(settings, WEEK, AN, digest)
    working.sign(settings, WEEK, BINH, digest)
    with pytest.raises(Refused, match="somebody else"):
        working.publish(settings, WEEK, BINH, digest)
    working.publish(settings, WEEK, AN, digest)


def test_a_draft_made_again_has_to_be_checked_anew(settings, report) -> None:
    first = lay_down(settings, report)
    working.check(settings, WEEK, CHI, first)
    other = msgspec.structs.replace(report, remark="khác")
    second = lay_down(settings, other)
    assert state(settings) is State.DRAFT
    with pytest.raises(Refused, match="no longer"):
        working.check(settings, WEEK, CHI, first)
    working.check(settings, WEEK, CHI, second)


def test_a_file_changed_behind_the_desks_back_cannot_be_signed(settings, report) -> None:
    digest = lay_down(settings, report)
    working.check(settings, WEEK, CHI, digest)
    archive.save(msgspec.structs.replace(report, remark="sửa tay"), settings)
    with pytest.raises(Refused, match="no longer"):
        working.sign(settings, WEEK, AN, digest)


def test_two_signers_at_once_end_in_one_signature(settings, report) -> None:
    digest = lay_down(settings, report)
    working.check(settings, WEEK, CHI, digest)
    people = [Actor(f"nguoi-{n}", AN.rights, "web") for n in range(8)]
    gate = threading.Barrier(len(people))
    told: list[str] = []

    def sign(actor: Actor) -> None:
        gate.wait()
        try:
            working.sign(settings, WEEK, actor, digest)
            told.append("signed")
        except Refused as refusal:
            told.append(refusal.code)

    threads = [threading.Thread(target=sign, args=(actor,)) for actor in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["out_of_turn"] * 7 + ["signed"]
    kinds = [step.kind for step in working.standing(settings, WEEK).steps]
    assert kinds == [Kind.DRAFT, Kind.CHECK, Kind.SIGN]


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (broken("cumulative_never_falls", None, "portal_visits"), "still_printed"),
        (broken("cumulative_never_falls", None, "no_such_table"), "whole_table"),
    ],
)
def test_a_failed_check_of_a_whole_block_keeps_the_draft_on_the_desk(
    settings, report, outcome, code
) -> None:
    outcome = msgspec.structs.replace(outcome, name="Khối tỉnh")
    digest = lay_down(settings, msgspec.structs.replace(report, checks=[outcome]))
    with pytest.raises(Refused) as refusal:
        working.check(settings, WEEK, CHI, digest, "vẫn muốn gửi")
    assert refusal.value.code == "check_failed"
    assert state(settings) is State.DRAFT


def test_a_figure_withheld_of_one_agency_needs_a_word_of_the_checker(settings, report) -> None:
    held_back = broken("cumulative_never_falls", "X99", "portal_visits")
    digest = lay_down(settings, msgspec.structs.replace(report, checks=[held_back]))
    with pytest.raises(Refused) as refusal:
        working.check(settings, WEEK, CHI, digest)
    assert refusal.value.code == "needs_word"
    found = working.check(settings, WEEK, CHI, digest, "Đã hỏi cơ quan.")
    assert Weight.ACKNOWLEDGE in {one.weight for one in found}
    assert working.standing(settings, WEEK).draft.checked.findings == found


def test_a_table_whose_ranks_were_tampered_with_cannot_be_checked(settings, report) -> None:
    table = report.tables["1"]
    ranking = [table.ranking[1], table.ranking[0], *table.ranking[2:]]
    wrong = {**report.tables, "1": msgspec.structs.replace(table, ranking=ranking)}
    digest = lay_down(settings, msgspec.structs.replace(report, tables=wrong))
    with pytest.raises(Refused, match="do not agree"):
        working.check(settings, WEEK, CHI, digest, "vẫn gửi")


def test_a_report_without_a_number_cannot_be_signed(settings, report) -> None:
    digest = lay_down(settings, msgspec.structs.replace(report, number="…/BC-UBQGCĐS"))
    working.check(settings, WEEK, CHI, digest)
    with pytest.raises(Refused) as refusal:
        working.sign(settings, WEEK, AN, digest)
    assert refusal.value.code == "no_number"


def test_a_step_can_be_withdrawn_with_a_reason_until_the_report_is_published(
    settings, report
) -> None:
    digest = lay_down(settings, report)
    working.check(settings, WEEK, CHI, digest)
    working.sign(settings, WEEK, AN, digest)
    with pytest.raises(Refused, match="reason"):
        working.withdraw(settings, WEEK, AN, digest, " ")
    working.withdraw(settings, WEEK, AN, digest, "chờ ý kiến")
    assert state(settings) is State.CHECKED
    working.sign(settings, WEEK, AN, digest)
    working.publish(settings, WEEK, BINH, digest)
    with pytest.raises(Refused, match="cannot be withdrawn"):
        working.withdraw(settings, WEEK, AN, digest, "nhầm")


def test_a_revision_names_what_it_replaces_and_what_changed(settings, report) -> None:
    first = lay_down(settings, report)
    bring_out(settings, first)
    row = report.tables["1"].ranking[-1]
    table = report.tables["1"]
    lower = msgspec.structs.replace(row, value=row.value - 1, numerator=row.numerator - 1)
    tables = {
        **report.tables,
        "1": msgspec.structs.replace(
            table,
            ranking=[*table.ranking[:-1], lower],
            bottom=[*table.bottom[:-1], (lower.name, lower.value)],
        ),
    }
    second = lay_down(settings, msgspec.structs.replace(report, tables=tables))
    assert [one.name for one in public.current(settings)] == [shelf.short(first)]
    with pytest.raises(Refused, match="nobody has said why"):
        working.check(settings, WEEK, CHI, second)
    working.name_revision(settings, WEEK, CHI, second, WHY)
    bring_out(settings, second)

    [now] = public.current(settings)
    old = public.of_week(settings, WEEK, shelf.short(first))
    assert now.edition.reason == WHY
    assert old.edition.state is State.REVISED
    assert old.files[0].read_bytes() == freeze(report)
    [changed] = public.changes(settings, WEEK, now.edition).tables
    assert [(one.agency, one.before.value - one.now.value) for one in changed.changed] == [
        (row.agency, 1)
    ]


def test_a_line_changed_taken_out_or_forged_breaks_the_book(settings, report) -> None:
    bring_out(settings, lay_down(settings, report))
    folder = settings.publication_dir / WEEK
    lines = sorted(folder.glob("*.jws"))
    kept = [path.read_text() for path in lines]
    other = instance.load({"THUOCDO_HOME": str(settings.home / "other")})
    for damage in (
        lambda: lines[1].write_text(kept[2]),
        lambda: (lines[0].unlink(), lines[1].rename(lines[0])),
        lambda: lines[3].write_text(Signer.of(other.home).sign(b"{}")),
    ):
        damage()
        with pytest.raises(ThuocdoError) as broken_book:
            Book(settings, WEEK).steps()
        assert broken_book.value.code == "broken_book"
        assert list(public.current(settings)) == []
        assert [bool(one.problem) for one in working.queue(settings)] == [True]
        for path, text in zip(lines, kept, strict=True):
            path.write_text(text)
    assert len(list(public.current(settings))) == 1


def test_reports_of_before_the_desk_count_as_published_once_and_it_is_written_down(
    settings, report
) -> None:
    archive.save(report, settings, [Format.HTML])
    assert list(public.current(settings)) == []
    done = working.take_over(settings)
    assert done.weeks == {WEEK: shelf.digest_of(freeze(report))}
    [printed] = public.current(settings)
    assert printed.edition.published.kind is Kind.UPGRADE
    assert printed.signature is None
    assert [path.suffix for path in printed.files] == [".json", ".html"]

    later = msgspec.structs.replace(report, week="2022-W19")
    archive.save(later, settings)
    assert working.take_over(settings) is None
    assert [one.week for one in public.current(settings)] == [WEEK]
    assert working.standing(settings, "2022-W19").state is None


def test_the_same_draft_once_more_writes_no_line(settings, report) -> None:
    lay_down(settings, report)
    digest = lay_down(settings, report)
    assert len(working.standing(settings, WEEK).steps) == 1
    bring_out(settings, digest)
    lay_down(settings, report)
    assert state(settings) is State.PUBLISHED
