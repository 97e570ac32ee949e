"""The workspaces: pages for whoever signed in, by right and by agency; `frame` first."""
