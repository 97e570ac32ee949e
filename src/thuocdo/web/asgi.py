"""The door for ASGI servers; `run.py` uses it."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thuocdo.web.settings")

application = get_asgi_application()
