"""Scans in the background: of rounds, of what agencies ask for, of what appeals order."""
