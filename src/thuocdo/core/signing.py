"""The instance's own signature: Ed25519, so that anybody can check and nobody else can make it.

The private key lies in the home beside the secret; the public one is published as a JSON Web Key
(RFC 7517, RFC 8037). What is signed is a compact JSON Web Signature (RFC 7515), which every
language has a library for.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from thuocdo.core import files
from thuocdo.core.errors import ThuocdoError

KEY_FILE: Final = "signing.pem"

T = TypeVar("T")


class PublicKey(msgspec.Struct, frozen=True):
    """A JSON Web Key: what others need to check a signature."""

    x: str  # base64url of the 32 bytes
    kid: str  # RFC 7638 thumbprint
    kty: str = "OKP"
    crv: str = "Ed25519"
    alg: str = "EdDSA"
    use: str = "sig"


class Signer:
    """Signs with the key of one instance."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = _published(private.public_key())
        header = {"alg": "EdDSA", "kid": self.public.kid, "typ": "JOSE"}
        self._header = _base64(msgspec.json.encode(header))

    @classmethod
    def of(cls, home: Path) -> Signer:
        """The key of the instance in `home`; made, once, when there is none.

        Raises ThuocdoError `bad_signing_key` when the file is no Ed25519 key.
        """
        path = home / KEY_FILE
        if not path.exists():
            _make(path)
        try:
            private = load_pem_private_key(path.read_bytes(), None)
        except ValueError as problem:
            raise _bad(path) from problem
        if not isinstance(private, Ed25519PrivateKey):
            raise _bad(path)
        return cls(private)

    def sign(self, payload: bytes) -> str:
        """A compact JWS of the payload."""
        text = f"{self._header}.{_base64(payload)}"
        return f"{text}.{_base64(self._private.sign(text.encode()))}"


def payload_of(token: str, public: PublicKey) -> bytes | None:
    """The payload of a compact JWS; None when this key did not sign it."""
    try:
        text, _, signature = token.rpartition(".")
        header, payload = (_unbase64(part) for part in text.split("."))
        if msgspec.json.decode(header, type=dict).get("alg") != public.alg:
            return None
        key = Ed25519PublicKey.from_public_bytes(_unbase64(public.x))
        key.verify(_unbase64(signature), text.encode())
    except (ValueError, InvalidSignature, msgspec.DecodeError):
        return None
    return payload


def opened(token: str, public: PublicKey, kind: type[T]) -> T | None:
    """What a compact JWS says, as a `kind`; None when this key did not sign it, or it says something else."""
    payload = payload_of(token, public)
    try:
        return None if payload is None else msgspec.json.decode(payload, type=kind)
    except msgspec.DecodeError:
        return None


def _make(path: Path) -> None:
    """Write a new key; of several processes the first wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    files.add(path, text, mode=files.PRIVATE)


def _bad(path: Path) -> ThuocdoError:
    return ThuocdoError(
        "bad_signing_key",
        f"{path} holds no Ed25519 key.",
        "Bring it back from a backup; a new key would not fit the receipts that were given.",
    )


def _published(key: Ed25519PublicKey) -> PublicKey:
    x = _base64(key.public_bytes(Encoding.Raw, PublicFormat.Raw))
    thumbprint = f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'.encode()
    return PublicKey(x=x, kid=_base64(hashlib.sha256(thumbprint).digest()))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unbase64(text: str) -> bytes:
    """Strictly: of the spellings of some bytes only one is taken, so that no bit of a token is free."""
    data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _base64(data) != text:
        raise ValueError("not as base64url writes it")
    return data
