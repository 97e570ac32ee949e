"""A load test is made with the owner's signed leave and never without; it ends when the portal fails."""

from __future__ import annotations

import threading
import time

import pytest
from tests.assess.fixtures.servers import Odd, page, to

from thuocdo.assess.probes.load import probe
from thuocdo.assess.probes.load.appointment import PATH, Appointment, permitted, token
from thuocdo.assess.probes.load.probe import RULES, Step
from thuocdo.assess.probes.scene import Depth
from thuocdo.assess.results import Blame, Fault, Outcome
from thuocdo.core import clock
from thuocdo.core.signing import Signer

HOUR = 3_600_000_000


def appointment(**changes):
    now = clock.now_us()
    usual = {
        "host": "a.vn",
        "since": now - HOUR,
        "until": now + HOUR,
        "users": 100,
        "owner": "Sở A",
    }
    return Appointment(**usual | changes)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"host": "other.vn"}, "is for other.vn"),
        ({"until": 1}, "window"),
        ({"since": clock.now_us() + HOUR}, "window"),
        ({"since": 1}, "window"),  # a leave for years is none
        ({"purpose": "something else"}, "no appointment"),
    ],
)
def test_leave_for_another_host_moment_or_purpose_is_none(tmp_path, changes, why):
    signer = Signer.of(tmp_path)
    text = token(signer, appointment(**changes))
    assert why in permitted(text, signer.public, "a.vn", clock.now_us())


def test_leave_somebody_else_signed_is_none(tmp_path):
    text = token(Signer.of(tmp_path / "other"), appointment())
    assert "not this instance's" in permitted(
        text, Signer.of(tmp_path).public, "a.vn", clock.now_us()
    )


def test_without_a_token_nothing_is_measured_and_that_is_no_zero(probing):
    server = Odd({"/": page(b"ok")})
    (found,) = probing(probe.PROBE, f"{server.url}/")
    assert (found.share, found.fault, found.fault.blame) == (
        None,
        Fault.NO_APPOINTMENT,
        Blame.OWNER,
    )
    assert server.asked().count("/") == 1
    server.close()


def asked(probing, home, paths, **headers):
    """What comes of a scan of a host that shows a token for itself, and whether its front page was loaded."""
    server = Odd({"/": page(b"ok")} | paths)
    host = server.url.partition("//")[2]
    text = token(Signer.of(home), appointment(host=host)).encode()
    own = [f"{name}: {value}" for name, value in headers.items()]
    server.paths = {PATH: page(text, "Content-Type: text/plain", *own)} | server.paths
    (found,) = probing(probe.PROBE, f"{server.url}/", depth=Depth(load_step_s=0.2))
    server.close()
    assert found.share is None
    return found, server.asked().count("/")


def test_a_token_behind_a_redirect_is_none(probing, tmp_path):
    other = Odd({"/": page(b"ok")})
    found, loads = asked(probing, tmp_path, {PATH: to(f"{other.url}{PATH}")})
    other.close()
    assert (found.fault, loads, other.asked()) == (Fault.NO_APPOINTMENT, 1, [])
    assert "HTTP 302" in found.detail


def test_by_the_hosts_own_clock_the_window_must_be_open_as_well(probing, tmp_path):
    """Ours may have been set back into a window that is over."""
    found, loads = asked(probing, tmp_path, {}, Date="Wed, 01 Jan 2031 00:00:00 GMT")
    assert (found.fault, loads) == (Fault.NO_APPOINTMENT, 1)
    assert "own clock" in found.detail


def test_a_portal_that_leads_to_another_does_not_bring_its_load_there(probing, tmp_path):
    """The other's window was signed for the other's test."""
    other = Odd({"/": page(b"ok")})
    host = other.url.partition("//")[2]
    other.paths[PATH] = page(token(Signer.of(tmp_path), appointment(host=host)).encode())
    server = Odd({"/": to(f"{other.url}/")})
    url = server.url.replace("127.0.0.1", "localhost")
    (found,) = probing(probe.PROBE, f"{url}/", depth=Depth(load_step_s=0.2))
    server.close()
    other.close()
    assert (found.share, found.fault) == (None, Fault.NO_APPOINTMENT)
    assert f"it leads to {host}" in found.detail
    assert other.asked().count(PATH) == 0


class Frail:
    """A portal that fails while more than a few ask at once."""

    def __init__(self, bears: int) -> None:
        self._bears = bears
        self._now = 0
        self._lock = threading.Lock()

    def __call__(self, connection) -> None:
        with self._lock:
            self._now += 1
            is_too_much = self._now > self._bears
        time.sleep(0.3)
        connection.sendall(page(b"", status="503 No") if is_too_much else page(b"ok"))
        with self._lock:
            self._now -= 1


def test_a_portal_that_fails_under_load_is_left_alone_at_once(probing, tmp_path):
    server = Odd({"/": Frail(3)})
    server.paths[PATH] = page(
        token(Signer.of(tmp_path), appointment(host=f"127.0.0.1:{server.port}")).encode()
    )
    (found,) = probing(probe.PROBE, f"{server.url}/", depth=Depth(load_step_s=4.0))
    assert found.outcome is Outcome.FAIL, found
    assert {remark.code for remark in found.remarks} == {"load_aborted"}
    assert {each.kind for each in found.evidence} == {"appointment", "report"}
    assert server.asked().count("/") < 80
    server.close()


def steps(*borne: bool) -> list[Step]:
    return [
        Step(users, [100] * 50, 0 if is_borne else 5, aborted=False)
        for users, is_borne in zip(RULES.steps, borne, strict=False)
    ]


def test_what_is_borne_is_counted_up_to_the_first_step_that_is_not():
    assert probe.judge(steps(True, True, True, True), 1, []).share == 1
    assert probe.judge(steps(True, False, True, True), 1, []).share == 1 / len(RULES.steps)


def test_a_leave_for_fewer_users_says_nothing_of_more():
    assert probe.judge(steps(True, True), 1, []).fault is Fault.NO_APPOINTMENT
    assert probe.judge(steps(True, False), 1, []).share == 1 / len(RULES.steps)
