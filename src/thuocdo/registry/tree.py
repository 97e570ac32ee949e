"""Where an agency stands: the codes above it on a day, through mergers to whoever took it over.

Pure: rows of the registry go in. An agency that has ended belongs, besides to those above it at its
end, to its successor: who looks after Tuyên Quang today looks after what Hà Giang left behind; the
other way round nobody gains anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from thuocdo.core.codes import top_code
from thuocdo.registry.rights import Scope, plain


class Node(NamedTuple):
    """One dated row of the registry's agencies; both days included, None is open."""

    code: str
    parent: str
    successor: str
    valid_from: date | None
    valid_to: date | None

    def covers(self, day: date) -> bool:
        return (self.valid_from or date.min) <= day <= (self.valid_to or date.max)


class Tree:
    """The agencies as organised on a day."""

    def __init__(self, nodes: Iterable[Node], day: date) -> None:
        self._day = day
        self._node: dict[str, Node] = {}
        for node in sorted(nodes, key=lambda node: node.valid_from or date.min):
            known = self._node.get(node.code)
            if known is None or node.covers(day) or not known.covers(day):
                self._node[node.code] = node  # the row that holds; without one the latest

    def path(self, code: str) -> tuple[str, ...]:
        """The code, those above it, and whoever took them over; nearest first, no code twice."""
        found: list[str] = []
        waiting = [plain(code)]
        while waiting:
            here = waiting.pop(0)
            if here and here not in found:
                found.append(here)
                waiting += self._above(here)
        return tuple(found)

    def within(self, scope: Scope) -> frozenset[str]:
        """The registered codes that lie within a scope."""
        return frozenset(code for code in self._node if scope.holds(self.path(code)))

    def _above(self, code: str) -> list[str]:
        node = self._node.get(code)
        above = [plain(node.parent)] if node and node.parent else []
        if node and node.successor and not node.covers(self._day):
            above.append(plain(node.successor))
        # The code itself says whose it is (QĐ 20/2020), whether or not it is registered.
        by_code = code.rpartition(".")[0] if top_code(code) != code else ""
        return [*above, by_code]
