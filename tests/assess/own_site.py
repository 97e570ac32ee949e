"""Our own system as it is deployed: site and collector behind one front that speaks TLS, on loopback."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.command import thuocdo

from thuocdo.assess.demo.listening import Away, Front
from thuocdo.assess.demo.servers import certificate
from thuocdo.core import settings as instance
from thuocdo.core.settings import Settings

SITE_ID = 9001
MAIL, PHONE = "emc@example.gov.vn", "024 3555 0100"
_PATIENCE_S = 60.0


@dataclass(frozen=True)
class OwnSite:
    """Where it answers, over https and over http, and what is believed of its certificate."""

    settings: Settings
    environ: dict[str, str]
    url: str
    plain_url: str
    authorities: Path
    key: str

    def command(self, *words: str) -> str:
        done = thuocdo(*words, environment=self.environ)
        done.check_returncode()
        return done.stdout


@contextlib.contextmanager
def serving(home: Path) -> Iterator[OwnSite]:
    """A small home of its own with one registered site, its own, while the block runs."""
    front, plain, web, collector = (socket.create_server(("127.0.0.1", 0)) for _ in range(4))
    port, plain_port, web_port, collect_port = (
        each.getsockname()[1] for each in (front, plain, web, collector)
    )
    web.close()
    collector.close()
    url = f"https://localhost:{port}"
    environ = {
        **os.environ,
        "THUOCDO_HOME": str(home),
        "THUOCDO_COLLECTOR_URL": url,
        "THUOCDO_HTTPS": "1",
        "THUOCDO_OWN_SITE": str(SITE_ID),
        "THUOCDO_CONTACT_MAIL": MAIL,
        "THUOCDO_CONTACT_PHONE": PHONE,
        "THUOCDO_TRUSTED_PROXIES": "127.0.0.0/8",
        "NO_COLOR": "1",
    }
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        both, authority, key = certificate(folder)
        own = OwnSite(
            instance.load(environ),
            environ,
            f"{url}/",
            f"http://localhost:{plain_port}/",
            authority,
            key,
        )
        _register(own, folder)
        for role, number in (("web", web_port), ("collect", collect_port)):
            stack.enter_context(_running(environ, role, number))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(both)
        ports = {"/tracking": collect_port, "/embed/": collect_port, "": web_port}
        stack.enter_context(Front(front, context, ports, _PATIENCE_S))
        stack.enter_context(Away(plain, own.url))
        yield own


def _register(own: OwnSite, folder: Path) -> None:
    """As any portal is registered: docs/connect-a-portal.md."""
    own.command("init")
    rows = folder / "sites.csv"
    rows.write_text(
        f"site_id,agency,kind,name,hostnames\n{SITE_ID},G06,portal,Hệ thống EMC,localhost\n",
        "utf-8",
    )
    own.command("import", "sites", str(rows))


@contextlib.contextmanager
def _running(environ: dict[str, str], role: str, port: int) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "thuocdo", role, "--port", str(port)], env=environ
    )
    try:
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health"):
                    break
            except OSError:
                assert time.monotonic() < deadline, f"{role} did not come up"
                time.sleep(0.1)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(_PATIENCE_S)
