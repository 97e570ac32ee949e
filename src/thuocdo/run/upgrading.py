"""An instance made by an earlier version is brought up to date before its roles start.

Whoever looks after the roles stays small: what must be loaded to see how an instance is, and to change it, is loaded
by processes that end.
"""

from __future__ import annotations

import os
import subprocess
import sys
import traceback

from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings


def bring_up_to_date(settings: Settings) -> None:
    """Let an instance that an earlier version made be as this one needs it. Called before there are threads.

    Raises ThuocdoError `not_up_to_date` when that fails.
    """
    if _is_up_to_date(settings):
        return
    if subprocess.run([sys.executable, "-m", "thuocdo", "init"], check=False).returncode:
        raise ThuocdoError(
            "not_up_to_date",
            "The instance was made by another version and cannot be brought up to date.",
            "Run `thuocdo init` and see what it says.",
        )


def _is_up_to_date(settings: Settings) -> bool:
    """Seen by a fork of ours; what cannot be seen is not."""
    asked = os.fork()
    if asked:
        return os.waitstatus_to_exitcode(os.waitpid(asked, 0)[1]) == 0
    code = 1
    try:
        from thuocdo.registry.setup import is_current
        from thuocdo.report.desk.working import needs_take_over

        code = 0 if is_current(settings) and not needs_take_over(settings) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)
