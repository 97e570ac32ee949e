"""EMC connection, what comes of it: whether a system's feed of dossiers is alive, and sound."""
