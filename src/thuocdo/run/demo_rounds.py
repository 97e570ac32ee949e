"""The demonstration's rounds of assessment: the fixture fleet and this site itself, really scanned.

A role with one thing to do, which gives way to everything else on the machine. It begins when the demo
has been up for a while, and goes on where it was when it is stopped: an earlier round of the fleet
without the lab, so that there is something to see soon; then our own site, row 0 (behind a front that
speaks TLS, as it is deployed); then the round of the fleet with everything. Results are never packaged.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import structlog

from thuocdo.core.errors import ThuocdoError
from thuocdo.core.leaving import end_with_parent, leave
from thuocdo.core.settings import Settings
from thuocdo.run.supervisor import answers

if TYPE_CHECKING:
    from thuocdo.assess.criteria.model import CriteriaSet
    from thuocdo.assess.demo.servers import DemoSite
    from thuocdo.assess.models import Round
    from thuocdo.assess.scans.looking import Scanning

EARLIER: Final = "mo-phong-1"
NEWEST: Final = "mo-phong-2"
OURS: Final = "trang-nay"
CODE: Final = "emc"
OWN_SITE: Final = 99001
"""Beyond those of the simulated country."""
OWN_NAME: Final = "Hệ thống giám sát, đo lường dịch vụ Chính phủ số"
AT_ONCE: Final = 2
LAB_RUNS: Final = 5
NICE: Final = 15
REST_S: Final = 60.0
"""After the start: the first minutes belong to whoever opens the pages."""
LOAD_STEP_S: Final = 4.0
_MINUTE_US: Final = 60 * 1_000_000
LOAD_WINDOW_US: Final = 120 * _MINUTE_US
_PATIENCE_S: Final = 180.0
_CONTACT: Final = "https://localhost/"
_LOOPBACK: Final = (ipaddress.ip_network("127.0.0.0/8"),)
_OWNER: Final = {
    "THUOCDO_HTTPS": "1",
    "THUOCDO_CONTACT_MAIL": "emc@example.gov.vn",
    "THUOCDO_CONTACT_PHONE": "024 3555 0100",
    "THUOCDO_TRUSTED_PROXIES": "127.0.0.0/8",
}

log = structlog.get_logger("thuocdo.demo")


@dataclass(frozen=True, slots=True)
class OurSite:
    """This site behind TLS: where it answers, and what is believed of its certificate."""

    url: str
    plain_url: str
    authorities: Path
    key: str


def is_done(settings: Settings) -> bool:
    return _mark(settings).exists()


def what_is_missing(settings: Settings) -> str:
    """Which program that scanning needs is not there; "" when all are."""
    from thuocdo.assess.site_check.browser import executable

    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    try:
        executable(settings)
    except ThuocdoError:
        missing.append("chromium")
    return ", ".join(missing)


def run(settings: Settings, collect_port: int, stop: threading.Event) -> None:
    """Hold what has not been held yet. Ends the process when it is asked to stop."""
    if is_done(settings) or stop.wait(REST_S):
        return
    from thuocdo.registry.setup import setup_django

    setup_django()
    from thuocdo.assess import npm
    from thuocdo.assess.criteria.model import criteria_set
    from thuocdo.assess.demo import servers

    try:
        npm.packages(settings.home)
    except ThuocdoError as problem:
        log.warning("no rounds without the tools", problem=str(problem))
        return
    rules = criteria_set("2024")
    before = [site.as_it_was() for site in servers.sites() if not site.behaviour]
    _hold_fleet(settings, EARLIER, rules, before, 0, None, stop)
    _hold_ours(settings, collect_port, stop)
    leave = partial(_leave, settings)
    _hold_fleet(settings, NEWEST, rules, servers.sites(), LAB_RUNS, leave, stop)
    _mark(settings).touch()


def _mark(settings: Settings) -> Path:
    return settings.state_dir / "demo-rounds.done"


def _hold_fleet(
    settings: Settings,
    name: str,
    rules: CriteriaSet,
    sites: list[DemoSite],
    lab_runs: int,
    leave: Callable[[str], str] | None,
    stop: threading.Event,
) -> None:
    from thuocdo.assess.demo import servers
    from thuocdo.assess.rounds import trial

    held = _begun(name)
    if held is not None and held.publication:
        return
    with servers.serving(sites, leave) as served:
        held = trial.plan(name, rules, served) if held is None else trial.move(held, served)
        _measure(settings, held, _scanning(served.authorities, served.keys, lab_runs), stop)
    trial.conclude(held, settings)
    log.info("published", round=name)


def _hold_ours(settings: Settings, collect_port: int, stop: threading.Event) -> None:
    """Row 0, by the rules for public sites."""
    from thuocdo.assess.criteria.model import criteria_set
    from thuocdo.assess.models import Entry
    from thuocdo.assess.probes.load.appointment import PATH as LEAVE
    from thuocdo.assess.rounds import office
    from thuocdo.assess.rounds.table import OWN

    held = _begun(OURS)
    if held is not None and held.publication:
        return
    with _behind_tls(collect_port, stop) as ours:
        if held is None:
            system = office.System(
                CODE, OWN_NAME, OWN, ours.url, plain_url=ours.plain_url, site_id=OWN_SITE
            )
            held = office.plan(OURS, criteria_set("site-2026"), [system], is_trial=True)
        Entry.objects.filter(round=held).update(url=ours.url, plain_url=ours.plain_url)
        path = settings.home / LEAVE.strip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_leave(settings, urlsplit(ours.url).netloc), "utf-8")
        here = replace(settings, collector_url=ours.url.rstrip("/"))
        scanning = _scanning(ours.authorities, (ours.key,), LAB_RUNS)
        _measure(here, held, scanning, stop)
    office.publish(held, settings)
    log.info("published", round=OURS)


def _measure(settings: Settings, held: Round, scanning: Scanning, stop: threading.Event) -> None:
    """Scans what is left of it; asked to stop, this ends the process, and the next start goes on here."""
    from thuocdo.assess.rounds import fleet

    fleet.measure(settings, held, scanning, lambda _done, _total: None, stop)
    if stop.is_set():
        leave()


def _begun(name: str) -> Round | None:
    from thuocdo.assess.models import Round

    return Round.objects.filter(code=name).first()


def _scanning(authorities: Path, keys: tuple[str, ...], lab_runs: int) -> Scanning:
    from thuocdo.assess.citizen import Manners
    from thuocdo.assess.fetch import Limits
    from thuocdo.assess.probes.scene import Depth
    from thuocdo.assess.scans.looking import Scanning

    return Scanning(
        _CONTACT,
        _LOOPBACK,
        str(authorities),
        keys,
        Depth(lab_runs=lab_runs, load_step_s=LOAD_STEP_S),
        Manners(pause=0.1),
        Limits(seconds=8.0),
        AT_ONCE,
    )


def _leave(settings: Settings, host: str) -> str:
    """The owner's leave for a load test of a host: everybody here is invented, or ourselves."""
    from thuocdo.assess.probes.load.appointment import Appointment, token
    from thuocdo.core import clock
    from thuocdo.core.signing import Signer

    now = clock.now_us()
    made = Appointment(host, now - _MINUTE_US, now + LOAD_WINDOW_US, users=40, owner="demo")
    return token(Signer.of(settings.home), made)


