"""The `thuocdo` command (DESIGN.md §6.4)."""

from thuocdo.cli.commands import main

__all__ = ["main"]
