"""What one address and one User-Agent say, worked out once for each distinct text.

Pure functions and a small memory: portals have few agents and few pages, and millions of views.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final, Generic, NamedTuple, TypeVar
from urllib.parse import parse_qsl, urlencode

import crawleruseragents
import msgspec
import ua_parser
import yaml

from thuocdo.core.codes import procedure_code
from thuocdo.core.vocabulary import BotReason
from thuocdo.lake.redact import decoded, redact

T = TypeVar("T")

_URL: Final = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//([^/?#]*)([^?#]*)(?:\?([^#]*))?")
_NATIONAL_CODE: Final = re.compile(r"\d{1,2}\.\d{6}(?:\..*)?", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_CODE: Final = re.compile(r"[A-Za-z0-9._:,/{}~-]*")
_HEADLESS_CHROME: Final = re.compile(r"\bHeadlessChrome/")
"""A real Chrome without a screen. The name alone does not make it a bot: it is the browser with
which a webmaster's own tests and an acceptance check show that a snippet counts."""
_TABLET: Final = re.compile(r"ipad|tablet|kindle|silk/|playbook", re.I)
_DESKTOP_SYSTEMS: Final = frozenset(
    {"Windows", "Mac OS X", "Linux", "Ubuntu", "Chrome OS", "Fedora", "Debian", "FreeBSD"}
)
LONGEST_PLAIN: Final = 250
"""An address up to this length has neither a host nor a path that is too long to keep."""
_REMEMBERED: Final = 100_000
_HOSTS_REMEMBERED: Final = 10_000


class Place(NamedTuple):
    """Where a page view happened; None when the address said nothing."""

    host: str | None
    path: str | None
    procedure: str | None


class Client(NamedTuple):
    """Who looked, in words that describe no person; `bot` is a reason code, None a human."""

    device: str | None
    browser: str | None
    os: str | None
    bot: str | None


class _AddressRules(msgspec.Struct, frozen=True):
    version: object
    source: str
    keep: frozenset[str]
    procedure: frozenset[str]
    longest_path: int
    longest_host: int


class _BotRules(msgspec.Struct, frozen=True):
    version: object
    source: str
    agents: dict[BotReason, list[str]]


class Memory(Generic[T]):
    """A function remembered by its text; forgets everything when it holds too much."""

    def __init__(self, work: Callable[[str], T]) -> None:
        self._work = work
        self._known: dict[str, T] = {}

    def __call__(self, text: str) -> T:
        found = self._known.get(text)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._known[text] = self._work(text)
        return found


def place_of(url: str) -> Place:
    """Host, path and procedure of a page's address, personal data and stray query dropped."""
    found = _URL.match(url.strip())
    if not found:
        return Place(
            None,
            _path(url.split("?", maxsplit=1)[0].split("#", maxsplit=1)[0], "") if url else None,
            None,
        )
    kept, procedure = _query(found[3]) if found[3] else ("", None)
    return Place(_host(found[1]), _path(found[2], kept), procedure)


def _query(query: str) -> tuple[str, str | None]:
    """What may be kept of a query, and the procedure it names."""
    rules = _rules()
    kept: list[tuple[str, str]] = []
    procedure: str | None = None
    for name, value in parse_qsl(query):
        lowered = name.lower()
        if lowered in rules.procedure and _NATIONAL_CODE.fullmatch(value):
            code = procedure_code(value)
            procedure = procedure or (code.national if code else None)
        if (lowered in rules.keep or lowered in rules.procedure) and value:
            kept.append((lowered, _value(value)))
    return urlencode(kept, safe="{}:/.,"), procedure


def _value(value: str) -> str:
    """A kept parameter's value: a code of some kind; words are somebody's."""
    clean = redact(decoded(value))
    return clean if _CODE.fullmatch(clean) else "{text}"


def host_of(url: str) -> str | None:
    """The host of a referrer; None when there is none."""
    found = _URL.match(url.strip())
    return _host(found[1]) if found else None


def client_of(agent: str) -> Client:
    """Device, browser, system and bot reason of a User-Agent."""
    if not agent.strip():
        return Client(None, None, None, BotReason.EMPTY_AGENT.value)
    parsed = ua_parser.parse(agent)
    browser = parsed.user_agent.family if parsed.user_agent else None
    system = parsed.os.family if parsed.os else None
    return Client(_device(agent, system), browser, system, _bot(agent))


def _bot(agent: str) -> str | None:
    for reason, pattern in _agent_rules():
        if pattern.search(agent):
            return reason
    known = _HEADLESS_CHROME.sub("Chrome/", agent)
    return BotReason.CRAWLER.value if crawleruseragents.is_crawler(known) else None


def _device(agent: str, system: str | None) -> str | None:
    if _TABLET.search(agent) or (system == "Android" and "Mobile" not in agent):
        return "tablet"
    if system in ("iOS", "Android") or "Mobile" in agent:
        return "mobile"
    return "desktop" if system in _DESKTOP_SYSTEMS else None


@lru_cache(_HOSTS_REMEMBERED)
def _host(authority: str) -> str | None:
    """Lower case, without user, port and closing dot; a user part may be anybody's name."""
    host = decoded(authority).rpartition("@")[2].partition(":")[0].rstrip(".").lower()
    return redact(_CONTROL.sub("", host))[: _rules().longest_host] or None


def _path(path: str, query: str) -> str:
    plain = decoded(path) if "%" in path else path
    if not plain.isascii() or not plain.isprintable():
        plain = unicodedata.normalize("NFC", _CONTROL.sub("", plain))
    clean = redact(plain)
    whole = f"{clean or '/'}?{query}" if query else clean or "/"
    return whole[: _rules().longest_path]


@cache
def _agent_rules() -> list[tuple[str, re.Pattern[str]]]:
    """Reason and what says so, in the order in which they are asked."""
    text = files("thuocdo.lake").joinpath("data/bots.yaml").read_text("utf-8")
    rules = msgspec.convert(yaml.safe_load(text), _BotRules)
    return [
        (reason.value, re.compile("|".join(patterns), re.IGNORECASE))
        for reason, patterns in rules.agents.items()
    ]


@cache
def _rules() -> _AddressRules:
    text = files("thuocdo.lake").joinpath("data/addresses.yaml").read_text("utf-8")
    return msgspec.convert(yaml.safe_load(text), _AddressRules)
