"""The monitor over real sockets: each system once an interval, politely, whatever the others do."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter

import msgspec
import pytest
from tests.assess.fixtures.servers import Odd, dripping_head, endless_body, page, silence, to

from thuocdo.assess.citizen import agent
from thuocdo.assess.fetch import Fetcher, Limits
from thuocdo.assess.hosts.locks import Hosts
from thuocdo.assess.results import Fault
from thuocdo.assess.watching import judging, kept, monitor, pace
from thuocdo.assess.watching.asking import Asker
from thuocdo.assess.watching.model import Look, Target
from thuocdo.assess.watching.monitor import Monitor
from thuocdo.assess.watching.policy import policy_on
from thuocdo.core import clock
from thuocdo.core import settings as instance
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.guard import Guard

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
USUAL = policy_on(clock.local_day(clock.now_us()))
POLICY = msgspec.structs.replace(USUAL, seconds=1.0, look_seconds=2.0, confirm_seconds=0)
CALM = page(b"User-agent: *\nAllow: /", "Content-Type: text/plain")


@pytest.fixture
def home(tmp_path):
    found = instance.load({"THUOCDO_HOME": str(tmp_path), "THUOCDO_CONTACT_MAIL": "a@b.vn"})
    found.make_folders()
    found.snapshot_path.write_bytes(b"")
    return found


@pytest.fixture
def site():
    made = []

    def serve(front, robots=CALM) -> Odd:
        made.append(Odd({"/": front, "/robots.txt": robots, "/moved": to("/")}))
        return made[-1]

    yield serve
    for server in made:
        server.close()


def asker(policy=POLICY) -> Asker:
    limits = Limits(seconds=policy.seconds, max_bytes=policy.max_bytes)
    return Asker(Fetcher(Guard((LOOPBACK,)), agent("mailto:a@b.vn"), limits), policy)


def look_at(*urls: str, policy=POLICY) -> list[Look]:
    async def every() -> list[Look]:
        asking = asker(policy)
        return [await asking.look(Target(str(at), url)) for at, url in enumerate(urls)]

    return asyncio.run(every())


def once(home, *targets: Target) -> list[Look]:
    return asyncio.run(Monitor(home, lambda: targets, asker(), POLICY).once())


def kept_looks(home) -> list[Look]:
    found = [look for path in kept.journals(home.watching_dir) for look in kept.read_journal(path)]
    return sorted(found, key=lambda look: look.at)


def test_a_site_that_answers_is_timed(site):
    (seen,) = look_at(site(page(b"<title>x</title>")).url + "/moved")
    assert (seen.fault, seen.status, seen.family) == (None, 200, 4)
    assert seen.ttfb_ms is not None


@pytest.mark.parametrize(
    ("front", "fault"),
    [
        (silence, Fault.TIMEOUT),
        (dripping_head, Fault.TIMEOUT),
        (lambda connection: connection.close(), Fault.BAD_ANSWER),
        (page(b"", status="503 Service Unavailable"), Fault.HTTP),
        (page(b"", status="404 Not Found"), Fault.HTTP),
        (page(b"", status="403 Forbidden"), Fault.BLOCKED),
        (to("/"), Fault.REDIRECTS),
        (endless_body, None),
    ],
)
def test_whatever_a_site_does_the_look_ends_in_time_and_says_what_was(site, front, fault):
    begun = time.monotonic()
    (seen,) = look_at(site(front).url + "/")
    assert seen.fault == fault
    assert time.monotonic() - begun < POLICY.look_seconds + 1


def test_a_name_without_an_address_and_a_closed_port_are_told_apart(site):
    server = site(page(b"x"))
    server.close()
    no_name, closed = look_at("https://khong-co.invalid/", server.url + "/")
    assert (no_name.fault, closed.fault) == (Fault.DNS, Fault.CONNECT)


def test_robots_txt_is_kept_to_and_asked_once_a_day(site):
    refused = site(page(b"x"), page(b"User-agent: *\nDisallow: /"))
    fine = site(page(b"x"))
    seen = look_at(refused.url + "/", *[fine.url + "/"] * 3)
    assert [look.fault for look in seen] == [Fault.ROBOTS, None, None, None]
    assert refused.asked() == ["/robots.txt"]
    assert fine.asked() == ["/robots.txt", "/", "/", "/"]
    assert all("ThuocDo-Assess" in head and "mailto:a@b.vn" in head for head in fine.seen)


def test_a_server_that_answers_even_robots_txt_with_an_error_is_down(site):
    broken = page(b"", status="500 Internal Server Error")
    (seen,) = look_at(site(broken, broken).url + "/")
    assert (seen.fault, seen.status) == (Fault.HTTP, 500)


def test_our_own_network_is_out_of_reach():
    (seen,) = look_at("http://10.0.0.1/")
    assert seen.fault is Fault.GUARD


def test_a_failure_is_looked_at_again_beside_the_control(home, site):
    calm, broken = site(page(b"x")), site(page(b"", status="500 Oops"))
    targets = Target("=1", calm.url + "/"), Target("a", broken.url + "/")
    once(home, *targets)
    seen = Counter((look.system, look.again) for look in kept_looks(home))
    assert seen == {("=1", False): 1, ("=1", True): 1, ("a", False): 1, ("a", True): 1}


def test_a_host_is_never_asked_twice_at_once(home, site):
    at_once, most = 0, 0
    lock = threading.Lock()

    def slow(connection) -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.1)
        with lock:
            at_once -= 1
        connection.sendall(page(b"x"))

    server = site(slow)
    once(home, *(Target(f"s{n}", server.url + "/") for n in range(5)))
    assert most == 1
    assert len(kept_looks(home)) == 5


def test_a_host_that_a_scan_is_at_is_left_alone(home, site):
    server = site(page(b"x"))
    hold = Hosts.of(home).hold(server.url)
    assert once(home, Target("a", server.url + "/")) == []
    assert server.seen == []
    hold.release()
    assert len(once(home, Target("a", server.url + "/"))) == 1


def test_a_host_that_hangs_delays_no_other(home, site):
    hanging, quick = [site(silence) for _ in range(4)], site(page(b"x"))
    targets = [Target(f"h{n}", server.url + "/") for n, server in enumerate(hanging)]
    seen = once(home, *targets, Target("quick", quick.url + "/"))
    assert seen[0].system == "quick"


class Driven(Monitor):
    """The real monitor, its moments given from outside."""

    async def drive(self, *moments: int) -> None:
        self._begin()
        self._begun = moments[0]
        self._remember()
        await self._list()
        try:
            for moment in moments:
                self.tick(moment)
                await asyncio.gather(*self._busy.values())
        finally:
            await self._end([])


def drive(home, targets, *moments: int) -> None:
    asyncio.run(Driven(home, lambda: targets, asker(), POLICY).drive(*moments))


def test_a_system_is_asked_once_an_interval_whatever_is_started_again(home, site):
    server = site(page(b"x"))
    target = Target("a", server.url + "/")
    now = clock.now_us()
    due = pace.due("a", now // USUAL.interval_us, USUAL.interval_us)
    drive(home, [target], due - 1, due, due + 1_000_000)
    assert len(kept_looks(home)) == 1
    drive(home, [target], due + 2_000_000, due + 3_000_000)  # begun after its moment
    assert len(kept_looks(home)) == 1
    following = pace.due("a", now // USUAL.interval_us + 1, USUAL.interval_us)
    drive(home, [target], due + 4_000_000, following)
    assert server.asked().count("/") == 2


def test_a_moment_that_passed_is_a_gap_and_not_made_up_for(home, site):
    server = site(page(b"x"))
    target = Target("a", server.url + "/")
    slot = clock.now_us() // USUAL.interval_us
    due = pace.due("a", slot, USUAL.interval_us)
    drive(home, [target], due - 1, due + USUAL.late_us + 1, due + USUAL.late_us + 2)
    assert server.seen == []


def test_a_clock_set_back_is_not_asked_twice_and_one_far_ahead_is_forgotten(home, site):
    server = site(page(b"x"))
    target = Target("a", server.url + "/")
    interval, slot = USUAL.interval_us, clock.now_us() // USUAL.interval_us
    at = {ahead: pace.due("a", slot + ahead, interval) for ahead in (-12, -11, 0, 1, 500)}
    drive(home, [target], at[0], at[-12], at[-11], at[1])
    assert server.asked().count("/") == 2
    drive(home, [target], at[0] - interval, at[500], at[1] + 1)
    assert server.asked().count("/") == 4


def test_a_site_that_dies_and_comes_back_is_one_outage_of_its_own(home, site):
    paths = {"/": page(b"x"), "/robots.txt": CALM}
    server, calm = Odd(paths), site(page(b"x"))
    targets = [Target("=1", calm.url + "/"), Target("a", server.url + "/")]
    try:
        for front in (page(b"x"), page(b"", status="500 Oops"), page(b"x")):
            paths["/"] = front
            once(home, *targets)
    finally:
        server.close()
    looks = kept_looks(home)
    table, now = kept.table_of(looks), clock.now_us()
    since = looks[0].at - USUAL.interval_us
    found = judging.judge(table, ["a"], since, now, USUAL, now)["a"]
    (outage,) = found.outages
    failing = [look.at for look in looks if look.system == "a" and look.fault]
    assert outage.since == failing[0]
    assert outage.until == looks[-1].at or outage.until > failing[-1]
    assert (outage.fault, outage.looks) == (Fault.HTTP, 2)


def test_when_our_line_is_down_nobody_is(home, site):
    calm = site(page(b"x"))
    calm.close()
    targets = [Target("=1", calm.url + "/"), *(Target(f"s{n}", calm.url + "/") for n in range(3))]
    once(home, *targets)
    now = clock.now_us()
    every = kept.read(home.watching_dir, now - clock.DAY_US, now + 1)
    found = judging.judge(every, ["s0"], now - clock.DAY_US, now + USUAL.interval_us, USUAL, now + USUAL.interval_us)["s0"]  # fmt: skip
    assert (found.down, found.ours) == (0, 1)


def test_a_full_disk_makes_gaps_and_ends_nothing(home, site):
    server = site(page(b"x"))
    home.watching_dir.write_text("a file where the folder should be")
    assert once(home, Target("a", server.url + "/")) == []


def test_without_a_contact_nobody_is_asked(home):
    nobody = instance.load({"THUOCDO_HOME": str(home.home)})
    with pytest.raises(ThuocdoError, match="THUOCDO_CONTACT_MAIL"):
        monitor.run(nobody, list, threading.Event())


def test_a_simulated_country_is_never_watched(home):
    home.remark_path.write_text("Số liệu mô phỏng.", "utf-8")
    with pytest.raises(ThuocdoError, match="simulated"):
        monitor.run(home, list, threading.Event())


def test_one_monitor_an_instance(home):
    with monitor.only_one(home), pytest.raises(ThuocdoError, match="Another monitor"):
        monitor.look_once(home, list)


_ROLE = """
import sys, threading
sys.path[:0] = sys.argv[2].split(":")
from thuocdo.assess.watching import monitor, pace
from thuocdo.assess.watching.model import Target
from thuocdo.core import settings
pace.due = lambda code, slot, interval: slot * interval + int(sys.argv[3])
targets = [Target(f"s{n}", sys.argv[1]) for n in range(3)]


