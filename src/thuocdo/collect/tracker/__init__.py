"""The tracker that portals load: its source, its build, the builds in use and the text to paste."""
