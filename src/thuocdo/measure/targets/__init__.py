"""Targets: what agencies must reach by a day, packaged with the software or set by an instance."""
