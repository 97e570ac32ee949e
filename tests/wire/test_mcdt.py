"""Both known one-stop clients, in all three body forms, move a dossier; nothing personal is kept."""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thuocdo.core.clock import parse_instant
from thuocdo.core.ids import dossier_key
from thuocdo.core.snapshot import Snapshot
from thuocdo.core.vocabulary import RejectReason
from thuocdo.wire import mcdt
from thuocdo.wire.events import DossierEvent, Refused, Unreadable

SECRET = b"a secret for tests, long enough"
NOW = parse_instant("2026-11-21T10:00:00")
FORM = "application/x-www-form-urlencoded"

# facts/emc.md 1C: what OpenCPS sends for an online dossier being received
OPENCPS = {
    "siteId": "101",
    "codeProfile": "000.00.00.H29-221105-0007",
    "codeTTHC": "1.004194",
    "nameTTHC": "Đăng ký tạm trú & gia hạn tạm trú = một lần",
    "status": "1",
    "formsReception": "1",
    "formsPayments": "2",
    "level": "3",
    "isFromDVCQG": "0",
    "isDVCBC": "0",
    "data": "",
}
# and Tân Dân, whose body carries an identity number
TANDAN = {
    "siteId": 101,
    "codeProfile": "H29-221105-0007",
    "maHoSo": "38.98.H29-221105-0007",
    "codeTTHC": "1.004194.000.00.00.H29",
    "nameTTHC": "Đăng ký tạm trú",
    "status": "3",
    "formsReception": "2",
    "formsPayments": "0",
    "level": "4",
    "isFromDVCQG": "1",
    "isDVCBC": "1",
    "data": "",
    "user": '{"ID_local":"079012345678","ID_QG":"079012345678","TYPE":"2","LOCATION":"79"}',
}


def encoded(fields: dict[str, object]) -> tuple[bytes, str]:
    return urlencode(fields).encode(), FORM


def unencoded(fields: dict[str, object]) -> tuple[bytes, str]:
    return "&".join(f"{name}={value}" for name, value in fields.items()).encode(), FORM


def as_json(fields: dict[str, object]) -> tuple[bytes, str]:
    return msgspec.json.encode(fields), "application/json; charset=utf-8"


def pascal(fields: dict[str, object]) -> tuple[bytes, str]:
    return as_json({name[0].upper() + name[1:]: value for name, value in fields.items()})


FORMS = [encoded, unencoded, as_json, pascal]


def outcome(body: bytes, content_type: str, snapshot: Snapshot) -> DossierEvent | Refused:
    message = mcdt.parse(body, content_type)
    if isinstance(message, Unreadable):
        return mcdt.refuse(None, message, NOW, "unverified")
    return mcdt.to_event(message, snapshot, SECRET, NOW)


def event(fields: dict[str, object], snapshot: Snapshot) -> DossierEvent:
    found = outcome(*as_json(fields), snapshot)
    assert isinstance(found, DossierEvent)
    return found


@pytest.mark.parametrize("form", FORMS)
def test_opencps_in_every_body_form(form, snapshot: Snapshot) -> None:  # type: ignore[no-untyped-def]
    found = outcome(*form(OPENCPS), snapshot)
    assert isinstance(found, DossierEvent)
    key = dossier_key(SECRET, "H29-one_stop", "000.00.00.H29-221105-0007")
    assert (found.dossier_hi, found.dossier_lo) == key
    assert (found.system, found.site_id, found.agency) == ("H29-one_stop", 101, "H29")
    assert (found.procedure, found.status, found.event_time) == ("1.004194", "received", NOW)
    assert (found.channel, found.payment) == ("online", "offline")
    assert (found.level_declared, found.level_catalogue) == ("partial", "full")
    assert (found.returned_by_post, found.from_national_portal) == (False, False)
    assert found.quality == ("level_differs",)
    assert (found.feed, found.trust) == ("mcdt", "unverified")


@pytest.mark.parametrize("form", FORMS)
def test_tan_dan_in_every_body_form(form, snapshot: Snapshot) -> None:  # type: ignore[no-untyped-def]
    found = outcome(*form(TANDAN), snapshot)
    assert isinstance(found, DossierEvent)
    assert (found.procedure, found.status) == ("1.004194", "completed")
    assert (found.channel, found.payment, found.level_declared) == ("counter", "none", "full")
    assert (found.returned_by_post, found.from_national_portal) == (True, True)
    assert found.applicant_kind == "unknown"
    assert found.quality == ()


