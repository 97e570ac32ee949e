"""Floor 2: the append-only raw store: schemas, landing, imports, compaction."""
