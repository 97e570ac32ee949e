"""The publishing desk: what a report goes through between being made and being public (docs/publishing.md)."""
