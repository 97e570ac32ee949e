"""The public API, /api/v1/: what the pages show, for programs.

Answers are data and the same in both languages; only problems are told in the reader's.
"""
