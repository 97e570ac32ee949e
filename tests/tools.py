"""Where tests keep what npm gives them for the probes: fetched once, beside the clients' packages."""

from __future__ import annotations

from pathlib import Path
from typing import Final

TOOLS: Final = Path(__file__).parents[1] / "build" / "probes"
