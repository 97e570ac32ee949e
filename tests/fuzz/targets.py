"""Every parser of what strangers send, as a function of bytes that must come back.

A target raises when a parser does, or when it answers something that its contract does not know. The
same targets serve Hypothesis in the test suite, and atheris (`make fuzz`) for millions of inputs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from thuocdo.collect import limits
from thuocdo.collect.addresses import Addresses
from thuocdo.collect.credentials import Signature, shown
from thuocdo.collect.gate import Gate
from thuocdo.collect.hit_judge import Judge, Sender
from thuocdo.core import codes, signing, snapshot
from thuocdo.core.ids import key_hash
from thuocdo.core.snapshot import KeyEntry, ServiceEntry, SiteEntry, Snapshot
from thuocdo.lake.enrich import client_of, host_of, place_of
from thuocdo.lake.redact import redact
from thuocdo.wal import frame
from thuocdo.wire import (
    access_log,
    canonical,
    dvcqg,
    kept,
    matomo,
    matomo_bulk,
    mcdt,
    page_views,
    rules,
)
from thuocdo.wire.canonical_plain import Plain
from thuocdo.wire.dvcqg_fields import parse as parse_packet
from thuocdo.wire.events import DossierEvent, Hit, PageView, Refused, ServiceStep, Unreadable

Target = Callable[[bytes], None]

SECRET = b"a secret for tests, long enough"
NOW = 1_795_309_200_000_000  # 2026-11-22, µs UTC
KEY = "key-of-h29"
REGISTRY = Snapshot(
    1,
    (
        SiteEntry(227, "H29-portal", "H29", "portal", ("hcm.gov.vn",), only_hosts=True),
        SiteEntry(7, "H29-portal", "H29", "portal"),
        SiteEntry(101, "H29-one_stop", "H29", "one_stop"),
    ),
    (KeyEntry(key_hash(SECRET, KEY), "one", agency="H29"),),
    ("H29", "H57"),
    (ServiceEntry("H29", "1.004194", "full", "HCM-1"),),
)
_SEPARATOR = b"\x00\x00"
"""Splits an input for targets that read two things."""


def _text(data: bytes) -> str:
    """Text as a server hands it over: any byte may have been in it."""
    return data.decode("utf-8", "replace")


def _two(data: bytes) -> tuple[bytes, bytes]:
    first, _, second = data.partition(_SEPARATOR)
    return first, second


def _is(answer: object, *kinds: type) -> None:
    if not isinstance(answer, kinds):
        raise TypeError(f"{type(answer)} is none of {kinds}")


def _hit(query: bytes, body: bytes = b"") -> Hit:
    return Hit(NOW, "203.0.113.7", "agent", "https://x.vn/", query, body, "", "unverified")


def tracking_query(data: bytes) -> None:
    for event in matomo.parse_hit(_hit(data)):
        _is(event, PageView, ServiceStep, Unreadable)


def tracking_form(data: bytes) -> None:
    query, form = _two(data)
    for event in matomo.parse_hit(_hit(query, form)):
        _is(event, PageView, ServiceStep, Unreadable)


def _gate() -> Gate:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "snapshot"
        snapshot.write(path, REGISTRY)
        return Gate(path, SECRET)


_GATE = _gate()
_SENDER = Sender(NOW, "203.0.113.7", "agent", "https://x.vn/")


def tracking_judge(data: bytes) -> None:
    query, form = (_text(part) for part in _two(data))
    for opens in (None, _GATE.open(KEY, "tracking")):
        _is(Judge(_GATE, _SENDER, opens)(query, form).hit, Hit)


def tracking_bulk(data: bytes) -> None:
    bulk = matomo_bulk.read(data)
    if isinstance(bulk, Unreadable):
        return
    judge = Judge(_GATE, _SENDER, None)
    for item in bulk.requests:
        _is((judge.refused(item) if isinstance(item, Unreadable) else judge(item)).hit, Hit)


def one_stop_message(data: bytes) -> None:
    for kind in ("application/json", "application/x-www-form-urlencoded", ""):
        message = mcdt.parse(data, kind)
        if isinstance(message, Unreadable):
            _is(mcdt.refuse(None, message, NOW, "unverified"), Refused)
        else:
            _is(mcdt.to_event(message, REGISTRY, SECRET, NOW), DossierEvent, Refused)


def national_packet(data: bytes) -> None:
    for service in (dvcqg.SYNC, dvcqg.PROGRESS):
        packet = parse_packet(data, "MaDinhDanhDV=H29", service)
        if isinstance(packet, Unreadable):
            continue
        for item in packet.items:
            judged = dvcqg.judge(service, item, packet.sender, REGISTRY, SECRET, NOW)
            _is(judged, list, Refused)


def canonical_batch(data: bytes) -> None:
    plain = Plain(REGISTRY, SECRET)
    for _, record in canonical.records(data):
        if isinstance(record, Unreadable):
            continue
        judged = canonical.validate(record, REGISTRY, SECRET, NOW)
        _is(judged, DossierEvent, Refused)
        short = plain.event(record, NOW)
        if short is not None and short != judged:
            raise ValueError("the short way says something else")


def page_view_batch(data: bytes) -> None:
    for _, record in canonical.records(data):
        if not isinstance(record, Unreadable):
            _is(page_views.validate(record, REGISTRY, SECRET, NOW), Hit, Refused)


def access_log_line(data: bytes) -> None:
    lines = _text(data).split("\n")
    access_log.detect(lines)
    for form in access_log.LogFormat:
        read, glance = access_log.reader(form)
        for line in lines:
            glance(line)
            if not access_log.is_comment(line) and (found := read(line)) is not None:
                _is(access_log.moment(found.time), int, type(None))


def log_segment(data: bytes) -> None:
    for start, end in frame.scan(data).spans:
        _is(frame.decode(data, start, end), frame.Frame)


def compressed_body(data: bytes) -> None:
    for encoding in ("gzip", "zstd"):
        _is(limits.inflate(data, encoding), bytes, Unreadable)


class _Request:
    """What of a request credentials are read from."""

    method = "POST"
    path = "/v1/dossiers"

    def __init__(self, authorization: str, query: str) -> None:
        self.headers = {"authorization": authorization}
        self.query_string = query


def credential(data: bytes) -> None:
    header, query = (_text(part) for part in _two(data))
    request: Any = _Request(header, query)
    _is(shown(request, in_address=True), str, Signature, Unreadable, type(None))
    _GATE.admit(request, "canonical", data, in_address=True)


_PROXIES = (ip_network("127.0.0.0/8"), ip_network("2001:db8::/32"))


def forwarded_address(data: bytes) -> None:
    for trusted in ((), _PROXIES):
        _is(Addresses(trusted).behind("127.0.0.1", _text(data).split("\n")), str)


def values(data: bytes) -> None:
    text = _text(data)
    _is(rules.moment("f", text), int, Unreadable)
    _is(rules.number(text), str, Unreadable)
    _is(rules.agency(REGISTRY, text), str, Unreadable)
    _is(codes.procedure_code(text), codes.ProcedureCode, type(None))
    rules.redacted({"f": text}.items())
    signing.payload_of(text, signing.PublicKey("AAAA", "k"))


def address_and_agent(data: bytes) -> None:
    text = _text(data)
    place_of(text)
    host_of(text)
    client_of(text[:512])
    if redact(redact(text)) != redact(text):
        raise ValueError("redaction does not come to rest")


def refused_payload(data: bytes) -> None:
    _is(kept.read(_text(data)), kept.Kept, str)


TARGETS: dict[str, Target] = {
    target.__name__: target
    for target in (
        tracking_query, tracking_form, tracking_judge, tracking_bulk, one_stop_message,
        national_packet, canonical_batch, page_view_batch, access_log_line, log_segment,
        compressed_body, credential, forwarded_address, values, address_and_agent, refused_payload,
    )
}  # fmt: skip
