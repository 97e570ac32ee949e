"""The simulated clients' bytes are what the deployed clients send, defects included."""

from datetime import datetime
from urllib.parse import parse_qs

import msgspec
import pytest

from thuocdo.core.clock import VIETNAM
from thuocdo.core.vocabulary import Status, SystemKind
from thuocdo.simulate import messages
from thuocdo.simulate.country_plan import plan
from thuocdo.simulate.messages import Step
from thuocdo.simulate.quirks import Client, Quirk
from thuocdo.simulate.traffic import Traffic

NOON = 1_790_000_000_000_000


def step(**changes):
    usual = {
        "system": "H57-one_stop",
        "agency": "H57",
        "site_id": 101,
        "dossier": "000.00.00.H57-260921-L000010001",
        "procedure": "1.004194",
        "procedure_name": "Đăng ký khai sinh & nhận cha, mẹ, con",
        "level": "full",
        "channel": "online",
        "payment": "none",
        "by_post": False,
        "status": Status.RECEIVED,
        "at": NOON,
        "received": NOON,
    }
    return Step(**usual | changes)


def test_opencps_sends_eleven_fields_and_the_level_is_always_three():
    fields = parse_qs(messages.opencps_form(step()).decode(), keep_blank_values=True)
    assert fields["level"] == ["3"]
    assert fields["isFromDVCQG"] == ["0"]
    assert fields["status"] == ["1"]
    assert fields["nameTTHC"] == ["Đăng ký khai sinh & nhận cha, mẹ, con"]
    assert fields["data"] == [""]
    assert "user" not in fields


def test_the_release_that_encodes_nothing_sends_raw_text_and_ampersands():
    body = messages.opencps_raw_form(step())
    assert "nameTTHC=Đăng ký khai sinh & nhận cha, mẹ, con&status=1".encode() in body
    assert b"%" not in body


@pytest.mark.parametrize(
    ("status", "opencps", "tan_dan"),
    [
        (Status.SUBMITTED, "0", "0"),
        (Status.RECEIVED, "1", "1"),
        (Status.PROCESSING, "4", "2"),
        (Status.COMPLETED, "3", "3"),
        (Status.RETURNED, "3", "3"),
    ],
)
def test_each_product_has_its_own_numbers_for_states(status, opencps, tan_dan):
    assert messages.opencps_fields(step(status=status))["status"] == opencps
    assert msgspec.json.decode(messages.tan_dan_json(step(status=status)))["status"] == tan_dan


def test_tan_dan_counts_post_as_online_and_sends_partial_as_level_four():
    body = msgspec.json.decode(messages.tan_dan_json(step(channel="postal", level="partial")))
    assert body["formsReception"] == "1"
    assert body["level"] == "4"
    assert isinstance(body["siteId"], int)
    assert set(msgspec.json.decode(body["user"])) == {"ID_local", "ID_QG", "TYPE", "LOCATION"}


def test_a_view_carries_the_parameters_of_the_snippets_tracker():
    at = datetime(2026, 9, 21, 9, 5, 7, tzinfo=VIETNAM)
    query = messages.view_query(
        227, "https://a.gov.vn/?q=á", referrer="", client="0" * 16, at=at, nonce=3
    )
    given = {name: values[0] for name, values in parse_qs(query).items()}
    assert given["idsite"] == "227"
    assert given["rec"] == "1"
    assert given["url"] == "https://a.gov.vn/?q=á"
    assert (given["h"], given["m"], given["s"]) == ("9", "5", "7")


def test_a_batch_has_one_record_a_line_with_the_fields_of_the_contract():
    lines = messages.canonical_batch([step(), step(status=Status.COMPLETED)]).splitlines()
    first, last = (msgspec.json.decode(line) for line in lines)
    assert {"system", "agency", "dossier", "procedure", "status", "event_time"} <= set(first)
    assert "payment" not in first
    assert last["payment"] == "none"


def test_the_same_seed_sends_the_same_messages_and_every_kind_of_them():
    first, again = Traffic(4, "key"), Traffic(4, "key")
    sent = [first.next(NOON + place) for place in range(3000)]
    assert sent == [again.next(NOON + place) for place in range(3000)]
    targets = {message.target.partition("?")[0] for message in sent}
    assert targets == {"/tracking", "/TrackingMCDT", "/v1/dossiers"}
    assert {message.what for message in sent} == {
        "page_view",
        "service_step",
        "mcdt",
        "canonical",
    }
    forms = {message.headers["Content-Type"] for message in sent if message.what == "mcdt"}
    assert forms == {messages.FORM, messages.JSON}


def test_without_a_key_nobody_sends_batches():
    traffic = Traffic(4, None)
    assert all(traffic.next(NOON).what != "canonical" for _ in range(2000))
    assert any(office.client is Client.CANONICAL for office in plan(4))


def test_a_dossier_goes_through_its_states_in_order():
    traffic = Traffic(4, "key")
    states = {}
    for place in range(4000):
        message = traffic.next(NOON + place)
        if message.what == "canonical":
            for line in message.body.splitlines():
                record = msgspec.json.decode(line)
                states.setdefault(record["dossier"], []).append(record["status"])
    life = ["submitted", "received", "processing", "completed", "returned"]
    assert any(len(seen) == 5 for seen in states.values())
    for seen in states.values():
        start = life.index(seen[0])
        assert start in {0, 1}
        assert seen == life[start : start + len(seen)]


def test_a_portal_that_fell_silent_stays_so_while_the_country_streams() -> None:
    (office,) = [each for each in plan(4) if Quirk.SILENT_PORTAL in each.quirks]
    traffic = Traffic(4, "key")
    told = {site for at in range(20_000) for site in traffic.next(at * 1_000_000).sites}
    portals = [site.site_id for site in office.sites if site.kind != SystemKind.ONE_STOP]
    assert portals[0] not in told
    assert len(told) > 100
