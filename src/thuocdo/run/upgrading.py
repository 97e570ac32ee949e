"""An instance made by an earlier version is brought up to date before its roles start."""

from __future__ import annotations

import subprocess
import sys

from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.registry.setup import is_current
from thuocdo.report.desk.working import needs_take_over


def bring_up_to_date(settings: Settings) -> None:
    """Let an instance that an earlier version made be as this one needs it; a command of its own does
    it, so that whoever looks after the roles never loads Django.

    Raises ThuocdoError `not_up_to_date` when that fails.
    """
    if is_current(settings) and not needs_take_over(settings):
        return
    if subprocess.run([sys.executable, "-m", "thuocdo", "init"], check=False).returncode:
        raise ThuocdoError(
            "not_up_to_date",
            "The instance was made by another version and cannot be brought up to date.",
            "Run `thuocdo init` and see what it says.",
        )
