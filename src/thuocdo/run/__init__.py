"""Floor 7: the roles and who keeps them running."""
