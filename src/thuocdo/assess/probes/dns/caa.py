"""Looks for the CAA record that holds for a name, climbing as certificate authorities do (RFC 8659, 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import dns.name
import dns.rrset
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.CAA import CAA

from thuocdo.assess.probes.dns.chain import Validator

_ISSUE: Final = b"issue"


@dataclass(frozen=True, slots=True)
class Holding:
    """The set that holds, and the name it stands at."""

    name: dns.name.Name
    rrset: dns.rrset.RRset

    @property
    def restricts(self) -> bool:
        """A set without an `issue` property restricts nobody (RFC 8659, 4.2)."""
        return any(isinstance(each, CAA) and each.tag.lower() == _ISSUE for each in self.rrset)


async def holding(validator: Validator, name: dns.name.Name) -> Holding | None:
    """The nearest set from the name upward, each with its aliases followed; the root is not asked.

    Raises Bogus and Undecided: a lookup that fails is no proof that there is none.
    """
    while name != dns.name.root:
        found = await validator.find(name, RdataType.CAA)
        if found.rrset is not None:
            return Holding(name, found.rrset)
        name = name.parent()
    return None
