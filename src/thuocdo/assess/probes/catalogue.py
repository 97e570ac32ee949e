"""Every probe, in the order a scan runs them: what is cheap first, what loads a site last."""

from __future__ import annotations

from typing import Final

from thuocdo.assess.probes.accessibility import probe as accessibility
from thuocdo.assess.probes.availability import probe as availability
from thuocdo.assess.probes.dns import probe as dns
from thuocdo.assess.probes.emc_tag import probe as emc_tag
from thuocdo.assess.probes.feeds import probe as feeds
from thuocdo.assess.probes.field import probe as field
from thuocdo.assess.probes.functions import probe as functions
from thuocdo.assess.probes.interface import probe as interface
from thuocdo.assess.probes.load import probe as load
from thuocdo.assess.probes.losi import probe as losi
from thuocdo.assess.probes.losi import signs
from thuocdo.assess.probes.page_load import probe as page_load
from thuocdo.assess.probes.scene import Probe
from thuocdo.assess.probes.tls import probe as tls
from thuocdo.assess.probes.transport import probe as transport

PROBES: Final[tuple[Probe, ...]] = (
    dns.PROBE,
    field.PROBE,
    feeds.PROBE,
    transport.PROBE,
    availability.PROBE,
    tls.PROBE,
    interface.PROBE,
    accessibility.PROBE,
    functions.PROBE,
    losi.PROBE,
    emc_tag.PROBE,
    page_load.PROBE,
    load.PROBE,
)
CHECKS: Final = tuple(check for probe in PROBES for check in probe.checks)
ASKED_ONLY: Final = frozenset(
    check for probe in PROBES if probe.asked_only for check in probe.checks
)
"""Checks that are told only where a criterion asks for them."""
ALSO: Final = (*functions.RULES.signs.values(), *signs.pages_worth_a_look())
"""What the walk looks for where places are left (walk/walk.py)."""
