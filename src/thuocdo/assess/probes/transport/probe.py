"""Asks for the front page over http, for security.txt, and for folders the page's files lie in."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final
from urllib.parse import urlsplit

from thuocdo.assess.probes.scene import Probe, Scene
from thuocdo.assess.probes.transport.judge import RULES, Requests, judge
from thuocdo.assess.probes.transport.seen import read
from thuocdo.assess.results import Result
from thuocdo.core import clock

CHECKS: Final = tuple(
    f"security.{name}"
    for name in (
        *("hsts", "csp", "cookies", "mixed_content", "exposed_version"),
        *("redirect", "exposed_directory", "security_txt"),
    )
)


async def run(scene: Scene) -> list[Result]:
    parts = urlsplit(scene.front.url)
    root = f"{parts.scheme}://{parts.netloc}"
    plain = scene.target.plain_url or f"http://{parts.hostname}/"
    seen = Requests(
        front=scene.front,
        plain=await scene.citizen.get(plain),
        security=await scene.citizen.get(f"{root}/.well-known/security.txt"),
        directories=[
            await scene.citizen.get(root + folder) for folder in folders(scene.front.text, root)
        ],
        today=clock.local_day(scene.at).isoformat(),
    )
    evidence = [scene.kept.keep("headers", scene.front.head)]
    return judge(seen, scene.at, evidence)


def folders(text: str, root: str) -> list[str]:
    """Folders of the host that the page's own files lie in, then the usual ones; no more than ruled."""
    own = [
        urlsplit(url).path for _, url in read(text, f"{root}/").resources if url.startswith(root)
    ]
    named = [f"{PurePosixPath(path).parent}/" for path in own if PurePosixPath(path).suffix]
    found = dict.fromkeys([each for each in named if each != "//"] + RULES.directories)
    return list(found)[: RULES.max_directories]


PROBE: Final = Probe("transport", CHECKS, run)
