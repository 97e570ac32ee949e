"""No host is scanned twice at once, whichever process scans: a locked file for each, freed by any death."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final
from urllib.parse import urlsplit

from thuocdo.assess.probes.target import Target
from thuocdo.core.settings import Settings

_USUAL_PORTS: Final = (None, 80, 443)


@dataclass(frozen=True, slots=True)
class Hold:
    """Hosts that are ours until they are released."""

    files: tuple[IO[bytes], ...]

    def release(self) -> None:
        for file in self.files:
            file.close()


class HostBusy(Exception):  # noqa: N818 (no fault of anybody's)
    """A site leads to a host at which another scan of ours is. `str()` is that address."""


@dataclass(frozen=True, slots=True)
class Hosts:
    """The hosts of one instance. Where a host was found to lead is held with it from then on (`learn`)."""

    folder: Path
    _leads: dict[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings) -> Hosts:
        return cls(settings.state_dir / "hosts")

    def hold(self, *urls: str, wait: bool = False) -> Hold | None:
        """The hosts of some addresses, all or none; None while somebody is at one, unless told to wait."""
        self.folder.mkdir(parents=True, exist_ok=True)
        mode = fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB)
        with contextlib.ExitStack() as stack:
            files = []
            for host in sorted(self._all(urls)):  # in one order, so that nobody waits in a ring
                name = hashlib.sha256(host.encode()).hexdigest()[:32]
                file = stack.enter_context((self.folder / name).open("ab"))
                try:
                    fcntl.flock(file, mode)
                except BlockingIOError:
                    return None
                files.append(file)
            stack.pop_all()
        return Hold(tuple(files))

    def learn(self, url: str, leads_to: str) -> None:
        """Whoever asks the one host is sent to the other."""
        host = host_of(url)  # scans of several threads learn while one that takes turns reads
        self._leads[host] = self._leads.get(host, frozenset()) | {host_of(leads_to)}

    def hold_where_it_leads(self, target: Target, url: str) -> Hold | None:
        """The host a target's front page was found at; None where it is held with the target's own already.

        Raises HostBusy.
        """
        if host_of(url) in self._all(hosts_of(target)):
            return None
        hold = self.hold(url)
        if hold is None:
            raise HostBusy(url)
        return hold

    def _all(self, urls: Iterable[str]) -> set[str]:
        named = set(map(host_of, urls))
        return named.union(*(self._leads.get(host, ()) for host in named))

    @contextlib.contextmanager
    def held(self, *urls: str) -> Iterator[None]:
        """The hosts of some addresses while the block runs; waits while somebody is at one."""
        hold = self.hold(*urls, wait=True)
        try:
            yield
        finally:
            if hold is not None:
                hold.release()

    def is_free(self, url: str) -> bool:
        """Whether nobody is at a host just now: cheaper to ask than what else a scan would need."""
        hold = self.hold(url)
        if hold is not None:
            hold.release()
        return hold is not None


def hosts_of(target: Target) -> list[str]:
    """Addresses of every host that a scan of the target asks."""
    return [target.url, *(f"https://{each.host}" for each in target.below)]


def host_of(url: str) -> str:
    """The host as one machine: http and https of one name are the same, other ports are others."""
    parts = urlsplit(url)
    port = None
    with contextlib.suppress(ValueError):
        port = parts.port
    name = parts.hostname or ""
    return name if port in _USUAL_PORTS else f"{name}:{port}"
