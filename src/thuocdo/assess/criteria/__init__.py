"""Criteria sets: what a system is graded by, as dated data with a source."""
