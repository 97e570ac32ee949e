"""Passports: what a published figure answers, on what it stands, and how to make it again."""
