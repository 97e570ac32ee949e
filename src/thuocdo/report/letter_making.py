"""What `thuocdo recommend --format docx|xlsx` does: the letter of this instance, written to a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Final

from thuocdo.core import files
from thuocdo.core.settings import Settings
from thuocdo.measure.advice.model import Advice
from thuocdo.measure.service import Measure
from thuocdo.report.letter import Letter, letter
from thuocdo.report.making import own_remark
from thuocdo.report.render.letter_docx import docx
from thuocdo.report.render.letter_xlsx import xlsx

_RENDERERS: Final[dict[str, Callable[[Letter], bytes]]] = {"docx": docx, "xlsx": xlsx}


def letter_of(
    settings: Settings, measure: Measure, advice: Advice, *, date: dt.date, number: str | None
) -> Letter:
    """The letter with this instance's own remark, as of what its facts know."""
    landed = measure.freshness().landed_at or 0
    return letter(
        advice,
        date=date,
        number=number,
        known=landed if advice.as_known is None else advice.as_known,
        remark=own_remark(settings),
        software=f"thuocdo {installed_version('thuocdo')}",
    )


def print_letter(made: Letter, advice: Advice, form: str, out: Path) -> Path:
    """Write it as docx or xlsx: to `out`, or in it under its usual name when that is a folder."""
    path = out / file_name(advice, form) if out.is_dir() else out
    path.parent.mkdir(parents=True, exist_ok=True)
    files.replace(path, _RENDERERS[form](made))
    return path


def file_name(advice: Advice, form: str) -> str:
    """`de-nghi-nang-muc-do-H26-2026-07-01-2026-09-30.docx`."""
    return f"de-nghi-nang-muc-do-{advice.agency}-{advice.period_first}-{advice.period_last}.{form}"
