"""Serves the fleet on loopback ports: plain threads and exact octets, so that each site behaves as said."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import ipaddress
import socket
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from thuocdo.assess.demo.listening import Listening, request
from thuocdo.assess.demo.making import made
from thuocdo.assess.probes.load.appointment import PATH as LEAVE

HERE: Final = Path(__file__).parent
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".xml": "application/xml",
    ".txt": "text/plain; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".png": "image/png",
}


class Before(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a site was like in an earlier round."""

    page: str
    headers: list[str] = []


class DemoSite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One fixture site of `sites.yaml`.

    files  path → file below pages/
    made   path → how many octets of a picture, script or style sheet are made for it (making.py)
    delay  seconds before every answer
    """

    code: str
    name: str
    block: str
    vendor: str
    page: str = "good.html"
    secure: bool = False
    headers: list[str] = []
    files: dict[str, str] = {}
    made: dict[str, int] = {}
    delay: float = 0.0
    behaviour: Literal["", "robots", "dead", "endless", "circle"] = ""
    missing: list[list[str]] = []
    before: Before | None = None

    def as_it_was(self) -> DemoSite:
        """Itself at the time of an earlier round."""
        if self.before is None:
            return self
        return msgspec.structs.replace(
            self, page=self.before.page, headers=self.before.headers, before=None
        )


@dataclass(frozen=True, slots=True)
class Served:
    """Where a site answers, over https or http, and over http alone."""

    site: DemoSite
    url: str
    plain_url: str


@dataclass(frozen=True, slots=True)
class Fleet:
    """authorities: a PEM file with the authority of the fleet's certificate; keys: for Chromium."""

    served: tuple[Served, ...]
    authorities: Path
    keys: tuple[str, ...]


def sites() -> list[DemoSite]:
    return msgspec.convert(yaml.safe_load((HERE / "sites.yaml").read_text("utf-8")), list[DemoSite])


@contextlib.contextmanager
def serving(
    wanted: list[DemoSite] | None = None, leave: Callable[[str], str] | None = None
) -> Iterator[Fleet]:
    """The fleet while the block runs.

    leave  for a host with its port, the token by which its owner permits a load test; None: nobody does
    """
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        both, authority, key = certificate(Path(folder))
        served = [_serve(site, both, stack, leave) for site in (wanted or sites())]
        yield Fleet(tuple(served), authority, (key,))


def _serve(
    site: DemoSite,
    both: Path,
    stack: contextlib.ExitStack,
    leave: Callable[[str], str] | None,
) -> Served:
    answers = _answers(site)
    main = stack.enter_context(_Server(site, answers, both if site.secure else None))
    if leave is not None:
        token = leave(urlsplit(main.url).netloc).encode()
        answers[LEAVE] = _head("200 OK", ["Content-Type: text/plain"], token)
    if not site.secure:
        return Served(site, main.url, main.url)
    away = _head("301 Moved Permanently", [f"Location: {main.url}"], b"")
    door = stack.enter_context(_Server(site, {"/": away}, None))
    return Served(site, main.url, door.url)


def _answers(site: DemoSite) -> dict[str, bytes]:
    page = (HERE / "pages" / site.page).read_bytes()
    html = ["Content-Type: text/html; charset=utf-8", *site.headers]
    answers = {"/": _head("200 OK", html, page)}
    for path, file in site.files.items():
        kind = _TYPES[Path(file).suffix]
        content = (HERE / "pages" / file).read_bytes()
        answers[path] = _head("200 OK", [f"Content-Type: {kind}"], content)
    for path, octets in site.made.items():
        kind = f"Content-Type: {_TYPES[Path(path).suffix]}"
        answers[path] = _head("200 OK", [kind], made(path, octets))
    if site.behaviour == "robots":
        rules = b"User-agent: *\nDisallow: /\n"
        answers["/robots.txt"] = _head("200 OK", ["Content-Type: text/plain"], rules)
    if site.behaviour == "circle":
        answers |= {"/": _head("302 Found", ["Location: /a"], b"")}
        answers |= {"/a": _head("302 Found", ["Location: /"], b"")}
    return answers


def _head(status: str, headers: list[str], body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


_MISSING: Final = _head("404 Not Found", ["Content-Type: text/html"], b"<p>404</p>")


class _Server(Listening):
    def __init__(self, site: DemoSite, answers: dict[str, bytes], certificate: Path | None) -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        super().__init__(listening)
        self._site = site
        self._answers = answers
        self._context: ssl.SSLContext | None = None
        if certificate is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate)
        scheme = "https" if certificate else "http"
        self.url = f"{scheme}://localhost:{listening.getsockname()[1]}/"
        if site.behaviour == "dead":
            listening.close()

    def answer(self, connection: socket.socket) -> None:
        if self._context is not None:
            connection = self._context.wrap_socket(connection, server_side=True)
        with connection:
            head, _body = request(connection)
            if not head:
                return
            path = head.decode("latin-1").split(" ", 2)[1].partition("?")[0]
            if self._site.behaviour == "endless" and path != "/robots.txt":
                _endless(connection)
            time.sleep(self._site.delay)
            connection.sendall(self._answers.get(path, _MISSING))


def _endless(connection: socket.socket) -> None:
    """Never still and never done, and too slow to grow too large."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    while True:
        connection.sendall(b"<p>x</p>\n")
        time.sleep(0.05)


def certificate(folder: Path) -> tuple[Path, Path, str]:
    """(key and certificate, authority, hash of the key), for localhost, good for a day."""
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Fixture authority")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    authority = (
        _builder(issuer, issuer, authority_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    issued_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    certificate = (
        _builder(subject, issuer, key.public_key())
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(issued_by, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    both, ca = folder / "both.pem", folder / "authority.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    both.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    ca.write_bytes(authority.public_bytes(Encoding.PEM))
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return both, ca, base64.b64encode(hashlib.sha256(public).digest()).decode()


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )
