"""The short way says what the long way says, or nothing."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from thuocdo.core.clock import day_start_us
from thuocdo.core.clock import parse_day as day
from thuocdo.core.snapshot import ServiceEntry, SiteEntry, Snapshot
from thuocdo.wire import canonical
from thuocdo.wire.canonical_plain import Plain

SECRET = b"a secret for tests, long enough"
RECEIVED = day_start_us(day("2026-11-22"))
REGISTRY = Snapshot(
    1,
    (SiteEntry(101, "H29-one_stop", "H29", "one_stop"),),
    (),
    ("H29", "H57"),
    (
        ServiceEntry("H29", "1.004194", "full", "HCM-1", "2026-03-01"),
        ServiceEntry("H29", "1.004194", "partial", "HCM-1"),
    ),
)
SCOPES: list[dict[str, Any]] = [
    {},
    {"agency": "H29"},
    {"agency": "H57"},
    {"systems": frozenset({"H29-one_stop"})},
]
ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 5), st.sampled_from((1.0, 0.0, [], {}, "", " ", "\x00")),
    st.text(max_size=8),
)  # fmt: skip
MOMENTS = st.one_of(
    st.sampled_from(
        (
            "2026-11-20T08:00:00+07:00", "2026-11-20T08:00:00Z", "2026-11-20 08:00", "2026-11-20",
            "20261120080000", " 2026-11-20 ", "2026-11-20T08:00:00,5+07:00", "2026-02-29",
            "1999-12-31", "2030-01-01", "2026-02-28T23:59:59.999999-12:00", "0001-01-01", "2101-01-01",
            "2026-11-20T24:00:00", "20261120", "2026-W47-5", "2026-11-20T08:00:00z",
        )
    ),
    st.datetimes().map(lambda moment: moment.isoformat()),
    ODD,
)  # fmt: skip
WORDS = {
    "system": st.sampled_from(("H29-one_stop", " H29-one_stop", "x" * 65, "Đ")) | ODD,
    "agency": st.sampled_from(("H29", "000.00.01.H29", "H29.01", "H99", "H57", " H29 ")) | ODD,
    "dossier": st.sampled_from(("H29-1", " h29-1", "x" * 129, "a\x01b")) | ODD,
    "procedure": st.sampled_from(
        ("1.004194", "1.004194.000.00.00.H29", "HCM-1", "9.9", " 1.004194 ")
    )
    | ODD,
    "status": st.sampled_from((*canonical.Status, "Received ", "teleported")) | ODD,
    "event_time": MOMENTS,
    "channel": st.sampled_from((*canonical.Channel, "ONLINE")) | ODD,
    "level": st.sampled_from(("full", "4", "3", "5")) | ODD,
    "due_at": MOMENTS,
    "received_at": MOMENTS,
    "payment": st.sampled_from(tuple(canonical.Payment)) | ODD,
    "returned_by_post": st.sampled_from(("yes", "true", "0", "maybe")) | ODD,
    "digitised": st.sampled_from(("yes", "no")) | ODD,
    "applicant_kind": st.sampled_from(tuple(canonical.ApplicantKind)) | ODD,
    "from_national_portal": ODD,
    "result_electronic": st.sampled_from(("yes", "no")) | ODD,
    "reused": st.sampled_from(("yes", "no")) | ODD,
}
GOOD = {
    "system": "H29-one_stop", "agency": "H29", "dossier": "H29-1", "procedure": "1.004194",
    "status": "received", "event_time": "2026-11-20T08:00:00+07:00",
}  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    changes=st.lists(
        st.fixed_dictionaries({}, optional=WORDS).filter(lambda changed: len(changed) < 4),
        min_size=1,
        max_size=8,
    ),
    scope=st.sampled_from(SCOPES),
)
@example(changes=[{"digitised": True}, {"digitised": 1}, {"digitised": 1.0}], scope={})
@example(changes=[{"level": "1"}, {"level": True}, {"level": 1}], scope={})
def test_the_short_way_and_the_long_way_agree(changes: list[dict[str, Any]], scope) -> None:
    plain = Plain(REGISTRY, SECRET, **scope)
    for changed in [*changes, *changes, {}]:
        record = GOOD | changed
        short = plain.event(record, RECEIVED)
        assert short is None or short == canonical.validate(
            record, REGISTRY, SECRET, RECEIVED, **scope
        )


def test_the_ordinary_record_goes_the_short_way() -> None:
    record = GOOD | {"channel": "online", "due_at": "2026-12-01", "digitised": True, "level": "4"}
    assert Plain(REGISTRY, SECRET, agency="H29").event(record, RECEIVED) is not None
