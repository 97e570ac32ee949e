"""Every kind of incident is said in whole sentences of both languages, from what its causes carry."""

from __future__ import annotations

import re
import string

import pytest

from thuocdo.measure.definitions import definition
from thuocdo.steer.model import Kind, Severity
from thuocdo.steer.models import Step
from thuocdo.steer.policy import editions, words
from thuocdo.steer.telling import NOTHING, severity_name, tell

EXAMPLES: dict[Kind, dict[str, int | str]] = {
    Kind.SILENT_SOURCE: {"name": "Cổng", "since": "2026-12-01", "days": 1234},
    Kind.REFUSED_SHARE: {"name": "Cổng", "refused": 30, "of": 100, "share": 300, "reason": "x"},
    Kind.SYSTEM_DOWN: {
        **{"name": "Cổng", "since": "22:11 28/11/2026", "minutes": 75},
        **{"shown": "Trang chủ trả về lỗi", "shown_en": "The front page answers with an error"},
    },
    Kind.JOB_FAILING: {
        **{"job": "report", "since": "15:00 27/11/2026", "tries": 3, "why": "disk_full"},
    },
    Kind.SUDDEN_CHANGE: {
        **{"what": "visits", "day": "2026-12-01", "seen": 10, "usual": 100},
        **{"low": 90, "high": 110, "weeks": 8},
    },
    Kind.BROKEN_INVARIANT: {
        **{"rule": "part_within_whole", "what": "portal_visits"},
        **{"shown": "tử số 7 lớn hơn mẫu số 5", "shown_en": "numerator 7 exceeds denominator 5"},
    },
    Kind.FEED_DISTORTED: {
        **{"detector": "constant_level", "name": "Cổng"},
        **{"shown": "Mức độ luôn như nhau.", "shown_en": "The level never differs."},
    },
    Kind.TARGET_AT_RISK: {
        **{"what": "full_online_rate", "target": "70.0", "by": "2026-12-31"},
        **{"now": "50.25", "projected": "55.5"},
    },
    Kind.TASK_OVERDUE: {"name": "Gửi bù", "due": "2026-12-01", "days": 3},
    Kind.TASK_STEP: {"name": "Gửi bù", "step": "given", "due": "2026-12-01"},
    Kind.REPORT_PUBLISHED: {"name": "49", "first": "2026-11-30", "last": "2026-12-06"},
}
VIETNAMESE = re.compile(r"[ăâđêôơưĂÂĐÊÔƠƯ\u1ea0-\u1ef9]")
FIELDS = string.Formatter()


@pytest.mark.parametrize("kind", Kind)
def test_a_kind_is_told_from_its_evidence_alone(kind: Kind) -> None:
    for language, agency in (("vi", "Hà Nội"), ("en", "Ha Noi")):
        said = tell(kind, Severity.SERIOUS, agency, EXAMPLES[kind], language)
        whole = " ".join((said.kind, said.title, said.text, said.advice))
        assert "{" not in whole
        assert NOTHING not in {value for _name, value in said.evidence}
        if language == "en":
            own = {str(value) for value in EXAMPLES[kind].values()}
            for name in own:
                whole = whole.replace(name, "")
            assert not VIETNAMESE.search(whole), whole


@pytest.mark.parametrize("kind", Kind)
def test_sentences_name_only_evidence_that_is_described(kind: Kind) -> None:
    said = words().kinds[kind]
    for text in (said.title, said.text):
        for language in ("vi", "en"):
            named = {name for _, name, _, _ in FIELDS.parse(getattr(text, language)) if name}
            assert named <= {*said.evidence, "agency"}
    assert set(EXAMPLES[kind]) == set(said.evidence)


def test_numbers_are_printed_as_each_language_writes_them() -> None:
    vi = tell(Kind.SILENT_SOURCE, Severity.URGENT, "", EXAMPLES[Kind.SILENT_SOURCE], "vi")
    en = tell(Kind.SILENT_SOURCE, Severity.URGENT, "", EXAMPLES[Kind.SILENT_SOURCE], "en")
    assert "1.234 ngày" in vi.text
    assert "1,234 days" in en.text
    assert vi.title.startswith("Cả nước: ")
    assert (vi.severity, en.severity) == ("khẩn", "urgent")


def test_a_target_whose_day_is_past_was_missed_and_is_not_projected() -> None:
    evidence = dict(EXAMPLES[Kind.TARGET_AT_RISK])
    ahead = tell(Kind.TARGET_AT_RISK, Severity.WARNING, "Hà Nội", evidence, "vi")
    assert "có nguy cơ không đạt 70,00%" in ahead.title
    del evidence["projected"]
    past = tell(Kind.TARGET_AT_RISK, Severity.SERIOUS, "Hà Nội", evidence, "vi")
    assert "không đạt 70,00%, hạn 31/12/2026 đã qua" in past.title
    assert "dự kiến" not in past.text + str(past.evidence)
    en = tell(Kind.TARGET_AT_RISK, Severity.SERIOUS, "Ha Noi", evidence, "en")
    assert "missed 70.00%" in en.title


def test_what_the_program_does_not_know_any_more_keeps_its_code() -> None:
    evidence = {**EXAMPLES[Kind.BROKEN_INVARIANT], "rule": "of_yesterday", "what": "gone"}
    assert "of_yesterday" in tell(Kind.BROKEN_INVARIANT, Severity.URGENT, "A", evidence, "vi").title


def test_every_step_of_a_task_has_words_and_a_severity() -> None:
    assert set(words().steps) == set(Step.Kind)
    for edition in editions():
        assert set(edition.task_step.severities) == set(Step.Kind)


def test_severities_rise_and_have_names() -> None:
    assert list(Severity) == sorted(Severity)
    assert len({severity_name(one, "vi") for one in Severity}) == len(Severity)


def test_every_edition_names_its_source_and_counts_what_is_defined() -> None:
    for edition in editions():
        assert edition.source.document
        for counted in edition.sudden_change.counts:
            assert definition(counted.indicator)
        for kind in Kind:
            assert edition.every_minutes(kind) > 0
        pauses = edition.posting.pauses_minutes
        assert list(pauses) == sorted(pauses)
