"""No host is scanned twice at once, whichever process scans: a locked file for each, freed by any death."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final
from urllib.parse import urlsplit

from thuocdo.core.settings import Settings

_USUAL_PORTS: Final = (None, 80, 443)


@dataclass(frozen=True, slots=True)
class Hold:
    """A host that is ours until it is released."""

    file: IO[bytes]

    def release(self) -> None:
        self.file.close()


@dataclass(frozen=True, slots=True)
class Hosts:
    """The hosts of one instance."""

    folder: Path

    @classmethod
    def of(cls, settings: Settings) -> Hosts:
        return cls(settings.state_dir / "hosts")

    def hold(self, url: str, *, wait: bool = False) -> Hold | None:
        """The host of an address; None while somebody is at it, unless told to wait."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(host_of(url).encode()).hexdigest()[:32]
        file = (self.folder / name).open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            file.close()
            return None
        except BaseException:
            file.close()
            raise
        return Hold(file)


def host_of(url: str) -> str:
    """The host as one machine: http and https of one name are the same, other ports are others."""
    parts = urlsplit(url)
    port = None
    with contextlib.suppress(ValueError):
        port = parts.port
    name = parts.hostname or ""
    return name if port in _USUAL_PORTS else f"{name}:{port}"
