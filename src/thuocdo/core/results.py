"""What every import answers: the same words for files of events and files of the registry."""

from __future__ import annotations

from pathlib import Path

import msgspec


class ImportResult(msgspec.Struct, frozen=True):
    """Counts of one import; accepted + duplicates + all rejected = rows read.

    rejected      by RejectReason
    rejects_file  where the refused rows and their reasons were written, None when there were none
    """

    rows: int
    accepted: int
    duplicates: int
    rejected: dict[str, int] = {}
    rejects_file: Path | None = None
