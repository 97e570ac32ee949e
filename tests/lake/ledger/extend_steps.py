"""Extends ledgers in processes of their own that end, with no warning, before the n-th thing they do to the disk.

    python -m tests.lake.ledger.extend_steps <home>:<step> …

For each home it forks a child, which extends and dies before the step given (0: never), and prints how
many steps it came to, or `killed`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final, NoReturn

from tests.chaos.landing_steps import KILLED, Steps
from tests.lake.ledger.conftest import settings_in

from thuocdo.lake.ledger.ledger import Ledger
from thuocdo.lake.store import Lake

_EFFECTS: Final = ("replace", "rename", "link", "unlink", "fsync", "open")


def extend(home: str, last: int) -> NoReturn:
    """The child."""
    settings = settings_in(Path(home))
    ledger = Ledger(settings, Lake.open(settings))
    steps = Steps(last)
    for name in _EFFECTS:
        setattr(os, name, steps.counted(getattr(os, name)))
    ledger.extend()
    sys.stdout.write(f"{steps.count}\n")
    sys.stdout.flush()
    os._exit(0)


def main() -> None:
    for asked in sys.argv[1:]:
        home, _, last = asked.rpartition(":")
        child = os.fork()
        if child == 0:
            extend(home, int(last))
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) == KILLED:
            sys.stdout.write("killed\n")
            sys.stdout.flush()
        elif os.waitstatus_to_exitcode(status):
            sys.exit(f"{asked} ended with {status}")


if __name__ == "__main__":
    main()
