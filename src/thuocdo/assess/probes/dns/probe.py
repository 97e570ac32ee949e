"""The system's resolver shows neither signatures nor CAA records, so both are not measurable.

A stub resolver asked through `getaddrinfo` gives addresses alone (RFC 3493, 6.1): to say that a zone
is unsigned from there would be a guess.
"""

from __future__ import annotations

from typing import Final

from thuocdo.assess.probes.scene import Probe, Scene
from thuocdo.assess.results import Fault, Result, unmeasured

CHECKS: Final = ("security.dnssec", "security.caa")


async def run(scene: Scene) -> list[Result]:
    return [
        unmeasured(check, Fault.NO_TOOL, "no validating resolver", scene.at) for check in CHECKS
    ]


PROBE: Final = Probe(CHECKS, run, seconds=1.0, needs_page=False)
