"""One record of a batch or a file is judged the same way, whatever wrote its values."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thuocdo.core.clock import day_start_us, parse_day, parse_instant
from thuocdo.core.ids import dossier_key
from thuocdo.core.snapshot import Snapshot
from thuocdo.core.vocabulary import RejectReason
from thuocdo.wire import canonical
from thuocdo.wire.events import DossierEvent, Refused, Unreadable

SECRET = b"a secret for tests, long enough"
NOW = parse_instant("2026-11-21T10:00:00")
RECORD: dict[str, object] = {
    "system": "H29-one_stop",
    "agency": "000.00.00.H29",
    "dossier": "H29-261120-0001",
    "procedure": "1.004194",
    "status": "completed",
    "event_time": "2026-11-20T08:00:00",
}


def judge(snapshot: Snapshot, /, **changed: object) -> DossierEvent | Refused:
    return canonical.validate(RECORD | changed, snapshot, SECRET, NOW)


def test_the_minimum_is_six_fields_and_the_rest_is_unknown(snapshot: Snapshot) -> None:
    event = judge(snapshot)
    assert isinstance(event, DossierEvent)
    key = dossier_key(SECRET, "H29-one_stop", "H29-261120-0001")
    assert (event.dossier_hi, event.dossier_lo) == key
    assert (event.agency, event.procedure, event.status) == ("H29", "1.004194", "completed")
    assert event.event_time == parse_instant("2026-11-20T01:00:00+00:00")
    assert (event.channel, event.payment, event.applicant_kind) == ("unknown",) * 3
    assert (event.received_at, event.due_at, event.digitised) == (None, None, None)
    assert (event.level_declared, event.level_catalogue, event.quality) == (None, "full", ())
    assert (event.feed, event.trust) == ("canonical", "verified")


def test_values_may_be_json_or_the_text_of_a_file(snapshot: Snapshot) -> None:
    as_json = judge(snapshot, level=4, digitised=True, from_national_portal=False, channel="online")
    as_text = judge(
        snapshot, level="4", digitised="TRUE", from_national_portal="0", channel=" Online "
    )
    assert as_json == as_text
    assert isinstance(as_json, DossierEvent)
    assert (as_json.level_declared, as_json.digitised) == ("full", True)


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("2026-11-20T08:00:00", "2026-11-20T08:00:00+07:00"),
        ("2026-11-20 08:00", "2026-11-20T08:00:00+07:00"),
        ("2026-11-20T08:00:00.123456", "2026-11-20T08:00:00.123456+07:00"),
        ("2026-11-20T01:00:00Z", "2026-11-20T08:00:00+07:00"),
        ("20261120080000", "2026-11-20T08:00:00+07:00"),
    ],
)
def test_a_time_without_a_zone_is_vietnams(written: str, means: str, snapshot: Snapshot) -> None:
    event = judge(snapshot, event_time=written)
    assert isinstance(event, DossierEvent)
    assert event.event_time == parse_instant(means)


def test_a_bare_date_is_the_start_of_its_day(snapshot: Snapshot) -> None:
    event = judge(snapshot, due_at="2026-12-01", received_at="2026-11-19")
    assert isinstance(event, DossierEvent)
    assert event.due_at == day_start_us(parse_day("2026-12-01"))
    assert event.received_at == day_start_us(parse_day("2026-11-19"))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"system": ""}, RejectReason.MISSING_FIELD),
        ({"dossier": None}, RejectReason.MISSING_FIELD),
        ({"dossier": "9" * 300}, RejectReason.BAD_VALUE),
        ({"dossier": {"a": 1}}, RejectReason.BAD_VALUE),
        ({"agency": "Sở Y tế"}, RejectReason.BAD_VALUE),
        ({"agency": "H63"}, RejectReason.UNKNOWN_AGENCY),
        ({"procedure": "9.999999"}, RejectReason.UNKNOWN_PROCEDURE),
        ({"procedure": "khai sinh"}, RejectReason.BAD_VALUE),
        ({"status": "done"}, RejectReason.BAD_VALUE),
        ({"channel": "fax"}, RejectReason.BAD_VALUE),
        ({"level": 9}, RejectReason.BAD_VALUE),
        ({"level": -(10**40)}, RejectReason.BAD_VALUE),
        ({"digitised": "maybe"}, RejectReason.BAD_VALUE),
        ({"event_time": "1999-12-31"}, RejectReason.BAD_DATE),
        ({"event_time": "2026-11-23T00:00:00"}, RejectReason.BAD_DATE),
        ({"event_time": "2026-02-31"}, RejectReason.BAD_DATE),
        ({"event_time": "31/12/2025"}, RejectReason.BAD_DATE),
        ({"event_time": 1732000000}, RejectReason.BAD_DATE),
        ({"event_time": "0001-01-01T00:00:00+14:00"}, RejectReason.BAD_DATE),
        ({"due_at": "2101-01-01"}, RejectReason.BAD_DATE),
        ({"received_at": "2099-01-01"}, RejectReason.BAD_DATE),
    ],
)
def test_a_bad_record_is_refused_with_its_reason_and_field(
    changed: dict[str, object], reason: RejectReason, snapshot: Snapshot
) -> None:
    refused = judge(snapshot, **changed)
    assert isinstance(refused, Refused)
    assert refused.reason == reason
    assert refused.detail.startswith(next(iter(changed)))


def test_a_key_speaks_for_its_agency_and_those_below(snapshot: Snapshot) -> None:
    for agency, reason in (("H29", None), ("H29.01", None), ("H57", RejectReason.OUT_OF_SCOPE)):
        found = canonical.validate(RECORD | {"agency": agency}, snapshot, SECRET, NOW, agency="H29")
        assert getattr(found, "reason", None) == reason
    found = canonical.validate(RECORD, snapshot, SECRET, NOW, systems=frozenset({"H57-one_stop"}))
    assert isinstance(found, Refused)
    assert found.reason == RejectReason.OUT_OF_SCOPE


def test_a_refused_record_keeps_nothing_personal(snapshot: Snapshot) -> None:
    personal = {
        "dossier": "H29-261120-0001",
        "status": "Nguyễn Văn An",
        "channel": "079012345678",
        "applicant_name": "Trần Thị Bình",
        "level": "Nguyen Van An",
        "payment": "0912345678",
    }
    refused = judge(snapshot, **personal)
    assert isinstance(refused, Refused)
    kept = msgspec.json.decode(refused.payload)
    assert kept["procedure"] == "1.004194"
    assert kept["status"] == "Aaaaaa Aaa Aa"
    assert len(kept["number_key"]) == 32
    assert kept["redacted"].split() == ["status", "channel", "level", "payment"]
    for value in personal.values():
        assert value not in refused.payload


def test_ndjson_lines_and_array_places_are_numbered_from_one() -> None:
    ndjson = b'{"a":1}\n\nnot json\r\n[1]\n{"b":2}'
    found = list(canonical.records(ndjson))
    assert [line for line, _ in found] == [1, 3, 4, 5]
    assert [isinstance(record, Unreadable) for _, record in found] == [False, True, True, False]
    array = list(canonical.records(b' [{"a":1}, 5]'))
    assert [(line, isinstance(record, Unreadable)) for line, record in array] == [
        (1, False),
        (2, True),
    ]
    (first, (line, broken)) = canonical.records(b'[{"a":1}')
    assert first == (1, {"a": 1})
    assert line == 2
    assert isinstance(broken, Unreadable)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([*canonical.REQUIRED, *canonical.OPTIONAL]),
        scalars | st.lists(scalars, max_size=2),
        max_size=6,
    )
)
def test_no_values_make_it_raise(changed: dict[str, object]) -> None:
    known = Snapshot(made_at=1, agencies=("H29",))
    found = canonical.validate(RECORD | changed, known, SECRET, NOW)
    assert isinstance(found, DossierEvent | Refused)
    msgspec.msgpack.encode(found)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_raise(body: bytes) -> None:
    for line, record in canonical.records(body):
        assert line > 0
        assert isinstance(record, dict | Unreadable)


@settings(max_examples=300)
@given(
    items=st.lists(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
            ),
            max_leaves=6,
        ),
        max_size=5,
    ),
    spaces=st.sampled_from(("", " ", "\n\t ")),
)
def test_an_array_is_read_element_by_element_as_it_would_be_whole(
    items: list[Any], spaces: str
) -> None:
    body = (
        f"{spaces}[{spaces}"
        + f"{spaces},{spaces}".join(map(json.dumps, items))
        + f"{spaces}]{spaces}"
    )
    found = list(canonical.records(body.encode()))
    assert [place for place, _ in found] == list(range(1, len(items) + 1))
    for (_, record), item in zip(found, items, strict=True):
        if isinstance(item, dict):
            assert record == item or isinstance(record, Unreadable)
        else:
            assert isinstance(record, Unreadable)


@pytest.mark.parametrize(
    ("body", "records", "refused"),
    [
        ("[]", 0, 0), ("[{}]", 1, 0), ("[{},]", 1, 1), ("[{} {}]", 1, 1), ("[{}", 1, 1), ("[", 0, 1),
        ("[,]", 0, 1), ("[{}]x", 1, 1), ("[{}]]", 1, 1), ("[{}] ", 1, 0), ("[NaN,{}]", 1, 1),
    ],
)  # fmt: skip
def test_a_broken_array_is_refused_where_it_breaks(body: str, records: int, refused: int) -> None:
    found = [record for _, record in canonical.records(body.encode())]
    assert sum(isinstance(record, Unreadable) for record in found) == refused
    assert len(found) - refused == records


def test_empty_lines_are_skipped_but_not_without_end() -> None:
    assert len(list(canonical.records(b"\n" * 10_000 + b"{}"))) == 1
    (*_, (_, last)) = canonical.records(b"\n" * 30_000 + b"{}")
    assert isinstance(last, Unreadable)
