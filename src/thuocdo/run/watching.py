"""The monitor as a role of its own (assess/watching): the registry says what is asked.

It is no job of the worker, which does one thing after another: a monitor waits for strangers' hosts all day.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from thuocdo.core import clock
from thuocdo.core.settings import Settings

if TYPE_CHECKING:
    from thuocdo.assess.watching.model import Look, Target
    from thuocdo.assess.watching.monitor import Listing


def run(settings: Settings, stop: threading.Event) -> None:
    """Watch until asked to stop. Raises ThuocdoError `no_contact`, `simulated`, `already_running`."""
    from thuocdo.assess.watching import monitor

    monitor.run(settings, _listing(settings), stop)


def once(settings: Settings) -> list[Look]:
    """Look at every system now. Raises as `run`."""
    from thuocdo.assess.watching import monitor

    return monitor.look_once(settings, _listing(settings))


def _listing(settings: Settings) -> Listing:
    """What the registry lists at the time; the database is asked anew each time."""
    from thuocdo.registry.setup import fresh_connections, setup_django

    setup_django()
    from thuocdo.assess.watching.targets import targets

    def listing() -> Sequence[Target]:
        fresh_connections()
        return targets(settings, clock.now_us())

    return listing
