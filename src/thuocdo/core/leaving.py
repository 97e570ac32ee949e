"""Ending a process that native server threads still live in.

Python 3.11 ends foreign threads that ask for the interpreter while it is being taken down by
unwinding their stacks (PyThread_exit_thread); Rust aborts on that, and a clean stop would end as
signal 6 now and then. When everything is answered and on disk, nothing is left to take down.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import NoReturn


def leave() -> NoReturn:
    """Exit with 0 at once; only what was printed and logged is flushed."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
