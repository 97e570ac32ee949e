"""A scene around fixture servers on loopback, and a certificate that the scene may believe."""

from __future__ import annotations

import asyncio
import ipaddress
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from thuocdo.assess.citizen import Citizen, Manners, agent
from thuocdo.assess.evidence import Kept
from thuocdo.assess.fetch import Fetcher, Limits
from thuocdo.assess.probes.scene import Depth, Probe, Scene
from thuocdo.assess.probes.target import Target
from thuocdo.assess.results import Result
from thuocdo.core import settings as instance
from thuocdo.core.guard import Guard

AT = 1_790_000_000_000_000


@dataclass(frozen=True)
class Certificate:
    """A server's key and chain in one file, and the authority that signed it."""

    both: Path
    authority: Path


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    folder = tmp_path_factory.mktemp("certificate")
    extensions = folder / "extensions"
    extensions.write_text(
        "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n"
        "extendedKeyUsage=serverAuth\nauthorityKeyIdentifier=keyid\n"
    )
    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    authority = ["-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=Test authority", "-days", "2"]
    server = ["-keyout", "key", "-out", "request", "-subj", "/CN=localhost"]
    signing = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"]
    for command in (
        ["req", "-x509", *new, *authority, "-addext", "keyUsage=critical,keyCertSign,cRLSign"],
        ["req", *new, *server],
        ["x509", "-req", "-in", "request", *signing, "-extfile", "extensions", "-out", "crt"],
    ):
        subprocess.run(["openssl", *command], check=True, capture_output=True, cwd=folder)
    both = folder / "both.pem"
    both.write_bytes((folder / "key").read_bytes() + (folder / "crt").read_bytes())
    return Certificate(both, folder / "ca.crt")


@pytest.fixture
def probing(tmp_path: Path) -> Callable[..., list[Result]]:
    """Runs one probe on one address."""

    def run(
        probe: Probe,
        url: str,
        *,
        believing: Path | None = None,
        plain: str = "",
        depth: Depth | None = None,
    ) -> list[Result]:
        return asyncio.run(_run(tmp_path, probe, url, str(believing or ""), plain, depth))

    return run


def _run(
    home: Path, probe: Probe, url: str, authorities: str, plain: str, depth: Depth | None
) -> Awaitable[list[Result]]:
    async def go() -> list[Result]:
        guard = Guard((ipaddress.ip_network("127.0.0.0/8"),))
        fetcher = Fetcher(guard, agent("mailto:a@b.vn"), Limits(seconds=2.5), authorities)
        citizen = Citizen(fetcher, Manners(pause=0.0))
        scene = Scene(
            settings=instance.load({"THUOCDO_HOME": str(home)}),
            target=Target(url, plain),
            citizen=citizen,
            kept=Kept(home),
            depth=depth or Depth(),
            page=await citizen.page(url),
            browser=None,
            at=AT,
        )
        return await probe.run(scene)

    return go()
