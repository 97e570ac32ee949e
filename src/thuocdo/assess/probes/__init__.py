"""One folder a probe: what it asks, a pure judge of what came back, its rules and words as data."""
