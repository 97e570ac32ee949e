"""`thuocdo simulate`: write the simulated files, load them, or stream live messages."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from thuocdo.core import clock
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.run.loading import FileSet, load, send_steps

HISTORY_DAYS: Final = 90
REMARK: Final = "Số liệu mô phỏng, không phải số liệu của cơ quan nhà nước."
"""Once simulated events are in an instance, each of its reports says so."""
GOLDEN_REPORTS: Final = ("2022-W18", "2022-W40")


def last_days(days: int = HISTORY_DAYS) -> clock.Period:
    """The whole days before today (Vietnam)."""
    today = clock.local_day(clock.now_us())
    return clock.Period(today - timedelta(days=days), today - timedelta(days=1))


def simulate(
    settings: Settings,
    *,
    seed: int,
    scale: float,
    period: clock.Period | None,
    golden: str | None,
    output: Path | None,
) -> Iterator[str]:
    """Yields lines for people. Without `output` the files are loaded and the facts refreshed.

    Raises ThuocdoError `unknown_golden`, `bad_scale`.
    """
    if scale <= 0:
        raise ThuocdoError(
            "bad_scale", f"--scale {scale} is not above 0.", "Write for example 0.1."
        )
    directory = output or settings.home / "simulated" / (golden or f"country-{seed}")
    files = write(directory, seed=seed, scale=scale, period=period, golden=golden)
    yield f"raw files and their truth are in {directory}"
    if output is not None:
        return
    settings.remark_path.write_text(REMARK)
    for what, result in load(settings, files):
        refused = sum(result.rejected.values())
        yield f"{what}: accepted {result.accepted}, duplicates {result.duplicates}, rejected {refused}"
    if files.steps:
        yield f"calls of trackDVC: sent {send_steps(settings, files.steps)}"
    from thuocdo.run.once import refresh_now

    _, refreshed = refresh_now(settings)
    yield f"facts version {refreshed.version}"


def write(
    directory: Path,
    *,
    seed: int,
    scale: float,
    period: clock.Period | None = None,
    golden: str | None = None,
) -> FileSet:
    """Write the raw files of a golden report (visits scaled) or of today's country."""
    if golden is None:
        from thuocdo.simulate.country import history

        return history(directory, period=period or last_days(), scale=scale, seed=seed)
    if golden not in GOLDEN_REPORTS:
        raise ThuocdoError(
            "unknown_golden",
            f"There is no golden report {golden!r}.",
            f"Write one of: {', '.join(GOLDEN_REPORTS)}.",
        )
    from thuocdo.simulate.golden import write_golden

    return write_golden(golden, directory, seed=seed, visits_scale=scale)


def stream_live(
    settings: Settings, collector: str, rate: float, seed: int, stop: threading.Event
) -> None:
    """Send live messages of today's country to a running collector until asked to stop."""
    from thuocdo.run.demo_key import live_key
    from thuocdo.simulate.live import stream

    stream(collector, key=live_key(settings), rate=rate, seed=seed, stop=stop)
