"""Floor 7: the roles (pipeline, worker) and what keeps all of them running."""
