"""The door for ASGI servers; `run.py` uses it."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thuocdo.web.settings")
django.setup(set_prefix=False)

from thuocdo.web.bodies import Handler  # noqa: E402 - needs Django set up

application = Handler()
