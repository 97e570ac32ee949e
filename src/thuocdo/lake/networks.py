"""Networks of datacentres: nobody sits there and reads a portal.

The operator brings the list, because it changes every week and its owners publish it themselves:
Amazon, Google, Oracle and Microsoft as JSON, others as text or CSV that begins with the network. It
is kept as `<home>/datacentres.txt`, a line for each network and its provider, which may be written by
hand as well; none is shipped. An address is asked about while a view lands and is never stored.
"""

from __future__ import annotations

import ipaddress
import json
import re
import socket
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import structlog

from thuocdo.core import files
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_FILE: Final = "datacentres.txt"
_PROVIDER: Final = re.compile(r"[\w.-]{1,40}")
_SEPARATOR: Final = re.compile(r"[\s,;]+")
_COMMENT: Final = "#"
_MAPPED: Final = bytes(10) + b"\xff\xff"
_V4_BYTES: Final = 4

_log = structlog.get_logger("thuocdo.lake")


class Networks:
    """Addresses of some networks, found by halving; empty until somebody brings a list."""

    def __init__(self, networks: Iterable[Network] = ()) -> None:
        every = list(networks)
        self._of_four = _ranges(each for each in every if each.version == 4)
        self._of_six = _ranges(each for each in every if each.version != 4)
        self._starts = np.array(self._of_four[0], np.int64)
        self._ends = np.array(self._of_four[1], np.int64)

    def __bool__(self) -> bool:
        return bool(self._of_four[0] or self._of_six[0])

    def holds(self, address: str) -> bool:
        """Whether an address is in one of them; what is no address is in none."""
        return bool(self.hold([address.encode()])[0])

    def hold(self, addresses: Sequence[bytes]) -> npt.NDArray[np.bool_]:
        """Which of some addresses, as text, are in one of them."""
        found = np.zeros(len(addresses), np.bool_)
        if not self:
            return found
        packed = [_packed(address) for address in addresses]
        four = [place for place, each in enumerate(packed) if len(each) == _V4_BYTES]
        numbers = np.frombuffer(b"".join(packed[place] for place in four), ">u4").astype(np.int64)
        if len(self._starts):
            before = np.searchsorted(self._starts, numbers, "right") - 1
            found[four] = (before >= 0) & (numbers < self._ends[before])
        for place, each in enumerate(packed):
            if len(each) > _V4_BYTES:
                found[place] = _within(int.from_bytes(each, "big"), *self._of_six)
        return found


class Watched:
    """The list of an instance, read again when the file is another."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.home / _FILE
        self._known: tuple[int, int] | None = None
        self._networks = Networks()

    def now(self) -> Networks:
        """A file that cannot be read is logged, and what it said before holds on: views must land."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            self._known, self._networks = None, Networks()
            return self._networks
        identity = (status.st_ino, status.st_mtime_ns)
        if self._known != identity:
            self._known = identity
            try:
                self._networks = Networks(network for network, _ in _lines(self._path))
            except ThuocdoError as problem:
                _log.error(problem.code, message=str(problem))
        return self._networks


def install(settings: Settings, source: Path, provider: str) -> int:
    """Put a provider's published list in place of what was known of it; how many networks it has.

    source    the provider's file: JSON, or lines that begin with a network
    provider  a short name, such as `aws`
    Raises ThuocdoError `bad_networks` when there is none in it, or a line that is none.
    """
    if not _PROVIDER.fullmatch(provider):
        raise ThuocdoError(
            "bad_provider",
            f"{provider!r} is no provider's name.",
            "Use letters, digits, dots and hyphens, for example aws.",
        )
    fresh = sorted({str(network) for network in _published(source)})
    if not fresh:
        raise _unreadable(source, "it names no network")
    path = settings.home / _FILE
    kept = [
        f"{network} {owner}" for network, owner in _lines(path) if owner != provider
    ] if path.exists() else []  # fmt: skip
    lines = [*kept, *(f"{each} {provider}" for each in fresh), ""]
    files.replace(path, "\n".join(lines).encode())
    return len(fresh)


def _published(source: Path) -> Iterator[Network]:
    try:
        text = source.read_text("utf-8-sig")
        found = json.loads(text) if text.lstrip()[:1] in ("{", "[") else None
    except ValueError as problem:
        raise _unreadable(source, str(problem)) from None
    if found is not None:
        yield from _in_json(found)
    else:
        yield from (network for network, _ in _lines(source))


def _in_json(value: object) -> Iterator[Network]:
    """Every text in it that is a network, wherever the provider put it."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _in_json(each)
    elif isinstance(value, str) and "/" in value:
        try:
            yield ipaddress.ip_network(value)
        except ValueError:
            return


def _lines(path: Path) -> Iterator[tuple[Network, str]]:
    """(network, provider) of each line; the provider is "" where none is named."""
    for number, line in enumerate(path.read_text("utf-8-sig").splitlines(), 1):
        words = _SEPARATOR.split(line.partition(_COMMENT)[0].strip())
        if not words[0]:
            continue
        try:
            yield ipaddress.ip_network(words[0]), words[1] if len(words) > 1 else ""
        except ValueError as problem:
            raise _unreadable(path, f"line {number}: {problem}") from None


def _unreadable(path: Path, why: str) -> ThuocdoError:
    return ThuocdoError(
        "bad_networks",
        f"{path.name} is no list of networks: {why}.",
        "Write a network a line, for example 203.0.113.0/24 aws, or give a provider's JSON file.",
    )


def _ranges(networks: Iterable[Network]) -> tuple[list[int], list[int]]:
    """First addresses, and those after the last, of what the networks cover together."""
    starts: list[int] = []
    ends: list[int] = []
    for network in ipaddress.collapse_addresses(networks):  # type: ignore[type-var]
        starts.append(int(network.network_address))
        ends.append(int(network.broadcast_address) + 1)
    return starts, ends


def _within(number: int, starts: list[int], ends: list[int]) -> bool:
    place = bisect_right(starts, number) - 1
    return place >= 0 and number < ends[place]


def _packed(address: bytes) -> bytes:
    """Four or sixteen bytes; none for what is no address. IPv4 in IPv6's clothes is IPv4."""
    text = address.decode("ascii", "replace")
    try:
        if ":" in text:
            return socket.inet_pton(socket.AF_INET6, text).removeprefix(_MAPPED)
        return socket.inet_pton(socket.AF_INET, text)
    except (OSError, ValueError):
        return b""
