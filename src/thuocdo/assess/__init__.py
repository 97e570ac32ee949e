"""Floor 4: rounds, criteria sets, probes, scoring."""
