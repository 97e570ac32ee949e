"""Outlook: where a series is heading, and whether a target is reached in time at this pace."""
