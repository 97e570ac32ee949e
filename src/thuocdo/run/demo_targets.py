"""The demonstration's own target: what a ministry would set, and what its simulated province misses.

Set by the simulated analyst through the same files as anybody's, marked as simulated in its source; that it
is missed is measured from the simulated events like everything else.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from thuocdo.core import clock
from thuocdo.core.settings import Settings
from thuocdo.measure.definitions import Source, Text, definition
from thuocdo.measure.targets.model import Target
from thuocdo.measure.targets.setting import Setting, set_target, set_targets
from thuocdo.run.demo_people import ANALYST

_SOURCE: Final = Source(
    document="Chỉ tiêu mô phỏng của bản trình diễn", place="Đặt để xem cảnh báo chỉ tiêu"
)
_TITLE: Final = Text(vi="Hồ sơ được số hóa (mô phỏng)", en="Digitised dossiers (simulated)")
_NOTE: Final = "Người mô phỏng: đặt chỉ tiêu cho số liệu mô phỏng."
_CODE: Final = "demo-digitised"
_INDICATOR: Final = "digitised_rate"
_PROVINCE: Final = "H60"
_VALUE: Final = "90"
"""Far beyond what the simulated province reaches."""


def set_one(settings: Settings) -> None:
    """One whose day was the last of the month before: that it was missed can be told at once. Set once."""
    now = clock.now_us()
    by = clock.local_day(now).replace(day=1) - timedelta(days=1)
    target = Target(_CODE, _INDICATOR, _VALUE, by, _TITLE, _SOURCE, agency=_PROVINCE)
    if not set_targets(settings.home).of(_CODE):
        setting = Setting(ANALYST, clock.to_datetime(now), "demonstration", _NOTE, target)
        set_target(settings.home, setting, definition(_INDICATOR), seen=0)
