"""The instance and the fixture sites of the scans' tests."""

from tests.assess.scans.conftest import served, settings

__all__ = ["served", "settings"]
