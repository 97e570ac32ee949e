"""Where an instance lives and how it is configured (DESIGN.md §6.4), read once from the environment."""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from thuocdo.core import files
from thuocdo.core.errors import ThuocdoError

_SECRET_FILE = "secret.key"  # noqa: S105 - the name of a file
_MINIMUM_SECRET = 16
DEFAULT_ADDRESS_RATE = "1000"
"""Far above what the people behind one carrier's address do together, far below what would hurt."""

DEFAULT_COLLECTOR_URL = "http://localhost:8001"
"""Where `thuocdo collect` answers on the machine it runs on."""

DUCKDB = "duckdb"
"""The engine within the process; any other is the URL of a Spark Connect server."""

_SPARK = re.compile(r"sc://[\w.-]+(:\d{1,5})?(/(;\S*)?)?", re.ASCII)
_ADDRESS = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?(/[\w.~-]+)*/?", re.ASCII | re.IGNORECASE)

_MAILBOX = re.compile(r"[^\s@<>]+@[a-z0-9.-]+", re.ASCII | re.IGNORECASE)

_DNS_PORT = 53

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server, and the address its letters come from.

    security  "none", "starttls" or "tls" (from the first octet)
    """

    host: str
    port: int
    user: str
    password: str
    security: str
    sender: str


@dataclass(frozen=True, slots=True)
class Settings:
    """One instance: its folders, its database, its engine, its secret.

    home          everything the instance writes lies below it
    database_url  the control plane's database (SQLite below home unless set)
    lake_url      root of the Delta tables: a folder, or an object store's URL
    engine        "duckdb" or "sc://host:port"
    secret        keys every pseudonym; losing it makes old dossiers unlinkable
    trusted_proxies  networks whose X-Forwarded-For the collector believes
    collector_url  the collector as visitors' browsers and one-stop systems reach it, no slash at the end
    address_rate     requests a second the collector takes from one address; 0 is no limit
    chromium         the browser that site checks drive; "" is the first one found on PATH
    check_networks   networks a site check may visit although they are not public
    site_url         the public site as readers reach it, no slash at the end; "" where it was not said
    smtp             how alerts are mailed; None: no mail is sent
    webhook_networks networks a webhook may be sent to although they are not public
    resolvers        (address, port) of the recursive resolvers that are asked about names; none: the system's
    scan_contact     whom the operator of a scanned site may write to: mailto:… or https://…; "" is not set
    control_urls     addresses that say whether our own line works, asked beside the systems
    """

    home: Path
    database_url: str
    lake_url: str
    engine: str
    secret: bytes
    trusted_proxies: tuple[Network, ...] = ()
    collector_url: str = DEFAULT_COLLECTOR_URL
    address_rate: float = 0.0
    chromium: str = ""
    check_networks: tuple[Network, ...] = ()
    site_url: str = ""
    smtp: Smtp | None = None
    webhook_networks: tuple[Network, ...] = ()
    resolvers: tuple[tuple[str, int], ...] = ()
    scan_contact: str = ""
    control_urls: tuple[str, ...] = ()

    @property
    def wal_dir(self) -> Path:
        return self.home / "wal"

    @property
    def facts_dir(self) -> Path:
        return self.home / "facts"

    @property
    def state_dir(self) -> Path:
        """Small local indexes; all of it can be rebuilt from the lake."""
        return self.home / "state"

    @property
    def ledger_dir(self) -> Path:
        """The Merkle log of the raw lake (docs/proof.md); it cannot be made again."""
        return self.home / "ledger"

    @property
    def reports_dir(self) -> Path:
        return self.home / "reports"

    @property
    def publication_dir(self) -> Path:
        """Who checked, signed and published which report, and what the public reads; never made again."""
        return self.home / "publication"

    @property
    def opendata_dir(self) -> Path:
        """Editions of the open data, a folder a day."""
        return self.home / "opendata"

    @property
    def rejects_dir(self) -> Path:
        """Reject files of imports."""
        return self.home / "rejects"

    @property
    def uploads_dir(self) -> Path:
        """Files that offices handed over on the web, by digest; of nobody else to read."""
        return self.home / "uploads"

    @property
    def checks_dir(self) -> Path:
        """Screenshots of site checks, a folder each."""
        return self.home / "checks"

    @property
    def watching_dir(self) -> Path:
        """What the monitor of availability saw (assess/watching/kept.py); it cannot be made again."""
        return self.home / "watching"

    @property
    def duties_path(self) -> Path:
        """What the worker's jobs last did (core/duties.py)."""
        return self.state_dir / "worker.json"

    @property
    def worker_beat_path(self) -> Path:
        """Touched every few seconds while the worker lives and does not hang."""
        return self.state_dir / "worker.beat"

    @property
    def bell_path(self) -> Path:
        """There while site checks may wait for the worker."""
        return self.state_dir / "site-check.bell"

    @property
    def replay_bell_path(self) -> Path:
        """There while replays of refused records may wait for the worker."""
        return self.state_dir / "replay.bell"

    @property
    def remake_bell_path(self) -> Path:
        """There while drafts that are to be made again may wait for the worker."""
        return self.state_dir / "remake.bell"

    @property
    def scanner_bell_path(self) -> Path:
        """There while something may wait for the scanner."""
        return self.state_dir / "scanner.bell"

    @property
    def scanner_beat_path(self) -> Path:
        """Touched every few seconds while the scanner lives."""
        return self.state_dir / "scanner.beat"

    @property
    def key_days_dir(self) -> Path:
        """When each key was last used (core/key_days.py)."""
        return self.state_dir / "key_days"

    @property
    def snapshot_path(self) -> Path:
        """What the registry tells the collector (core/snapshot.py)."""
        return self.state_dir / "snapshot.msgpack"

    @property
    def remark_path(self) -> Path:
        """A line that every report of this instance carries, for figures that are not a country's."""
        return self.home / "remark.txt"

    @property
    def is_initialised(self) -> bool:
        return self.snapshot_path.exists()

    def make_folders(self) -> None:
        for folder in (
            self.home,
            self.wal_dir,
            self.facts_dir,
            self.state_dir,
            self.reports_dir,
            self.rejects_dir,
            self.checks_dir,
        ):
            folder.mkdir(parents=True, exist_ok=True)

    def require_initialised(self) -> None:
        if not self.is_initialised:
            raise ThuocdoError(
                "not_initialised",
                f"There is no instance in {self.home}.",
                "Run `thuocdo init` first, or set THUOCDO_HOME.",
            )


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; makes the home folder and its secret when they are not there.

    Raises ThuocdoError `bad_secret` when THUOCDO_SECRET_KEY is shorter than 16 characters,
    `bad_proxies` (`bad_networks`) when THUOCDO_TRUSTED_PROXIES (THUOCDO_CHECK_ALLOW_NETWORKS) is
    no list of networks (THUOCDO_WEBHOOK_ALLOW_NETWORKS likewise), `bad_collector_url` (`bad_site_url`) when
    THUOCDO_COLLECTOR_URL (THUOCDO_SITE_URL) is no plain web address, `bad_smtp` when THUOCDO_SMTP_URL or
    THUOCDO_MAIL_FROM is not as docs/alerts.md says, `bad_resolvers` when THUOCDO_RESOLVERS is no list of
    addresses, `bad_control_urls` when THUOCDO_CONTROL_URLS is no list of web addresses,
    `bad_rate` when THUOCDO_ADDRESS_RATE is no number of requests a second, or `bad_engine` when
    THUOCDO_ENGINE is neither duckdb nor the URL of a Spark Connect server.
    """
    home = Path(environ.get("THUOCDO_HOME", "./var")).resolve()
    return Settings(
        home=home,
        database_url=environ.get("THUOCDO_DATABASE_URL", f"sqlite:///{home / 'registry.sqlite3'}"),
        lake_url=environ.get("THUOCDO_LAKE_URL", str(home / "lake")),
        engine=_engine(environ.get("THUOCDO_ENGINE", DUCKDB)),
        secret=_secret(home, environ.get("THUOCDO_SECRET_KEY")),
        trusted_proxies=_networks(environ, "THUOCDO_TRUSTED_PROXIES", "bad_proxies"),
        collector_url=_address(
            environ.get("THUOCDO_COLLECTOR_URL", DEFAULT_COLLECTOR_URL),
            "THUOCDO_COLLECTOR_URL",
            "bad_collector_url",
        ),
        address_rate=_rate(environ.get("THUOCDO_ADDRESS_RATE", DEFAULT_ADDRESS_RATE)),
        chromium=environ.get("THUOCDO_CHROMIUM", ""),
        check_networks=_networks(environ, "THUOCDO_CHECK_ALLOW_NETWORKS", "bad_networks"),
        site_url=_site_url(environ.get("THUOCDO_SITE_URL", "")),
        smtp=_smtp(environ.get("THUOCDO_SMTP_URL", ""), environ.get("THUOCDO_MAIL_FROM", "")),
        webhook_networks=_networks(environ, "THUOCDO_WEBHOOK_ALLOW_NETWORKS", "bad_networks"),
        resolvers=_resolvers(environ.get("THUOCDO_RESOLVERS", "")),
        scan_contact=_scan_contact(environ),
        control_urls=tuple(
            _address(part.strip(), "THUOCDO_CONTROL_URLS", "bad_control_urls")
            for part in environ.get("THUOCDO_CONTROL_URLS", "").split(",")
            if part.strip()
        ),
    )


def _scan_contact(environ: Mapping[str, str]) -> str:
    """The mail that the contact page shows, else the public site when it is reached by https."""
    mail, site = (
        environ.get("THUOCDO_CONTACT_MAIL", "").strip(),
        environ.get("THUOCDO_SITE_URL", ""),
    )
    return f"mailto:{mail}" if mail else site if site.startswith("https://") else ""


def _engine(text: str) -> str:
    if text != DUCKDB and not _SPARK.fullmatch(text):
        raise ThuocdoError(
            "bad_engine",
            f"THUOCDO_ENGINE names no engine: {text!r}.",
            "Write duckdb, or the address of a Spark Connect server: sc://host:port.",
        )
    return text


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0.0 <= rate < float("inf"):
        raise ThuocdoError(
            "bad_rate",
            f"THUOCDO_ADDRESS_RATE is no number of requests a second: {text!r}.",
            "Write a number, or 0 for no limit.",
        )
    return rate


def _resolvers(text: str) -> tuple[tuple[str, int], ...]:
    """`10.0.0.53, 10.0.1.53:5353, [2001:db8::53]:53`: addresses, not names."""
    found = []
    try:
        for part in filter(None, (each.strip() for each in text.split(","))):
            is_bare = part.count(":") > 1 and not part.startswith("[")
            parts = urlsplit(f"//[{part}]" if is_bare else f"//{part}")
            found.append((str(ipaddress.ip_address(parts.hostname or "")), parts.port or _DNS_PORT))
    except ValueError as error:
        raise ThuocdoError(
            "bad_resolvers",
            f"THUOCDO_RESOLVERS is no list of addresses: {error}.",
            "Write addresses with commas between, such as 10.0.0.53 or [2001:db8::53]:53.",
        ) from error
    return tuple(found)


def _networks(environ: Mapping[str, str], name: str, code: str) -> tuple[Network, ...]:
    text = environ.get(name, "")
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as problem:
        raise ThuocdoError(
            code,
            f"{name} is no list of networks: {problem}.",
            "Write addresses or CIDR networks with commas, for example 10.0.0.0/8,192.0.2.7.",
        ) from None


def _address(text: str, name: str, code: str) -> str:
    """Plain enough to stand in a page's script and in its policy as it is."""
    if not _ADDRESS.fullmatch(text):
        raise ThuocdoError(
            code,
            f"{name} is no web address: {text!r}.",
            "Write it as browsers reach it, for example https://emc.example.gov.vn.",
        )
    return text.rstrip("/")


