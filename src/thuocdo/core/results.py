"""What every import answers: the same words for files of events and files of the registry."""

from __future__ import annotations

from pathlib import Path

import msgspec


class ImportResult(msgspec.Struct, frozen=True):
    """Counts of one import; accepted + duplicates + all rejected = rows read.

    rejected      by RejectReason
    rejects_file  where the refused rows and their reasons were written, None when there were none
    left_out      what a file holds besides rows of this import (a log's pictures), by reason
    notes         sentences about how the files were read, for whoever runs the import
    """

    rows: int
    accepted: int
    duplicates: int
    rejected: dict[str, int] = {}
    rejects_file: Path | None = None
    left_out: dict[str, int] = {}
    notes: tuple[str, ...] = ()
