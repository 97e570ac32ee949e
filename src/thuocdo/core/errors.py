"""One error type that a person can act on: what was wrong, where, and what to do."""

from __future__ import annotations


class ThuocdoError(Exception):
    """A refusal with a stable code, one clear sentence and, where there is one, the way out.

    `str(error)` is a single line fit for a terminal.
    """

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        self.code = code
        self.message = message
        self.hint = hint
        super().__init__(f"{message} {hint}".strip())
