"""A country with people who want to hear of it, a mail server and a webhook's receiver, all real."""

from __future__ import annotations

import base64
import datetime as dt
import email
import hashlib
import hmac
import http.server
import ipaddress
import json
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.message import Message
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from thuocdo.core import settings as instance
from thuocdo.core.settings import Settings, Smtp
from thuocdo.registry.builtin import load_builtin

SENDER = "emc@example.gov.vn"


@dataclass
class Post:
    """What a mail server was given.

    refuse  so many letters are answered 451 first
    hold    letters are kept in `held` and never acknowledged
    """

    port: int
    letters: list[Message] = field(default_factory=list)
    refuse: int = 0
    hold: bool = False
    held: list[Message] = field(default_factory=list)


class _Session(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as a client needs that sends a letter."""

    def handle(self) -> None:
        post: Post = self.server.post  # type: ignore[attr-defined]
        self._say("220 catcher")
        while line := self.rfile.readline().decode("latin-1").strip():
            word = line.split(" ", 1)[0].upper()
            if word == "DATA":
                self._say("354 go on")
                text = b""
                while (more := self.rfile.readline()) != b".\r\n":
                    text += more.removeprefix(b".") if more.startswith(b"..") else more
                letter = email.message_from_bytes(text, policy=default)
                if post.hold:
                    post.held.append(letter)
                    continue
                post.letters.append(letter)
                self._say("250 kept")
            elif word == "QUIT":
                self._say("221 bye")
                return
            elif word == "RCPT" and post.refuse > 0:
                post.refuse -= 1
                self._say("451 later")
            else:
                self._say("250 fine")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode("ascii"))


class _Threads(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@pytest.fixture
def post() -> Iterator[Post]:
    with _Threads(("127.0.0.1", 0), _Session) as server:
        found = Post(server.server_address[1])
        server.post = found  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield found
        server.shutdown()


@dataclass
class Receiver:
    """A webhook's receiver that checks signatures as Standard Webhooks says, by its own code.

    calls   bodies whose signature held, by webhook-id
    status  what it answers
    """

    url: str
    secret: str = ""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    forged: int = 0
    status: int = 204
    location: str = ""

    def take(self, headers: Any, body: bytes) -> None:
        signed = b".".join(
            (headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body)
        )
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        versions = dict(part.split(",", 1) for part in headers["webhook-signature"].split(" "))
        if versions.get("v1") == wanted:
            self.calls.append((headers["webhook-id"], json.loads(body)))
        else:
            self.forged += 1


def certificate(folder: Path) -> Path:
    """A key and a certificate of localhost that vouches for itself, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "localhost.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@contextmanager
def listening(pem: Path) -> Iterator[Receiver]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.take(self.headers, self.rfile.read(int(self.headers["content-length"])))
            self.send_response(receiver.status)
            if receiver.location:
                self.send_header("Location", receiver.location)
            self.end_headers()

        def log_message(self, *_said: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        receiver = Receiver(f"https://localhost:{server.server_address[1]}/hook?for=emc")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield receiver
        server.shutdown()


@pytest.fixture
def receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    pem = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with listening(pem) as found:
        yield found


@pytest.fixture
def quiet_home(tmp_path: Path, settings, db) -> Settings:
    """An instance that neither mails nor reaches inner networks."""
    found = instance.load({"THUOCDO_HOME": str(tmp_path / "home")})
    found.make_folders()
    settings.THUOCDO = found
    load_builtin()
    return found


@pytest.fixture
def home(quiet_home: Settings, post: Post, settings) -> Settings:
    """The same with a mail server, and webhooks allowed on this machine."""
    found = replace(
        quiet_home,
        site_url="https://emc.example.gov.vn",
        smtp=Smtp("127.0.0.1", post.port, "", "", "none", SENDER),
        webhook_networks=(ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")),
    )
    settings.THUOCDO = found
    return found
