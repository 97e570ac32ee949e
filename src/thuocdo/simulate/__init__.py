"""Floor 6: a country in miniature with known truth."""
