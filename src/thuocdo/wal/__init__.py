"""Floor 1: segment files: append, seal, read, recover."""
