"""What was agreed stays written down; what moves afterwards says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.measure.reconcile.world import CODE, PERIOD, Planted

from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vocabulary import Decision, Role
from thuocdo.measure.reconcile import agreements
from thuocdo.measure.reconcile.agreements import Decided
from thuocdo.measure.reconcile.model import Agreement
from thuocdo.measure.reconcile.reconciling import Books, reconcile

RECEIVED = "dossiers_received"
OFFICE = "Văn phòng UBND TP Hồ Chí Minh"


def decide(books: Books, **more: object) -> Agreement:
    given = {"decision": Decision.AGREED, "role": Role.AGENCY, "office": OFFICE} | more
    return agreements.record(
        books.lake,
        reconcile(books, CODE, PERIOD),
        Decided(RECEIVED, **given),  # type: ignore[arg-type]
    )


def decisions(books: Books) -> tuple[Agreement, ...]:
    return reconcile(books, CODE, PERIOD).comparisons[0].agreements


@pytest.fixture
def books(planted: Planted, tmp_path: Path) -> Books:
    return planted.province.copy(tmp_path).books()


def test_an_agreement_holds_until_an_event_moves_what_was_measured(
    planted: Planted, tmp_path: Path
) -> None:
    province = planted.province.copy(tmp_path)
    measured = str(len(planted.own) - 7)
    decide(province.books())
    (one,) = decisions(province.books())
    assert (one.measured, one.agreed, one.declared) == (measured, measured, str(len(planted.own)))
    assert (one.office, one.outdated) == (OFFICE, "")
    province.land(planted.never_sent[0])
    (one,) = decisions(province.books())
    assert (one.measured, one.outdated) == (measured, "events")


def test_both_sides_decisions_stand_beside_each_other_the_newest_first(books: Books) -> None:
    decide(books, decision=Decision.DISPUTED, note="Còn 5 hồ sơ chưa gửi")
    decide(books, decision=Decision.CORRECTED, figure=198, role=Role.MINISTRY, office="Bộ KH&CN")
    newest, first = decisions(books)
    assert (newest.decision, newest.agreed, newest.role) == ("corrected", "198", "ministry")
    assert (first.decision, first.agreed, first.note) == (
        "disputed",
        None,
        "Còn 5 hồ sơ chưa gửi",
    )
    assert books.lake.read("agreements").num_rows == 2


def test_what_was_decided_later_is_not_known_before(books: Books) -> None:
    before = reconcile(books, CODE, PERIOD)
    decide(books)
    then = reconcile(books, CODE, PERIOD, as_known=before.as_known)
    assert then.comparisons[0].agreements == ()


def test_a_single_service_can_be_agreed_on(books: Books) -> None:
    line = reconcile(books, CODE, PERIOD).comparisons[0].services[-1]
    decide(books, procedure=line.procedure)
    (one,) = decisions(books)
    assert (one.procedure, one.agreed, one.outdated) == (line.procedure, str(line.measured), "")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"office": "Nguyễn Văn An, 0912345678"}, "person_named"),
        ({"office": " "}, "person_named"),
        ({"decision": Decision.CORRECTED}, "no_figure"),
        ({"procedure": "9.999999"}, "not_compared"),
        ({"note": "x" * 600}, "too_long"),
    ],
)
def test_what_cannot_be_written_down_is_refused(
    books: Books, more: dict[str, object], code: str
) -> None:
    with pytest.raises(ThuocdoError) as refused:
        decide(books, **more)
    assert refused.value.code == code
    assert books.lake.read("agreements").num_rows == 0


def test_silence_cannot_be_agreed_on(books: Books) -> None:
    silent = reconcile(books, "H26", PERIOD)
    with pytest.raises(ThuocdoError, match="Nothing was measured"):
        agreements.record(
            books.lake, silent, Decided(RECEIVED, Decision.AGREED, Role.AGENCY, OFFICE)
        )