def listing():
    print("listed", flush=True)
    return targets


monitor.run(settings.load(), listing, threading.Event())
"""


def test_killed_again_and_again_it_asks_no_system_twice_in_an_interval(home, site):
    server = site(page(b"x"))
    interval = USUAL.interval_us
    if interval - clock.now_us() % interval < 45_000_000:
        time.sleep(45)  # the deaths of this test lie within one interval
    offset = clock.now_us() % interval + 8_000_000
    environment = {
        **os.environ,
        "THUOCDO_HOME": str(home.home),
        "THUOCDO_CONTACT_MAIL": "a@b.vn",
        "THUOCDO_CHECK_ALLOW_NETWORKS": "127.0.0.0/8",
    }
    command = [sys.executable, "-c", _ROLE, server.url + "/", ":".join(sys.path), str(offset)]
    for life in range(3):
        role = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
        assert role.stdout is not None
        role.stdout.readline()  # it knows what to ask
        limit = time.monotonic() + 20
        while life == 0 and time.monotonic() < limit and len(kept_looks(home)) < 3:
            time.sleep(0.1)
        time.sleep(2 * monitor.TICK_SECONDS)
        role.send_signal(signal.SIGKILL)
        role.wait()
        role.stdout.close()
    assert server.asked().count("/") == 3
    assert sorted(look.system for look in kept_looks(home)) == ["s0", "s1", "s2"]
