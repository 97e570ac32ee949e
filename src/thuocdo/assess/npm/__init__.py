"""Published tools for pages that npm has: fetched once by name and hash into the instance, never shipped."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from thuocdo.core.errors import ThuocdoError

HERE: Final = Path(__file__).parent
LOCK: Final = HERE / "package-lock.json"
_FILES: Final = {"package.json": "package.json", LOCK.name: LOCK.name, "npmrc": ".npmrc"}
_SHARED: Final = "THUOCDO_PROBE_TOOLS"
_SECONDS: Final = 600


def packages(home: Path) -> Path:
    """The `node_modules` of the tools, fetched when they are not there.

    They lie in `<home>/tools`, or in the folder that THUOCDO_PROBE_TOOLS names. Raises ThuocdoError
    `no_tools` when npm is missing or cannot fetch them.
    """
    shelf = Path(os.environ.get(_SHARED) or home / "tools")
    kept = shelf / f"npm-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]}"
    if not kept.exists():
        shelf.mkdir(parents=True, exist_ok=True)
        with (shelf / ".lock").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            if not kept.exists():
                _fetch(shelf, kept)
    return kept / "node_modules"


def _fetch(shelf: Path, kept: Path) -> None:
    fresh = Path(tempfile.mkdtemp(dir=shelf))
    for name, target in _FILES.items():
        shutil.copy(HERE / name, fresh / target)
    try:
        subprocess.run(
            ["npm", "ci", "--silent", "--ignore-scripts"],
            cwd=fresh,
            check=True,
            capture_output=True,
            timeout=_SECONDS,
        )
        fresh.rename(kept)
    except (OSError, subprocess.SubprocessError) as problem:
        shutil.rmtree(fresh, ignore_errors=True)
        raise ThuocdoError(
            "no_tools",
            f"The tools that look at pages could not be fetched: {problem}.",
            "Install npm (apt-get install nodejs npm) and let it reach its registry once.",
        ) from problem
