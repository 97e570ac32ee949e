"""Floor 6: the Django project: public site, workspaces, admin."""
