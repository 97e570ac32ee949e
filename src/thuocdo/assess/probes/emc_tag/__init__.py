"""EMC connection: whether the tag fires on a sample of a site's pages, seen by the site check itself."""
