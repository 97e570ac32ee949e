"""Ending a process: with whoever started it, and when native server threads still live in it.

Python 3.11 ends foreign threads that ask for the interpreter while it is being taken down by
unwinding their stacks (PyThread_exit_thread); Rust aborts on that, and a clean stop would end as
signal 6 now and then. When everything is answered and on disk, nothing is left to take down.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
from typing import Final, NoReturn

_PR_SET_PDEATHSIG: Final = 1  # prctl(2)


def end_with_parent() -> None:
    """Ask the kernel to end this process gracefully when its parent dies, even by kill -9."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def leave() -> NoReturn:
    """Exit with 0 at once; only what was printed and logged is flushed."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
