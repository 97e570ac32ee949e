"""Facts: aggregates of events, always rebuildable, one module each."""
