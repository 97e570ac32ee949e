"""The instance a command works on."""

from __future__ import annotations

from thuocdo.core import settings
from thuocdo.core.settings import Settings


def ready() -> Settings:
    """Settings of an instance that exists. Raises ThuocdoError `not_initialised`."""
    found = settings.load()
    found.require_initialised()
    return found


def ready_with_registry() -> Settings:
    """The same, with the registry's tables to ask."""
    from thuocdo.registry.setup import setup_django

    found = ready()
    setup_django()
    return found