@pytest.mark.parametrize("form", FORMS)
def test_nothing_personal_is_kept_of_a_message(form, snapshot: Snapshot) -> None:  # type: ignore[no-untyped-def]
    for changed in ({}, {"siteId": "999"}, {"status": "9"}, {"codeTTHC": "Nguyễn Văn A"}):
        kept = msgspec.msgpack.encode(outcome(*form({**TANDAN, **changed}), snapshot))
        for personal in ("079012345678", "221105-0007", "ID_local", "Nguy", "tạm trú"):
            assert personal.encode() not in kept


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("0", "submitted"),
        ("1", "received"),
        ("2", "processing"),
        ("3", "completed"),
        ("4", "processing"),
    ],
)
def test_every_status_has_its_word(status: str, word: str, snapshot: Snapshot) -> None:
    found = event(OPENCPS | {"status": status}, snapshot)
    assert found.status == word
    assert ("status_other" in found.quality) == (status == "0")


def test_known_distortions_are_flagged_and_never_mended(snapshot: Snapshot) -> None:
    assert "postal_as_online" in event(OPENCPS | {"isDVCBC": "1"}, snapshot).quality
    counter = event(OPENCPS | {"level": 1}, snapshot)
    assert (counter.level_declared, counter.quality) == ("full", ("level_counter",))
    odd = event(OPENCPS | {"formsPayments": "7", "formsReception": ""}, snapshot)
    assert (odd.payment, odd.channel) == ("unknown", "unknown")
    assert "unreadable_formsPayments" in odd.quality


def test_a_local_code_becomes_the_national_one(snapshot: Snapshot) -> None:
    assert event(OPENCPS | {"codeTTHC": "LOCAL-7"}, snapshot).procedure == "1.004194"


def test_what_the_catalogue_knows_decides_about_a_procedure(snapshot: Snapshot) -> None:
    elsewhere = event(OPENCPS | {"codeTTHC": "2.000635"}, snapshot)
    assert elsewhere.quality == ("service_not_in_catalogue",)
    nobody = outcome(*as_json(OPENCPS | {"codeTTHC": "9.999999"}), snapshot)
    assert isinstance(nobody, Refused)
    assert nobody.reason == RejectReason.UNKNOWN_PROCEDURE
    silent = event(OPENCPS | {"siteId": 57, "codeTTHC": "9.999999"}, snapshot)
    assert silent.quality == ("no_catalogue",)


def test_the_number_falls_back_to_ma_ho_so(snapshot: Snapshot) -> None:
    one = event(OPENCPS | {"codeProfile": "", "maHoSo": "A-1"}, snapshot)
    two = event(OPENCPS | {"codeProfile": " a-1 "}, snapshot)
    assert (one.dossier_hi, one.dossier_lo) == (two.dossier_hi, two.dossier_lo)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"siteId": ""}, RejectReason.MISSING_FIELD),
        ({"siteId": "999"}, RejectReason.UNKNOWN_SITE),
        ({"siteId": "-1"}, RejectReason.BAD_VALUE),
        ({"siteId": 10**30}, RejectReason.BAD_VALUE),
        ({"siteId": "99999999999999999999"}, RejectReason.BAD_VALUE),
        ({"status": ""}, RejectReason.MISSING_FIELD),
        ({"status": "5"}, RejectReason.BAD_VALUE),
        ({"status": -1}, RejectReason.BAD_VALUE),
        ({"status": [1]}, RejectReason.BAD_VALUE),
        ({"codeTTHC": ""}, RejectReason.MISSING_FIELD),
        ({"codeTTHC": "x" * 500}, RejectReason.BAD_VALUE),
        ({"codeProfile": ""}, RejectReason.MISSING_FIELD),
        ({"codeProfile": "9" * 500}, RejectReason.BAD_VALUE),
        ({"codeProfile": "a\u0000b"}, RejectReason.BAD_VALUE),
    ],
)
def test_a_bad_message_is_refused_with_its_reason(
    changed: dict[str, object], reason: RejectReason, snapshot: Snapshot
) -> None:
    refused = outcome(*as_json(OPENCPS | changed), snapshot)
    assert isinstance(refused, Refused)
    assert refused.reason == reason


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"hello", b"\xff\xfe", b'{"a":' * 9999]
)
def test_what_is_no_message_is_malformed_or_lacks_its_fields(
    body: bytes, snapshot: Snapshot
) -> None:
    refused = outcome(body, "application/json" if body.startswith(b"[") else "", snapshot)
    assert isinstance(refused, Refused)
    assert refused.reason in (RejectReason.MALFORMED, RejectReason.MISSING_FIELD)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([FORM, "application/json", ""]))
def test_no_bytes_make_it_raise(body: bytes, content_type: str) -> None:
    empty = Snapshot(made_at=1)
    for start in (b"", b"siteId=101&status=1&codeTTHC=1.1&codeProfile="):
        assert isinstance(outcome(start + body, content_type, empty), DossierEvent | Refused)
