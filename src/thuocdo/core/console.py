"""Who sits at the command line, for records of what was done there."""

from __future__ import annotations

import getpass
import os


def operator() -> str:
    """As the operating system knows them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number without a name
        return f"uid {os.getuid()}"
