"""Which builds of the tracker there are: the current one, and every one a page may be pinned to.

A page that pins a build (`integrity="sha384-…"`) runs exactly that build for as long as it likes,
so a released build is kept in `released/` for ever, under a name made from its content.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
CURRENT: Final = FOLDER / "gov-tracking.min.js"
RELEASED: Final = FOLDER / "released"
_NAME_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class Build:
    """One minified script, byte for byte as it is served."""

    script: bytes

    @property
    def integrity(self) -> str:
        """The value of an `integrity` attribute and, in quotes, of a policy's `script-src`."""
        digest = hashlib.sha384(self.script).digest()
        return f"sha384-{base64.b64encode(digest).decode()}"

    @property
    def name(self) -> str:
        """The file name of the pinned address: the head of the same digest, in hex."""
        return f"gov-tracking.{hashlib.sha384(self.script).hexdigest()[:_NAME_DIGITS]}.min.js"


@cache
def current() -> Build:
    """What `/embed/gov-tracking.min.js` serves."""
    return Build(CURRENT.read_bytes())


@cache
def released() -> tuple[Build, ...]:
    """Every build a page may be pinned to."""
    return tuple(Build(path.read_bytes()) for path in sorted(RELEASED.glob("*.js")))
