"""Floor 0: words, time, identities and settings that every room shares."""