def _site_url(text: str) -> str:
    return _address(text, "THUOCDO_SITE_URL", "bad_site_url") if text else ""


_MAIL = {"smtp": ("starttls", 587), "smtps": ("tls", 465)}
"""Scheme → security unless `?security=` says another, and the port it goes by."""


def _smtp(text: str, sender: str) -> Smtp | None:
    """`smtp://user:password@host:587`, `smtps://…`, or `smtp://127.0.0.1:25?security=none`."""
    if not text:
        return None
    try:
        parts = urlsplit(text)
        security, port = _MAIL[parts.scheme]
        asked = parse_qs(parts.query, strict_parsing=True) if parts.query else {}
        (security,) = asked.pop("security", [security])
        found = Smtp(
            host=parts.hostname or "",
            port=parts.port or port,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            security=security,
            sender=sender,
        )
        is_right = security in ("none", "starttls", "tls") and not asked and found.host
    except (KeyError, ValueError):
        is_right = False
    if not is_right:
        raise ThuocdoError(
            "bad_smtp",
            "THUOCDO_SMTP_URL is no mail server's address.",
            "Write smtp://USER:PASSWORD@HOST:587, smtps://… for TLS, or add ?security=none.",
        )
    if not _MAILBOX.fullmatch(sender):
        raise ThuocdoError(
            "bad_smtp",
            f"THUOCDO_MAIL_FROM is no mail address: {sender!r}.",
            "Write the address that alerts come from, for example emc@example.gov.vn.",
        )
    return found


def _secret(home: Path, configured: str | None) -> bytes:
    if configured is not None:
        if len(configured) < _MINIMUM_SECRET:
            raise ThuocdoError(
                "bad_secret",
                f"THUOCDO_SECRET_KEY has fewer than {_MINIMUM_SECRET} characters.",
                "Use a long random value, for example from `openssl rand -hex 32`.",
            )
        return configured.encode()
    path = home / _SECRET_FILE
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        files.add(path, secrets.token_hex(32).encode(), mode=files.PRIVATE)
    return path.read_text().strip().encode()
