"""Advice: which services, raised to which level, would move an agency's full-online rate most."""
