"""A writer that dies before the n-th thing it does to the disk: nothing it would do afterwards is done."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

import pytest

_EFFECTS: Final = ("replace", "rename", "link", "unlink", "fsync", "utime", "chmod")


class Death(BaseException):
    """No handler of errors takes it, and what clean-ups try is not done either."""


def dies(act: Callable[[], object], before: int) -> bool:
    """Do something, dying before its n-th effect; whether it came to that."""
    count = 0

    def counted(effect: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*given: Any, **named: Any) -> Any:
            nonlocal count
            count += 1
            if count >= before:
                raise Death
            return effect(*given, **named)

        return counting

    with pytest.MonkeyPatch.context() as patched:
        for name in _EFFECTS:
            patched.setattr(os, name, counted(getattr(os, name)))
        try:
            act()
        except Death:
            return True
    return False
