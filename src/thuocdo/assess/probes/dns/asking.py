"""Asks a recursive resolver of ours, and tells its silence from the silence of whom it asks.

Every question asks for signatures and for data as they are (EDNS DO, and CD: RFC 4035, 3.2.2): what
they prove is found out here (chain.py), so that no resolver's own word is believed on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
from dns.rdatatype import RdataType

from thuocdo.assess.results import Fault

PAYLOAD: Final = 1232
"""Octets over UDP (the DNS flag day of 2020); a longer answer is asked for over TCP."""
_KEPT: Final = 200  # answers of one scan that its evidence holds

Server = tuple[str, int]


class Undecided(Exception):  # noqa: N818
    """Nothing can be said, and whose fault that is."""

    def __init__(self, fault: Fault, detail: str) -> None:
        super().__init__(detail)
        self.fault, self.detail = fault, detail


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of one scan: seconds for one question, times it is put to each resolver, questions in all."""

    seconds: float
    tries: int
    questions: int


@dataclass(slots=True)
class Asker:
    """Puts each question once.

    is_over_tcp  never by datagrams, which others could have written
    is_trusted   the resolver has shown a root that is signed as the anchors say: it is no fault of its
    transcript   what was asked and answered, as evidence
    """

    servers: Sequence[Server]
    bounds: Bounds
    is_over_tcp: bool = False
    is_trusted: bool = False
    asked: int = 0
    transcript: list[str] = field(default_factory=list)
    _answering: Server | None = None
    _known: dict[tuple[dns.name.Name, RdataType], dns.message.Message | Undecided] = field(
        default_factory=dict
    )

    async def ask(self, name: dns.name.Name, rdtype: RdataType) -> dns.message.Message:
        """What a resolver says: something, nothing (NODATA), or that there is no such name. Raises Undecided."""
        key = (name, rdtype)
        if key not in self._known:
            try:
                self._known[key] = await self._look(name, rdtype)
            except Undecided as problem:
                self._note(f"{name} {rdtype.name}: {problem.fault} {problem.detail}")
                self._known[key] = problem
        found = self._known[key]
        if isinstance(found, Undecided):
            raise found
        return found

    async def _look(self, name: dns.name.Name, rdtype: RdataType) -> dns.message.Message:
        try:
            answer = await self._put(name, rdtype)
        except dns.exception.Timeout:
            seconds = f"{name} {rdtype.name}: {self.bounds.seconds:g} s"
            fault = Fault.TIMEOUT if await self._is_alive() else Fault.NO_TOOL
            raise Undecided(fault, seconds) from None
        self._note(answer.to_text())
        code = answer.rcode()
        if code in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            if not answer.flags & dns.flags.RA:
                raise Undecided(Fault.NO_TOOL, "DNS resolver: RA=0")
            return answer
        said = f"{name} {rdtype.name}: {dns.rcode.to_text(code)}"
        is_theirs = code == dns.rcode.SERVFAIL and self.is_trusted
        raise Undecided(Fault.DNS if is_theirs else Fault.NO_TOOL, said)

    async def _put(self, name: dns.name.Name, rdtype: RdataType) -> dns.message.Message:
        """Ask the resolvers in turn. Raises dns.exception.Timeout when none answers, and Undecided."""
        if not self.servers:
            raise Undecided(Fault.NO_TOOL, "DNS resolver")
        problem = ""
        for server in [each for _ in range(self.bounds.tries) for each in self._in_turn()]:
            if self.asked >= self.bounds.questions:
                raise Undecided(Fault.BUDGET, f"DNS: {self.bounds.questions}")
            self.asked += 1
            try:
                answer = await self._once(server, name, rdtype)
            except dns.exception.Timeout:
                continue
            except (dns.exception.DNSException, OSError, EOFError, ValueError) as error:
                problem = f"DNS resolver: {error or type(error).__name__}"
            else:
                self._answering = server
                return answer
        if problem:
            raise Undecided(Fault.NO_TOOL, problem)
        raise dns.exception.Timeout

    def _in_turn(self) -> list[Server]:
        """The one that answered last comes first: a dead one is waited for once."""
        return sorted(self.servers, key=lambda server: server != self._answering)

    async def _once(
        self, server: Server, name: dns.name.Name, rdtype: RdataType
    ) -> dns.message.Message:
        question = dns.message.make_query(name, rdtype, want_dnssec=True, payload=PAYLOAD)
        question.flags |= dns.flags.CD
        address, port = server
        if self.is_over_tcp:
            return await dns.asyncquery.tcp(question, address, self.bounds.seconds, port)
        answer, _ = await dns.asyncquery.udp_with_fallback(
            question,
            address,
            self.bounds.seconds,
            port,
            ignore_unexpected=True,
            ignore_errors=True,
        )
        return answer

    async def _is_alive(self) -> bool:
        """Whether the resolver answers at all, when it did not answer a question."""
        if not self.is_trusted:
            return False
        try:
            await self._put(dns.name.root, RdataType.SOA)
        except (dns.exception.Timeout, Undecided):
            return False
        return True

    def _note(self, text: str) -> None:
        if len(self.transcript) < _KEPT:
            self.transcript.append(text)
