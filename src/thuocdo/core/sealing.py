"""Secrets at rest: encrypted with a key of the instance, so that a copy of the database alone opens nothing."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken

from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings


def seal(settings: Settings, purpose: bytes, text: str) -> str:
    """Encrypt for one purpose (1 to 16 octets): what is sealed for another does not open."""
    return _fernet(settings, purpose).encrypt(text.encode()).decode("ascii")


def unseal(settings: Settings, purpose: bytes, sealed: str) -> str:
    """What `seal` was given. Raises ThuocdoError `other_secret` after the instance's secret changed."""
    try:
        return _fernet(settings, purpose).decrypt(sealed.encode("ascii")).decode()
    except InvalidToken:
        raise ThuocdoError(
            "other_secret",
            f"A secret kept for {purpose.decode()} was sealed with another THUOCDO_SECRET_KEY.",
            "Restore THUOCDO_SECRET_KEY, or make the secret anew.",
        ) from None


def _fernet(settings: Settings, purpose: bytes) -> Fernet:
    key = hashlib.blake2b(settings.secret[:64], digest_size=32, person=purpose).digest()
    return Fernet(base64.urlsafe_b64encode(key))
