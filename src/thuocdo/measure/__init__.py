"""Floor 3: facts, indicators, quality checks, engines."""
