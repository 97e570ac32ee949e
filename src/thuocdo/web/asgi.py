"""The door for ASGI servers; `run.py` uses it."""

from __future__ import annotations

import os
from functools import partial

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thuocdo.web.settings")
django.setup(set_prefix=False)

# What needs Django set up comes after it.
from thuocdo.web import board  # noqa: E402
from thuocdo.web.bodies import Handler  # noqa: E402
from thuocdo.web.kept import KeptPages  # noqa: E402
from thuocdo.web.states import state_now  # noqa: E402

application = KeptPages(Handler(), partial(state_now, board.instance()))
