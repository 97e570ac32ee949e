"""Floor 1: protocols, bytes ↔ typed events; pure."""
