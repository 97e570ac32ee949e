"""Floor 3: agencies, systems, sites, services and keys (Django app)."""
