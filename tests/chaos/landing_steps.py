"""Lands in processes of their own that end, with no warning, before the n-th thing they do to the disk.

Run as a command: for each home given it forks a child, which lands and dies before the step given (0:
never), and prints how many steps it came to. Steps are what makes a state durable or visible:
renames, links, removals, syncs, commits to a table's log, homes given to dossiers.

    python -m tests.chaos.landing_steps <home>:<step>[:<batch bytes>] …
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, Final, NoReturn

from deltalake import DeltaTable

from thuocdo.core import settings as settings_of
from thuocdo.lake import landing
from thuocdo.lake.homes import Homes
from thuocdo.lake.store import Lake

KILLED: Final = 9
_EFFECTS: Final[tuple[tuple[Any, str], ...]] = (
    *((os, name) for name in ("replace", "rename", "link", "unlink", "fsync")),
    (DeltaTable, "create_write_transaction"),
    (Homes, "assign"),
)


class Steps:
    """Counts the effects of this process and ends it before one of them."""

    def __init__(self, last: int) -> None:
        self.count = 0
        self._last = last

    def counted(self, effect: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*given: Any, **named: Any) -> Any:
            self.count += 1
            if self.count == self._last:
                os._exit(KILLED)
            return effect(*given, **named)

        return counting


def land(home: str, last: int, batch_bytes: int) -> NoReturn:
    """The child: lands `home`, dying before step `last`; its count is its last word."""
    if batch_bytes:
        landing._BATCH_BYTES = batch_bytes  # type: ignore[misc]
    settings = settings_of.load(os.environ | {"THUOCDO_HOME": home})
    lander = landing.Lander(settings, Lake.open(settings))
    steps = Steps(last)
    for owner, name in _EFFECTS:
        setattr(owner, name, steps.counted(getattr(owner, name)))
    lander.land_once()
    sys.stdout.write(f"{steps.count}\n")
    sys.stdout.flush()
    os._exit(0)


def main() -> None:
    """One child after the other; nothing is opened here, so that each starts as a fresh process."""
    for asked in sys.argv[1:]:
        home, last, *rest = asked.split(":")
        child = os.fork()
        if child == 0:
            land(home, int(last), int(rest[0]) if rest else 0)
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) == KILLED:
            sys.stdout.write("killed\n")
            sys.stdout.flush()
        elif os.waitstatus_to_exitcode(status):
            sys.exit(f"{asked} ended with {status}")


if __name__ == "__main__":
    main()
