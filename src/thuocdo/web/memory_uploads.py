"""A file that must not touch the disk: it comes into memory and is lent as a path for as long as it is read.

The readers of tables want a path with an ending. A file in memory has one below /proc; a link in an
empty folder gives it the ending. With the block both are gone.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import MemoryFileUploadHandler


class InMemory(MemoryFileUploadHandler):
    """Keeps a file of any size in memory; how large a body may be is `web/bodies.py`'s affair."""

    def handle_raw_input(self, *_args: Any, **_kwargs: Any) -> None:
        self.activated = True


@contextmanager
def lent(file: UploadedFile) -> Iterator[Path]:
    """The file as a path that lies in memory."""
    endings = "".join(end for end in PurePath(file.name or "").suffixes[-2:] if end[1:].isalnum())
    number = os.memfd_create("list")
    try:
        with os.fdopen(os.dup(number), "wb") as memory:
            for chunk in file.chunks():
                memory.write(chunk)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"danh-sach{endings.lower()}"
            path.symlink_to(f"/proc/{os.getpid()}/fd/{number}")
            yield path
    finally:
        os.close(number)
