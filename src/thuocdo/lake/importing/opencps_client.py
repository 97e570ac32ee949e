"""Asks an OpenCPS server for its dossiers, page by page: `GET /o/rest/v2/dossiers`.

The connection is encrypted and its certificate checked; a redirection is not followed, so that
credentials go nowhere else. What can pass (a server restarting, too many requests) is tried
again after a while; what cannot is said at once.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode, urlsplit

import msgspec

from thuocdo.core.errors import ThuocdoError
from thuocdo.lake.importing.opencps import Dossier

PATH: Final = "/o/rest/v2/dossiers"
CREDENTIALS: Final = "THUOCDO_OPENCPS_CREDENTIALS"
_TIMEOUT_SECONDS: Final = 60.0
_WAITS_SECONDS: Final = (1.0, 2.0, 4.0, 8.0, 16.0)
_LONGEST_WAIT: Final = 120.0
_LARGEST_ANSWER: Final = 64 << 20
_REFUSALS: Final = (
    HTTPStatus.NON_AUTHORITATIVE_INFORMATION,  # how OpenCPS answers a stranger
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
)
_PASSING: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT)
_OTHERS_MAY_READ: Final = 0o077


class Page(msgspec.Struct, frozen=True):
    """total  dossiers on the server, None when it does not say"""

    total: int | None = None
    data: list[Dossier] = []


class Account(NamedTuple):
    """A server and who asks it.

    url          its address, without a path
    group        the header groupId: which of the server's sites
    credentials  "user:password"
    """

    url: str
    group: str | None
    credentials: str


_decode: Final = msgspec.json.Decoder(Page)


def credentials(environ: Mapping[str, str], path: Path | None) -> str:
    """`user:password` from a file only its owner may read, else from the environment.

    Raises ThuocdoError `no_credentials` or `credentials_readable`.
    """
    text = environ.get(CREDENTIALS, "")
    if path is not None:
        try:
            if path.stat().st_mode & _OTHERS_MAY_READ:
                raise ThuocdoError(
                    "credentials_readable",
                    f"Others may read {path}.",
                    f"chmod 600 {path}",
                )
            text = path.read_text("utf-8").partition("\n")[0]
        except (OSError, UnicodeDecodeError) as error:
            raise ThuocdoError(
                "no_credentials", f"{path} cannot be read.", "Check the path."
            ) from error
    if ":" not in text:
        raise ThuocdoError(
            "no_credentials",
            "There are no credentials for OpenCPS.",
            f"Set {CREDENTIALS}=user:password, or name a file with --credentials.",
        )
    return text.strip()


class Client:
    """Pages of one server's dossiers, the last changed first."""

    def __init__(self, account: Account, wait: Callable[[float], None] = time.sleep) -> None:
        """Raises ThuocdoError `bad_url` or `not_https`."""
        address = urlsplit(account.url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise ThuocdoError("bad_url", f"{account.url} is no address.", "Write https://host.")
        if address.scheme == "http" and not _is_loopback(address.hostname):
            raise ThuocdoError(
                "not_https",
                f"{account.url} would send the password in the clear.",
                "Use its https:// address.",
            )
        self._url = f"{address.scheme}://{address.netloc}{address.path.rstrip('/')}{PATH}"
        self._wait = wait
        self._headers = {
            "Accept": "application/json",
            "Authorization": "Basic "
            + base64.b64encode(account.credentials.encode()).decode("ascii"),
        }
        if account.group:
            self._headers["groupId"] = account.group
        context = ssl.create_default_context()
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=context), _NoRedirect()
        )

    def page(self, start: int, end: int) -> Page:
        """Dossiers number `start` to `end`, itself excluded, counted from 0.

        Raises ThuocdoError `bad_credentials`, `bad_answer` or `unreachable`.
        """
        query = urlencode({"start": start, "end": end, "sort": "modified", "order": "true"})
        body = self._get(f"{self._url}?{query}")
        try:
            return _decode.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ThuocdoError(
                "bad_answer",
                f"{self._url} answered something that is no list of dossiers.",
                "Is it an OpenCPS server of version 2?",
            ) from error

    def _get(self, url: str) -> bytes:
        for wait in (*_WAITS_SECONDS, None):
            try:
                return self._get_once(url)
            except _PassingError as passing:
                if wait is None:
                    raise ThuocdoError(
                        "unreachable",
                        f"{self._url} did not answer: {passing}.",
                        "Run the same command again later: it goes on where it stopped.",
                    ) from passing
                self._wait(min(max(wait, passing.after), _LONGEST_WAIT))
        raise AssertionError("the last attempt returns or raises")

    def _get_once(self, url: str) -> bytes:
        request = urllib.request.Request(url, headers=self._headers)  # noqa: S310 - checked above
        try:
            with self._opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
                body: bytes = answer.read(_LARGEST_ANSWER + 1)
                status = answer.status
        except urllib.error.HTTPError as error:
            with error:
                body, status, after = error.read(_LARGEST_ANSWER), error.code, error.headers
            if status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise _PassingError(f"HTTP {status}", _seconds(after.get("Retry-After"))) from error
        except ssl.SSLCertVerificationError as error:
            raise self._untrusted(error) from error
        except (urllib.error.URLError, OSError) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, ssl.SSLCertVerificationError):
                raise self._untrusted(reason) from error
            raise _PassingError(str(reason)) from error
        if status in _REFUSALS:
            raise ThuocdoError(
                "bad_credentials",
                f"{self._url} refused the credentials (HTTP {status}).",
                "Check user, password and --group.",
            )
        if status != HTTPStatus.OK or len(body) > _LARGEST_ANSWER:
            raise ThuocdoError(
                "bad_answer",
                f"{self._url} answered HTTP {status}{_said(body)}.",
                "Check the address; a redirection is not followed.",
            )
        return body

    def _untrusted(self, error: ssl.SSLCertVerificationError) -> ThuocdoError:
        return ThuocdoError(
            "untrusted_server",
            f"The certificate of {self._url} cannot be trusted: {error.verify_message}.",
            "Have the server's certificate mended; SSL_CERT_FILE names an authority of your own.",
        )


class _PassingError(Exception):
    """What may be gone when asked again."""

    def __init__(self, what: str, after: float = 0.0) -> None:
        super().__init__(what)
        self.after = after


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _seconds(text: str | None) -> float:
    return float(text) if text and text.isascii() and text.isdigit() else 0.0


def _said(body: bytes) -> str:
    """The message of OpenCPS's error object, in brackets."""
    try:
        message = json.loads(body).get("message")
    except (ValueError, AttributeError):
        return ""
    return f" ({message})" if isinstance(message, str) and message else ""


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
