"""Whatever comes to the address is opened, or said to be no packet."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.packets import DOSSIER

from thuocdo.wire.dvcqg import SYNC
from thuocdo.wire.dvcqg_fields import Packet, number_of, parse
from thuocdo.wire.events import Unreadable


@pytest.mark.parametrize(
    ("body", "query", "sender", "count"),
    [
        ({"session": "s", "madonvi": "H29", "service": SYNC, "data": [1, 2]}, "", "H29", 2),
        ({"MaDonVi": "H29", "isUpdating": "True", "Data": [1]}, "", "H29", 1),
        ({"madonvi": "H29", "data": DOSSIER}, "", "H29", 1),
        ([DOSSIER, DOSSIER], "MaDinhDanhDV=000.00.01.H22&isUpdating=False", "000.00.01.H22", 2),
        (DOSSIER, "", "", 1),
    ],
)
def test_every_envelope_is_opened(body: Any, query: str, sender: str, count: int) -> None:
    found = parse(b"\xef\xbb\xbf" + json.dumps(body).encode(), query, SYNC)
    assert isinstance(found, Packet)
    assert (found.sender, len(found.items)) == (sender, count)
    if body is DOSSIER:
        assert number_of(found.items[0]) == DOSSIER["MaHoSo"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "malformed"),
        (b"MaHoSo=1", "malformed"),
        (b"\xff\xfe{}", "malformed"),
        (b"[]", "missing_field"),
        (b'{"data":[]}', "missing_field"),
        (b'{"service":"CapNhatTienDoHoSoMC","data":[{}]}', "bad_value"),
        (json.dumps([{}] * 2001).encode(), "too_large"),
    ],
)
def test_what_is_no_packet_is_said_to_be_none(body: bytes, reason: str) -> None:
    found = parse(body, "", SYNC)
    assert isinstance(found, Unreadable)
    assert found.reason == reason


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.text(max_size=50))
def test_no_bytes_make_it_raise(body: bytes, query: str) -> None:
    assert isinstance(parse(body, query, SYNC), Packet | Unreadable)
