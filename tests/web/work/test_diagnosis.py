"""A diagnosis says what was seen and what to change, in both languages, the most urgent first."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.utils import translation
from tests.web.work.test_health import HERE, NOW, NUMBERS, every_hour, heard

from thuocdo.core.vocabulary import RejectReason
from thuocdo.measure.senders import Lags
from thuocdo.web.work import telling
from thuocdo.web.work.diagnosis import Code, Known, Refused, diagnose, texts
from thuocdo.web.work.health import HOUR_US, State, Tally

_VIETNAMESE = re.compile("[ăâđêôơưĂÂĐÊÔƠƯ\u1ea0-\u1ef9]")
REFUSED = Refused("unknown_procedure", 40, NOW, "procedure: in no catalogue", '{"codeTTHC":"9"}')
LAST = NOW - 70 * HOUR_US
SILENT = heard(accepted=LAST, event=LAST, hours=every_hour(100, until=HERE - 70 * HOUR_US))
INTERRUPTED = heard(accepted=NOW - 30 * HOUR_US, hours=every_hour(100, until=HERE - 30 * HOUR_US))
NEVER = {"accepted": None, "event": None, "hours": {}}

CASES: list[tuple[Known, list[Code]]] = [
    (Known(heard()), [Code.WELL]),
    (Known(heard(closed=date(2026, 12, 1), hours={})), [Code.CLOSED]),
    (Known(heard(**NEVER)), [Code.NEVER_PORTAL]),
    (Known(heard(kind="one_stop", **NEVER)), [Code.NEVER_ONE_STOP]),
    (Known(heard(accepted=None, event=NOW - HOUR_US, hours={})), [Code.FILES_ONLY]),
    (Known(SILENT, speaking=("Cổng A", "Cổng B")), [Code.SILENT]),
    (Known(INTERRUPTED), [Code.INTERRUPTED]),
    (Known(heard(hours={HERE: Tally(refused=40)}), [REFUSED]), [Code.ALL_REFUSED]),
    (
        Known(heard(event=LAST, hours={HERE: Tally(refused=40)}), [REFUSED]),
        [Code.SILENT, Code.ALL_REFUSED],
    ),
    (Known(heard(), [REFUSED]), [Code.SOME_REFUSED]),
    (Known(heard(), [replace(REFUSED, records=1)]), [Code.WELL]),
    (
        Known(heard(), [Refused("bad_date", 1, NOW, "event_time: in the future")]),
        [Code.CLOCK_AHEAD],
    ),
    (
        Known(heard(hours=every_hour(100) | {HERE - n * HOUR_US: Tally(1) for n in range(8)})),
        [Code.LOW],
    ),
    (
        Known(heard(hours=every_hour(100) | {HERE - n * HOUR_US: Tally(999) for n in range(8)})),
        [Code.HIGH],
    ),
    (Known(heard(), lags=Lags(500, 60_000_000, 3 * 24 * HOUR_US)), [Code.LATE]),
    (Known(heard(), lags=Lags(500, 60_000_000, HOUR_US)), [Code.WELL]),
    (Known(heard(), dossiers=Tally(100, verified=10)), [Code.UNVERIFIED]),
    (Known(heard(), dossiers=Tally(100, verified=90)), [Code.WELL]),
    (Known(heard(), channels={"online": 100}), [Code.ONE_CHANNEL]),
    (Known(heard(), channels={"online": 99}), [Code.WELL]),
    (Known(heard(), channels={"online": 100, "counter": 1}), [Code.WELL]),
    (Known(heard(), strangers=(77, 78)), [Code.STRANGERS]),
    (
        Known(SILENT, [REFUSED], Tally(100), strangers=(77,)),
        [Code.SILENT, Code.SOME_REFUSED, Code.UNVERIFIED, Code.STRANGERS],
    ),
]


@pytest.mark.parametrize(("known", "codes"), CASES)
def test_every_sign_leads_to_its_findings_in_order(known: Known, codes: list[Code]) -> None:
    assert [finding.code for finding in diagnose(known, NOW, NUMBERS)] == codes


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_finding_is_told_in_both_languages(language: str) -> None:
    told = set()
    for known, _codes in CASES:
        with translation.override(language):
            for finding in diagnose(known, NOW, NUMBERS):
                words = telling.finding(finding, "{}")
                told.add(finding.code)
                whole = f"{words.title} {words.saw} {words.fix}".replace("Cổng A, Cổng B", "")
                assert words.title
                assert words.saw
                assert words.fix
                assert "{" not in whole
                assert bool(_VIETNAMESE.search(whole)) is (language == "vi"), whole
    assert told == set(Code)


def test_the_words_cover_every_code_and_no_other() -> None:
    assert set(texts()) == set(Code)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_state_and_every_reason_has_words(language: str) -> None:
    with translation.override(language):
        assert all(telling.state(state) for state in State)
        assert set(telling.MARKS) == set(State)
        for reason in RejectReason:
            refused = Refused(reason.value, 50, NOW, "field: x")
            found = diagnose(Known(heard(), [refused]), NOW, NUMBERS)
            assert telling.finding(found[0]).fix


def test_silence_names_who_still_speaks_and_how_much_is_missing() -> None:
    (finding,) = diagnose(Known(SILENT, speaking=("Cổng A",)), NOW, NUMBERS)
    with translation.override("vi"):
        saw = telling.finding(finding).saw
    assert "Cổng A" in saw
    assert "6.900" in saw  # a hundred for each of the whole hours since


def test_an_example_goes_with_refusals_alone() -> None:
    def told(known: Known) -> list[Any]:
        return [telling.finding(each, "x") for each in diagnose(known, NOW, NUMBERS)]

    assert [each.example for each in told(Known(heard(), [REFUSED]))] == ["x"]
    assert [each.example for each in told(Known(heard()))] == [""]


@pytest.mark.parametrize(
    ("kept", "shown"),
    [("", ""), ("{}", ""), ("not json", "not json"), ('{"a":"1","b":"2"}', "a: 1\nb: 2")],
)
def test_a_kept_record_is_shown_a_field_a_line(kept: str, shown: str) -> None:
    assert telling.payload(kept) == shown
