"""No host is scanned twice at once, whichever process scans: a locked file for each, freed by any death."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final
from urllib.parse import urlsplit

from thuocdo.assess.probes.scene import Target
from thuocdo.core.settings import Settings

_USUAL_PORTS: Final = (None, 80, 443)


@dataclass(frozen=True, slots=True)
class Hold:
    """Hosts that are ours until they are released."""

    files: tuple[IO[bytes], ...]

    def release(self) -> None:
        for file in self.files:
            file.close()


@dataclass(frozen=True, slots=True)
class Hosts:
    """The hosts of one instance."""

    folder: Path

    @classmethod
    def of(cls, settings: Settings) -> Hosts:
        return cls(settings.state_dir / "hosts")

    def hold(self, *urls: str, wait: bool = False) -> Hold | None:
        """The hosts of some addresses, all or none; None while somebody is at one, unless told to wait."""
        self.folder.mkdir(parents=True, exist_ok=True)
        mode = fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB)
        with contextlib.ExitStack() as stack:
            files = []
            for host in sorted(
                set(map(host_of, urls))
            ):  # in one order, so that nobody waits in a ring
                name = hashlib.sha256(host.encode()).hexdigest()[:32]
                file = stack.enter_context((self.folder / name).open("ab"))
                try:
                    fcntl.flock(file, mode)
                except BlockingIOError:
                    return None
                files.append(file)
            stack.pop_all()
        return Hold(tuple(files))

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
