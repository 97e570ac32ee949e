"""Where the published Matomo clients come from: fetched once, by name and hash, never shipped."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
CACHE: Final = HERE.parents[1] / "build" / "clients"


def python_packages() -> Path:
    """A folder for PYTHONPATH that holds the clients of `python.lock`."""
    lock = HERE / "python.lock"

    def fetch(folder: Path) -> None:
        options = ["--require-hashes", "--no-deps", "--no-build-isolation", "--quiet"]
        command = [sys.executable, "-m", "pip", "install", *options, "--target", str(folder)]
        subprocess.run([*command, "-r", str(lock)], check=True)

    return _kept("python", lock, fetch)


def node_packages(npm: Path = HERE / "npm") -> Path:
    """A folder for NODE_PATH that holds what `package-lock.json` of a folder asks for."""
    lock = npm / "package-lock.json"

    def fetch(folder: Path) -> None:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(lock.with_name(name), folder)
        subprocess.run(["npm", "ci", "--silent", "--ignore-scripts"], cwd=folder, check=True)

    return _kept("npm", lock, fetch) / "node_modules"


def _kept(name: str, lock: Path, fetch: Callable[[Path], None]) -> Path:
    """What a lock file asks for, from the cache or fetched into it; whoever is first keeps it."""
    kept = CACHE / f"{name}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}"
    if not kept.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=CACHE))
        fetch(fresh)
        try:
            os.rename(fresh, kept)  # noqa: PTH104 - fails when somebody else was first
        except OSError:
            shutil.rmtree(fresh)
    return kept
