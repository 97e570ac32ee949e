"""Floor 2: the collector: handlers, gate, limits; the tracker's source."""
