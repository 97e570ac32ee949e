"""Invariants: what must be true of figures before they are published; a broken one blocks the figure."""
