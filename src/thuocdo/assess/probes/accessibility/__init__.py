"""Accessibility: what axe-core can decide, the way of the keyboard, and a zoom of 400 %."""
