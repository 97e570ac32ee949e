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
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from thuocdo.assess.demo.servers import certificate
from thuocdo.core import settings as instance
from thuocdo.core.settings import Settings

SITE_ID = 9001
MAIL, PHONE = "emc@example.gov.vn", "024 3555 0100"
_COLLECTOR = ("/tracking", "/embed/")
_PATIENCE_S = 60.0
_TAKE = 65_536


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
        done = subprocess.run(
            [sys.executable, "-m", "thuocdo", *words],
            env=self.environ,
            check=True,
            timeout=120,
            capture_output=True,
            text=True,
        )
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
        stack.enter_context(_Front(front, context, web_port, collect_port))
        stack.enter_context(_Away(plain, own.url))
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


class _Listening:
    """A thread for each connection of a listening socket."""

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening

    def __enter__(self) -> None:
        threading.Thread(target=self._accept, daemon=True).start()

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # wakes the thread that accepts
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _peer = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.settimeout(_PATIENCE_S)
            self.answer(connection)

    def answer(self, connection: socket.socket) -> None:
        raise NotImplementedError


class _Front(_Listening):
    """What nginx does before the two roles: TLS, one host for both, `X-Forwarded-Proto`."""

    def __init__(
        self, listening: socket.socket, context: ssl.SSLContext, web: int, collect: int
    ) -> None:
        super().__init__(listening)
        self._context, self._web, self._collect = context, web, collect

    def answer(self, connection: socket.socket) -> None:
        with self._context.wrap_socket(connection, server_side=True) as client:
            head, body = _request(client)
            if not head:
                return
            first, *lines = head.decode("latin-1").split("\r\n")
            kept = [
                line
                for line in lines
                if not line.lower().startswith(("connection:", "x-forwarded"))
            ]
            told = "\r\n".join((first, *kept, "X-Forwarded-Proto: https", "Connection: close"))
            port = self._collect if first.split(" ")[1].startswith(_COLLECTOR) else self._web
            with socket.create_connection(("127.0.0.1", port), _PATIENCE_S) as server:
                server.sendall(told.encode("latin-1") + b"\r\n\r\n" + body)
                while part := server.recv(_TAKE):
                    client.sendall(part)


class _Away(_Listening):
    """The door over http, which leads to the one over https."""

    def __init__(self, listening: socket.socket, to: str) -> None:
        super().__init__(listening)
        self._to = to

    def answer(self, connection: socket.socket) -> None:
        _request(connection)
        head = f"HTTP/1.1 301 Moved Permanently\r\nLocation: {self._to}\r\n"
        connection.sendall(f"{head}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())


def _request(connection: socket.socket) -> tuple[bytes, bytes]:
    """Head and body of one request; an empty head where there is none."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(_TAKE)
        if not part:
            return b"", b""
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (
            int(line[15:])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        ),
        0,
    )
    while len(body) < length:
        body += connection.recv(_TAKE)
    return head, body
