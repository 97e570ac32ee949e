"""A webhook is called as Standard Webhooks says, and never into our own network."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time

import pytest
from tests.steer.conftest import Receiver

from thuocdo.core.errors import ThuocdoError
from thuocdo.core.guard import Guard
from thuocdo.steer import hooks

LOOPBACK = Guard((ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")))


def call(receiver: Receiver, body: bytes = b'{"a": 1}') -> hooks.Call:
    receiver.secret = receiver.secret or hooks.new_secret()
    return hooks.Call(receiver.url, receiver.secret, "msg_1", int(time.time()), body)


def test_the_signature_is_that_of_the_specification_s_example() -> None:
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    signature = hooks.sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_receiver_can_check_the_call(receiver: Receiver) -> None:
    assert hooks.post(call(receiver), LOOPBACK, 5) == ""
    assert receiver.calls == [("msg_1", {"a": 1})]


def test_another_secret_is_found_out(receiver: Receiver) -> None:
    made = call(receiver)
    receiver.secret = hooks.new_secret()
    hooks.post(made, LOOPBACK, 5)
    assert (receiver.forged, receiver.calls) == (1, [])


def test_our_own_network_is_refused_before_any_connection(receiver: Receiver) -> None:
    assert "not allowed" in hooks.post(call(receiver), Guard(), 5)
    assert receiver.calls == []


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.status, receiver.location = 307, receiver.url
    assert hooks.post(call(receiver), LOOPBACK, 5) == "HTTP 307"
    assert len(receiver.calls) == 1


def test_a_receiver_that_does_not_answer_is_left_in_time(receiver: Receiver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://localhost:{silent.getsockname()[1]}/"
        held: list[socket.socket] = []
        threading.Thread(target=lambda: held.append(silent.accept()[0]), daemon=True).start()
        began = time.monotonic()
        assert hooks.post(call(receiver)._replace(url=url), LOOPBACK, 0.5) != ""
        assert time.monotonic() - began < 5


def test_a_certificate_of_somebody_else_is_refused(receiver: Receiver, monkeypatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    assert "SSL" in hooks.post(call(receiver), LOOPBACK, 5)
    assert receiver.calls == []


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.gov.vn/", "https://", "ftp://example.gov.vn/", "", "example.gov.vn"),
        *("https://user:pw@example.gov.vn/", "https://example.gov.vn:99999/", "https://a b/"),
        *("https://example.gov.vn/\r\nX: y", "https://ví-dụ.vn/", "https://a.vn/" + "x" * 1000),
    ],
)
def test_what_is_no_webhook_s_address_is_refused(url: str) -> None:
    with pytest.raises(ThuocdoError, match="webhook"):
        hooks.refuse_nonsense(url)