@contextlib.contextmanager
def _behind_tls(collect_port: int, stop: threading.Event) -> Iterator[OurSite]:
    """A second web process of this instance, behind a front as nginx is one, while the block runs."""
    from thuocdo.assess.demo.listening import Away, Front
    from thuocdo.assess.demo.servers import certificate

    front, plain, free = (socket.create_server(("127.0.0.1", 0)) for _ in range(3))
    port, plain_port, web_port = (each.getsockname()[1] for each in (front, plain, free))
    free.close()
    url = f"https://localhost:{port}"
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        both, authority, key = certificate(folder)
        stack.enter_context(_web(url, web_port, stop))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(both)
        ports = {"/tracking": collect_port, "/embed/": collect_port, "": web_port}
        stack.enter_context(Front(front, context, ports))
        stack.enter_context(Away(plain, f"{url}/"))
        yield OurSite(f"{url}/", f"http://localhost:{plain_port}/", authority, key)


@contextlib.contextmanager
def _web(url: str, port: int, stop: threading.Event) -> Iterator[None]:
    command = [sys.executable, "-m", "thuocdo", "web", "--port", str(port)]
    environ = {**os.environ, **_OWNER, "THUOCDO_COLLECTOR_URL": url}
    environ["THUOCDO_OWN_SITE"] = str(OWN_SITE)
    process = subprocess.Popen(command, env=environ, preexec_fn=end_with_parent)  # noqa: PLW1509 - nothing is scanned yet
    try:
        _wait_for(lambda: answers(f"http://127.0.0.1:{port}/health"), stop)
        _wait_for(lambda: answers(f"http://127.0.0.1:{port}/"), stop)  # in no time: it is warm
        yield
    finally:
        process.terminate()
        process.wait()


def _wait_for(is_up: Callable[[], bool], stop: threading.Event) -> None:
    """Until it is up; ends the process when that is asked for. Raises ThuocdoError `not_up`."""
    for _ in range(round(_PATIENCE_S * 2)):
        if is_up():
            return
        if stop.wait(0.5):
            leave()
    raise ThuocdoError("not_up", f"The site did not come up in {_PATIENCE_S:g} s.")
